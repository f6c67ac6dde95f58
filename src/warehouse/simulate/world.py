"""A world: every number the simulated company is made of, in one frozen object.

Another world is another instance, so no equation knows which world it is in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """One hidden pressure on an account; it only ever shows through what it moves.

    Monthly: ``persistence`` of last month's stress, a ``pull`` toward the account's own
    level, normal ``noise``, and rare jumps of size Gamma(``shape``, ``scale``). They come
    at a ``rate`` by segment, to which a month with a release adds ``release``, an
    incident of a product the account owns ``incident``, and a rival's launch in its
    industry ``launch``. ``macro`` is what the industry's weather adds. ``starts`` is the
    mean and spread on the first day, ``level`` how far accounts' own levels spread.

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
    incident: float = 0.0
    launch: float = 0.0
    level: float = 0.0
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
    mail, ``meetings`` what the customer comes to and ``reviews`` those with an executive
    (a month each); ``contacts`` are the people known there, ``judged`` the months between
    two opinions of its CSM, ``value_days`` the median from signature to first value,
    ``book`` the accounts one CSM looks after.
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
    reviews: float
    contacts: int
    judged: int
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
class Regime:
    """A lasting change in what drives customers away, from a ``share`` of the reported months on.

    ``shifts`` are what it adds to the log hazard of a driver, by name.
    """

    share: float
    shifts: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Vendor:
    """How the vendor's own people work.

    ``routine`` and ``reactive`` scale a CSM's planned touches, and add one for each
    ticket just seen. ``window`` is how many months before a renewal attention rises by
    ``attention``; a save play starts ``play_at`` months before it. ``trusts_pulse``:
    accounts are red by the CSMs' own opinion, not by what can be measured. An opinion is
    ``insight`` into the true hazard of two months ago, plus ``optimism`` of each CSM's own.
    ``random_stratum`` is the share of accounts whose plays are given by the toss of a coin.
    ``handoff`` is the share of opportunities found by CS that reach sales, ``late_renewals``
    the share of renewals signed after the old term has ended. ``value_days`` scales how
    long the way to first value is, and ``adrift`` how much a slow start hurts.
    """

    routine: float = 1.0
    reactive: float = 0.0
    window: int = 4
    attention: float = 1.5
    play_at: int = 4
    trusts_pulse: bool = False
    insight: float = 0.50
    optimism: float = 0.5
    random_stratum: float = 0.20
    handoff: float = 0.75
    late_renewals: float = 0.05
    value_days: float = 1.0
    adrift: float = 1.0


@dataclass(frozen=True)
class World:
    """The parameters of one simulated company.

    ``history`` months are lived before the first reported one, so that its accounts
    have a past; ``pace`` is how fast new ones arrive after it. ``memory`` is the share
    of last month's experience a customer still decides on. ``crosstalk`` says which
    driver feeds which, and how much of a stress above zero it hands on each month.

    On the log hazard of leaving: ``auto_renew``, ``monthly`` (deciding every month
    instead of once a term), ``tenure`` (a log year), ``orphaned`` (low adoption after
    the champion has gone). A month: ``exits`` before the end, ``failure`` of a card and
    what a tight ``failure_budget`` adds, the share ``unrecovered``. ``returns`` is the
    share of those who left that come back.

    ``uplift_share`` of renewals propose a price rise within ``uplift_range``; a rise that
    has come adds ``price_shock`` times what exceeds a fair one to the stress of price.
    Of contracts longer than a year, ``escalator_share`` have a yearly rise within
    ``escalator_range`` and ``ramp_share`` take more seats each year, within ``ramp_range``.
    ``mergers`` is the share of pairs of accounts of which one takes over the other's
    contract. ``usage_level`` is the log odds that a seat is in use, ``wind_down`` what each
    month leaves of the use of an account that has made up its mind to go. ``seat_growth``
    and ``module_growth`` are the log odds of buying more in a month, with ``seat_pressure``
    the level and spread of use that calls for seats and ``renewal_bump`` what a renewal adds;
    ``contraction`` how likely seats half unused are given back.

    ``incidents`` is how often a product has one in a month; a rival ``launches`` in that
    many industries in the last third of the report. ``telemetry``: use is measured at all.
    ``currencies`` are those customers are billed in, with what a unit is worth in cents of
    the reporting ``currency`` and their shares by region; rates are fixed. ``size``
    is how many accounts and months it has where nobody says.
    """

    drivers: tuple[Driver, ...]
    segments: tuple[Segment, ...]
    products: tuple[Product, ...]
    vendor: Vendor = Vendor()
    crosstalk: tuple[tuple[str, str, float], ...] = ()
    regime: Regime | None = None
    history: int = 48
    pace: float = 0.0145
    memory: float = 0.75
    auto_renew: float = -0.35
    monthly: float = -1.75
    tenure: float = -0.12
    orphaned: float = 0.4
    exits: float = 0.0006
    failure: float = 0.045
    failure_budget: float = 0.01
    unrecovered: float = 0.185
    returns: float = 0.06
    uplift_share: float = 0.60
    uplift_range: tuple[float, float] = (0.03, 0.15)
    price_shock: float = 4.0
    escalator_share: float = 0.40
    escalator_range: tuple[float, float] = (0.02, 0.06)
    ramp_share: float = 0.25
    ramp_range: tuple[float, float] = (0.10, 0.30)
    mergers: float = 0.05
    usage_level: float = 0.92
    wind_down: float = 0.82
    seat_growth: float = -5.34
    seat_pressure: tuple[float, float] = (0.70, 0.12)
    module_growth: float = -4.9
    renewal_bump: float = 0.5
    contraction: float = 0.50
    incidents: float = 0.035
    launches: int = 1
    telemetry: bool = True
    currency: str = "USD"
    currencies: tuple[tuple[str, int, tuple[float, float, float]], ...] = (
        ("USD", 100, (0.90, 0.20, 0.45)),
        ("CAD", 74, (0.10, 0.00, 0.00)),
        ("EUR", 108, (0.00, 0.50, 0.00)),
        ("GBP", 126, (0.00, 0.30, 0.00)),
        ("AUD", 66, (0.00, 0.00, 0.55)),
    )
    size: tuple[int, int] = (2000, 36)


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
