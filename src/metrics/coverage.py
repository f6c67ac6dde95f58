"""Coverage: which customers the company speaks with, how often, and how long it takes.

``touches`` is everywhere the contacts as known at some ``as_of``. A touch counts as ours unless
the customer is known to have begun it. ``labels`` says who an account is today (account_id, tier,
csm); it has no history, so an account that changed hands counts with whoever has it now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from metrics.arr import INSTANT, at
from metrics.facts import Facts
from metrics.intervals import proportion
from metrics.policy import Policy
from metrics.registry import Figure, figure
from metrics.shares import UNKNOWN, shares
from metrics.spells import spells
from warehouse.months import opens

FACING = ("call", "meeting", "review", "training")
"""Kinds of touch that people give their time to together."""
SCHEDULED = ("review", "training")
ASKING = ("email", "call")
"""Kinds that wait for an answer; a meeting that took place has had its own."""
QUARTER = 365.25 / 4
SILENT_DAYS, REPLY_DAYS = 90, 7
NOBODY = "unassigned"


def tally(hits: pd.Series[bool], groups: pd.Series[str]) -> pd.DataFrame:
    """How often ``hits`` is true in each of ``groups``: group, hits, n, share, low, high.

    Both have the same index; a row whose hit is missing is not counted, one without a group is
    in ``not known``. The range is Wilson's, at 95 %, as if rows were independent: the touches of
    one account are not, so it is if anything too narrow. Ordered by group.
    """
    known = pd.DataFrame({"group": groups.fillna(UNKNOWN).astype("str"), "hit": hits})
    known = known[known["hit"].notna()].astype({"hit": "int64"})
    table = known.groupby("group", sort=True)["hit"].agg(["sum", "size"]).reset_index()
    return shares(table.set_axis(["group", "hits", "n"], axis=1))


def between(touches: pd.DataFrame, start: datetime, end: datetime) -> pd.DataFrame:
    """The touches that took place in ``[start, end)``."""
    return touches[(touches["touched_at"] >= start) & (touches["touched_at"] < end)]


def label(accounts: pd.Series[str], labels: pd.DataFrame, name: str) -> pd.Series[str]:
    """What each of ``accounts`` is today by the column ``name``; missing where nobody says."""
    if name not in labels:
        return pd.Series(index=accounts.index, dtype="str")
    return accounts.map(labels.set_index("account_id")[name]).astype("str")


def ours(touches: pd.DataFrame) -> pd.Series[bool]:
    """Whether the company began each touch; true where nobody wrote down who did."""
    return touches["started_by"].ne("customer")


def proactive(touches: pd.DataFrame) -> pd.Series[bool]:
    """Whether each touch came before the customer asked: begun by us, or a review or training.

    Missing where the kind does not say it and nobody wrote down who began.
    """
    planned = touches["kind"].isin(SCHEDULED)
    found = (planned | touches["started_by"].eq("vendor")).astype("boolean")
    return found.mask(~planned & touches["started_by"].isna())


def replied(touches: pd.DataFrame, days: int = REPLY_DAYS) -> pd.Series[bool]:
    """Whether each of our emails and calls was answered in fewer than ``days`` days.

    Other touches are left out. Ask only about touches at least ``days`` days old: a younger one
    has not had its time. The index is that of the touches asked about.
    """
    asked = touches[ours(touches) & touches["kind"].isin(ASKING)]
    return (asked["replied_at"] - asked["touched_at"]) < pd.Timedelta(days=days)


def _clock(found: pd.Series[pd.Timestamp], accounts: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """The instant ``found`` has for each of ``accounts``; unlike ``map``, of none too."""
    return found.reindex(accounts).set_axis(accounts.index).astype("datetime64[us]")


def customers(
    lines: pd.DataFrame, as_of: datetime, gap_days: int = Policy().gap_days
) -> pd.DataFrame:
    """Who is a customer at the close before ``as_of``: account_id, arr (cents), since.

    ``since`` is when the unbroken stretch of ARR it is in began, gaps of up to ``gap_days`` days
    apart. Ordered by account_id.
    """
    arr = at(lines, as_of - INSTANT)
    stays = spells(lines, gap_days)
    began = stays[stays["started"] < as_of].groupby("account_id")["started"].max()
    table = arr.rename_axis("account_id").reset_index()
    return table.assign(since=_clock(began, table["account_id"]))


def contact(
    touches: pd.DataFrame,
    lines: pd.DataFrame,
    as_of: datetime,
    days: int = SILENT_DAYS,
    gap_days: int = Policy().gap_days,
    kinds: Collection[str] | None = None,
) -> pd.DataFrame:
    """When we last touched each customer: account_id, arr, since, touched_at, days, state.

    ``touched_at`` is our last touch, of ``kinds`` only where given, NaT if there was none;
    ``days`` are those from it to ``as_of``. ``state``: ``new``, a customer for fewer than
    ``days`` days, from whom nothing is expected yet; ``touched`` in ``[as_of - days, as_of)``;
    or ``untouched``. Ordered by ARR, largest first.
    """
    edge = as_of - timedelta(days=days)
    table = customers(lines, as_of, gap_days)
    counted = touches[ours(touches) & (touches["touched_at"] < as_of)]
    if kinds is not None:
        counted = counted[counted["kind"].isin(list(kinds))]
    last = _clock(counted.groupby("account_id")["touched_at"].max(), table["account_id"])
    state = pd.Series("untouched", index=table.index, dtype="str")
    state = state.mask(last >= edge, "touched").mask(table["since"] > edge, "new")
    table = table.assign(
        touched_at=last, days=(as_of - last) / pd.Timedelta(days=1), state=state.astype("str")
    )
    return table.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def pace(
    touches: pd.DataFrame,
    lines: pd.DataFrame,
    labels: pd.DataFrame,
    start: datetime,
    end: datetime,
    cadence: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Our touches of each customer against its tier's cadence, over ``[start, end)``.

    Columns: account_id, tier, arr, touches, expected, kept. ``cadence`` is touches a quarter of
    91.3125 days, by tier; ``expected`` is its share for the days the account was a customer in
    the period, and ``kept`` says whether that many whole touches (rounded) were made. Both are
    missing for a tier without a cadence: then only the actuals are known. Ordered by account_id.
    """
    table = customers(lines, end)
    made = between(touches[ours(touches)], start, end).groupby("account_id").size()
    tier = label(table["account_id"], labels, "tier")
    wanted = tier.map(dict(cadence or {})).astype("float64")
    began = np.maximum(table["since"].to_numpy("datetime64[us]"), np.datetime64(start, "us"))
    served = (np.datetime64(end, "us") - began) / np.timedelta64(1, "D")
    count = table["account_id"].map(made).fillna(0).astype("int64")
    expected = wanted * served / QUARTER
    kept = (count >= np.floor(expected + 0.5)).astype("boolean").mask(expected.isna())
    return table[["account_id"]].assign(
        tier=tier.fillna(UNKNOWN).astype("str"),
        arr=table["arr"],
        touches=count,
        expected=expected,
        kept=kept,
    )


