"""Rehearsals of time to churn: curves drawn at earlier closes, held against who then stayed.

Beside the hazards stands Kaplan and Meier's curve of accounts whose terms had as many months
to go: what a contract list alone would tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import Feature
from metrics.survival import survival as kaplan_meier
from models import measures
from models.folds import folds
from models.hazard import AHEAD, ENDS, MOST, ROUNDS, fit, survival, until
from models.outcomes import Question
from models.train import FOLD_EVENTS, TooFewEvents
from warehouse.months import as_of

Floats = npt.NDArray[np.float64]

HORIZONS = (3, 6, 12)


def rehearse(
    frame: pd.DataFrame,
    asked: pd.DataFrame,
    features: Sequence[Feature],
    now_month: str,
    timezone: str = "UTC",
    gap_days: int = 30,
    most: int = MOST,
    rounds: int = ROUNDS,
) -> pd.DataFrame:
    """How well the hazards did at earlier closes, where they could not look ahead.

    Arguments as in ``fit``; ``asked`` is certain at ``now_month``. Origins are those of
    `models.folds` for the longest of ``HORIZONS`` that has any; each learns what was certain then
    and is tested on the accounts at its close. A row a horizon and method, the model and Kaplan
    and Meier's curve by months to the end of the term: horizon, method, origins, n, events (gone
    by then), brier (of S(k), mean over k up to the horizon: integrated), concordance (of two, the
    first to leave had the lower S then: Antolini, 2005; ties half), said and seen (mean S at the
    horizon, share still there) and calibration_error there. An account counts until it is
    merged. Raises `TooFewEvents` where no origin has ``FOLD_EVENTS`` ends behind it.
    """
    now, months = as_of(now_month, timezone), sorted(asked["month"].unique())
    for reach in reversed(HORIZONS):
        held: list[tuple[Floats, dict[str, Floats]]] = []
        for fold in folds(months, Question("churn", 0, reach), now, gap_days, timezone):
            certain = asked["certain"] <= pd.Timestamp(fold.as_of)
            past = asked[certain & (asked["month"] < fold.origin)]
            known = frame[frame["month"] < fold.origin]
            try:
                model = fit(known, past, features, fold.origin, timezone, most, rounds, FOLD_EVENTS)
            except TooFewEvents:
                continue
            tested = frame[frame["month"] == fold.origin].set_index("account_id")
            truth = _there(asked[asked["month"] == fold.origin], tested.index)
            said = survival(model, tested, fold.origin).to_numpy(np.float64)
            curves = _curves(known, past, tested, timezone)
            held.append((truth, {"model": said, "kaplan-meier": curves}))
        if held:
            kept = [horizon for horizon in HORIZONS if horizon <= reach]
            return pd.DataFrame([_scores(held, h, name) for h in kept for name in held[0][1]])
    raise TooFewEvents(
        f"time to churn could not be tested: no earlier month had {FOLD_EVENTS} ends certain "
        f"behind it and {HORIZONS[0]} months certain after it. More months will do"
    )


def _lasted(asked: pd.DataFrame) -> pd.DataFrame:
    """The last month ahead that is known of each row, and whether service ended in it."""
    by = asked.groupby(["month", "account_id"], sort=True)
    return by.agg(ahead=("ahead", "max"), ends=("ends", "max")).reset_index()


def _there(truth: pd.DataFrame, accounts: pd.Index[str]) -> Floats:
    """1 where an account was there at the close ``k`` months on, 0 where not, NaN if unknown."""
    last = _lasted(truth).set_index("account_id").reindex(accounts)
    ks, ahead = np.arange(1, AHEAD + 1), last["ahead"].fillna(0).to_numpy()[:, None]
    gone = (last["ends"] == 1).to_numpy()[:, None]
    return np.where(gone & (ks >= ahead), 0.0, np.where(ks <= ahead, 1.0, np.nan))


def _curves(past: pd.DataFrame, asked: pd.DataFrame, tested: pd.DataFrame, zone: str) -> Floats:
    """S(k) of Kaplan and Meier among the past rows whose term had as many months to go."""
    days = ENDS["to_end"]
    rows = _lasted(asked).merge(past.reindex(columns=["account_id", "month", days]))
    steps = np.arange(1, AHEAD + 1)
    classes = [
        pd.Series(np.nan_to_num(until(each, days, zone).clip(1, AHEAD + 1)))
        for each in (rows, tested.reindex(columns=["month", days]))
    ]
    found = np.zeros((len(tested), AHEAD))
    for name in classes[1].unique():
        alike = (classes[0] == name).to_numpy()
        chosen = rows[alike] if alike.sum() >= FOLD_EVENTS else rows
        curve = kaplan_meier(chosen["ahead"], chosen["ends"] == 1)
        share = np.append(1.0, curve.share)
        found[classes[1] == name] = share[np.searchsorted(curve.times, steps, side="right")]
    return found


def _scores(
    held: Sequence[tuple[Floats, Mapping[str, Floats]]], horizon: int, method: str
) -> dict[str, object]:
    there = np.concatenate([truth for truth, _ in held])[:, :horizon]
    said = np.concatenate([told[method] for _, told in held])[:, :horizon]
    known = ~np.isnan(there)
    wins, pairs = np.sum([_pairs(t[:, :horizon], s[method]) for t, s in held], axis=0)
    last = known[:, -1]
    outcome, p = there[last, -1], said[last, -1]
    return {
        "horizon": horizon,
        "method": method,
        "origins": len(held),
        "n": int(last.sum()),
        "events": int((outcome == 0).sum()),
        "brier": measures.brier(there[known], said[known]),
        "concordance": float(wins / pairs) if pairs else float("nan"),
        "said": float(p.mean()),
        "seen": float(outcome.mean()),
        "calibration_error": measures.calibration_error(outcome, p),
    }


def _pairs(there: Floats, said: Floats) -> tuple[float, float]:
    """Pairs of which one left while the other stayed, and those the chances put in order."""
    wins = pairs = 0.0
    before = np.ones(len(there))
    for k in range(there.shape[1]):
        asked = (before == 1) & ~np.isnan(there[:, k])
        gone = (there[asked, k] == 0).astype(np.float64)
        weight = gone.sum() * (len(gone) - gone.sum())
        if weight:
            wins += weight * measures.auc(gone, -said[asked, k])
        pairs, before = pairs + weight, there[:, k]
    return wins, pairs
