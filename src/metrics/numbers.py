"""Every number that the facts alone decide, by subject."""

from __future__ import annotations

from collections.abc import Callable

from metrics import (
    adoption,
    billing,
    capacity,
    cohorts,
    concentration,
    coverage,
    funnel,
    lifetime,
    onboarding,
    ratios,
    renewed,
    revenue,
    support,
    voice,
)
from metrics.definitions.adoption import ADOPTION
from metrics.definitions.billing import BILLING
from metrics.definitions.coverage import COVERAGE
from metrics.definitions.funnel import FUNNEL
from metrics.definitions.lifetime import LIFETIME
from metrics.definitions.movements import MOVEMENTS
from metrics.definitions.onboarding import ONBOARDING
from metrics.definitions.renewed import RENEWED
from metrics.definitions.revenue import REVENUE
from metrics.definitions.support import SUPPORT
from metrics.definitions.voice import VOICE
from metrics.entry import Entry
from metrics.facts import Facts
from metrics.registry import Figure

Count = Callable[[Facts], dict[str, Figure]]
SUBJECTS: tuple[tuple[tuple[Entry, ...], tuple[Count, ...]], ...] = (
    ((*REVENUE, *MOVEMENTS), (revenue.figures,)),
    (LIFETIME, (ratios.figures, concentration.figures, cohorts.figures, lifetime.figures)),
    (RENEWED, (renewed.figures,)),
    (ONBOARDING, (onboarding.figures,)),
    (ADOPTION, (adoption.figures,)),
    (SUPPORT, (support.figures,)),
    (VOICE, (voice.figures,)),
    (COVERAGE, (coverage.figures, capacity.figures)),
    (FUNNEL, (funnel.figures,)),
    (BILLING, (billing.figures,)),
)
"""The numbers of each subject, and how they are counted."""


def numbers(facts: Facts) -> dict[str, Figure]:
    """All of them for the month of ``facts``; without those whose tables are missing."""
    found: dict[str, Figure] = {}
    for _, counts in SUBJECTS:
        for count in counts:
            found |= count(facts)
    return found


def number(facts: Facts, name: str) -> Figure | None:
    """The number called ``name``; ``None`` where its table is missing, or scores decide it."""
    for entries, counts in SUBJECTS:
        if any(each.name == name for each in entries):
            found = (count(facts).get(name) for count in counts)
            return next((figure for figure in found if figure), None)
    return None


def counted_from_facts(name: str) -> bool:
    """Whether the facts alone decide the number called ``name``."""
    return any(each.name == name for entries, _ in SUBJECTS for each in entries)
