"""Onboarding: how soon accounts come to value, and where they are held up on the way.

An account comes to value with the step called ``first_value``; until then it is onboarding,
and after it no more, whatever steps it left out. The clock of a step starts at its
``started_at``: with signature, unless the company says otherwise.

Whoever has not come to a step counts for as long as it was watched: up to ``as_of``, or,
where contract lines are given, up to the end of its last contract. The estimate is then
that of accounts that stay. For rates and times by cohort or by stage see ``elapsed``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pandas as pd

from metrics.elapsed import DAY, WITHIN, clock, local, rates, timed
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import Figure, figure
from metrics.shares import shares
from metrics.spells import spells
from metrics.survival import Estimate, survival
from warehouse import months as calendar

VALUE = "first_value"
NEW = 90
"""A customer for so many days or fewer, of whom no step is recorded, has no plan."""
_GAP = Policy().gap_days
_NONE = Estimate(None, None, None)


def steps(
    milestones: pd.DataFrame,
    as_of: datetime,
    zone: str = "UTC",
    lines: pd.DataFrame | None = None,
    gap_days: int = _GAP,
) -> pd.DataFrame:
    """Each step as it stood at ``as_of``: one row an account and milestone, in that order.

    ``milestones`` and ``lines`` are those known at ``as_of``. Columns: account_id, milestone,
    planned and reached (wall clock of ``zone``), left (the account's last spell as a customer
    ended before ``as_of``; nobody's without ``lines``), and those of ``timed``, days to the step.
    """
    now = clock(as_of, zone)
    began, reached, planned = (
        local(milestones[name], zone) for name in ("started_at", "reached_at", "planned_on")
    )
    gone = pd.Series(pd.NaT, index=milestones.index, dtype="datetime64[us]")
    if lines is not None:
        last = spells(lines, gap_days).drop_duplicates("account_id", keep="last")
        ended = local(last.set_index("account_id")["ended"], zone)
        stop = ended.reindex(milestones["account_id"]).set_axis(milestones.index)
        gone = stop.where(stop < now)
    told = pd.DataFrame(
        {
            "account_id": milestones["account_id"].astype("str"),
            "milestone": milestones["milestone"].astype("str"),
            "planned": planned,
            "reached": reached,
            "left": gone.notna(),
        }
    )
    found = told.join(timed(began, reached, gone.fillna(now), now))
    return found.sort_values(["account_id", "milestone"], ignore_index=True)


def underway(table: pd.DataFrame) -> pd.DataFrame:
    """The accounts of ``steps`` that are onboarding: not come to value, and not gone.

    Columns, ordered by account_id: account_id, days since its first step began, planned (first
    value's date, NaT where there is none or no such step), late (days past it, NaN where
    there is none, negative before it).
    """
    arrived = table.loc[table["observed"] & (table["milestone"] == VALUE), "account_id"]
    still = table[~table["left"] & ~table["account_id"].isin(arrived)]
    found = still.groupby("account_id", sort=True)["age"].max().rename("days").to_frame()
    value = still[still["milestone"] == VALUE].set_index("account_id")
    ahead: pd.Series[pd.Timedelta] = value["planned"] - value["began"]
    late = value["age"] - ahead / DAY
    return found.join(value["planned"]).join(late.rename("late")).reset_index()


def unrecorded(
    table: pd.DataFrame,
    lines: pd.DataFrame,
    as_of: datetime,
    gap_days: int = _GAP,
    days: int = NEW,
) -> list[str]:
    """Customers new in the last ``days`` days before ``as_of`` of whom ``table`` has no step.

    Accounts whose first spell as a customer began so lately and has not ended, in order.
    """
    first = spells(lines, gap_days).drop_duplicates("account_id")
    new = (first["started"] < as_of) & (first["started"] >= as_of - days * DAY)
    here = first["ended"].isna() | (first["ended"] >= as_of)
    missing = new & here & ~first["account_id"].isin(table["account_id"])
    return first.loc[missing, "account_id"].tolist()


def stalled(table: pd.DataFrame, by: Sequence[str] = ("milestone",)) -> pd.DataFrame:
    """Steps in which an account that is onboarding has been for longer than is usual.

    ``usual`` is the upper quartile of the days of the ``n`` that passed the step; give ``by``
    another label of ``table`` beside ``milestone`` to compare like with like. Columns:
    account_id, milestone, the rest of ``by``, days, usual, over, n, planned; ordered by over,
    the longest first, then account_id and milestone.
    """
    keys = list(by)
    passed = table[table["observed"]].groupby(keys, sort=True)["days"]
    usual = passed.agg(usual=lambda days: days.quantile(0.75), n="size").reset_index()
    waiting = table[~table["observed"] & table["account_id"].isin(underway(table)["account_id"])]
    found = waiting.merge(usual, on=keys)
    found = found.assign(over=found["days"] - found["usual"])
    found = found[found["over"] > 0].sort_values(
        ["over", "account_id", "milestone"], ascending=[False, True, True], ignore_index=True
    )
    rest = [key for key in keys if key != "milestone"]
    return found[["account_id", "milestone", *rest, "days", "usual", "over", "n", "planned"]]


def slips(table: pd.DataFrame) -> pd.DataFrame:
    """Planned against actual, by milestone: whole days of the calendar, late above zero.

    Columns, ordered by milestone: milestone, n (reached, with a planned day), hits (on that
    day or before), share, low, high, median and p90 of the slip in days, overdue (planned day
    gone by, not reached, account not gone).
    """
    planned = table[table["planned"].notna()]
    day, done = planned["planned"].dt.floor("D"), planned["observed"]
    slip = (planned["reached"].dt.floor("D") - day) / DAY
    over = (day + DAY - planned["began"]) / DAY <= planned["age"]
    overdue = ~done & ~planned["left"] & over
    counted = pd.DataFrame(
        {
            "milestone": planned["milestone"],
            "n": done.astype("int64"),
            "hits": (done & (slip <= 0)).astype("int64"),
            "overdue": overdue.astype("int64"),
        }
    )
    found = shares(counted.groupby("milestone", sort=True).sum())
    late = slip[done].groupby(planned.loc[done, "milestone"], sort=True)
    found = found.assign(median=late.median(), p90=late.quantile(0.9)).reset_index()
    return found[["milestone", "n", "hits", "share", "low", "high", "median", "p90", "overdue"]]


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of onboarding at the close of the month; {} without milestones.

    Times and rates are of accounts whose first value began in the twelve months up to the
    close. Where no step was ever reached, ``reached_at`` is taken as not kept: None.
    """
    if not facts.has("milestones"):
        return {}
    lines, policy, zone = facts.lines, facts.policy, facts.zone
    gap, made = policy.gap_days, partial(figure, policy=policy)
    table = steps(facts.tables["milestones"], facts.as_of, zone, lines, gap)
    known = bool(table["observed"].any())
    since = pd.Timestamp(calendar.shift(facts.month, -11))
    recent = table[(table["milestone"] == VALUE) & (table["began"] >= since)]
    curve = survival(recent["days"], recent["observed"])
    found = {
        name: made(name, time.value, curve.n, time.low, time.high)
        for name, time in (
            ("time_to_value_median", curve.median()),
            ("time_to_value_upper_quartile", curve.quantile(0.75)),
        )
    }
    within = rates(recent.assign(everybody="all"), "everybody").set_index("days")
    for name, days in zip(("thirty", "sixty", "ninety"), WITHIN, strict=True):
        n = int(within["n"].get(days, 0))
        share = Estimate(*within.loc[days, ["share", "low", "high"]]) if known and n else _NONE
        found[f"first_value_in_{name}"] = made(f"first_value_in_{name}", share.value, n, *share[1:])
    onboarding, slow = underway(table), stalled(table)
    new = unrecorded(table, lines, facts.as_of, gap)
    still, everybody = len(onboarding), len(onboarding) + len(new)
    unplanned = int(onboarding["planned"].isna().sum()) + len(new)
    counts = (still, slow["account_id"].nunique(), unplanned / everybody if everybody else None)
    names = ("onboarding_open", "onboarding_stalled", "onboarding_without_plan")
    for name, value, n in zip(names, counts, (still, still, everybody), strict=True):
        found[name] = made(name, value if known else None, n)
    return found
