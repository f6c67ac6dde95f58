"""A world: every number the simulated company is made of, in one frozen object.

Each number is the author's choice within published ranges, tuned until the company's
retention, usage and satisfaction look like those of a B2B subscription company:
logo churn 11 to 16 % a year, gross retention 88 to 92 %, net 102 to 111 %.
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
    """The parameters of one simulated company."""

    drivers: tuple[Driver, ...]
    segments: tuple[Segment, ...]
    products: tuple[Product, ...]
    history: int = 48
    """Months lived before the first reported one, so that its accounts have a past."""
    pace: float = 0.0145
    """Share of accounts that arrive in a reported month, before saturation."""
    memory: float = 0.7
    """Share of last month's experience a customer still decides on."""
    auto_renew: float = -0.35
    monthly: float = -1.75
    tenure: float = -0.12
    orphaned: float = 0.4
    """What a lost champion adds to the hazard of low adoption."""
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
    contraction: float = 0.45
    random_stratum: float = 0.20
    late_usage: float = 0.02
    currency: str = "USD"


_STEEP = 2.15
_EASE = -0.80

DEFAULT = World(
    drivers=(
        Driver(
            "adoption",
            0.965,
            0.40,
            _STEEP * 1.30,
            _EASE - 4.20,
            (0.0, 0.30),
            pull=0.035,
            noise=0.13,
            rate=(0.016, 0.016, 0.016),
            shape=2.0,
            scale=0.54,
            touch=-0.03,
            play=-0.35,
            onboarding=0.12,
        ),
        Driver(
            "quality",
            0.85,
            0.65,
            _STEEP * 1.10,
            _EASE - 4.25,
            (0.35, 0.15),
            rate=(0.05, 0.05, 0.05),
            release=0.05,
            shape=2.0,
            scale=0.65,
        ),
        Driver(
            "champion",
            0.93,
            0.48,
            _STEEP * 1.12,
            _EASE - 4.45,
            (0.20, 0.10),
            rate=(0.019, 0.017, 0.015),
            shape=3.0,
            scale=0.62,
            play=-0.22,
        ),
        Driver(
            "budget",
            0.965,
            0.0,
            _STEEP * 1.15,
            _EASE - 4.85,
            (0.0, 0.45),
            noise=0.19,
            macro=0.06,
        ),
        Driver(
            "competitor",
            0.92,
            0.45,
            _STEEP * 1.18,
            _EASE - 4.65,
            (0.25, 0.10),
            rate=(0.022, 0.022, 0.022),
            shape=3.0,
            scale=0.55,
            backfire=0.30,
        ),
    ),
    segments=(
        Segment(
            "SMB",
            share=0.58,
            seats=14,
            seats_spread=0.60,
            price=38,
            bargaining=0.5,
            terms=((1, 0.20), (12, 0.75), (24, 0.05)),
            notice=((1, 1.0),),
            auto_renew=0.75,
            card=0.65,
            bills_yearly=0.35,
            tiers=(0.70, 0.25, 0.05),
            modules=0.0,
            hazard=0.15,
            grows=0.0,
            touches=0.15,
            red_play=0.4,
            emails=1.2,
            meetings=0.15,
            contacts=1,
            value_days=10,
            book=140,
        ),
        Segment(
            "Mid-market",
            share=0.30,
            seats=58,
            seats_spread=0.60,
            price=52,
            bargaining=1.0,
            terms=((1, 0.03), (12, 0.82), (24, 0.15)),
            notice=((1, 0.5), (2, 0.5)),
            auto_renew=0.55,
            card=0.25,
            bills_yearly=0.70,
            tiers=(0.20, 0.60, 0.20),
            modules=0.4,
            hazard=-0.05,
            grows=0.0,
            touches=0.8,
            red_play=0.9,
            emails=2.5,
            meetings=0.55,
            contacts=2,
            value_days=21,
            book=45,
        ),
        Segment(
            "Enterprise",
            share=0.12,
            seats=240,
            seats_spread=0.60,
            price=62,
            bargaining=1.3,
            terms=((12, 0.60), (24, 0.15), (36, 0.25)),
            notice=((2, 0.4), (3, 0.6)),
            auto_renew=0.35,
            card=0.04,
            bills_yearly=0.90,
            tiers=(0.0, 0.30, 0.70),
            modules=0.8,
            hazard=0.05,
            grows=0.3,
            touches=2.0,
            red_play=1.1,
            emails=4.0,
            meetings=1.2,
            contacts=4,
            value_days=56,
            book=16,
        ),
    ),
    products=(
        Product("core", 1.0, 1.00, 24, 38),
        Product("analytics", 0.35, 0.45, 9, 14),
        Product("automation", 0.35, 0.40, 31, 7),
        Product("integrations", 0.30, 0.35, 46, 5),
    ),
)

WORLDS: dict[str, World] = {"default": DEFAULT}
"""The worlds there are, by the name ``--world`` takes."""

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
