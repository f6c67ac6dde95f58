"""How long customers stay, and what a new one is worth.

``table`` is everywhere what ``metrics.cohorts.lives`` gives: the first spell of each account,
with how long it lasted, or has lasted so far. Money is in cents, months are of the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.cohorts import elapsed, lives, rated
from metrics.facts import Facts
from metrics.intervals import proportion
from metrics.registry import Figure, figure
from metrics.shifted_geometric import fit
from metrics.survival import Ints, Survival, survival

ASSUMED: Mapping[str, float] = MappingProxyType({"margin": 0.80, "discount": 0.10})
"""Gross margin of ARR, and discount rate a year: not measured; a company gives its own."""
HORIZON = 60
STRIPE_FLOOR = 1 / HORIZON
"""Stripe takes a monthly churn of 1.67 % where there is none: no lifetime is above 60 months."""
LEAST = 10
"""Accounts followed to an age, below which a curve is not read at it."""


def curves(table: pd.DataFrame, labels: pd.DataFrame, column: str) -> pd.DataFrame:
    """Kaplan-Meier by group: ``column``, months, share, low, high, at_risk, lost, n.

    The share of lives that last beyond each duration at which one ended or its watch did,
    with 95 % bounds (empty where there are none). Groups are of ``labels``, a row an account;
    an account without a label is in the group of the empty text.
    """
    parts = []
    for name, part in table.groupby(_group(table["account_id"], labels, column), sort=True):
        found = survival(part["months"], part["lost"])
        columns = {"months": found.times, "share": found.share, "low": found.low}
        counts = {"at_risk": found.at_risk, "lost": found.events}
        frame = pd.DataFrame({**columns, "high": found.high, **counts})
        parts.append(frame.assign(n=found.n, **{column: name}))
    names = [column, "months", "share", "low", "high", "at_risk", "lost", "n"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def hazards(table: pd.DataFrame, months: int = 24) -> pd.DataFrame:
    """The share lost in each month since the start, of those who came so far.

    Columns: month (from 1, the first), at_risk (lives that lasted into it and are followed to
    its end, had they lasted), lost (in it, its last instant included: a yearly term that is
    not renewed is lost in month 12), and the share with its 95 % bounds.
    """
    whole = np.floor(table["seen"]).astype("int64")
    last = np.ceil(table["months"]).astype("int64")
    ends = table["lost"] & (last <= whole)
    lost = np.bincount(last[ends].clip(upper=months + 1), minlength=months + 2)
    far = np.bincount(np.minimum(whole, last).clip(upper=months + 1), minlength=months + 2)
    sums = {"at_risk": far[::-1].cumsum()[::-1], "lost": lost}
    cells = pd.DataFrame({"month": range(months + 2), **sums}).iloc[1:-1].reset_index(drop=True)
    return rated(cells, "at_risk")


def path(
    table: pd.DataFrame, horizon: int = HORIZON, extend: bool = True, period: int = 12
) -> pd.DataFrame:
    """The share of new customers still there at each month from 0: share, low, high, projected.

    Kaplan-Meier as far as ``LEAST`` accounts could be followed; beyond, with ``extend``, it
    falls as the shifted beta-geometric fitted to the same lives says, one renewal every
    ``period`` months, and its bounds with it: they do not hold the doubt of the projection.
    The index is month, up to ``horizon`` - 1, or as far as there is a curve: where nothing
    can be projected, it stops where it was last seen.
    """
    curve = survival(table["months"], table["lost"])
    reach = min(_reach(table, curve), horizon - 1)
    # Before the first loss, and once nobody is left, the curve has no bounds but itself.
    sides = [curve.share, *(np.where(np.isnan(s), curve.share, s) for s in (curve.low, curve.high))]
    at = np.searchsorted(curve.times, np.arange(reach + 1), side="right")
    shares = np.stack([np.concatenate([[1.0], side])[at] for side in sides], axis=1)
    model = fit(*_renewals(table, period)) if extend and 0 <= reach < horizon - 1 else None
    if model is not None:
        later = np.arange(reach + 1, horizon)
        falls = model.survival(later // period) / model.survival(reach // period)
        shares = np.concatenate([shares, shares[-1] * falls[:, None]])
    out = pd.DataFrame(shares, columns=["share", "low", "high"]).rename_axis("month")
    return out.assign(projected=out.index > reach)


def worth(shares: npt.ArrayLike, arpa: float, assumed: Mapping[str, float] = ASSUMED) -> float:
    """What a customer is worth now: sum of S(t) x margin x ARPA / (1 + d)^(t / 12) over months t.

    ``shares`` are S(0), S(1) and so on; ``arpa`` is a month's revenue in any unit, which the
    result is in. A month is paid at its start by those who are there then.
    """
    share = np.asarray(shares, dtype=np.float64)
    factors = (1 + assumed["discount"]) ** (-np.arange(len(share)) / 12)
    return float(assumed["margin"] * arpa * (share @ factors))


def naive(
    arpa: float | None, churn: float | None, margin: float, floor: float | None = None
) -> float | None:
    """ARPA x margin / monthly churn: the textbook's value, not discounted and without an end.

    None at a churn of 0, where it breaks; with ``floor``, such as ``STRIPE_FLOOR``, churn is
    never taken to be lower than that.
    """
    if arpa is None or churn is None:
        return None
    rate = churn if floor is None else max(churn, floor)
    return arpa * margin / rate if rate else None


@dataclass(frozen=True)
class Lifetime:
    """What a customer is worth, in cents, both ways; None where it cannot be said.

    ``n`` lives of which ``lost`` are over; ``customers`` there now pay ``arpa`` cents a month
    each. ``value`` is over the horizon, between ``low`` and ``high``, ``projected`` of its
    months not seen. ``naive`` is at ``churn``, the share of customers lost a month over the
    last twelve; ``floored`` the same with Stripe's floor.
    """

    n: int
    lost: int
    customers: int
    arpa: float | None
    value: int | None
    low: int | None
    high: int | None
    projected: int
    churn: float | None
    naive: int | None
    naive_low: int | None
    naive_high: int | None
    floored: int | None


def lifetime_value(
    table: pd.DataFrame,
    held: pd.DataFrame,
    month: str,
    assumed: Mapping[str, float] = ASSUMED,
    horizon: int = HORIZON,
    extend: bool = True,
    period: int = 12,
) -> Lifetime:
    """Both values of a customer at the close of ``month``, from ``lives`` and balances.

    ``assumed`` has margin and discount; ``extend`` and ``period`` as for ``path``. The value
    is None where the curve does not last to ``horizon``, and not cut short. ARPA is of the
    customers there now, and does not change over a life: where large customers stay longer
    than small ones, all together look worth more than the groups do: see ``by_group``.
    """
    now = held.loc[held["month"] == month, "arr"]
    arpa = float(now.mean()) / 12 if len(now) else None
    shares = path(table, horizon, extend, period)
    value = low = high = None
    if arpa is not None and len(shares) == horizon:
        value, low, high = (
            round(worth(shares[side], arpa, assumed)) for side in ("share", "low", "high")
        )
    gone, exposed = _losses(held, month)
    churn = gone / exposed if exposed else None
    least, most = proportion(gone, exposed)
    margin = assumed["margin"]
    # Without a loss there may be none ever: no rate bounds the value from above.
    simple = [naive(arpa, rate, margin) for rate in (churn, most, least if gone else None)]
    simple.append(naive(arpa, churn, margin, STRIPE_FLOOR))
    cents = [None if each is None else round(each) for each in simple]
    return Lifetime(
        n=len(table),
        lost=int(table["lost"].sum()),
        customers=len(now),
        arpa=arpa,
        value=value,
        low=low,
        high=high,
        projected=int(shares["projected"].sum()),
        churn=churn,
        naive=cents[0],
        naive_low=cents[1],
        naive_high=cents[2],
        floored=cents[3],
    )


def by_group(
    table: pd.DataFrame,
    held: pd.DataFrame,
    month: str,
    labels: pd.DataFrame,
    column: str,
    assumed: Mapping[str, float] = ASSUMED,
    horizon: int = HORIZON,
    extend: bool = True,
    period: int = 12,
) -> pd.DataFrame:
    """``lifetime_value`` of each group, ordered by group: ``column`` and the fields of it.

    ``labels`` has a row an account with account_id and ``column``, such as its segment today;
    an account without a label is in the group of the empty text. A group of fewer than
    ``LEAST`` lives has no value, the naive one excepted.
    """
    rows = []
    group, owner = (_group(each["account_id"], labels, column) for each in (table, held))
    for name, part in table.groupby(group, sort=True):
        own = held[owner == name]
        found = lifetime_value(part, own, month, assumed, horizon, extend, period)
        rows.append({column: name, **asdict(found)})
    return pd.DataFrame(rows, columns=[column, *(each.name for each in fields(Lifetime))])


def figures(facts: Facts) -> dict[str, Figure]:
    """``customer_lifetime_value``, its naive form, and ``customer_half_life`` at the close.

    n is the lives followed, and of the naive form the customers at the close. The half-life
    is None while more than half of a cohort is still there as far as can be seen.
    """
    table = lives(facts.lines, facts.as_of, facts.policy.gap_days, facts.zone)
    policy = facts.policy
    assumed = {"margin": policy.margin, "discount": policy.discount}
    found = lifetime_value(table, facts.held, facts.month, assumed)
    half = survival(table["days"], table["lost"]).median()
    values = {
        "customer_lifetime_value": (found.value, found.n, found.low, found.high),
        "customer_lifetime_value_naive": (
            found.naive,
            found.customers,
            found.naive_low,
            found.naive_high,
        ),
        "customer_half_life": (half.value, found.n, half.low, half.high),
    }
    return {name: figure(name, *value, policy=facts.policy) for name, value in values.items()}


def _reach(table: pd.DataFrame, curve: Survival) -> int:
    """The last whole month the curve can be read at; -1 if there is none."""
    if len(table) < LEAST:
        return -1
    followed = np.sort(table["seen"].to_numpy(np.float64))[-LEAST]
    # Past its last duration a curve says nothing, unless nobody was left.
    ends = curve.times[-1] if curve.share[-1] > 0 else followed
    return int(min(followed, ends))


def _renewals(table: pd.DataFrame, period: int) -> tuple[Ints, Ints]:
    """How many lives ended at each renewal, and how many passed it as their last one seen."""
    whole = np.floor(table["seen"] / period).astype("int64")
    last = np.ceil(table["months"] / period).astype("int64")
    ended = (table["lost"] & (last <= whole)).to_numpy()
    width = int(max(whole.max(), 1)) + 1
    lost, kept = (np.bincount(each, minlength=width) for each in (last[ended], whole[~ended]))
    return lost[1:], kept[1:]


def _losses(held: pd.DataFrame, month: str, months: int = 12) -> tuple[int, int]:
    """Accounts lost from one close to the next over ``months`` months, of those there were."""
    back = elapsed(held["month"], pd.Series(month, index=held.index, dtype="str"))
    near = held.assign(back=back)[["account_id", "back"]]
    there = near[(near["back"] >= 1) & (near["back"] <= months)]
    kept = there.merge(near.assign(back=near["back"] + 1), on=["account_id", "back"])
    return len(there) - len(kept), len(there)


def _group(accounts: pd.Series[str], labels: pd.DataFrame, column: str) -> pd.Series[str]:
    named = labels.drop_duplicates("account_id").set_index("account_id")[column]
    return accounts.map(named).astype("str").fillna("").rename(column)
