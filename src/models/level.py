"""The level: what every probability is off by of late, and whether to correct it.

When a price rises or a competitor arrives, who is at risk may stay the same while all risks
rise. The newest months whose answers are certain show it first. What is seen there is one
number, added to all log-odds: the ranking stays. It is used only where, in the rehearsals,
the same correction made from what was certain *then* told later months better than leaving
the model alone, beyond one standard error. In a stable company it does not, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import booster, measures

Floats = npt.NDArray[np.float64]

NEWEST = 3  # months with certain answers that the level is read from
SPREAD = 0.5  # log-odds; standard deviation of levels before anything is seen
STEPS = 50
DRAWS, SEED = 200, 20


@dataclass(frozen=True, eq=False)
class Level:
    """``now``, added to log-odds (0 where it does not help); ``p``, the rehearsals so corrected.

    ``seen`` is what the newest months show, used or not; ``saved`` the log-loss a row that
    the correction would have saved in the rehearsals, with its standard error (NaN: no fold had
    an earlier one certain behind it).
    """

    now: float
    seen: float
    saved: float
    error: float
    p: Floats

    @property
    def said(self) -> str:
        """What it does, in words; empty where it does nothing."""
        if not self.now:
            return ""
        way = "above" if self.now > 0 else "below"
        return (
            f"; the newest months came out {way} what was said, so all odds are multiplied by "
            f"{np.exp(self.now):.2f}, as would have helped in the rehearsals"
        )


def level(held_out: pd.DataFrame, method: str, learnt: Sequence[npt.NDArray[np.bool_]]) -> Level:
    """The level of ``method``, in the rehearsals and for the next month.

    ``held_out`` has account_id, month, fold, outcome and the probability ``method``; its index
    is the place of each row in what was taught. ``learnt`` says for each fold which of those
    places were certain when it was asked.
    """
    margins = _margin(held_out[method].to_numpy(np.float64))
    fold, places = held_out["fold"].to_numpy(), held_out.index.to_numpy()
    found = np.zeros(len(held_out))
    judged = np.zeros(len(held_out), dtype=bool)
    for number, known in enumerate(learnt):
        asked, certain = fold == number, (fold < number) & known[places]
        if certain.any():
            found[asked] = _newest(held_out, margins, certain)
            judged |= asked
    seen = _newest(held_out, margins, np.ones(len(held_out), dtype=bool))
    saved, error = _saved(held_out, margins, found, judged)
    helps = bool(saved > error)
    p = booster.probability(margins + found) if helps else held_out[method].to_numpy(np.float64)
    return Level(seen if helps else 0.0, seen, saved, error, p)


def offset(margins: Floats, outcome: Floats) -> float:
    """What is to be added to ``margins`` (log-odds) to tell ``outcome`` best, pulled to 0.

    The mode under a normal prior of standard deviation ``SPREAD``, by Newton's steps.
    """
    at = 0.0
    for _ in range(STEPS):
        p = booster.probability(margins + at)
        slope = (outcome - p).sum() - at / SPREAD**2
        step = slope / ((p * (1 - p)).sum() + 1 / SPREAD**2)
        at += step
        if abs(step) < 1e-10:
            break
    return float(at)


def _newest(held_out: pd.DataFrame, margins: Floats, certain: npt.NDArray[np.bool_]) -> float:
    months = held_out["month"].to_numpy()
    newest = sorted(set(months[certain]))[-NEWEST:]
    rows = certain & np.isin(months, newest)
    return offset(margins[rows], held_out["outcome"].to_numpy(np.float64)[rows])


def _saved(
    held_out: pd.DataFrame, margins: Floats, found: Floats, judged: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """The log-loss a row that ``found`` saves where it is ``judged``, and its standard error."""
    if not judged.any():
        return float("nan"), float("nan")
    rows = held_out[judged]
    outcome = rows["outcome"].to_numpy(np.float64)
    sign = 2 * outcome - 1
    before, after = (
        np.logaddexp(0.0, -sign * told) for told in (margins[judged], (margins + found)[judged])
    )
    whose, weights = measures.drawn(rows["account_id"], DRAWS, SEED)
    gain = np.bincount(whose, before - after, weights.shape[1])
    size = np.bincount(whose, minlength=weights.shape[1])
    means = (weights @ gain) / (weights @ size)
    return float(means[0]), float(means[1:].std())


def _margin(p: Floats) -> Floats:
    kept = np.clip(p, measures.EDGE, 1 - measures.EDGE)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)
