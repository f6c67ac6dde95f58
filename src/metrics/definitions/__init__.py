"""Every number a page may print, and what each is for, one module a subject.

Amounts in the examples are in the currency's main unit; values are kept in cents.
"""

from __future__ import annotations

from metrics.definitions.adoption import ADOPTION
from metrics.definitions.billing import BILLING
from metrics.definitions.coverage import COVERAGE
from metrics.definitions.funnel import FUNNEL
from metrics.definitions.lifetime import LIFETIME
from metrics.definitions.movements import MOVEMENTS
from metrics.definitions.onboarding import ONBOARDING
from metrics.definitions.renewals import RENEWALS
from metrics.definitions.renewed import RENEWED
from metrics.definitions.revenue import REVENUE
from metrics.definitions.risk import RISK
from metrics.definitions.support import SUPPORT
from metrics.definitions.voice import VOICE
from metrics.entry import Entry

SUBJECTS: dict[str, tuple[Entry, ...]] = {
    "ARR and retention": REVENUE,
    "Movements": MOVEMENTS,
    "Lifetime and concentration": LIFETIME,
    "Renewals due": RENEWALS,
    "Renewals decided": RENEWED,
    "At stake": RISK,
    "Onboarding": ONBOARDING,
    "Adoption": ADOPTION,
    "Support": SUPPORT,
    "Voice of the customer": VOICE,
    "Coverage": COVERAGE,
    "Expansion found": FUNNEL,
    "Billing": BILLING,
}
DEFINITIONS: tuple[Entry, ...] = tuple(each for entries in SUBJECTS.values() for each in entries)
