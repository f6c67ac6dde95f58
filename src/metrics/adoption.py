"""Adoption: how much of what was sold is used, and what was never sold.

``usage`` is everywhere the table as known at some ``as_of``: account_id, product, day (the first
instant of a local day, naive UTC), active_users. A seat is used by somebody active on a working
day, so these shares are of an average working day: fewer than the people active at some time in
the four weeks. A customer without any use on record ever is not measured, rather than idle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.arr import INSTANT, at, stops
from metrics.facts import Facts
from metrics.intervals import mean
from metrics.registry import Figure, figure

DAYS = 28
FRIDAY = 4
CELL = ["account_id", "product"]
RED, YELLOW, GREEN = "red", "yellow", "green"
BANDS = np.array([[RED] * 3, [YELLOW, RED, RED], [GREEN, YELLOW, RED], [GREEN] * 3])
"""Rows: seats used, least first. Columns: age, youngest first."""
LEAST_OWNERS = 5


def days_before(as_of: datetime, days: int, zone: str = "UTC") -> datetime:
    """The instant ``days`` local days before ``as_of``, clock changes or not; naive UTC."""
    local = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return (local - timedelta(days=days)).astimezone(UTC).replace(tzinfo=None)


def active(
    usage: pd.DataFrame,
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    held: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """Use in ``[start, end)`` by account and product, and the working days it is spread over.

    The frame, ordered by account and product, has account_id, product, people (the sum over
    working days of people active), used (whether anybody was, on any day). The days are the
    Mondays to Fridays in ``zone`` on which any account has use on record, as local midnights: a
    day that has not arrived yet, or never will, is nobody's idle day. With ``held``, as ``owned``
    returns it, use of a product before its first day is left out. Read in one pass, with one
    grouping, whatever the number of rows.
    """
    rows = usage[(usage["day"] >= start) & (usage["day"] < end) & usage["active_users"].notna()]
    rows = rows if held is None else _bought(rows, held[held["since"] > start])
    code, instants = pd.factorize(rows["day"], sort=True)
    local = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    office = local.day_of_week <= FRIDAY
    people = rows["active_users"].to_numpy("int64")
    marked = rows[CELL].assign(people=people * office[code], used=people)
    table = marked.groupby(CELL, sort=True, observed=True).sum().reset_index()
    return table.assign(used=table["used"] > 0), local[office].normalize().unique()


def _bought(rows: pd.DataFrame, recent: pd.DataFrame) -> pd.DataFrame:
    """``rows`` without the days that were over before their product, one of ``recent``, began."""
    rows = rows.reset_index(drop=True)
    near = rows.loc[rows["account_id"].isin(recent["account_id"]), [*CELL, "day"]].reset_index()
    near = near.merge(recent[[*CELL, "since"]], on=CELL)
    early = near.loc[near["day"] + timedelta(days=1) <= near["since"], "index"]
    return rows[~rows.index.isin(early)]


def owned(lines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """What each customer has at the close before ``as_of``, a row an account and product.

    Columns: account_id, product, arr (cents), seats, since. Lines live at the close with ARR or
    seats, of accounts with ARR; ``seats`` is missing where no line has any; ``since`` is when
    the account's first line of the product began. Ordered by account and product.
    """
    stop = stops(lines)
    live = (lines["starts_on"] < as_of) & (stop.isna() | (stop >= as_of))
    live &= lines["account_id"].isin(at(lines, as_of - INSTANT).index)
    seats = lines["seats"].astype("float64")
    seats = seats.where(seats > 0)
    rows = lines[CELL].assign(arr=lines["arr"], seats=seats)[live]
    grouped = rows.groupby(CELL, sort=True)
    table = grouped["arr"].sum().to_frame().join(grouped["seats"].sum(min_count=1))
    table = table[(table["arr"] > 0) | table["seats"].notna()]
    return table.join(lines.groupby(CELL)["starts_on"].min().rename("since")).reset_index()


def adoption(
    usage: pd.DataFrame, lines: pd.DataFrame, as_of: datetime, zone: str = "UTC", days: int = DAYS
) -> pd.DataFrame:
    """Each customer's use in the ``days`` local days before ``as_of`` against what it pays for.

    Columns: account_id, arr (cents), measured, people, seats, utilisation, capped, owned, used,
    breadth. ``people`` is the mean number active on a working day, ``seats`` those of the
    products in use, and

        utilisation = people / seats        capped = min(1, utilisation)

    The first may exceed 1, which is a chance to sell; the second is for health. Use and seats are
    summed over products, so one person in two products takes two seats. A customer that uses
    nothing it has seats of has all its seats and 0. A product counts from its first working day.
    ``breadth`` = products used / products owned. Shares are missing where the account is not
    ``measured``, or has no seats on record. Ordered by account_id.
    """
    held = owned(lines, as_of)
    counted, workdays = active(usage, days_before(as_of, days, zone), as_of, zone, held)
    table = held.merge(counted, on=CELL, how="left")
    began = pd.DatetimeIndex(table["since"]).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    served = pd.Series(len(workdays) - workdays.searchsorted(began.normalize()), table.index)
    table["owned"] = served > 0
    table["used"] = table["owned"] & table["used"].eq(True)
    table["seats"] = table["seats"].where(table["owned"])
    table["busy"] = table["seats"].where(table["used"])
    table["people"] = (table["people"] / served).where(table["busy"].notna())
    parts = table[["account_id", "arr", "owned", "used", "people", "busy", "seats"]]
    whole = parts.groupby("account_id", sort=True).sum(min_count=1)
    whole = whole.astype({"arr": "int64", "owned": "int64", "used": "int64"})
    # Without one product of the same name in both tables nothing can be held against anything.
    comparable = bool(counted["product"].isin(held["product"]).any())
    ever = usage.loc[usage["active_users"].notna(), "account_id"].unique()
    whole["measured"] = whole.index.isin(ever) & comparable
    whole["people"] = whole["people"].fillna(whole["seats"] * 0.0).where(whole["measured"])
    whole["seats"] = whole.pop("busy").fillna(whole["seats"])
    whole["utilisation"] = whole["people"] / whole["seats"]
    whole["capped"] = whole["utilisation"].clip(upper=1.0)
    owns = whole["owned"].where(whole["measured"] & (whole["owned"] > 0))
    return whole.assign(breadth=whole["used"] / owns).reset_index()[_ADOPTED]


_ADOPTED = ["account_id", "arr", "measured", "people", "seats", "utilisation", "capped"]
_ADOPTED += ["owned", "used", "breadth"]


def above(adopted: pd.DataFrame, share: float = 0.9) -> pd.DataFrame:
    """The rows of ``adoption`` that use more than ``share`` of their seats, the fullest first."""
    full, by = adopted[adopted["utilisation"] > share], ["utilisation", "account_id"]
    return full.sort_values(by, ascending=[False, True], ignore_index=True)


def band(utilisation: pd.Series[float], months: pd.Series[float]) -> pd.Series[str]:
    """Red, yellow or green by share of seats used and age in months; missing under two months.

    By age in [2, 6), [6, 9] and above 9 months, a utilisation in [0, .10), [.10, .50], (.50, .75]
    and above .75 is: red at any age; yellow, red, red; green, yellow, red; green. From GitLab's
    handbook (use case adoption), whose bands of whole percents, "10-50" and "51-75", leave gaps:
    each printed edge is kept on its printed side, and nothing falls between. GitLab divides
    people with a licence in use by licences; a daily mean is lower, so the same bands are harder.
    """
    row = (utilisation >= 0.10).astype(int) + (utilisation > 0.50) + (utilisation > 0.75)
    column = (months >= 6).astype(int) + (months > 9)
    found = pd.Series(BANDS[row, column], index=utilisation.index, dtype="str")
    return found.where(utilisation.notna() & (months >= 2))


def weighted(
    points: npt.ArrayLike, weights: npt.ArrayLike | None = None, least: float = 0.5
) -> npt.NDArray[np.float64]:
    """The mean of ``points`` over their last axis, weighted; equal weights if none are given.

    A missing point is left out with its weight, and the score is missing where points of less
    than the share ``least`` of the weight are known: silence is not health.

    >>> round(float(weighted([10, 10, 0])), 2)
    6.67
    """
    values = np.asarray(points, dtype="float64")
    shares = np.broadcast_to(1.0 if weights is None else np.asarray(weights), values.shape)
    known = np.where(np.isnan(values), 0.0, shares)
    total = known.sum(axis=-1)
    enough = (total > 0) & (total >= least * shares.sum(axis=-1))
    score = np.nansum(values * known, axis=-1) / np.where(enough, total, np.nan)
    return np.asarray(score)


def trend(
    usage: pd.DataFrame,
    lines: pd.DataFrame,
    as_of: datetime,
    zone: str = "UTC",
    days: int = DAYS,
    baseline: int = 90,
) -> pd.DataFrame:
    """Each customer's use of late against its own use before: account_id, now, before, ratio.

    People active on a working day, summed over what it owns, in the last ``days`` local days and
    in the ``baseline`` days before those. ``ratio`` = now / before is missing for a customer
    whose first product began after the baseline did, and where there was no use to fall from.
    Ordered by account_id.
    """
    held = owned(lines, as_of)
    middle, first = (days_before(as_of, n, zone) for n in (days, days + baseline))
    table = held.groupby("account_id", sort=True)["since"].min().to_frame()
    for name, start, end in (("now", middle, as_of), ("before", first, middle)):
        counted, workdays = active(usage, start, end, zone)
        total = held.merge(counted, on=CELL).groupby("account_id")["people"].sum()
        people = total.reindex(table.index, fill_value=0)
        table[name] = people / (len(workdays) or np.nan)
    fair = (table["since"] <= first) & (table["before"] > 0)
    table["ratio"] = table["now"] / table["before"].where(fair)
    return table.drop(columns="since").reset_index()


def matrix(
    held: pd.DataFrame,
    products: Sequence[str] | None = None,
    pipeline: pd.DataFrame | None = None,
    barred: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every customer and product: account_id, product, state, arr (cents), ordered by both.

    ``state`` is owned, not eligible, pipeline or gap, the first that holds; ``held`` is what
    ``owned`` returns. ``products`` default to those anyone owns. ``pipeline`` and ``barred``
    hold account_id and product of open chances and of what must not be sold.
    """
    named = sorted(held["product"].unique()) if products is None else list(products)
    accounts = sorted(held["account_id"].unique())
    cells = pd.MultiIndex.from_product([accounts, named], names=CELL)
    table = held.set_index(CELL)[["arr"]].reindex(cells)
    state = pd.Series("gap", index=cells, dtype="str")
    for word, listed in (("pipeline", pipeline), ("not eligible", barred)):
        if listed is not None:
            state = state.mask(cells.isin(pd.MultiIndex.from_frame(listed[CELL])), word)
    state = state.mask(table["arr"].notna(), "owned")
    arr = table["arr"].fillna(0).astype("int64")
    return pd.DataFrame({"state": state, "arr": arr}).reset_index()


