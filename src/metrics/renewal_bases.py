"""Two bases of one question: of all ARR there was, or only of the ARR up for decision.

A contract of three years is renewed once and kept three times. Over all ARR, what was not
due counts as kept, so retention sits above the renewal rate unless customers leave within
their terms; over the ARR available to renew, only decisions count. Both are printed.

A rise a year that a contract of several years agreed on was sold with it. Where it takes
effect it is an *escalator*: a line of its own in what is net, and kept out of what is
gross, where it would hide a cut of the same size. The rule is that of
https://pulserevops.com/knowledge/q9518.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.arr import INSTANT, at, stops
from metrics.identities import fault

NEAR = timedelta(days=2)
"""How far from an anniversary a rise may start: time zones and leap days move either."""


@dataclass(frozen=True)
class Base:
    """All ARR at the start of a period, and what was left of it at the end. Cents, shares.

    ``n`` accounts; a closed cohort, point to point:

        closing = opening + escalator + expansion - contraction - churn
        nrr = closing / opening
        grr = (opening - contraction - churn) / opening

    The rates are None where nobody was a customer.
    """

    n: int
    opening: int
    closing: int
    escalator: int
    expansion: int
    contraction: int
    churn: int

    @property
    def nrr(self) -> float | None:
        return self.closing / self.opening if self.opening else None

    @property
    def grr(self) -> float | None:
        gross = self.opening - self.contraction - self.churn
        return gross / self.opening if self.opening else None


def total_base(lines: pd.DataFrame, start: datetime, end: datetime) -> Base:
    """The accounts live just before ``start``, and what they are worth just before ``end``.

    An account's escalators are those that took effect in ``[start, end)``, and no more than
    it is worth at the end; what else it gained or lost is counted beside them.
    """
    then = at(lines, start - INSTANT)
    now = at(lines, end - INSTANT).reindex(then.index, fill_value=0).astype("int64")
    risen = escalators(lines, start, end).groupby("account_id")["arr"].sum()
    risen = risen.reindex(then.index, fill_value=0).astype("int64").clip(upper=now)
    change = now - risen - then
    found = Base(
        n=len(then),
        opening=int(then.sum()),
        closing=int(now.sum()),
        escalator=int(risen.sum()),
        expansion=int(change.clip(lower=0).sum()),
        contraction=int(-change[now > 0].clip(upper=0).sum()),
        churn=int(then[now == 0].sum()),
    )
    gained, lost = found.escalator + found.expansion, found.contraction + found.churn
    if found.closing != found.opening + gained - lost:
        raise fault(f"the total base does not add up to {found.closing}")
    return found


def escalators(lines: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """The contracted rises that took effect in ``[start, end)``: account_id, product, on, arr.

    One falls on an anniversary, ``on``, of a line of the account with an ``uplift`` above
    zero, within that line's term and not at its end; what was added within the term rises
    with it. It is what the account's ARR of the product gained within two days of ``on``,
    whether by a line added or by one replaced, and no more than ``uplift`` x ARR of the
    product's lines held before and not ending then; what exceeds that is expansion. A rise
    that was agreed but is in no line is not counted: ARR has not grown by it.
    ``arr`` is in cents, above zero. Ordered by account, product, day.
    """
    uplift = pd.to_numeric(lines["uplift"]).astype("float64")
    stop = stops(lines)
    held = pd.DataFrame(
        {
            "account_id": lines["account_id"].astype("str"),
            "product": lines["product"].astype("str"),
            "starts_on": lines["starts_on"].astype("datetime64[us]"),
            "ends_on": lines["ends_on"].astype("datetime64[us]"),
            "stops_on": stop,
            "arr": lines["arr"].astype("int64"),
            "uplift": uplift.fillna(0.0).clip(lower=0.0),
        }
    )
    risen = _anniversaries(held[(held["uplift"] > 0) & (held["arr"] > 0)], start, end)
    pairs = risen.merge(held, on="account_id")
    before, after = (_live(pairs, pairs["on"] + side) for side in (-NEAR, NEAR))
    stays = before & (pairs["ends_on"].isna() | (pairs["ends_on"] > pairs["on"] + NEAR))
    pairs["gain"] = pairs["arr"].where(after, 0) - pairs["arr"].where(before, 0)
    pairs["agreed"] = (pairs["arr"] * pairs["uplift"]).where(stays & (pairs["arr"] > 0), 0.0)
    sums = pairs.groupby(["account_id", "product", "on"], sort=True)[["gain", "agreed"]].sum()
    sums["arr"] = sums["gain"].clip(upper=sums["agreed"].round().astype("int64"))
    return sums.loc[sums["arr"] > 0, ["arr"]].reset_index()


def _live(pairs: pd.DataFrame, instant: pd.Series[pd.Timestamp]) -> pd.Series[bool]:
    return (pairs["starts_on"] <= instant) & (
        pairs["stops_on"].isna() | (pairs["stops_on"] > instant)
    )


def _anniversaries(held: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """account_id, on: within a line's term, none within ``NEAR`` of the one before."""
    months = held["starts_on"].to_numpy("datetime64[M]")
    into = held["starts_on"].to_numpy("datetime64[us]") - months
    born = months.astype("datetime64[Y]").astype(np.int64) + 1970
    parts = [
        _anniversary(held, months, into, year - born) for year in range(start.year, end.year + 1)
    ]
    found = pd.concat(parts, ignore_index=True)
    found = found[(found["on"] >= start) & (found["on"] < end)]
    found = found.sort_values(["account_id", "on"], ignore_index=True)
    last = found.groupby("account_id")["on"].shift()
    return found[last.isna() | (found["on"] - last > NEAR)]


def _anniversary(
    held: pd.DataFrame,
    months: npt.NDArray[np.datetime64],
    into: npt.NDArray[np.timedelta64],
    years: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """The anniversary ``years`` years after each start, where it falls within the term."""
    on = pd.Series((months + 12 * years).astype("datetime64[us]") + into, index=held.index)
    within = (
        (years > 0)
        & (held["ends_on"].isna() | (held["ends_on"] > on + NEAR))
        & (held["stops_on"].isna() | (held["stops_on"] >= on - NEAR))
    )
    return held.loc[within, ["account_id"]].assign(on=on[within])
