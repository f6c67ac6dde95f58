"""Drift: whether what the model is asked about still looks like what it learned from.

A score can be wrong without any error: a table stops arriving, a product renames an
event, the company sells to another kind of customer. Each leaves a mark in the
features before it leaves one in the outcomes. A company with forty customers differs
from its own past by luck alone, so what is alarming depends on how many there are.

The population stability index compares the shares ``q`` now with the shares ``p`` in
training, over the deciles of training and a class for unknown::

    PSI = sum over classes of (q - p) x ln(q / p)

(Lewis 1994; Siddiqi 2006: the symmetric Kullback-Leibler divergence). Half a count is
added to every class, so that an empty one has a logarithm. Without drift ``PSI`` over
``1/N + 1/M`` is about chi-squared with ``B - 1`` degrees of freedom (Yurdakul and
Naranjo 2020), for ``N`` rows of training, ``M`` now and ``B`` classes; so its expected
value is ``(B - 1)(1/N + 1/M)``, and its quantile says what luck can do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from features.vocabulary import Vocabulary
from warehouse.errors import InputMissing

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

CLASSES = 10
NOTICEABLE = 0.1  # PSI: the usual first threshold (Siddiqi 2006), for a change worth a look
LUCK = 0.001  # the chance of an alarm without drift, for one feature: there are hundreds
STEADY, MOVED, BROKEN = "steady", "moved", "broken"


def drift(
    trained_rows: pd.DataFrame, now: pd.DataFrame, words: Vocabulary | None = None
) -> pd.DataFrame:
    """How each feature of ``trained_rows`` stands ``now``, and what to do about it.

    ``trained_rows`` are the rows a model learned from, its feature columns alone; ``now``
    has a row for each account, and may lack columns or have more. ``words`` is the
    model's vocabulary; without one it is learnt from ``trained_rows``. A feature that is a
    word has a class for each word instead of deciles.

    Returns index feature, in the order of ``trained_rows``, and: ``psi``; ``expected``, the PSI
    to expect without drift; ``known_then``, ``known_now``, shares of rows with a value;
    ``verdict``; ``advice``, one sentence. The verdict is

    - ``BROKEN``: the column is absent where training knew it; or it is known for less than
      half the share it was; or what varied is now one value throughout; the latter two only
      if luck does so less often than ``LUCK``.
    - ``MOVED``: the PSI is at least ``NOTICEABLE`` and more than luck gives but once in
      1 / ``LUCK`` times.
    - ``STEADY``: else.

    Rows are taken as independent; the months of one account are not, so a slow feature
    moves somewhat more often than said. Raises `InputMissing` if either has no rows.
    """
    _some(len(trained_rows), len(now))
    coder = Vocabulary.learn(trained_rows) if words is None else words
    past, present = coder.encode(trained_rows), coder.encode(now)
    rows = {}
    for name in trained_rows:
        then = past[name].to_numpy(np.float64)
        today = present[name].to_numpy(np.float64) if name in present else np.full(len(now), np.nan)
        spoken = name in coder.words
        points = np.unique(then[~np.isnan(then)]) if spoken else _edges(then)
        index, limit, expected = _measured(then, today, points)
        known = tuple(float(np.mean(~np.isnan(v))) for v in (then, today))
        fault = _fault(then, today, name in present)
        verdict = BROKEN if fault else MOVED if index > limit else STEADY
        advice = fault or _advice(then, today, spoken) if verdict != STEADY else "Nothing to do."
        rows[str(name)] = (index, expected, *known, verdict, advice)
    columns = ["psi", "expected", "known_then", "known_now", "verdict", "advice"]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return found.rename_axis("feature").astype({"verdict": "str", "advice": "str"})


def _some(then: int, now: int) -> None:
    if not then or not now:
        raise InputMissing(
            f"{then} rows of training and {now} now: drift compares two distributions; "
            "hand over some of both"
        )


def _edges(then: Floats) -> Floats:
    """The upper edges of all classes but the last: the deciles of the known values.

    A value that fills a decile by itself is a class by itself: below it another begins.
    """
    known = then[~np.isnan(then)]
    if not len(known):
        return known
    shares = np.arange(1, CLASSES) / CLASSES
    deciles = np.quantile(known, shares, method="inverted_cdf")
    heavy = deciles[1:][np.diff(deciles) == 0]
    return np.unique(np.concatenate([deciles, np.nextafter(heavy, -np.inf)]))


def _measured(then: Floats, now: Floats, edges: Floats) -> tuple[float, float, float]:
    """PSI, what it must exceed to be an alarm, and what to expect of it without drift."""
    both = np.vstack([_counts(then, edges), _counts(now, edges)])
    both = both[:, both.sum(axis=0) > 0]
    classes = both.shape[1]
    smooth = both + 0.5
    p, q = smooth / smooth.sum(axis=1, keepdims=True)
    index = float(np.sum((q - p) * np.log(q / p)))
    unit = 1 / len(then) + 1 / len(now)
    chance = unit * float(stats.chi2.ppf(1 - LUCK, classes - 1)) if classes > 1 else 0.0
    return index, max(NOTICEABLE, chance), (classes - 1) * unit


def _counts(values: Floats, edges: Floats) -> Counts:
    """How many values are in each class; the last is unknown."""
    known = values[~np.isnan(values)]
    inside = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return np.append(inside, len(values) - len(known))


def _fault(then: Floats, now: Floats, there: bool) -> str:
    """What to do about a feature that is broken; empty where it is not."""
    past, known = then[~np.isnan(then)], now[~np.isnan(now)]
    share, left = len(past) / len(then), len(known) / len(now)
    if len(past) and not there:
        return (
            f"The column is gone, and was known for {share:.0%} of rows in training: bring its "
            "table back, or train again without it."
        )
    if left < share / 2 and stats.binom.cdf(len(known), len(now), share) < LUCK:
        return (
            f"It is known for {left:.0%} of accounts now and {share:.0%} of rows in training: "
            "find out why the source stopped before using these scores."
        )
    if len(known) and (known == known[0]).all() and (past != known[0]).any():
        alike = float(np.mean(past == known[0]))
        if alike ** len(known) < LUCK:
            return (
                f"Every known value is {known[0]:g} now, of which training had {alike:.0%}: a "
                "default has likely taken the place of the data; check the source."
            )
    return ""


def _advice(then: Floats, now: Floats, spoken: bool) -> str:
    """What to do about a feature that moved."""
    share, left = (float(np.mean(~np.isnan(v))) for v in (then, now))
    if abs(share - left) > NOTICEABLE or not share or not left:
        return (
            f"It is known for {left:.0%} of accounts now and {share:.0%} of rows in training: "
            "check who is covered, and train again if it stays so."
        )
    if spoken:
        return "Its words are shared out otherwise: check for renamed ones, else train again."
    before, after = float(np.nanmedian(then)), float(np.nanmedian(now))
    return (
        f"Its median is {after:.4g} now and {before:.4g} in training: if the customers changed "
        "and not the source, train again."
    )
