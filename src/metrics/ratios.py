"""Ratios of what came in to what was lost, and rates of loss told for another length of time.

Money is in cents, or in any one unit that cancels out; rates are shares. A ratio over
nothing is None: a page that prints 0 for it says the worst of the best month there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.facts import Facts
from metrics.movements import parted
from metrics.registry import Figure, figure
from metrics.retention import annual as annual
from warehouse.errors import Usage
from warehouse.months import between, shift

YEAR = 365.0
MONTH = YEAR / 12
NO_LOSSES = "no losses"


@dataclass(frozen=True)
class Quick:
    """What came in (``gains``) and what was lost (``losses``), both zero or more."""

    gains: int
    losses: int

    @property
    def net(self) -> int:
        """Net new: gains less losses."""
        return self.gains - self.losses

    @property
    def ratio(self) -> float | None:
        """Gains over losses; None where nothing was lost."""
        return self.gains / self.losses if self.losses else None

    @property
    def words(self) -> str:
        """The ratio to two places, or that there were no losses.

        >>> Quick(28, 8).words, Quick(28, 0).words
        ('3.50', 'no losses')
        """
        return NO_LOSSES if self.ratio is None else f"{self.ratio:.2f}"


def quick(
    new: int, expansion: int, churn: int, contraction: int, reactivation: int | None = None
) -> Quick:
    """The quick ratio of a period: (new + expansion [+ reactivation]) / (churn + contraction).

    Losses are given as the amounts lost, zero or more. ``reactivation`` None leaves those who
    came back out, as some do; say which of the two is printed. Raises ``Usage`` for an amount
    below zero: the signed amounts of ``metrics.movements`` are not these.
    """
    back = 0 if reactivation is None else reactivation
    if min(new, expansion, churn, contraction, back) < 0:
        raise Usage("a quick ratio takes amounts gained and amounts lost, none below zero")
    return Quick(gains=new + expansion + back, losses=churn + contraction)


def quick_of(moves: pd.DataFrame, reactivation: bool = True) -> Quick:
    """``quick`` of movements as ``metrics.movements`` gives them (kind, amount in cents)."""
    sums = moves["amount"].abs().groupby(moves["kind"]).sum()
    gained, lost, cut = (int(sums.get(kind, 0)) for kind in ("new", "churn", "contraction"))
    back = int(sums.get("reactivation", 0)) if reactivation else None
    return quick(gained, int(sums.get("expansion", 0)), lost, cut, back)


def scaled(churn: float, days: float, to: float = YEAR) -> float:
    """``churn``, a share lost in ``days`` days, as the share lost in ``to``: 1 - (1 - c)^(to/days).

    Listing 2.5 of Gold, "Fighting Churn with Data". A year is 365 days and a month a twelfth
    of it. Raises ``Usage`` for a share outside 0 and 1, or a length that is not above zero.

    >>> round(scaled(0.03, 31), 6), round(scaled(0.03, 31, MONTH), 6)
    (0.301369, 0.029444)
    """
    if not 0 <= churn <= 1 or not days > 0 or not to > 0:
        raise Usage(
            f"churn of {churn} in {days} days cannot be told for {to} days: "
            "the share must lie within 0 and 1, and both lengths be above zero"
        )
    return float(1.0 - (1.0 - churn) ** (to / days))


def monthly(yearly: float) -> float:
    """The churn of each month that makes the share ``yearly`` in a year: annual, undone.

    >>> round(annual(monthly(0.3)), 4)
    0.3
    """
    return scaled(yearly, 12, 1)


def daily_net_churn(start: npt.ArrayLike, end: npt.ArrayLike, new: npt.ArrayLike) -> float | None:
    """Net MRR churn of a period, the sum over its days of 1 - ((end - new) / start).

    One value a day of each: MRR as the day started, as it ended, and of the day's new
    business; below zero where the customers there were grew. A day that starts with nothing
    has nobody to lose and adds nothing; None if every day does. ChartMogul, "Chart: Net MRR
    Churn Rate" (the form first used by Shopify).
    """
    first, last, fresh = (np.asarray(each, dtype=np.float64) for each in (start, end, new))
    some = first > 0
    if not some.any():
        return None
    return float((1 - (last - fresh)[some] / first[some]).sum())


def mrr(amounts: pd.Series[int], months: pd.Series[int]) -> int:
    """Monthly recurring revenue, in cents, of ``amounts`` (cents) billed every ``months`` months.

    Each amount is spread evenly over the months it pays for, and only the total is rounded,
    a half to the even cent. Raises ``Usage`` for a period under a month.
    """
    if (months < 1).any():
        raise Usage("an amount is billed for one month or more; take what is billed once out first")
    sums = amounts.astype("int64").groupby(months.to_numpy(np.int64)).sum()
    parts = zip(sums.index, sums, strict=True)
    return round(sum((Fraction(int(amount), int(each)) for each, amount in parts), Fraction(0)))


def figures(facts: Facts) -> dict[str, Figure]:
    """``quick_ratio`` and ``won_back_arr`` over the twelve months to the close.

    The ratio counts reactivation as gained; its n is the number of movements. It is None where
    nothing was lost: print ``NO_LOSSES``. n of what was won back is the number of returns. A
    history under twelve months counts from its start, when all of it is new.
    """
    policy, months = facts.policy, between(shift(facts.month, -11), facts.month)
    moves = parted(facts.counted(policy), months, facts.zone, facts.rates(policy))
    back = moves.loc[moves["kind"] == "reactivation", "amount"]
    values = {
        "quick_ratio": (quick_of(moves).ratio, len(moves)),
        "won_back_arr": (int(back.sum()), len(back)),
    }
    return {name: figure(name, *value, policy=facts.policy) for name, value in values.items()}
