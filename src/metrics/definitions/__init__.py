"""Every number a page may print, and what each is for, one module a subject.

Amounts in the examples are in the currency's main unit; values are kept in cents.
"""

from __future__ import annotations

from metrics.definitions.renewals import RENEWALS
from metrics.definitions.revenue import REVENUE
from metrics.definitions.risk import RISK
from metrics.entry import Entry

DEFINITIONS: tuple[Entry, ...] = (*REVENUE, *RENEWALS, *RISK)