def by_tier(paced: pd.DataFrame) -> pd.DataFrame:
    """Sum what ``pace`` returned, a row a tier.

    Columns: tier, accounts, arr, touches, expected, kept, n, share, low, high. ``kept`` of the
    ``n`` accounts that have a cadence kept it; ``share`` with its 95 % range is missing where no
    account has. Ordered by tier.
    """
    grouped = paced.groupby("tier", sort=True)
    table = grouped.agg(accounts=("arr", "size"), arr=("arr", "sum"), touches=("touches", "sum"))
    # A sum over nothing known is unknown, not nothing expected.
    table["expected"] = grouped["expected"].sum(min_count=1)
    met = tally(paced["kept"], paced["tier"]).rename(columns={"group": "tier", "hits": "kept"})
    met = met.set_index("tier").reindex(table.index)
    counts = met[["kept", "n"]].fillna(0).astype("int64")
    return table.join(counts).join(met[["share", "low", "high"]]).reset_index()


def hours(touches: pd.DataFrame, labels: pd.DataFrame, by: str = "csm") -> pd.DataFrame:
    """Time the touches took, by the account's ``by`` today, which need not be who made them.

    Columns: ``by``, touches, timed, timed_share, hours, facing_hours, facing_share. ``timed``
    touches have minutes and make up the hours, so where ``timed_share`` is below 1 the hours are
    a floor; ``facing_hours`` are those of calls, meetings, reviews and trainings. Shares of
    nothing are missing. Ordered by ``by``.
    """
    who = label(touches["account_id"], labels, by)
    spent = touches["minutes"].astype("float64") / 60
    rows = pd.DataFrame(
        {
            by: who.fillna(NOBODY if by == "csm" else UNKNOWN).astype("str"),
            "timed": spent.notna().astype("int64"),
            "hours": spent.fillna(0.0),
            "facing_hours": spent.where(touches["kind"].isin(FACING), 0.0).fillna(0.0),
        }
    )
    grouped = rows.groupby(by, sort=True)
    table = grouped.size().rename("touches").to_frame().join(grouped.sum())
    table.insert(2, "timed_share", table["timed"] / table["touches"])
    total = table["hours"].where(table["hours"] > 0)
    return table.assign(facing_share=table["facing_hours"] / total).reset_index()


