"""Renewals in sum: their rates, on either base, and what was signed in a period.

All is read from ``metrics.renewal_outcomes.outcomes``: the ARR due in a period, divided
into what was kept early, on time, late or later still, and what was given up, lost or is
open. The unit that is counted is the *renewal*: the lines of one account that end at one
instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from metrics import renewal_timing
from metrics.facts import Facts
from metrics.intervals import Interval, proportion, ratio
from metrics.policy import Policy
from metrics.registry import Figure, figure
from metrics.renewal_bases import Base, total_base
from metrics.renewal_following import following
from metrics.renewal_outcomes import MONEY, PARTS, main_part, outcomes
from warehouse.months import as_of, shift

DUE = ["before", "within", "after", "mid_term"]


@dataclass(frozen=True)
class Rates:
    """A period's renewals in sum: counts of renewals, money in cents, rates as shares.

    ``money`` divides the ARR due into the seven parts of ``renewal_outcomes``. ``counts``
    has by outcome how many of the ``due`` renewals; those with something given up are
    counted as ``contracted`` *and* in the part their renewal was signed in.

        gross = kept / arr               the sum of min(renewed, due) / the sum due; at most 1
        net   = (kept + uplift) / arr    rises and what was bought at the renewal included
        logo  = renewed / due            renewals of which anything was kept

    What is still open is in each denominator. The rates are None where nothing was due.
    """

    due: int
    renewed: int
    arr: int
    kept: int
    uplift: int
    counts: dict[str, int]
    money: dict[str, int]

    @property
    def gross(self) -> float | None:
        return self.kept / self.arr if self.arr else None

    @property
    def net(self) -> float | None:
        return (self.kept + self.uplift) / self.arr if self.arr else None

    @property
    def logo(self) -> float | None:
        return self.renewed / self.due if self.due else None


def renewals(table: pd.DataFrame) -> pd.DataFrame:
    """The renewals in ``table`` (of ``outcomes``): account_id, ends_on, lines, money, outcome.

    ``lines`` is how many lines of the account end at that instant; the money columns are
    their sums. The outcome of a renewal of which anything was kept is the part most of that
    is in; otherwise it is open while any of it is. Ordered by account, then end.
    """
    groups = table.groupby(["account_id", "ends_on"], sort=True)
    found = groups[MONEY].sum()
    found.insert(0, "lines", groups.size())
    named = main_part(found)
    rest = pd.Series("lost", index=found.index, dtype="str").mask(found["open"] > 0, "open")
    return found.assign(outcome=named.where(named != "", rest)).reset_index()


def rates(table: pd.DataFrame) -> Rates:
    """``table`` (of ``outcomes``) in sum."""
    each = renewals(table)
    counts = each["outcome"].value_counts().reindex(PARTS, fill_value=0)
    counts["contracted"] = (each["contracted"] > 0).sum()
    sums = table[MONEY].sum()
    return Rates(
        due=len(each),
        renewed=int((each["kept"] > 0).sum()),
        arr=int(sums["arr"]),
        kept=int(sums["kept"]),
        uplift=int(sums["uplift"]),
        counts={part: int(counts[part]) for part in PARTS},
        money={part: int(sums[part]) for part in PARTS},
    )


def rates_by(table: pd.DataFrame, labels: pd.Series[str]) -> pd.DataFrame:
    """Renewal rates by group; ``labels`` has an account's label (CSM, segment) by account_id.

    Columns: group, due, renewed (renewals), arr, kept, uplift (cents), gross, net, logo
    (shares), low, high (95 % of logo, Wilson). Accounts without a label are in group
    ``""``. Ordered by group.
    """
    each = renewals(table)
    group = labels.astype("str").reindex(each["account_id"]).fillna("").to_numpy()
    each = each.assign(group=group, due=1, renewed=(each["kept"] > 0).astype("int64"))
    sums = ["due", "renewed", "arr", "kept", "uplift"]
    found = each.groupby("group", sort=True)[sums].sum().reset_index()
    sides = [proportion(hits, n) for hits, n in zip(found["renewed"], found["due"], strict=True)]
    bounds = pd.DataFrame(sides, columns=["low", "high"], dtype="float64")
    return found.assign(
        gross=found["kept"] / found["arr"],
        net=(found["kept"] + found["uplift"]) / found["arr"],
        logo=found["renewed"] / found["due"],
        low=bounds["low"],
        high=bounds["high"],
    )


def booked(
    lines: pd.DataFrame, start: datetime, end: datetime, gap_days: int = Policy().gap_days
) -> pd.DataFrame:
    """The renewals signed in ``[start, end)``, by when they were due.

    The index is ``before`` (late), ``within``, ``after`` (early) and ``mid_term``: a line
    replaced in an earlier period than it was due in never came up for renewal. Columns:
    renewals, kept (no more than was due) and uplift, in cents. All that is kept over the
    ARR due flatters a period that signs the next one's renewals; ``within`` alone over it
    is the in-quarter rate of
    https://www.concentrix.com/insights/blog/calculate-renewal-rate/, which also leaves out
    what was signed before the period: ``Rates.gross`` counts that where it was due.
    """
    flow = following(lines, lines.loc[lines["ends_on"].notna(), "line_id"], gap_days)
    signed = flow.pairs[(flow.pairs["signed_at"] >= start) & (flow.pairs["signed_at"] < end)]
    found = signed.merge(flow.endings[["ending", "account_id", "stops_on"]], on="ending")
    found = found[found["ends_on"].notna()]
    ends_on, stops_on = found["ends_on"], found["stops_on"]
    when = pd.Series("within", index=found.index, dtype="str")
    when = when.mask(ends_on < start, "before").mask(ends_on >= end, "after")
    early = (ends_on >= start) & (stops_on < start) | (ends_on >= end) & (stops_on < end)
    found["when"] = when.mask(early, "mid_term")
    each = found.drop_duplicates(["when", "account_id", "ends_on"]).groupby("when").size()
    sums = found.groupby("when")[["kept", "uplift"]].sum()
    sums.insert(0, "renewals", each)
    return sums.reindex(DUE).fillna(0).astype("int64").rename_axis("due")


def bases(base: Base, due: Rates) -> pd.DataFrame:
    """Both bases of one period side by side: basis, n, arr, gross, net, escalator.

    ``total`` is all ARR at the start (n accounts), ``available to renew`` the ARR due (n
    renewals). ARR and escalators are in cents; gross and net are shares, NaN where there
    was nothing. Escalators are in the net of the total base only: what is due has none.
    """
    rows = [
        ("total", base.n, base.opening, base.grr, base.nrr, base.escalator),
        ("available to renew", due.due, due.arr, due.gross, due.net, 0),
    ]
    found = pd.DataFrame(rows, columns=["basis", "n", "arr", "gross", "net", "escalator"])
    return found.astype({"gross": "float64", "net": "float64"})


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of renewals at the month's close.

    Of the terms that ended in the three months up to it, except where the name says
    otherwise; those of touches only where the company keeps touches.
    """
    lines, policy, end = facts.lines, facts.policy, facts.as_of
    start = as_of(shift(facts.month, -3), facts.zone)
    table = outcomes(lines, start, end, end, policy.gap_days)
    found, each = rates(table), renewals(table)
    due, kept = (each[name].to_numpy(np.float64) for name in ("arr", "kept"))
    more = each["uplift"].to_numpy(np.float64)
    low, high = ratio(kept, due)
    unit = (None, None) if low is None or high is None else (max(low, 0.0), min(high, 1.0))
    values: list[tuple[str, int | float | None, Interval]] = [
        ("renewal_rate_gross", found.gross, unit),
        ("renewal_rate_net", found.net, ratio(kept + more, due)),
        ("arr_renewed", found.kept, (None, None)),
        ("arr_contracted_at_renewal", found.money["contracted"], (None, None)),
        ("arr_lost_at_renewal", found.money["lost"], (None, None)),
        ("arr_open_past_end", found.money["open"], (None, None)),
    ]
    for name, hits in (
        ("renewal_rate_logo", found.renewed),
        ("renewals_on_time_share", found.counts["on_time"]),
        ("renewals_early_share", found.counts["early"]),
        ("renewals_late_share", found.counts["late"]),
    ):
        values.append((name, hits / found.due if found.due else None, proportion(hits, found.due)))
    made = {
        name: figure(name, value, found.due, sides[0], sides[1], policy)
        for name, value, sides in values
    }
    year = total_base(lines, as_of(shift(facts.month, -policy.months), facts.zone), end)
    made["escalator_arr"] = figure("escalator_arr", year.escalator, year.n, policy=policy)
    return made | renewal_timing.figures(facts)
