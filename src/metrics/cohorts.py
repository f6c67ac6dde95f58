"""Cohorts: what is left of the accounts that started together, at each age.

``balances`` is everywhere ARR at each month's close, as ``metrics.arr.balances`` gives it:
account_id, month, arr (cents), a row an account and month with ARR. It must hold every month
from the company's first: an account starts in the first month it has a row in, and its age
is counted in months from that close, which is age 0. Accounts are taken one by one: one that
was merged into another is gone from its cohort, its ARR a growth of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd

from metrics.arr import Cents, stops
from metrics.facts import Facts
from metrics.intervals import proportion
from metrics.registry import Figure, figure
from metrics.spells import spells
from warehouse import months as calendar

By = Literal["month", "quarter"]
WIDTH: dict[By, int] = {"month": 1, "quarter": 3}
COUNTS = ["n", "age", "reached", "kept", "initial", "opening", "gross", "net"]
SHARES = ["logo", "gross_share", "net_share"]
COLUMNS = ["starts", *COUNTS, "complete", *SHARES]
RATE = ["share", "low", "high"]
EARLY_DAYS = 180
DAY = pd.Timedelta(days=1)


def triangle(
    balances: pd.DataFrame,
    month: str,
    by: By = "month",
    ages: Sequence[int] | None = None,
    strict: bool = False,
) -> pd.DataFrame:
    """What is left at the close of ``month`` of each cohort, at each age it has reached.

    A row a cohort and age, ordered by them:

    - ``starts``    the cohort's month, or first month of its calendar quarter; ``n`` its
      accounts, ``initial`` what they were worth (cents), each at its own first close;
    - ``age``       in months since each account's own first close: all, or those in ``ages``;
    - ``reached``   how many of the ``n`` are that old by ``month``, ``opening`` their part of
      ``initial``, ``kept`` how many of them have ARR at that age, ``net`` what they are
      worth, ``gross`` the same with each account capped at its first close;
    - ``complete``  whether all members have reached the age; only then are there ``logo``
      (kept / n), ``gross_share`` (gross / initial) and ``net_share`` (net / initial), which
      are empty otherwise: a cell that some members cannot be in yet has no share.

    A cell nobody has reached has no row. An account that left and is back counts at the ages
    at which it is back, so ``kept`` may rise; with ``strict`` it does not: an account counts
    up to its first close without ARR. At age 0 ``kept`` is ``n`` and ``net`` is ``initial``.
    By month and not strict, the cells of one calendar month (start plus age) sum to the
    customers and the ARR of that month.
    """
    newest = _number(month)
    seen = _aged(balances, newest, WIDTH[by])
    oldest = int(newest - seen["first"].min()) if len(seen) else 0
    cells = _reached(seen, newest, range(oldest + 1) if ages is None else sorted(set(ages)))
    # An account's k-th row is at age k as long as no close without ARR came before.
    there = seen[seen["row"] == seen["age"]] if strict else seen
    sums = there.groupby(["start", "age"]).agg(
        kept=("arr", "size"), gross=("gross", "sum"), net=("arr", "sum")
    )
    table = cells.join(sums, on=["start", "age"])
    table = table.fillna({"kept": 0, "gross": 0, "net": 0}).astype(dict.fromkeys(COUNTS, "int64"))
    table["complete"] = table["reached"] == table["n"]
    for share, part, whole in zip(
        SHARES, ["kept", "gross", "net"], ["n", "initial", "initial"], strict=True
    ):
        table[share] = (table[part] / table[whole]).where(table["complete"])
    table["starts"] = _words(table["start"].to_numpy(np.int64))
    return table.sort_values(["start", "age"], ignore_index=True)[COLUMNS]


def square(cells: pd.DataFrame, share: str = "logo") -> pd.DataFrame:
    """One ``share`` of a triangle laid out: a row a cohort, a column an age, empty where open."""
    return cells.pivot(index="starts", columns="age", values=share)


def averages(cells: pd.DataFrame, through: int | None = None) -> pd.DataFrame:
    """Over all cohorts of a triangle, by age: age, cohorts, n, initial, and the three shares.

    Only complete cells count, each cohort by its size: ``logo`` by accounts, the two shares
    of money by the cohort's initial ARR. As ages rise the younger cohorts drop out, so the
    line may rise though no cohort ever did: where a bad one drops out, the rest look better.
    With ``through`` each age up to it is over the same cohorts, those complete at that age,
    and the line moves only as they do; it has no rows if there is none.
    """
    full = cells[cells["complete"]]
    if through is not None:
        old = full.loc[full["age"] == through, "starts"]
        full = full[full["starts"].isin(old) & (full["age"] <= through)]
    sums = full.groupby("age")[["n", "initial", "kept", "gross", "net"]].sum()
    sums.insert(0, "cohorts", full.groupby("age").size())
    table = sums.assign(
        logo=sums["kept"] / sums["n"],
        gross_share=sums["gross"] / sums["initial"],
        net_share=sums["net"] / sums["initial"],
    )
    return table.reset_index()[["age", "cohorts", "n", "initial", *SHARES]]


def lives(lines: pd.DataFrame, as_of: datetime, gap_days: int, zone: str = "UTC") -> pd.DataFrame:
    """The first spell of each account that started before ``as_of``, ordered by account_id.

    Columns: account_id, started, until (the instant it is followed to: ``as_of``, or when it
    was merged into another account, which is no loss), days and months (how long it lasted,
    or has lasted by ``until``), seen (the months from started to until, whatever became of
    it), lost (whether it ended before ``as_of``), merged.

    Months are of the calendar in ``zone``: a term of a year is 12, leap year or not. A
    contracted end at or after ``as_of`` has not happened; an end in the ``gap_days`` days
    before it counts as lost, and may yet be carried on. A return after the gap is another
    life, not counted here. Delayed entry is not supported: an account that was a customer
    before its first line is taken to have started with it, and looks younger than it is.
    """
    spell = spells(lines, gap_days).drop_duplicates("account_id")
    spell = spell[spell["started"] < as_of].reset_index(drop=True)
    over = spell["ended"] < as_of
    merged = over & _at(spell["account_id"], spell["ended"]).isin(_mergers(lines))
    now = pd.Series(as_of, index=spell.index, dtype="datetime64[us]")
    until = spell["ended"].where(merged, now)
    last = spell["ended"].where(over, now)
    return spell[["account_id", "started"]].assign(
        until=until,
        days=_days(spell["started"], last),
        months=_months(spell["started"], last, zone),
        seen=_months(spell["started"], until, zone),
        lost=over & ~merged,
        merged=merged,
    )


def early(
    table: pd.DataFrame, by: By = "quarter", zone: str = "UTC", days: int = EARLY_DAYS
) -> pd.DataFrame:
    """Lives lost within ``days`` days of their start, by the month or quarter they started in.

    Columns: starts, n (lives), reached (those followed for more than ``days`` days, had they
    lasted), lost (of the reached, those no longer customers ``days`` days after the start),
    complete (all but the merged have reached), and the share lost of the reached with its
    95 % bounds, which are empty where it is not complete: the youngest cohort has not failed.
    """
    follow = _days(table["started"], table["until"])
    cells = pd.DataFrame(
        {
            "starts": _starts(_local(table["started"], zone), WIDTH[by]),
            "reached": follow > days,
            "lost": table["lost"] & (follow > days) & (table["days"] <= days),
            "open": (follow <= days) & ~table["merged"],
        }
    )
    sums = cells.groupby("starts")[["reached", "lost", "open"]].sum()
    sums.insert(0, "n", cells.groupby("starts").size())
    table = rated(sums.reset_index(), "reached").assign(complete=(sums["open"] == 0).to_numpy())
    table[RATE] = table[RATE].where(table["complete"])
    return table[["starts", "n", "reached", "lost", "complete", *RATE]]


def rated(cells: pd.DataFrame, whole: str) -> pd.DataFrame:
    """``cells`` (with lost, and ``whole``, of which) with the share lost: share, low, high.

    The bounds are 95 %; all three are empty where ``whole`` is 0.
    """
    counts = list(zip(cells["lost"].tolist(), cells[whole].tolist(), strict=True))
    rows = [(k / n if n else None, *proportion(k, n)) for k, n in counts]
    return cells.join(pd.DataFrame(rows, cells.index, RATE, dtype="float64"))


def figures(facts: Facts) -> dict[str, Figure]:
    """``early_churn_share``: of the lives whose day 180 fell in the twelve months to the close.

    n is how many those are; whoever was merged into another account before it is left out.
    """
    if not facts.has("contract_lines"):
        return {}
    table = lives(facts.lines, facts.as_of, facts.policy.gap_days, facts.zone)
    since = calendar.as_of(calendar.shift(facts.month, -12), facts.zone)
    reaches = table["started"] + EARLY_DAYS * DAY
    due = table[(reaches >= since) & (reaches < table["until"])]
    lost, n = int((due["lost"] & (due["days"] <= EARLY_DAYS)).sum()), len(due)
    share = lost / n if n else None
    low, high = proportion(lost, n)
    name = "early_churn_share"
    return {name: figure(name, share, n, low, high, facts.policy)}


def elapsed(earlier: pd.Series[str], later: pd.Series[str]) -> Cents:
    """The months from each month of ``earlier`` to the one beside it in ``later``."""
    return _numbers(later) - _numbers(earlier)


def _aged(balances: pd.DataFrame, newest: int, width: int) -> pd.DataFrame:
    """Each balance up to ``newest`` with its account's cohort, age, place, and capped ARR."""
    table = pd.DataFrame(
        {
            "account_id": balances["account_id"].to_numpy(),
            "at": _numbers(balances["month"]),
            "arr": balances["arr"].to_numpy(np.int64),
        }
    )
    table = table[(table["at"] <= newest) & (table["arr"] > 0)]
    table = table.sort_values(["account_id", "at"], ignore_index=True)
    accounts = table.groupby("account_id")
    first, opening = accounts["at"].transform("first"), accounts["arr"].transform("first")
    return table.assign(
        first=first,
        start=first // width * width,
        age=table["at"] - first,
        row=accounts.cumcount(),
        opening=opening,
        gross=np.minimum(table["arr"], opening),
    )