def first_touch(
    touches: pd.DataFrame, lines: pd.DataFrame, start: datetime, end: datetime, as_of: datetime
) -> pd.DataFrame:
    """How long the new customers signed in ``[start, end)`` waited for us.

    Columns: account_id, signed_at, touched_at, hours, waiting. ``signed_at`` is when the account's
    first line with ARR was agreed, ``touched_at`` our first touch from then on, ``hours`` what
    lies between; those not touched yet have been ``waiting`` so many hours at ``as_of``. Each of
    the two is missing where the other is not. Ordered by account_id.
    """
    signed = lines[lines["arr"] > 0].groupby("account_id", sort=True)["signed_at"].min()
    new = signed[(signed >= start) & (signed < end)]
    made = touches.loc[
        ours(touches) & (touches["touched_at"] < as_of), ["account_id", "touched_at"]
    ]
    made = made.assign(since=_clock(new, made["account_id"]))
    first = made[made["touched_at"] >= made["since"]].groupby("account_id")["touched_at"].min()
    table = new.rename("signed_at").reset_index()
    told = _clock(first, table["account_id"])
    waiting = (as_of - table["signed_at"]).dt.total_seconds() / 3600
    took = (told - table["signed_at"]).dt.total_seconds() / 3600
    return table.assign(touched_at=told, hours=took, waiting=waiting.where(told.isna()))


def completeness(labels: pd.DataFrame, fields: Sequence[str]) -> pd.DataFrame:
    """Which of the ``fields`` a handover must bring are there: account_id, share, missing.

    ``missing`` names the empty ones, with commas. Ordered as ``labels``.
    """
    empty = labels[list(fields)].isna()
    names = empty.astype("object").dot(np.array([f"{f}, " for f in fields], dtype="object"))
    return labels[["account_id"]].assign(
        share=1 - empty.mean(axis=1), missing=names.astype("str").str.removesuffix(", ")
    )


def figures(facts: Facts) -> dict[str, Figure]:
    """The month's registered numbers of coverage; none without a table of touches.

    Touches made, the proactive share and hours are of the month; replies of the month that ended
    seven days before the close; silence of the 90 days before it.
    """
    if not facts.has("touches", "contract_lines"):
        return {}
    touches, start, end = facts.tables["touches"], opens(facts.month, facts.zone), facts.as_of
    month = between(touches, start, end)
    early = proactive(month).dropna()
    late = timedelta(days=REPLY_DAYS)
    answered = replied(between(touches, start - late, end - late))
    # A company that never writes replies down has no reply rate, rather than one of nothing.
    answered = answered if touches["replied_at"].notna().any() else answered[:0]
    kinds = facts.policy.conversations(touches)
    told = contact(touches, facts.lines, end, gap_days=facts.policy.gap_days, kinds=kinds)
    told = told[told["state"] != "new"]
    silent = told.loc[told["state"] == "untouched", "arr"]
    spent = hours(month, facts.today)
    timed = int(spent["timed"].sum())
    policy = facts.policy
    return {
        "touches_made": figure(
            "touches_made", len(month), int(month["account_id"].nunique()), policy=policy
        ),
        "untouched_accounts": figure("untouched_accounts", len(silent), len(told), policy=policy),
        "untouched_arr": figure("untouched_arr", int(silent.sum()), len(silent), policy=policy),
        "proactive_share": share_figure("proactive_share", early, policy),
        "touch_reply_rate": share_figure("touch_reply_rate", answered, policy),
        "csm_hours": figure(
            "csm_hours", float(spent["hours"].sum()) if timed else None, timed, policy=policy
        ),
    }


def share_figure(name: str, hits: pd.Series[bool], policy: Policy) -> Figure:
    """The share of ``hits`` that are true as the registered number ``name``; None over nothing."""
    n, true = len(hits), int(hits.sum())
    low, high = proportion(true, n)
    return figure(name, true / n if n else None, n, low, high, policy=policy)
