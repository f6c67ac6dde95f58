"""A world: every number the simulated company is made of, in one frozen object.

Another world is another instance, so no equation knows which world it is in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """One hidden pressure on an account; it only ever shows through what it moves.

    Monthly: ``persistence`` of yesterday's stress, a ``pull`` toward the account's own
    level, normal ``noise``, and rare jumps (``rate`` by segment, plus ``release`` in a
    month with a release) of size Gamma(``shape``, ``scale``). ``macro`` is what the
    industry's weather adds. ``starts`` is the mean and spread on the first day.

    A decision reads the remembered stress, less ``centre``, with weight ``gamma``
    around the log hazard ``alpha``. ``touch``, ``play`` and ``onboarding`` say what
    contact, a save play and a slow start do to it; ``backfire`` is what a play adds
    for accounts that had better been left alone.
    """

    name: str
    persistence: float
    centre: float
    gamma: float
    alpha: float
    starts: tuple[float, float]
    pull: float = 0.0
    noise: float = 0.0
    rate: tuple[float, float, float] = (0.0, 0.0, 0.0)
    release: float = 0.0
    shape: float = 1.0
    scale: float = 1.0
    macro: float = 0.0
    touch: float = 0.0
    play: float = 0.0
    backfire: float = 0.0
    onboarding: float = 0.0


@dataclass(frozen=True)
class Segment:
    """What is typical of one commercial segment; shares over words sum to one.

    ``terms`` are months of contract and their shares (1: month to month). ``notice``
    are months of notice and their shares. ``price`` is per seat and month in the
    currency's main unit. ``touches`` are a CSM's contacts a month, ``emails`` routine
    mail, ``meetings`` what the customer comes to; ``value_days`` the median from
    signature to first value; ``book`` the accounts one CSM looks after.
    """

    name: str
    share: float
    seats: float
    seats_spread: float
    price: float
    bargaining: float
    terms: tuple[tuple[int, float], ...]
    notice: tuple[tuple[int, float], ...]
    auto_renew: float
    card: float
    bills_yearly: float
    tiers: tuple[float, float, float]
    modules: float
    hazard: float
    grows: float
    touches: float
    red_play: float
    emails: float
    meetings: float
    contacts: int
    value_days: float
    book: int


@dataclass(frozen=True)
class Product:
    """A product: its price as a share of the first one's, and how much it is used.

    ``use`` is how many of those active on an ordinary day open it, as a share; ``events`` and
    ``minutes`` are per person and day.
    """

    name: str
    price: float
    use: float
    events: float
    minutes: float


@dataclass(frozen=True)
class World:
    """The parameters of one simulated company.

    ``history`` months are lived before the first reported one, so that its accounts
    have a past; ``pace`` is how fast new ones arrive after it. ``memory`` is the share
    of last month's experience a customer still decides on.

    On the log hazard of leaving: ``auto_renew``, ``monthly`` (deciding every month
    instead of once a term), ``tenure`` (a log year), ``orphaned`` (low adoption after
    the champion has gone). A month: ``exits`` before the end, ``failure`` of a card and
    what a tight ``failure_budget`` adds, the share ``unrecovered``. ``returns`` is the
    share of those who left that come back.

    ``uplift_share`` of renewals propose a price rise within ``uplift_range``.
    ``usage_level`` is the log odds that a seat is in use; ``seat_growth`` and
    ``module_growth`` those of buying more in a month, with ``seat_pressure`` the level
    and spread of use that calls for seats and ``renewal_bump`` what a renewal adds;
    ``contraction`` how likely seats half unused are given back. ``random_stratum`` is
    the share of accounts whose save plays are given at random, ``late_usage`` the share
    of usage rows that arrive late.
    """

    drivers: tuple[Driver, ...]
    segments: tuple[Segment, ...]
    products: tuple[Product, ...]
    history: int = 48
    pace: float = 0.0145
    memory: float = 0.7
    auto_renew: float = -0.35
    monthly: float = -1.75
    tenure: float = -0.12
    orphaned: float = 0.4
    exits: float = 0.0006
    failure: float = 0.045
    failure_budget: float = 0.01
    unrecovered: float = 0.16
    returns: float = 0.06
    uplift_share: float = 0.60
    uplift_range: tuple[float, float] = (0.03, 0.15)
    usage_level: float = 0.92
    seat_growth: float = -5.15
    seat_pressure: tuple[float, float] = (0.70, 0.12)
    module_growth: float = -4.9
    renewal_bump: float = 0.5
    contraction: float = 0.60
    random_stratum: float = 0.20
    late_usage: float = 0.02
    currency: str = "USD"


INDUSTRIES = (
    "Education",
    "Energy",
    "Financial services",
    "Healthcare",
    "Logistics",
    "Manufacturing",
    "Professional services",
    "Retail",
)
REGIONS = ("Americas", "EMEA", "APAC")
REGION_SHARES = (0.50, 0.35, 0.15)
TIERS = ("Basic", "Standard", "Premium")
