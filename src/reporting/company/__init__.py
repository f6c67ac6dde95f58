"""A company introduced: who its accounts are, how they live, and four of them up close.

For the research notebook that meets a company for the first time. It reads what was known
at a month's close and needs the contract lines alone; every other table adds a section.
"""

from __future__ import annotations

from reporting.company.facts import Company, met
from reporting.company.lives import behind, causes, life
from reporting.company.pictures import (
    arr,
    billing,
    contracts,
    doubt,
    onboarding,
    opening,
    products,
    rhythm,
    service,
    size,
    voice,
    who,
)

__all__ = [
    "Company",
    "arr",
    "behind",
    "billing",
    "causes",
    "contracts",
    "doubt",
    "life",
    "met",
    "onboarding",
    "opening",
    "products",
    "rhythm",
    "service",
    "size",
    "voice",
    "who",
]
