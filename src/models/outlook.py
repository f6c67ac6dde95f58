"""The renewal outlook of a month: what was said of the ARR due, kept, and graded afterwards.

`renewals` gives each term ahead its chances, `forecast` the ranges; here both are put
together from what was known at a close, and earlier outlooks are held against what came.
The shock is learnt from them too, so the ranges widen when the company's quarters do.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from models import decisions, forecast, renewals, scores
from models.scores import FORECASTS, RENEWALS
from models.trained import Trained
from warehouse.months import as_of, shift

CLOSE = 0.05  # of the ARR due: what the field calls a good forecast


def outlook(
    workspace: Path,
    lines: pd.DataFrame,
    month: str,
    timezone: str,
    gap_days: int,
    trained: Trained | None,
    matrix: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of ``RENEWALS`` and of ``FORECASTS`` for ``month``.

    ``lines`` are the contract lines known at its close, ``matrix`` the features then, ``trained``
    the renewal model, if there is one. ``naive`` is what last year's rates would say, cents;
    ``shock`` the rho of the ranges; ``settled`` the ARR of the period, cents, that was signed or
    cancelled by then. Periods are whole: a quarter that has begun, or that the months ahead do
    not reach the end of, has none but its months.
    """
    terms = decisions.upcoming(lines, month, timezone, gap_days)
    before = renewals.Past.of(renewals.past(lines, month, timezone, gap_days))
    ahead = renewals.ahead(terms, trained, matrix, before, lines, timezone, gap_days)
    rho = forecast.shock(learnt_from(workspace, lines, month, timezone, gap_days))
    told = forecast.forecast(ahead, rho)
    whole = {
        str(quarter)
        for quarter, each in _months(month).groupby("quarter")
        if each["month"].nunique() == 3
    }
    told = told[(told["every"] == "month") | told["period"].isin(whole)]
    rates = renewals.naive(lines, month, timezone, gap_days)
    told = told.assign(
        naive=(told["due"] * told["what"].map(rates)).round().astype("Int64"), shock=rho
    )
    sure = ahead[ahead["state"] != "open"]
    sure = pd.concat([sure.assign(period=sure["due_in"]), sure.assign(period=_quarters(sure))])
    settled = sure.groupby("period")["arr"].sum()
    told["settled"] = told["period"].map(settled).fillna(0).astype("int64")
    return ahead, told.reset_index(drop=True)


def _months(month: str) -> pd.DataFrame:
    ahead = pd.Series([shift(month, n) for n in range(1, renewals.AHEAD + 1)], dtype="str")
    return pd.DataFrame({"month": ahead, "quarter": forecast.quarter(ahead)})


def _quarters(rows: pd.DataFrame) -> pd.Series[str]:
    return forecast.quarter(rows["due_in"]) if len(rows) else rows["due_in"]


