"""Changes: why an account's probability is not what it was a month ago, adding up.

Three things can move it. A value changed: that is the driver family's. A value
became known, or stopped being known: that is coverage, and says more about the data
than about the customer. Or the model was trained again: the same values then, asked
of both models. They add up in log-odds, where a model adds; a person reads points of
probability, so the parts are scaled to those.

A part says what the model associates with the change, never that it happened because
of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue
from models import booster, explain
from models.trained import Trained
from warehouse.errors import InputMissing, Usage

Floats = npt.NDArray[np.float64]

STAYED, NEW, GONE = "stayed", "new", "gone"
COVERAGE, MODEL = "coverage", "model"
TOLD = ("status", "p_before", "p_after", "change")
STILL = 1e-6  # log-odds: below it a difference is float32 rounding, and dividing by it is noise


def changed(
    before: Trained,
    after: Trained,
    then: pd.DataFrame,
    now: pd.DataFrame,
    catalogue: Catalogue,
) -> pd.DataFrame:
    """What moved each account's probability from ``before`` of ``then`` to ``after`` of ``now``.

    ``then`` and ``now`` are features (index account_id). Returns one row for each account in
    either, ordered by account_id (the index), with the columns ``TOLD``, then one for each
    driver family of ``after``, then ``COVERAGE`` and ``MODEL``. All but ``status`` are
    probabilities: 0.05 is five points. The parts of an account that stayed sum to its
    ``change``, which is ``p_after - p_before``; one that is ``NEW`` or ``GONE`` has neither.

    In log-odds, ``MODEL`` is ``margin_after(then) - margin_before(then)``; a feature's part is
    its SHAP value (Lundberg et al. 2020) by ``after`` now less the one then, summed by family,
    or under ``COVERAGE`` where its value is known in one month only, or where only ``after``
    asks for the feature. One that only ``before`` asked for is part of ``MODEL``. Every part is
    multiplied by the account's change in probability over its change in log-odds, and where
    that is 0, by the slope ``p (1 - p)``.

    Raises `Usage` if the models answer different questions, and `InputMissing` if a feature
    is not there: ``before`` needs all of its own in ``then``, ``after`` in ``now``.
    """
    if before.question != after.question:
        raise Usage(
            f"{before.question} and {after.question} are two questions, and the change of one "
            "probability into another has no parts; compare models of one question"
        )
    was = before.predict(then.sort_index())
    told = after.contributions(now.sort_index())
    asked = after.numbers(now.sort_index())
    ends = after.margins(asked.to_numpy(np.float64))
    found = _listed(was, pd.Series(booster.probability(ends), index=asked.index))
    stayed = found.index[found["status"] == STAYED]

    past = then.loc[stayed]
    only_after = [name for name in after.names if name not in before.names]
    past = past.reindex(columns=[*past, *(n for n in only_after if n not in past)])
    values = after.numbers(past)
    moved = (told.loc[stayed] - after.contributions(past))[list(after.names)]
    covered = (values.isna() != asked.loc[stayed].isna()) | moved.columns.isin(only_after)
    start = before.margins(before.numbers(past).to_numpy(np.float64))
    parts = explain.families(after, moved.mask(covered, 0.0), catalogue)
    parts[COVERAGE] = moved.where(covered, 0.0).sum(axis=1)
    parts[MODEL] = after.margins(values.to_numpy(np.float64)) - start
    points = _points(parts.to_numpy(np.float64), start, ends[asked.index.isin(stayed)])
    split = pd.DataFrame(points, index=stayed, columns=parts.columns)
    return found.join(split)


def portfolio(
    changes: pd.DataFrame, arr_then: pd.Series[int], arr_now: pd.Series[int]
) -> pd.DataFrame:
    """The expected loss then, what moved it, and the expected loss now, exact to the cent.

    ``changes`` as `changed` gives them; ``arr_then`` and ``arr_now`` are ARR (cents) by
    account. Returns ``part``, ``kind`` ("total" for the first and last row, else "accounts",
    "arr", "family", "coverage" or "model") and ``amount`` (whole cents): the first row and the
    steps sum to the last. The expected loss is the sum of ``p x ARR``.

    For an account that stayed, its change of ARR is counted at the mean of its two
    probabilities, and each part of its change of probability at the mean of its two ARRs:
    that sums without a remainder and favours neither. Raises `InputMissing` if an account
    has no ARR in a month in which it was scored.
    """
    status = changes["status"]
    p = changes[["p_before", "p_after"]].fillna(0.0).to_numpy(np.float64)
    arr = np.column_stack(
        [
            _money(changes.index, status != NEW, arr_then, "then"),
            _money(changes.index, status != GONE, arr_now, "now"),
        ]
    )
    stayed = (status == STAYED).to_numpy()
    loss = p * arr
    names = [str(name) for name in changes if name not in TOLD]
    weight = arr.mean(axis=1)[stayed]
    steps = [
        ("new accounts", "accounts", loss[status == NEW, 1].sum()),
        ("gone accounts", "accounts", -loss[status == GONE, 0].sum()),
        ("ARR of the same accounts", "arr", np.diff(arr)[stayed, 0] @ p.mean(axis=1)[stayed]),
        *(
            (
                name,
                name if name in (COVERAGE, MODEL) else "family",
                weight @ changes[name].to_numpy(np.float64)[stayed],
            )
            for name in names
        ),
    ]
    first, last = (round(float(total)) for total in loss.sum(axis=0))
    cents = _cents(np.array([amount for _, _, amount in steps], dtype=np.float64), last - first)
    rows = [
        ("expected loss then", "total", first),
        *((part, kind, int(c)) for (part, kind, _), c in zip(steps, cents, strict=True)),
        ("expected loss now", "total", last),
    ]
    return pd.DataFrame(rows, columns=["part", "kind", "amount"]).astype({"amount": "int64"})


def _listed(was: pd.Series[float], is_now: pd.Series[float]) -> pd.DataFrame:
    """Every account of either month with its status and probabilities."""
    index = was.index.union(is_now.index).rename("account_id")
    status = np.where(index.isin(was.index), np.where(index.isin(is_now.index), STAYED, GONE), NEW)
    before, after = was.reindex(index), is_now.reindex(index)
    return pd.DataFrame(
        {
            "status": pd.Series(status, index=index, dtype="str"),
            "p_before": before,
            "p_after": after,
            "change": after - before,
        }
    )


def _points(parts: Floats, start: Floats, end: Floats) -> Floats:
    """Parts in log-odds as parts of the change in probability, each row exactly summing to it."""
    p_start, p_end = booster.probability(start), booster.probability(end)
    change, way = p_end - p_start, end - start
    far = np.abs(way) > STILL
    slope = np.divide(change, way, out=p_start * (1 - p_start), where=far)
    scaled = parts * slope[:, None]
    # Sums of SHAP values and margins differ by float32 rounding: the largest part can bear it.
    rows = np.arange(len(scaled))
    scaled[rows, np.abs(scaled).argmax(axis=1)] += change - scaled.sum(axis=1)
    return scaled


def _money(
    accounts: pd.Index[str], scored: pd.Series[bool], arr: pd.Series[int], when: str
) -> Floats:
    """ARR (cents) of each account in a month, 0 where it was not scored."""
    money = arr.reindex(accounts)
    absent = accounts[scored & money.isna()]
    if len(absent):
        raise InputMissing(
            f"{len(absent)} accounts scored {when} have no ARR {when}, such as {absent[0]}; "
            "hand over the ARR of every account that has a probability"
        )
    return np.asarray(money.where(scored, 0), dtype=np.float64)


def _cents(money: Floats, total: int) -> npt.NDArray[np.int64]:
    """Whole cents that sum to ``total``: those that rounding moved most bear the difference."""
    whole = np.rint(money).astype(np.int64)
    left = total - int(whole.sum())
    order = np.lexsort((-np.abs(money), -np.sign(left) * (money - whole)))
    whole[order[: abs(left)]] += np.sign(left)
    return whole
