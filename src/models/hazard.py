"""Time to churn: in which month an account is likely to leave, not only whether.

Each (account, month) of the past is asked, for ``k`` = 1 to ``AHEAD``: given that its spell of
service lasted until the close ``k - 1`` months on, does it end before the close ``k`` months
on? That is the churn question of `models.outcomes` with lead ``k - 1`` and horizon ``k``, with
its rules for gaps, merged accounts and what is certain; a month that is not certain yet, or
comes after the end, is no row. One booster learns the hazard from the features of the account,
``k``, and the months from ``k`` to the ends that its contract names. Then

    S(k) = (1 - h(1)) ... (1 - h(k)),    F(k) = S(0) h(1) + ... + S(k - 1) h(k)

(discrete-time survival: Singer and Willett, 1993). Where both causes have enough ends, each
has a hazard of its own; they compete, and the F of each add up with S to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import Feature
from features.vocabulary import Vocabulary
from models import booster
from models.involuntary import ends_unpaid
from models.outcomes import Question, outcomes
from models.train import EVENTS, MONTHS, TooFewEvents
from models.trained import listed
from warehouse.errors import InputMissing
from warehouse.months import as_of, month_of, shift

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AHEAD = 12
BEYOND = f">{AHEAD}"
MOST = 120_000  # person-periods learnt from; half as many tell less well
ROUNDS = 150  # more say too much of the far months, which only the oldest rows have lived
SEED = 20
ENDED, VOLUNTARY, UNPAID = "ended", "voluntary", "unpaid"
ENDS = {"to_end": "days_to_end", "to_last": "days_to_last_end", "to_notice": "days_to_notice"}
STANDS_OUT = 2.0  # times the mean month's chance, from which a month is worth naming


@dataclass(frozen=True, eq=False)
class Hazard:
    """The monthly hazards as they stood at the close of ``month``.

    ``boosters`` (native bytes) by cause: ``VOLUNTARY`` and ``UNPAID``, or ``ENDED`` alone.
    ``names`` are the features of an account, before ``k`` and the months to what of ``ENDS``
    is among them. ``rows`` person-periods taught it, with ``events`` distinct ends by cause.
    """

    month: str
    timezone: str
    names: tuple[str, ...]
    vocabulary: Vocabulary = field(repr=False)
    boosters: Mapping[str, bytes] = field(repr=False)
    rows: int
    events: Mapping[str, int]


def periods(
    spine: pd.DataFrame, lines: pd.DataFrame, now_month: str, timezone: str, gap_days: int
) -> pd.DataFrame:
    """The person-periods of ``spine`` (account_id, month) certain at the close of ``now_month``.

    ``lines`` are the contract lines known then. Columns: account_id, month, ahead (``k``), ends
    (1.0 or 0.0), unpaid (whether an end is for a failed payment), certain (since when it is
    known, naive UTC); ordered by month, account_id, ahead.
    """
    now = as_of(now_month, timezone)
    rows = spine[["account_id", "month"]].sort_values(["month", "account_id"], ignore_index=True)
    unpaid = ends_unpaid(rows, lines, timezone, gap_days)
    parts = []
    for k in range(1, AHEAD + 1):
        asked = Question("churn", k - 1, k)
        told = outcomes(asked, lines, rows, now, timezone, gap_days)["outcome"]
        since = {m: asked.knowable(m, timezone, gap_days) for m in rows["month"].unique()}
        certain = rows["month"].map(since).astype("datetime64[us]")
        part = rows.assign(ahead=k, ends=told, unpaid=unpaid & (told == 1), certain=certain)
        parts.append(part[told.notna()])
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["month", "account_id", "ahead"], ignore_index=True)


def fit(
    frame: pd.DataFrame,
    asked: pd.DataFrame,
    features: Sequence[Feature],
    month: str,
    timezone: str = "UTC",
    most: int = MOST,
    rounds: int = ROUNDS,
    fewest: int = EVENTS,
) -> Hazard:
    """The hazards at the close of ``month``, learnt from ``asked``, its `periods`.

    ``frame`` has account_id, month and a column for each of ``features``, as known at the close
    of each month. Whole account-months are drawn from ``asked``, as many as have some ``most``
    person-periods. Raises `TooFewEvents` below ``fewest`` distinct ends, drawn or not, or
    ``MONTHS`` months, ``InputMissing`` without a feature. The same arguments give the same bytes.
    """
    left = asked[asked["ends"] == 1]
    left = left.assign(number=_number(left["month"]) + left["ahead"])
    left = left.drop_duplicates(["account_id", "number"])
    unpaid, months = int(left["unpaid"].sum()), asked["month"].nunique()
    if len(left) < fewest or months < MONTHS:
        raise TooFewEvents(
            f"time to churn: {len(left)} ends of service in {months} months with certain answers; "
            f"hazards need at least {fewest} and {MONTHS} months. Until then, go by when terms end"
        )
    names = sorted(f.name for f in features if f.name in frame and frame[f.name].notna().any())
    if not names:
        raise InputMissing("no feature has a value; check that the tables were admitted")
    place = asked.groupby(["month", "account_id"], sort=True).ngroup().to_numpy(np.int64)
    size = place.max() + 1
    drawn = np.random.default_rng(SEED).permutation(size) < size * most / len(asked)
    taught = asked[drawn[place]].sort_values(["month", "account_id", "ahead"])
    keys = ["month", "account_id"]
    rows = taught[keys].drop_duplicates().merge(frame, on=keys, validate="one_to_one")
    vocabulary = Vocabulary.learn(rows[names])
    place = taught.groupby(keys, sort=True).ngroup().to_numpy(np.int64)
    design = _design(rows, names, vocabulary, timezone, place, taught["ahead"].to_numpy(np.int64))
    happened, events = {ENDED: taught["ends"] == 1}, {ENDED: len(left)}
    if min(unpaid, len(left) - unpaid) >= EVENTS:
        happened = {VOLUNTARY: happened[ENDED] & ~taught["unpaid"], UNPAID: taught["unpaid"]}
        events = {VOLUNTARY: len(left) - unpaid, UNPAID: unpaid}
    boosters = {
        cause: booster.fit(design, told.to_numpy().astype(np.float64), SEED, rounds)
        for cause, told in happened.items()
    }
    return Hazard(month, timezone, tuple(names), vocabulary, boosters, len(taught), events)


def _number(months: pd.Series[str]) -> pd.Series[int]:
    """Months since the year 0."""
    return months.map({month: _count(month) for month in months.unique()}).astype("int64")


def _count(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])


def until(rows: pd.DataFrame, days: str, timezone: str) -> Floats:
    """In which month ahead the instant lies that is ``days`` away from the close: 1 is the next.

    ``rows`` has ``month`` and the column ``days``; NaN where that is unknown.
    """
    starts = rows["month"].map({m: as_of(m, timezone) for m in rows["month"].unique()})
    # A day is no whole number in binary: without rounding, midnight may be the day before.
    away = pd.to_timedelta(rows[days].astype("float64"), unit="D").dt.round("us")
    at = starts.astype("datetime64[us]") + away
    named = {t: float(_count(month_of(t.to_pydatetime(), timezone))) for t in at.dropna().unique()}
    there = at.map(named).astype("float64") - _number(rows["month"])
    return np.asarray(there, dtype=np.float64)


def _design(
    rows: pd.DataFrame,
    names: Sequence[str],
    words: Vocabulary,
    timezone: str,
    place: Ints,
    ahead: Ints,
) -> Floats:
    """The features of each person-period: those of row ``place``, ``k``, and months from ends."""
    base = words.encode(rows[list(names)]).to_numpy(np.float64)
    dated = [ahead - until(rows, days, timezone)[place] for days in ENDS.values() if days in names]
    return np.column_stack([base[place], ahead, *dated])


def _hazards(model: Hazard, features: pd.DataFrame, month: str) -> dict[str, Floats]:
    """The hazard of each cause, accounts x ``AHEAD``; they add up to no more than 1."""
    if missing := [name for name in model.names if name not in features]:
        raise InputMissing(
            f"the hazards of {model.month} need {len(model.names)} features, and {len(missing)} "
            f"are not there: {listed(missing)}. Bring their table back, or fit without it"
        )
    rows, n = features.assign(month=month), len(features)
    place, ahead = np.repeat(np.arange(n), AHEAD), np.tile(np.arange(1, AHEAD + 1), n)
    design = _design(rows, model.names, model.vocabulary, model.timezone, place, ahead)
    found = {
        cause: booster.probability(booster.margins([booster.load(raw)], design)).reshape(n, AHEAD)
        for cause, raw in sorted(model.boosters.items())
    }
    over = np.maximum(np.sum(list(found.values()), axis=0), 1.0)
    return {cause: hazard / over for cause, hazard in found.items()}


def incidence(model: Hazard, features: pd.DataFrame, month: str) -> dict[str, pd.DataFrame]:
    """Of each cause the chance to have left for it by the close ``k`` months after ``month``.

    ``features`` (index account_id) as known at the close of ``month``; accounts x ``k``. With
    ``survival`` they add up to 1.
    """
    hazards = _hazards(model, features, month)
    stays = np.cumprod(1 - np.sum(list(hazards.values()), axis=0), axis=1)
    before = np.column_stack([np.ones(len(features)), stays[:, :-1]])
    columns = pd.RangeIndex(1, AHEAD + 1, name="ahead")
    return {
        cause: pd.DataFrame(np.cumsum(before * hazard, axis=1), features.index, columns)
        for cause, hazard in hazards.items()
    }


def survival(model: Hazard, features: pd.DataFrame, month: str) -> pd.DataFrame:
    """The chance to be there still at the close ``k`` months after ``month``: accounts x ``k``.

    ``features`` as in ``incidence``; each row falls, or stays, from left to right.
    """
    gone = incidence(model, features, month).values()
    return 1 - reduce(pd.DataFrame.add, gone)


def months_left(left: pd.DataFrame) -> pd.Series[str]:
    """The median: the first month ahead by which half are gone, of `survival`; else ``BEYOND``."""
    gone = left <= 0.5
    return gone.idxmax(axis=1).astype("str").where(gone.any(axis=1), BEYOND).rename("months_left")


def words(model: Hazard, features: pd.DataFrame, month: str) -> pd.Series[str]:
    """What ``survival`` says of each account, in a sentence; arguments as there.

    A month is named where its chance is ``STANDS_OUT`` times that of the mean month, and the end
    of a term with it where the contract names it for that month.
    """
    left = survival(model, features, month)
    falls = -np.diff(left.to_numpy(), axis=1, prepend=1.0)
    peak, most = falls.argmax(axis=1) + 1, falls.max(axis=1)
    due = np.zeros(len(left))
    if ENDS["to_end"] in features:
        due = until(features.assign(month=month), ENDS["to_end"], model.timezone)
    found = []
    for half, k, chance, mean, ends in zip(
        months_left(left), peak, most, falls.mean(axis=1), due, strict=True
    ):
        said = f"half of accounts like it are gone in {half} month{'s' if half != '1' else ''}"
        if half == BEYOND:
            said = f"more than half of accounts like it are still there in {AHEAD} months"
        if chance >= STANDS_OUT * mean:
            said += f"; most likely to leave in {shift(month, int(k))} ({chance:.0%})"
            said = said.replace("%", "\u00a0%") + (", when its term ends" if ends == k else "")
        found.append(said)
    return pd.Series(found, index=left.index, dtype="str", name="words")