def learnt_from(
    workspace: Path, lines: pd.DataFrame, month: str, timezone: str, gap_days: int
) -> pd.DataFrame:
    """What `forecast.shock` learns from: open terms of past quarters, as said before each began.

    A row a term: period, arr, p_lost, lost; only of quarters certain at the close of ``month``.
    """
    found = []
    for origin in scores.months(workspace, RENEWALS):
        if origin >= month or int(shift(origin, 1)[5:]) % 3 != 1:
            continue  # the last month of a quarter speaks of the next one, whole
        said = scores.read(workspace, origin, RENEWALS)
        first = forecast.quarter(pd.Series([shift(origin, 1)]))[0]
        said = said[(_quarters(said) == first) & (said["state"] == "open")]
        rows = _became(said, origin, lines, as_of(month, timezone), timezone, gap_days)
        if len(rows) and (rows["certain"] <= pd.Timestamp(as_of(month, timezone))).all():
            rows = rows[rows["became"] != ""]
            lost = rows["became"].isin([decisions.LOST, decisions.UNPAID]).astype("float64")
            found.append(rows[["arr", "p_lost"]].assign(period=first, lost=lost))
    columns = ["period", "arr", "p_lost", "lost"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def _became(
    said: pd.DataFrame,
    origin: str,
    lines: pd.DataFrame,
    now: datetime,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    return decisions.decided(said.assign(month=origin), lines, now, timezone, gap_days)


def grades(
    workspace: Path, lines: pd.DataFrame, month: str, timezone: str, gap_days: int
) -> pd.DataFrame:
    """Each earlier forecast of a period that is certain at the close of ``month``, graded.

    Columns: origin (the month it was made at), those of ``FORECASTS``, ahead (months from
    the origin to the period's first), actual (cents), off and naive_off (expected less
    actual, as shares of the ARR due), inside (p10 to p90 held it). Terms of which no decision
    was made, as those of merged accounts, count as renewed on both sides.
    """
    now = as_of(month, timezone)
    found = []
    for origin in scores.months(workspace, FORECASTS):
        if origin >= month:
            continue
        told = scores.read(workspace, origin, FORECASTS)
        terms = scores.read(workspace, origin, RENEWALS)
        terms = _became(terms, origin, lines, now, timezone, gap_days)
        happened = _happened(terms, pd.Timestamp(now))
        found.append(told.merge(happened, on=["period", "what"]).assign(origin=origin))
    columns = ["origin", *FORECASTS.columns, "ahead", "actual", "off", "naive_off", "inside"]
    if not found:
        return pd.DataFrame(columns=columns)
    table = pd.concat(found, ignore_index=True)
    due = table["due"].astype("float64")
    table["off"] = (table["expected"] - table["actual"]) / due
    table["naive_off"] = (table["naive"].astype("float64") - table["actual"]) / due
    table["inside"] = table["actual"].between(table["p10"], table["p90"])
    table["ahead"] = [
        12 * (int(p[:4]) - int(o[:4])) + _opens(p) - int(o[5:])
        for p, o in zip(table["period"], table["origin"], strict=True)
    ]
    return table[columns].sort_values(["origin", "every", "period", "what"], ignore_index=True)


def _opens(period: str) -> int:
    """The number of the first month of a month or quarter."""
    return int(period[-1]) * 3 - 2 if "Q" in period else int(period[5:])


def _happened(terms: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """period, what, actual (cents) of the periods all of whose terms are certain."""
    gone = terms["became"].isin([decisions.LOST, decisions.UNPAID])
    money = pd.DataFrame(
        {
            "lost": terms["arr"].where(gone, 0),
            "contracted": (-terms["change"]).where(terms["became"] == decisions.CONTRACTED, 0),
            "expanded": terms["change"].where(terms["became"] == decisions.EXPANDED, 0),
        }
    )
    money["renewed"] = terms["arr"] - money["lost"] - money["contracted"]
    money["certain"] = terms["certain"] <= now
    parts = [money.assign(period=terms["due_in"]), money.assign(period=_quarters(terms))]
    by = pd.concat(parts).groupby("period")
    summed = by[list(forecast.WHAT)].sum()[by["certain"].all()]
    return summed.rename_axis("period").reset_index().melt("period", None, "what", "actual")


def summary(graded: pd.DataFrame) -> pd.DataFrame:
    """How the forecasts of quarters did: a row for each of ``WHAT``.

    Columns: what, n (forecasts), error and naive_error (mean absolute, as a share of the ARR
    due, weighted by it), inside (share within p10 to p90), close (share within `CLOSE`).
    """
    rows = []
    for what in forecast.WHAT:
        each = graded[graded["what"] == what]
        if len(each):
            due = each["due"].astype("float64")
            rows.append(
                {
                    "what": what,
                    "n": len(each),
                    "error": float((each["off"].abs() * due).sum() / due.sum()),
                    "naive_error": float((each["naive_off"].abs() * due).sum() / due.sum()),
                    "inside": float(each["inside"].mean()),
                    "close": float((each["off"].abs() <= CLOSE).mean()),
                }
            )
    columns = ["what", "n", "error", "naive_error", "inside", "close"]
    return pd.DataFrame(rows, columns=columns)
