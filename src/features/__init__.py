"""What was known: point-in-time features in which a leak cannot be written.

A feature is a small function over the rows of one table as they were known at
``as_of``. This floor knows the warehouse. It must not know what happened later:
no outcome, no metric, no model, no page.
"""

from __future__ import annotations

from features.catalogue import describe

__all__ = ["describe"]