def _reached(seen: pd.DataFrame, newest: int, ages: Sequence[int]) -> pd.DataFrame:
    """Each cohort at each of ``ages`` some member has reached: n, initial, reached, opening."""
    begun = seen[seen["age"] == 0]
    months = begun.groupby(["start", "first"]).agg(reached=("arr", "size"), opening=("arr", "sum"))
    months = months.reset_index()
    whole = months.groupby("start")[["reached", "opening"]].sum()
    cells = months.merge(pd.DataFrame({"age": np.array(ages, dtype=np.int64)}), how="cross")
    cells = cells[cells["first"] + cells["age"] <= newest]
    table = cells.groupby(["start", "age"])[["reached", "opening"]].sum().reset_index()
    return table.join(whole.set_axis(["n", "initial"], axis=1), on="start")


def _number(month: str) -> int:
    """The months from year 0 to ``month``."""
    return int(calendar.check(month)[:4]) * 12 + int(month[5:]) - 1


def _numbers(months: pd.Series[str]) -> Cents:
    codes, names = pd.factorize(months)
    return np.array([_number(name) for name in names], dtype=np.int64)[codes]


def _starts(instants: pd.Series[pd.Timestamp], width: int) -> pd.Series[str]:
    """The first month of the ``width`` months each of the local ``instants`` lies in."""
    number = instants.dt.year * 12 + instants.dt.month - 1
    return _words(np.asarray(number // width * width, dtype=np.int64))


def _local(instants: pd.Series[pd.Timestamp], zone: str) -> pd.Series[pd.Timestamp]:
    return instants.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None)


def _days(start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp]) -> pd.Series[float]:
    return (end - start).dt.total_seconds() / DAY.total_seconds()