def worth(cells: pd.DataFrame, groups: pd.Series[str]) -> pd.Series[float]:
    """What filling each gap may bring, in cents: the median ARR of the product's owners.

    Of the owners in the account's group (``groups`` has account_id as index: a segment), or of
    all where five or more are not to be found there, or missing. An order of magnitude, not a
    forecast. The index is that of ``cells``; missing where the state is not gap.
    """
    arr = cells["arr"].astype("float64").where(cells["state"] == "owned")
    group = cells["account_id"].map(groups)
    near, wide = arr.groupby([cells["product"], group]), arr.groupby(cells["product"])
    few = near.transform("count") >= LEAST_OWNERS
    found = near.transform("median").where(few)
    rest = wide.transform("median").where(wide.transform("count") >= LEAST_OWNERS)
    return found.fillna(rest).where(cells["state"] == "gap").round()


def whitespace(cells: pd.DataFrame, unplaced: pd.Series[int] | None = None) -> pd.DataFrame:
    """Sum ``matrix`` by account: account_id, owned, owned_arr, pipeline, gaps, penetration.

    ``penetration`` = owned / (owned + pipeline + gaps). Pipeline is counted apart: a product
    already being sold is no gap. ``unplaced`` counts, by account_id, open chances whose product
    nobody wrote down: each fills a gap while there is one. Ordered by account_id.
    """
    grouped = cells.assign(
        **{s: cells["state"] == s for s in ("owned", "pipeline", "gap")}
    ).groupby("account_id", sort=True)
    table = grouped[["owned", "arr", "pipeline", "gap"]].sum()
    table = table.rename(columns={"arr": "owned_arr", "gap": "gaps"})
    if unplaced is not None:
        more = np.minimum(unplaced.reindex(table.index, fill_value=0), table["gaps"])
        table = table.assign(pipeline=table["pipeline"] + more, gaps=table["gaps"] - more)
    eligible = table["owned"] + table["pipeline"] + table["gaps"]
    return table.assign(penetration=table["owned"] / eligible).reset_index()


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of adoption at the month's close.

    Use is of the 28 days before it, and is left out without a table of usage; gaps need only the
    contract lines, and open cross-selling where there are opportunities.
    """
    if not facts.has("contract_lines"):
        return {}
    lines, end, policy = facts.lines, facts.as_of, facts.policy
    found = {}
    if facts.has("usage"):
        adopted = adoption(facts.tables["usage"], lines, end, facts.zone)
        for name, column in (("seat_utilisation", "capped"), ("product_breadth", "breadth")):
            values = adopted[column].dropna().to_numpy("float64")
            n = len(values)
            # A mean of shares is a share; Student's range does not know it.
            low, high = (None if s is None else min(max(s, 0.0), 1.0) for s in mean(values))
            middle = float(values.mean()) if n else None
            found[name] = figure(name, middle, n, low, high, policy)
    unplaced = None
    if facts.has("opportunities"):
        chances = facts.tables["opportunities"]
        selling = chances["closed_at"].isna() & chances["kind"].eq("cross_sell")
        unplaced = chances[selling].groupby("account_id").size()
    gaps = whitespace(matrix(owned(lines, end)), unplaced)["gaps"]
    found["whitespace_gaps"] = figure("whitespace_gaps", int(gaps.sum()), len(gaps), policy=policy)
    return found
