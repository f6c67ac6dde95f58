"""The expansion funnel: from a chance somebody saw to one that was won, and where they die.

``chances`` is everywhere the table of opportunities as known at some ``as_of``. A later step
implies the earlier ones: what was won was accepted, and what was accepted was handed over,
whether or not anybody wrote it down; only its days are then not known. ``amount`` is known when
a chance is won, so money is known only where ``priced`` says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from metrics.coverage import share_figure, tally
from metrics.facts import Facts
from metrics.intervals import Z
from metrics.registry import Figure, figure
from metrics.shares import UNKNOWN, shares
from warehouse.months import month_of, opens, shift

STEPS = ("identified", "handed", "accepted", "won")
CLOCKS = ("identified_at", "handed_at", "accepted_at", "closed_at")
ANSWERS = ("accepted", "refused", "unanswered", "waiting")
RESPONSE_DAYS = 30
SETTLING = 3
"""Months a cohort is given before its shares are believed."""
_SUMS = ("open", "died", "priced", "arr", "arr_died")
_DAYS = ("days_to_next", "days_open", "days_to_death")


def reached(chances: pd.DataFrame) -> pd.DataFrame:
    """How far each chance came: identified, handed, accepted, won, closed (flags), last.

    ``last`` is the number of the step it came to, 0 for identified. A chance is open until
    ``closed``; closed and not known to be won, it has died. The index is that of ``chances``.
    """
    won = _won(chances)
    accepted = chances["accepted_at"].notna() | won
    handed = chances["handed_at"].notna() | accepted
    table = pd.DataFrame({"identified": True, "handed": handed, "accepted": accepted, "won": won})
    return table.assign(
        closed=chances["closed_at"].notna(), last=handed.astype("int64") + accepted + won
    )


def _won(chances: pd.DataFrame) -> pd.Series[bool]:
    return chances["won"].astype("boolean").fillna(False).astype(bool)


def quarters(instants: pd.Series[pd.Timestamp], zone: str = "UTC") -> pd.Series[str]:
    """The calendar quarter in ``zone`` each naive UTC instant falls in, ``2026-Q4``; NaT: missing.

    Years of a company that does not begin in January have other quarters; these are the year's.
    """
    local = instants.astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert(zone)
    text = local.dt.strftime("%Y-Q") + local.dt.quarter.astype("Int64").astype("str")
    return text.where(instants.notna()).astype("str")


def funnel(
    chances: pd.DataFrame, as_of: datetime, groups: pd.Series[str] | None = None
) -> pd.DataFrame:
    """How many came to each step, a row a group and step, in order of group, then of step.

    Columns: group, step, reached, share, low, high, open, died, priced, arr, arr_died,
    days_to_next, timed, days_open, days_to_death. ``share`` is of those identified, with
    Wilson's 95 % range. ``open`` and ``died`` came exactly so far, so

        reached = reached by the next step + open + died

    and the ones won are neither. ``arr`` (cents) is of the ``priced`` ones that came to the
    step, ``arr_died`` of those that died there. Medians, in days, missing over nothing:
    ``days_to_next`` of the ``timed`` that went on, ``days_open`` from the step to ``as_of`` of
    those open there, ``days_to_death`` from being found to being closed. Without ``groups``
    the group is ``all``; steps nobody came to have a row of zeros.
    """
    rows = _rows(chances, as_of, groups)
    grouped = rows.groupby(["group", "step"], sort=True)
    timed = grouped["days_to_next"].count().rename("timed")
    table = grouped[["reached", *_SUMS]].sum().astype("int64").join(grouped[list(_DAYS)].median())
    table = table.join(timed).reset_index()
    first = table.groupby("group")["reached"].transform("max")
    table["step"] = table["step"].map(dict(enumerate(STEPS))).astype("str")
    table = shares(table.assign(hits=table["reached"], n=first))
    return table[["group", "step", "reached", "share", "low", "high", *_SUMS, *_DAYS, "timed"]]


def _rows(chances: pd.DataFrame, as_of: datetime, groups: pd.Series[str] | None) -> pd.DataFrame:
    """One row a chance and step, with what ``funnel`` sums."""
    far = reached(chances)
    amount = chances["amount"].astype("float64")
    alive, dead = ~far["closed"], far["closed"] & ~far["won"]
    group = pd.Series("all", index=chances.index) if groups is None else groups.fillna(UNKNOWN)
    clocks = [chances[c].astype("datetime64[us]") for c in CLOCKS]
    parts = []
    for number, step in enumerate(STEPS):
        here = far["last"] == number
        came = far[step]
        follows = clocks[min(number + 1, 3)].where(far["last"] > number)
        parts.append(
            pd.DataFrame(
                {
                    "group": group.astype("str"),
                    "step": number,
                    "reached": came,
                    "open": here & alive,
                    "died": here & dead,
                    "priced": came & amount.notna(),
                    "arr": amount.where(came, 0.0).fillna(0.0),
                    "arr_died": amount.where(here & dead, 0.0).fillna(0.0),
                    "days_to_next": _days(clocks[number], follows),
                    "days_open": _days(clocks[number].where(here & alive), as_of),
                    "days_to_death": _days(clocks[0].where(here & dead), clocks[3]),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _days(
    since: pd.Series[pd.Timestamp], until: pd.Series[pd.Timestamp] | datetime
) -> pd.Series[float]:
    """Days from one clock to another; missing where one is, or where they run backwards."""
    days = (until - since).dt.total_seconds() / 86400
    return days.where(days >= 0)


def cohorts(chances: pd.DataFrame, as_of: datetime, zone: str = "UTC") -> pd.DataFrame:
    """The funnel of each quarter's chances, by when they were found: quarter, complete, then it.

    ``complete`` is false for a quarter that ended less than three months before ``as_of``: its
    later steps have not had their time, and its shares will rise. The columns after it are
    those of ``funnel`` without the group.
    """
    table = funnel(chances, as_of, quarters(chances["identified_at"], zone))
    table = table.rename(columns={"group": "quarter"})
    year, number = table["quarter"].str[:4].astype("int64"), table["quarter"].str[-1:]
    ended, now = 12 * year + 3 * number.astype("int64"), month_of(as_of, zone)
    table.insert(1, "complete", ended + SETTLING < 12 * int(now[:4]) + int(now[5:]))
    return table


def answers(chances: pd.DataFrame, as_of: datetime, days: int = RESPONSE_DAYS) -> pd.Series[str]:
    """What became of each handover: accepted, refused, unanswered or waiting.

    Accepted in ``[handed_at, handed_at + days)``, or won in it; refused is closed in it
    otherwise; unanswered is neither. While the ``days`` are not over at ``as_of`` it is waiting,
    whatever has come so far: to count quick answers before slow silences would flatter. Chances
    without ``handed_at`` are left out; the index is that of the others.
    """
    given = chances[chances["handed_at"].notna()]
    due, won = given["handed_at"] + pd.Timedelta(days=days), _won(given)
    accepted = (given["accepted_at"] < due) | (won & (given["closed_at"] < due))
    state = pd.Series("unanswered", index=given.index, dtype="str")
    state = state.mask(given["closed_at"] < due, "refused").mask(accepted, "accepted")
    return state.mask(due > as_of, "waiting")


def handoffs(
    chances: pd.DataFrame,
    as_of: datetime,
    days: int = RESPONSE_DAYS,
    groups: pd.Series[str] | None = None,
) -> pd.DataFrame:
    """The answers to what was handed over, a row a group (``all`` without ``groups``).

    Columns: group, handed, accepted, refused, unanswered, waiting, n, accepted_share,
    unanswered_share and their Wilson ranges, hours (median from handed to accepted, however
    late). The shares are of the ``n`` not waiting. ``groups`` shares the index of
    ``chances``: a source, a team, a CSM. Ordered by group.
    """
    state = answers(chances, as_of, days)
    given = chances.loc[state.index]
    group = groups.loc[state.index] if groups is not None else state.mask(state.notna(), "all")
    group = group.fillna(UNKNOWN).astype("str").rename("group")
    table = pd.DataFrame({a: (state == a).groupby(group).sum() for a in ANSWERS}).astype("int64")
    table.insert(0, "handed", table.sum(axis=1))
    table["n"] = table["handed"] - table["waiting"]
    for name in ("accepted", "unanswered"):
        told = shares(pd.DataFrame({"hits": table[name], "n": table["n"]}))
        table[[f"{name}_share", f"{name}_low", f"{name}_high"]] = told[["share", "low", "high"]]
    took = _days(given["handed_at"], given["accepted_at"]) * 24
    return table.assign(hours=took.groupby(group).median()).reset_index()


def sourced(chances: pd.DataFrame, groups: pd.Series[str], source: str = "cs") -> pd.DataFrame:
    """The share of ``source`` in chances and in ARR won, a row a group, ordered by group.

    Columns: group, n, found, share, low, high, priced, won_arr, found_arr, won_share, won_low,
    won_high. Chances whose source nobody wrote down are left out: ``n`` have one, ``priced`` of
    them are won with an amount. The range of the money share is Wilson's over as many chances of
    equal worth as would tell as much: (sum of ARR)^2 / sum of ARR^2 (Kish, Survey Sampling,
    1965), so that one large deal among small ones does not look like many.
    """
    known = chances[chances["source"].notna()]
    group = groups.loc[known.index]
    hit = known["source"].eq(source)
    table = tally(hit, group).rename(columns={"hits": "found"}).set_index("group")
    won = _won(known)
    arr = known["amount"].astype("float64").where(won).clip(lower=0.0)
    money = pd.DataFrame({"group": group, "arr": arr, "found": arr.where(hit, 0.0), "sq": arr**2})
    money = money[arr.notna()]
    sums = money.groupby("group")[["arr", "found", "sq"]].sum().reindex(table.index, fill_value=0.0)
    total = sums["arr"].where(sums["arr"] > 0)
    share = sums["found"] / total
    low, high = _wilson(share, total**2 / sums["sq"])
    return table.assign(
        priced=money.groupby("group").size().reindex(table.index, fill_value=0),
        won_arr=sums["arr"].astype("int64"),
        found_arr=sums["found"].astype("int64"),
        won_share=share,
        won_low=low,
        won_high=high,
    ).reset_index()[["group", "n", "found", "share", "low", "high", *_MONEY]]


_MONEY = ["priced", "won_arr", "found_arr", "won_share", "won_low", "won_high"]


def _wilson(share: pd.Series[float], n: pd.Series[float]) -> tuple[pd.Series[float], ...]:
    """`intervals.proportion` of a column, over an ``n`` that need not be whole."""
    spread = Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = (share * (1 - share) * spread + spread**2 / 4) ** 0.5 / (1 + spread)
    return (middle - half).clip(lower=0.0), (middle + half).clip(upper=1.0)


def pipeline(chances: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """What the open chances are worth, weighted by how those before them ended, a row a step.

    Columns: step, open, n, won, share, low, high, worth, expected, expected_low, expected_high.
    ``won`` of the ``n`` closed chances that had come to the step were won. ``worth`` (cents) is
    what the open ones would bring if all were: for each the mean ARR won with its kind, or with
    any. ``expected`` = share x worth; its range is that of the share only. What is left open for
    ever counts as likely to close as the rest, so this is if anything high.
    """
    table, far = funnel(chances, as_of)[:-1][["step", "open", "died"]], reached(chances)
    won = int(far["won"].sum())
    n = won + table.pop("died")[::-1].cumsum()[::-1]
    arr = chances["amount"].astype("float64").where(far["won"])
    each = chances["kind"].map(arr.groupby(chances["kind"]).mean()).astype("float64")
    each = each.fillna(arr.mean()).where(~far["closed"])
    worth = each.groupby(far["last"]).sum(min_count=1).reindex(range(len(table)))
    worth = worth.where(table["open"].to_numpy() > 0, 0.0)
    table = shares(table.assign(n=n, hits=won)).assign(worth=worth.round())
    table = table.rename(columns={"hits": "won"})
    expected = {"expected": "share", "expected_low": "low", "expected_high": "high"}
    return table.assign(**{name: (table[by] * worth).round() for name, by in expected.items()})


def figures(facts: Facts) -> dict[str, Figure]:
    """The month's registered numbers of the funnel; none without a table of opportunities.

    Chances found are of the month; unanswered ones had their 30 days end in it. The shares of
    the funnel are of chances found in the twelve months that ended three months before the
    close, without those sales found itself: they need no handing over. CS's shares are of the
    twelve months to the close.
    """
    if not facts.has("opportunities"):
        return {}
    chances, policy, end = facts.tables["opportunities"], facts.policy, facts.as_of
    month, zone, wait = facts.month, facts.zone, timedelta(days=RESPONSE_DAYS)
    start, year = opens(month, zone), opens(shift(month, -11), zone)
    found = _within(chances, "identified_at", start, end)
    given = answers(_within(chances, "handed_at", start - wait, end - wait), end)
    # What a company never writes down is not known, rather than never done.
    kept = {step: chances[clock].notna().any() for step, clock in zip(STEPS, CLOCKS, strict=True)}
    silent = int((given == "unanswered").sum()) if kept["accepted"] else None
    old = opens(shift(month, -11 - SETTLING), zone), opens(shift(month, 1 - SETTLING), zone)
    ripe = _within(chances, "identified_at", *old)
    far = reached(ripe[ripe["source"].ne("sales")])
    source = _within(chances, "identified_at", year, end)["source"].dropna()
    sold = _within(chances, "closed_at", year, end)
    money = sourced(sold, pd.Series("all", index=sold.index)).set_index("group")[_MONEY]
    share, low, high = (
        float(money[side].iloc[0]) if money["won_arr"].sum() else None
        for side in ("won_share", "won_low", "won_high")
    )
    plain = {
        "opportunities_identified": (len(found), int(found["account_id"].nunique())),
        "opportunities_unanswered": (silent, len(given) if kept["accepted"] else 0),
    }
    told = {name: figure(name, value, n, policy=policy) for name, (value, n) in plain.items()}
    for step in STEPS[1:]:
        name, hits = f"opportunities_{step}_share", far[step] if kept[step] else far[step][:0]
        told[name] = share_figure(name, hits, policy)
    told["cs_sourced_share"] = share_figure("cs_sourced_share", source.eq("cs"), policy)
    name, n = "cs_sourced_won_share", int(money["priced"].sum())
    return told | {name: figure(name, share, n, low, high, policy)}


def _within(chances: pd.DataFrame, clock: str, start: datetime, end: datetime) -> pd.DataFrame:
    return chances[(chances[clock] >= start) & (chances[clock] < end)]