def _months(
    start: pd.Series[pd.Timestamp], end: pd.Series[pd.Timestamp], zone: str
) -> pd.Series[float]:
    """Calendar months from ``start`` to ``end``: whole from a day of a month to the same day."""
    one, other = _local(start, zone), _local(end, zone)
    whole = (other.dt.year - one.dt.year) * 12 + other.dt.month - one.dt.month
    days = [each.dt.day + _days(each.dt.normalize(), each) for each in (one, other)]
    # Over 31 in any month, so that months only ever rise with the end.
    return whole + (days[1] - days[0]) / 31


def _mergers(lines: pd.DataFrame) -> pd.Series[str]:
    if "end_reason" not in lines:
        return pd.Series([], dtype="str")
    merged = lines[lines["end_reason"] == "merged"]
    return _at(merged["account_id"], stops(merged))


def _at(accounts: pd.Series[str], instants: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """An account and an instant as one key."""
    return instants.astype("datetime64[us]").astype("int64").astype("str") + " " + accounts


def _words(numbers: Cents) -> pd.Series[str]:
    codes, names = pd.factorize(numbers)
    words = pd.Index([f"{n // 12:04d}-{n % 12 + 1:02d}" for n in names], dtype="str")
    return pd.Series(words.take(codes), dtype="str")
