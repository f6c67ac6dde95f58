"""Voice of the customer in numbers: NPS, CSAT and CES, each with its form and interval.

``answers`` are those that count, from ``metrics.answers``. NPS runs from -100 to 100. The
field makes each number in more than one way; ``FORMS`` names them, and the first of each kind
is the one that is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics import arr as money
from metrics import intervals
from metrics.answers import LOW, PROMOTER, accounts
from metrics.answers import answers as counted
from metrics.asking import asked, response, ripe
from metrics.facts import Facts
from metrics.registry import Figure, figure
from warehouse import months as calendar

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Form:
    """One way to make a number of answers: the mean of each score's ``points``.

    ``per_account``: each account's mean score first, then over accounts.
    """

    kind: str
    name: str
    says: str
    points: Callable[[Values], Values]
    interval: Callable[[Values], intervals.Interval]
    per_account: bool = False


@dataclass(frozen=True)
class Measure:
    """A number over ``n`` answers or accounts, with its 95 % interval; None over nobody."""

    value: float | None
    n: int
    low: float | None
    high: float | None


def net_interval(points: Values) -> intervals.Interval:
    """Of an NPS, given 100, 0 or -100 an answer: +- 1.96 x 100 x sqrt((p + d - (p - d)^2) / n).

    p and d are the shares of promoters and detractors (cybaea.net, NPS confidence intervals,
    2016). Cut at -100 and 100; ``(None, None)`` where all answers are alike, since they show no
    spread to reckon with.
    """
    n = len(points)
    if n < 2 or np.ptp(points) == 0:
        return None, None
    middle, half = float(np.mean(points)), intervals.Z * float(np.std(points)) / sqrt(n)
    return max(middle - half, -100.0), min(middle + half, 100.0)


def _net(scores: Values) -> Values:
    return 100.0 * ((scores >= PROMOTER).astype(np.float64) - (scores <= LOW["nps"]))


def _as_is(scores: Values) -> Values:
    return scores


def _at_least(least: int) -> Callable[[Values], Values]:
    return lambda scores: (scores >= least).astype(np.float64)


def _share(points: Values) -> intervals.Interval:
    return intervals.proportion(int(points.sum()), len(points))


_BY_ACCOUNT = "% of accounts with a mean of 9 or more, less % with a mean of 6 or less"
NPS = Form("nps", "answers", "% of answers 9-10, less % 0-6", _net, net_interval)
NPS_BY_ACCOUNT = Form("nps", "accounts", _BY_ACCOUNT, _net, net_interval, per_account=True)
CSAT = Form("csat", "top two", "share of 4 and 5 on 1 to 5", _at_least(4), _share)
CSAT_MEAN = Form("csat", "mean", "mean on 1 to 5", _as_is, intervals.mean)
CES = Form("ces", "mean", "mean on 1 to 7, 7 the easiest", _as_is, intervals.mean)
CES_TOP = Form("ces", "top three", "share of 5, 6 and 7 on 1 to 7", _at_least(5), _share)
FORMS = (NPS, NPS_BY_ACCOUNT, CSAT, CSAT_MEAN, CES, CES_TOP)


def _points(answers: pd.DataFrame, form: Form) -> Values:
    rows = answers[answers["kind"] == form.kind]
    scores = rows.groupby("account_id")["score"].mean() if form.per_account else rows["score"]
    return form.points(scores.to_numpy(np.float64))


def measure(answers: pd.DataFrame, form: Form) -> Measure:
    """``answers`` in one ``form``: in points for NPS and means, a share for top boxes."""
    points = _points(answers, form)
    value = float(np.mean(points)) if len(points) else None
    return Measure(value, len(points), *form.interval(points))


def measures(answers: pd.DataFrame) -> pd.DataFrame:
    """Each of ``FORMS``: kind, form, says (form and scale in words), value, n, low, high."""
    rows = [_head(form) | vars(measure(answers, form)) for form in FORMS]
    return pd.DataFrame(rows).astype(dict.fromkeys(("value", "low", "high"), "float64"))


def _head(form: Form) -> dict[str, str]:
    return {"kind": form.kind, "form": form.name, "says": form.says}


def by_group(answers: pd.DataFrame, labels: pd.Series[str]) -> pd.DataFrame:
    """``measures`` of each group, with its label first, as group; groups in their order.

    ``labels`` has a label an answer, on the index of ``answers``: a segment mapped from
    account_id, a role from contact_id. An answer without one is in ``not known``.
    """
    parts = answers.groupby(labels.fillna("not known").rename("group"), sort=True)
    return _stacked("group", {str(group): measures(part) for group, part in parts})


def _stacked(name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype="str")})
    whole = pd.concat(tables, names=[name, None]).reset_index(level=0).reset_index(drop=True)
    return whole.astype({name: "str"})


def change(now: pd.DataFrame, was: pd.DataFrame) -> pd.DataFrame:
    """Each of ``FORMS`` of two sets of answers: has it moved, or is it noise?

    Columns: kind, form, says, value, was, n, n_was, change, low, high, outside_noise. The
    two-sample z: change +- 1.96 x sqrt(v / n + v_was / n_was), v being the variance of points
    (for NPS 100^2 (p + d - (p - d)^2)). ``outside_noise`` when that leaves 0 out; NA where a
    side has fewer than two answers or only equal ones. It takes the two as independent: people
    who answered both times make it cautious.
    """
    rows = [_head(form) | _moved(_points(now, form), _points(was, form)) for form in FORMS]
    numbers = ("value", "was", "change", "low", "high")
    return pd.DataFrame(rows).astype(
        {**dict.fromkeys(numbers, "float64"), "outside_noise": "boolean"}
    )


def _moved(now: Values, was: Values) -> dict[str, float | None]:
    value, old = (float(np.mean(each)) if len(each) else None for each in (now, was))
    told: dict[str, float | None] = {"value": value, "was": old, "n": len(now), "n_was": len(was)}
    by = None if value is None or old is None else value - old
    if by is None or np.ptp(now) == 0 or np.ptp(was) == 0:
        return told | {"change": by, "low": None, "high": None, "outside_noise": None}
    half = intervals.Z * sqrt(float(np.var(now)) / len(now) + float(np.var(was)) / len(was))
    return told | {
        "change": by,
        "low": by - half,
        "high": by + half,
        "outside_noise": abs(by) > half,
    }


def trend(
    surveys: pd.DataFrame,
    months: Sequence[str],
    contacts: pd.DataFrame | None = None,
    zone: str = "UTC",
    window: int = 3,
) -> pd.DataFrame:
    """``change`` of the ``window`` months up to each of ``months`` against the window before.

    The month is the first column. ``surveys`` is as known at one instant: an earlier month is
    told with what is known by then, late arrivals included.
    """
    tables = {}
    for month in months:
        first, middle, last = (
            calendar.as_of(calendar.shift(month, -by), zone) for by in (2 * window, window, 0)
        )
        now, was = (
            counted(surveys, *side, contacts, zone) for side in ((middle, last), (first, middle))
        )
        tables[month] = change(now, was)
    return _stacked("month", tables)


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of the month; {} without ``surveys``.

    NPS, CSAT, CES and detractor ARR are of the three months up to ``as_of``, response and
    silence of twelve. n is answers, invitations or accounts; of a sum of money, the accounts
    in it.
    """
    if not facts.has("surveys"):
        return {}
    surveys, contacts = facts.tables["surveys"], facts.tables.get("contacts")
    quarter, year = (calendar.as_of(calendar.shift(facts.month, -by), facts.zone) for by in (3, 12))
    worth = money.at(facts.lines, money.close(facts.month, facts.zone))
    heard = counted(surveys, quarter, facts.as_of, contacts, facts.zone)
    made = {
        name: figure(name, told.value, told.n, told.low, told.high, facts.policy)
        for name, told in (
            ("nps", measure(heard, NPS)),
            ("csat", measure(heard, CSAT)),
            ("ces", measure(heard, CES)),
            ("nps_response", _nps_response(ripe(surveys, year, facts.as_of))),
        )
    }
    invited = asked(surveys, worth, year, facts.as_of)
    silent = invited[invited["answered"] == 0]
    rolled = accounts(heard, worth)
    against = rolled[(rolled["detractors"] > 0) & (rolled["arr"] > 0)]
    return made | {
        name: figure(name, int(value), n, policy=facts.policy)
        for name, value, n in (
            ("silent_accounts", len(silent), len(invited)),
            ("silent_arr", silent["arr"].sum(), len(silent)),
            ("detractor_arr", against["arr"].sum(), len(against)),
        )
    }


def _nps_response(invited: pd.DataFrame) -> Measure:
    rows = response(invited[invited["kind"] == "nps"])
    if rows.empty:
        return Measure(None, 0, None, None)
    row = rows.iloc[0]
    return Measure(float(row["rate"]), int(row["asked"]), float(row["low"]), float(row["high"]))
