"""Support: how much is asked, how soon it is answered, and what the customer says of it.

A wait is told twice: by the clock, as the customer lives it, and in business hours, as the
team can be held to it. Replies are first human replies; time in which a ticket waited for
the customer is not recorded, so it is not taken out. How many replies a ticket needed is
not recorded either: a one-touch rate cannot be computed from this contract.

``tickets`` are everywhere those known at ``as_of``, or some of them; ``by`` is a column of
theirs, ``priority`` or a label merged on account_id. A ticket is resolved once
``resolved_at`` is filled; one opened again after it is counted apart, because the contract
does not say whether it was resolved again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from metrics.facts import Facts
from metrics.hours import Hours, worked
from metrics.intervals import proportion, quantile
from metrics.registry import Figure, figure
from metrics.shares import groups, shares
from warehouse import months as calendar

PRIORITIES = ("urgent", "high", "normal", "low")
TOP_TWO = 4
"""A rating of 4 or 5 on 5 counts as satisfied."""
_KEPT = ("resolved_at", "reopened_at", "rating")
_HOUR, _DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


def during(tickets: pd.DataFrame, column: str, start: datetime, end: datetime) -> pd.DataFrame:
    """The tickets whose instant in ``column`` lies in ``[start, end)``."""
    return tickets[(tickets[column] >= start) & (tickets[column] < end)]


def promises(tickets: pd.DataFrame, as_of: datetime) -> pd.Series[str]:
    """What became of each promised first reply, on the index of ``tickets``:

    - ``met``      replied at ``reply_due_at`` or before;
    - ``breached`` replied after it, or not at all and it has passed;
    - ``open``     not replied, and there is time left at ``as_of``;
    - ``closed``   resolved within the promise without a reply: nobody was left waiting;
    - ``none``     nothing was promised.
    """
    due, replied, resolved = (tickets[c] for c in ("reply_due_at", "replied_at", "resolved_at"))
    state = pd.Series("open", index=tickets.index, dtype="str")
    state = state.mask(due < as_of, "breached").mask(resolved <= due, "closed")
    return (
        state.mask(replied > due, "breached").mask(replied <= due, "met").mask(due.isna(), "none")
    )


def compliance(tickets: pd.DataFrame, as_of: datetime, by: str = "priority") -> pd.DataFrame:
    """How many first replies were given as promised, by group.

    Columns: ``by``, n (met or breached), hits (met), share, low, high (Wilson), and the tickets
    that are in neither: open, closed, none (see ``promises``).
    """
    states = ["met", "breached", "open", "closed", "none"]
    wide = pd.crosstab(groups(tickets, by), promises(tickets, as_of))
    wide = wide.reindex(columns=states, fill_value=0).astype("int64")
    counted = wide.assign(n=wide["met"] + wide["breached"], hits=wide["met"])
    found = _ordered(shares(counted).reset_index(), by)
    return found[[by, "n", "hits", "share", "low", "high", "open", "closed", "none"]]


def waited(
    tickets: pd.DataFrame,
    until: Literal["replied_at", "resolved_at"],
    hours: Hours | None = None,
    zone: str = "UTC",
) -> pd.DataFrame:
    """Hours from opening to ``until`` of each ticket that has come to it.

    Columns, on the index of ``tickets``: clock and business, which counts only ``hours`` (nine
    to five on weekdays, if not given) on the wall clock of ``zone``.
    """
    done = tickets[tickets[until].notna()]
    ends = done["opened_at"].to_numpy(), done[until].to_numpy()
    wait: pd.Series[pd.Timedelta] = done[until] - done["opened_at"]
    business = worked(*ends, hours or Hours(), zone)
    return pd.DataFrame({"clock": wait / _HOUR, "business": business}, index=done.index)


def waits(
    tickets: pd.DataFrame,
    until: Literal["replied_at", "resolved_at"],
    hours: Hours | None = None,
    zone: str = "UTC",
    by: str = "priority",
) -> pd.DataFrame:
    """Median and 90th percentile of ``waited``, by group.

    Columns: ``by``, n, median, p90, business_median, business_p90, in hours. Who has not come
    to it yet is not in them: choose tickets by when they came to it, and read the age of
    the backlog beside it.
    """
    spent = waited(tickets, until, hours, zone)
    by_group = spent.groupby(groups(tickets.loc[spent.index], by), sort=True)
    parts = {"n": by_group.size()}
    for clock, prefix in (("clock", ""), ("business", "business_")):
        parts |= {f"{prefix}median": by_group[clock].median()}
        parts |= {f"{prefix}p90": by_group[clock].quantile(0.9)}
    return _ordered(pd.DataFrame(parts).rename_axis(by).reset_index(), by)


def backlog(tickets: pd.DataFrame, as_of: datetime, by: str = "priority") -> pd.DataFrame:
    """What was not resolved at ``as_of``, and how old it is, by group.

    Columns: ``by``, n (never resolved), median, p90 and oldest age in days by the clock (NaN
    without any), again (opened again after the resolution known, and not in n).
    """
    group = groups(tickets, by)
    unresolved = tickets["resolved_at"].isna()
    old: pd.Series[pd.Timedelta] = as_of - tickets["opened_at"]
    age = (old / _DAY).where(unresolved).groupby(group, sort=True)
    again = (tickets["reopened_at"] > tickets["resolved_at"]).groupby(group, sort=True)
    found = pd.DataFrame(
        {
            "n": age.count(),
            "median": age.median(),
            "p90": age.quantile(0.9),
            "oldest": age.max(),
            "again": again.sum().astype("int64"),
        }
    )
    return _ordered(found.rename_axis(by).reset_index(), by)


def flow(
    tickets: pd.DataFrame, start: datetime, end: datetime, by: str = "priority"
) -> pd.DataFrame:
    """Tickets in ``[start, end)`` by group: opened, resolved, reopened, and resolved / opened.

    Columns: ``by``, opened, resolved, reopened, ratio (NaN where none was opened); each counts
    by its own instant, so a ticket resolved here may have been opened before.
    """
    group = groups(tickets, by)
    parts = {}
    for name in ("opened", "resolved", "reopened"):
        at = tickets[f"{name}_at"]
        parts[name] = ((at >= start) & (at < end)).groupby(group, sort=True).sum().astype("int64")
    found = pd.DataFrame(parts).rename_axis(by).reset_index()
    found = found.assign(ratio=found["resolved"] / found["opened"].where(found["opened"] > 0))
    return _ordered(found, by)


def reopened(resolved: pd.DataFrame, by: str = "priority") -> pd.DataFrame:
    """How many of the ``resolved`` tickets were opened again, so far, by group.

    Columns: ``by``, n, hits, share, low, high (Wilson). The latest have had little time to be.
    """
    return _hits(resolved["reopened_at"].notna(), groups(resolved, by))


def satisfaction(rated: pd.DataFrame, by: str = "priority") -> pd.DataFrame:
    """How many ratings of the ``rated`` tickets are a 4 or a 5, by group.

    Columns: ``by``, n (answers), hits, share, low, high (Wilson). Silence is not in it: read it
    beside the response rate.
    """
    given = rated[rated["rating"].notna()]
    return _hits(given["rating"].astype("float64") >= TOP_TWO, groups(given, by))


def responded(resolved: pd.DataFrame, by: str = "priority") -> pd.DataFrame:
    """How many of the ``resolved`` tickets were rated, so far, by group; every one is taken to
    have been asked. Columns: ``by``, n, hits, share, low, high (Wilson)."""
    return _hits(resolved["rating"].notna(), groups(resolved, by))


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of support for the month; {} without tickets.

    Volumes are of the month, rates and waits of the three months up to its close; business
    hours are those of the policy, which names them. A
    column that is empty in every ticket is taken as not kept: what hangs on it is None.
    """
    if not facts.has("tickets"):
        return {}
    tickets, end, zone = facts.tables["tickets"], facts.as_of, facts.zone
    month = calendar.opens(facts.month, zone)
    kept = {name: bool(tickets[name].notna().any()) for name in _KEPT}
    found = {}
    for name, some, known in (
        ("tickets_opened", during(tickets, "opened_at", month, end), True),
        ("tickets_resolved", during(tickets, "resolved_at", month, end), kept["resolved_at"]),
        ("ticket_backlog", tickets[tickets["resolved_at"].isna()], kept["resolved_at"]),
    ):
        found[name] = figure(name, len(some) if known else None, len(some), policy=facts.policy)
    since = calendar.opens(calendar.shift(facts.month, -2), zone)
    opened, replied, resolved, rated = (
        during(tickets, f"{name}_at", since, end)
        for name in ("opened", "replied", "resolved", "rated")
    )
    state = promises(opened, end)
    answers = rated.loc[rated["rating"].notna(), "rating"].astype("float64")
    for name, hits, known in (
        ("sla_compliance", state[state.isin(["met", "breached"])] == "met", True),
        ("reopen_rate", resolved["reopened_at"].notna(), kept["reopened_at"]),
        ("support_csat", answers >= TOP_TWO, True),
        ("support_csat_response", resolved["rating"].notna(), kept["rating"]),
    ):
        count, n = int(hits.sum()), len(hits) if known else 0
        share = count / n if n else None
        low, high = proportion(count, n)
        found[name] = figure(name, share, n, low, high, facts.policy)
    shift = facts.policy.hours
    for name, spent in (
        ("first_reply", waited(replied, "replied_at", shift, zone)),
        ("resolution", waited(resolved, "resolved_at", shift, zone)),
    ):
        for column, full in (("clock", f"{name}_hours"), ("business", f"{name}_business_hours")):
            values = spent[column].to_numpy()
            middle = float(np.median(values)) if len(values) else None
            low, high = quantile(values)
            told = figure(full, middle, len(values), low, high, facts.policy)
            rule = f"{told.policy}: {shift.name}" if column == "business" else told.policy
            found[full] = replace(told, policy=rule)
    return found


def _hits(hits: pd.Series[bool], group: pd.Series[str]) -> pd.DataFrame:
    by = str(group.name)
    each = hits.astype("int64").groupby(group, sort=True)
    counted = pd.DataFrame({"n": each.size(), "hits": each.sum()}).rename_axis(by)
    found = _ordered(shares(counted).reset_index(), by)
    return found[[by, "n", "hits", "share", "low", "high"]]


def _ordered(found: pd.DataFrame, by: str) -> pd.DataFrame:
    """The most urgent first, where groups are priorities; any other by name."""
    rank = found[by].map({name: i for i, name in enumerate(PRIORITIES)}).fillna(len(PRIORITIES))
    return found.assign(rank=rank).sort_values(["rank", by], ignore_index=True).drop(columns="rank")
