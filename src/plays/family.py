"""The driver families a signal or a playbook is about."""

from __future__ import annotations

from typing import Literal

Family = Literal[
    "adoption",
    "support load",
    "billing",
    "contract",
    "relationship",
    "sentiment",
    "onboarding",
    "calendar and size",
    "csm opinion",
]
"""What a reason or a signal is about; the driver families of the feature catalogue."""
