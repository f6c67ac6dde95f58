"""The gate: whether a newly trained model takes over from the one that serves.

Training gives a challenger, not a successor. It takes over if, on the newest months whose
answers are known, it is not worse than the champion, says probabilities that come true as
often as chance allows, tells customers apart at all, and no column of it smells of the
future. Whoever is refused is kept, with the reasons, and the champion serves on.

The challenger is asked through its newest fold's rehearsal, which stood before those months.
The champion is asked about the same rows where it learnt nothing from them. That takes more
than that its training ended before: the answers of earlier months tell how part of a later
month's window went, and the months of one renewal share one answer. A champion that knows
those wins by remembering; it is compared by its own newest rehearsal instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import measures
from models.alarm import Alarm
from models.measures import Interval
from models.train import FOLD_EVENTS
from models.trained import Trained
from warehouse.errors import Usage
from warehouse.months import as_of

Floats = npt.NDArray[np.float64]

MARGINS = (0.01, 0.02)  # of AUC; of the base rate's log-loss, as much: less moves no list
DRAWS, SEED = 200, 20
LUCK = 0.99  # share of chance's calibration errors that are smaller than the largest allowed
TENTH = 0.1  # of the rate of events: a probability that far off, beyond chance, misleads nobody
WIDE = 1.96  # standard errors on either side of a 95 % interval
LOUDEST = 10  # alarms that are told in full
FOLDS = 3  # of a model, to say how much its AUC changes from one to the next


@dataclass(frozen=True)
class Decision:
    """Whether a model takes over, and why: what refused it, or else all that was found."""

    promoted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One thing the gate looked at: whether it lets the model pass, and what was found."""

    passed: bool
    said: str


def decide(
    challenger: Trained,
    champion: Trained | None,
    alarms: Sequence[Alarm],
    rows: pd.DataFrame | None = None,
    timezone: str = "UTC",
) -> Decision:
    """Whether ``challenger`` is to serve in place of ``champion`` (None: there is none yet).

    ``challenger`` is as `models.train` returned it, with the predictions of its folds;
    ``alarms`` are those of `models.alarm` on its training frame. ``rows`` (account_id, month,
    features; renewals also ``certain``) has the newest fold's rows, such as the training
    frame: without them the two are compared by their rehearsals. The same arguments give the
    same decision. Raises `Usage` for a challenger that was read back from a folder.
    """
    if challenger.held_out is None:
        raise Usage(
            f"the {challenger.question.kind} model of {challenger.month} was read from a folder, "
            "without the predictions of its folds; the gate decides on a model as it is trained"
        )
    folds = challenger.held_out["fold"]
    newest = challenger.held_out[folds == folds.max()].reset_index(drop=True)
    found = [_signal(challenger), calibrated(newest)]
    found += [Finding(False, f"leak alarm: {each.said}") for each in alarms[:LOUDEST]]
    if len(alarms) > LOUDEST:
        found.append(Finding(False, f"{len(alarms) - LOUDEST} more leak alarms"))
    found.append(_rivalry(challenger, champion, newest, rows, timezone))
    refused = tuple(each.said for each in found if not each.passed)
    return Decision(not refused, refused or tuple(each.said for each in found))


def _signal(challenger: Trained) -> Finding:
    return Finding(not challenger.verdict.startswith("no signal"), challenger.verdict)


def calibrated(newest: pd.DataFrame) -> Finding:
    """Whether the probabilities came true as often as they say, within what chance gives.

    ``newest`` has account_id, outcome and ``model``, the probability. Chance is ``DRAWS``
    sets of outcomes drawn from the probabilities themselves, one lot an account: its months
    ask about the same departure, so they come true together. The error may exceed that of
    ``LUCK`` of the sets by a ``TENTH`` of the rate of events; with ever more rows chance
    allows nothing, and no model of people is that exact.
    """
    outcome, said = (newest[name].to_numpy(np.float64) for name in ("outcome", "model"))
    error = measures.calibration_error(outcome, said)
    whose, accounts = pd.factorize(newest["account_id"], sort=True)
    rng = np.random.default_rng(SEED)
    drawn = [(rng.random(len(accounts))[whose] < said).astype(np.float64) for _ in range(DRAWS)]
    luck = float(np.quantile([measures.calibration_error(each, said) for each in drawn], LUCK))
    most = luck + TENTH * float(outcome.mean())
    return Finding(
        error <= most,
        f"calibration error {error:.3f} on the newest fold, where up to {most:.3f} is allowed and "
        f"{luck:.3f} is chance ({len(newest):,} rows; {said.mean():.1%} said, "
        f"{outcome.mean():.1%} came)",
    )


def _rivalry(
    challenger: Trained,
    champion: Trained | None,
    newest: pd.DataFrame,
    rows: pd.DataFrame | None,
    timezone: str,
) -> Finding:
    """The challenger beside the champion, on the same rows if that is fair."""
    if champion is None:
        return Finding(True, "there is no champion to compare with")
    if champion.question != challenger.question:
        asked = champion.question
        return Finding(
            True,
            f"the champion of {champion.month} answers another question ({asked.kind}, months "
            f"{asked.lead} to {asked.horizon}), so there is nothing to compare",
        )
    if rows is None:
        return _rehearsals(challenger, champion, newest, "the features were not given")
    missing = [name for name in champion.names if name not in rows]
    if missing:
        why = f"{len(missing)} of the champion's features are gone, such as {missing[0]}"
        return _rehearsals(challenger, champion, newest, why)
    asked_of = _unlearnt(champion, newest, rows, timezone)
    events = int(asked_of["outcome"].sum())
    if min(events, len(asked_of) - events) < FOLD_EVENTS:
        why = (
            f"the champion knew answers that bear on {len(newest) - len(asked_of):,} of the "
            f"newest fold's {len(newest):,} rows"
        )
        return _rehearsals(challenger, champion, newest, why)
    said = champion.predict(asked_of).to_numpy()
    return _same(champion, asked_of[newest.columns].assign(champion=said))


def _unlearnt(
    champion: Trained, newest: pd.DataFrame, rows: pd.DataFrame, timezone: str
) -> pd.DataFrame:
    """The rows of ``newest``, with their features, that no answer known to ``champion`` bears on.

    Those are the ones asked at its own month or later, or, of renewals, decided since.
    """
    keys = ["account_id", "month"]
    told = [name for name in rows if name in keys or name not in newest]
    asked = newest.merge(rows[told], on=keys, how="left", validate="one_to_one")
    if champion.question.kind == "renewal" and "certain" in asked:
        return asked[asked["certain"] > pd.Timestamp(as_of(champion.month, timezone))]
    return asked[asked["month"] >= champion.month]


def _same(champion: Trained, rows: pd.DataFrame) -> Finding:
    """Both models on the same ``rows``, with the same draws of accounts."""
    _, area = measures.compare(rows, "model", "champion", DRAWS, SEED)
    ours, theirs = _skill(rows, "model"), _skill(rows, "champion")
    return _judged(
        area,
        _within(float(ours[0] - theirs[0]), float((ours - theirs)[1:].std())),
        f"than the champion of {champion.month} on the same {len(rows):,} rows of the newest "
        "fold, on which it knew no answer",
    )


def _rehearsals(challenger: Trained, champion: Trained, newest: pd.DataFrame, why: str) -> Finding:
    """Each model by the scorecard of its own newest fold; ``why`` they are not asked together.

    The champion's luck is taken to be like the challenger's, and no smaller than what its own
    folds differ by.
    """
    area, _ = measures.compare(newest, "model", "base rate", DRAWS, SEED)
    luck = {"auc": area.error, "skill": float(_skill(newest, "model")[1:].std())}
    ours, theirs = _scorecards(challenger), _scorecards(champion)
    leads = []
    for name, error in luck.items():
        usual = float(theirs[name].std()) if len(theirs) >= FOLDS else 0.0
        lead = float(ours[name].iloc[-1] - theirs[name].iloc[-1])
        leads.append(_within(lead, max(error, usual) * 2**0.5))
    return _judged(
        leads[0],
        leads[1],
        f"than the champion of {champion.month}, each in its newest rehearsal (from "
        f"{ours.index[-1]} and from {theirs.index[-1]}) and not on the same rows, because {why}",
    )


def _scorecards(trained: Trained) -> pd.DataFrame:
    """Of each fold, by its origin, oldest first: ``auc``, and ``skill``, the log-loss saved."""
    by = trained.folds.sort_values("fold").set_index("origin")
    model, known = (by[by["method"] == method] for method in ("model", "base rate"))
    return pd.DataFrame({"auc": model["auc"], "skill": 1 - model["log_loss"] / known["log_loss"]})


def _within(value: float, error: float) -> Interval:
    """The 95 % interval of a normal ``value`` with that standard error."""
    return Interval(value, value - WIDE * error, value + WIDE * error, error)


def _judged(area: Interval, skill: Interval, than: str) -> Finding:
    """Worse is beyond luck and beyond ``MARGINS``, in ranking or in log-loss; all else passes."""
    leads = (area, skill)
    worse = any(lead.high < 0 and lead.value < -m for lead, m in zip(leads, MARGINS, strict=True))
    told = [f"{lead.value:+.3f} [{lead.low:+.3f}, {lead.high:+.3f}]" for lead in leads]
    return Finding(
        not worse,
        f"{'worse' if worse else 'not worse'} {than}: AUC {told[0]}, log-loss saved {told[1]} of "
        "the base rate's",
    )


def _skill(rows: pd.DataFrame, method: str) -> Floats:
    """Of the base rate's log-loss the share ``method`` saves, first on ``rows``, then by draw."""
    whose, weights = measures.drawn(rows["account_id"], DRAWS, SEED)
    outcome = rows["outcome"].to_numpy(np.float64)
    lost = []
    for name in (method, "base rate"):
        p = np.clip(rows[name].to_numpy(np.float64), measures.EDGE, 1 - measures.EDGE)
        each = -np.where(outcome == 1, np.log(p), np.log(1 - p))
        lost.append(weights @ np.bincount(whose, weights=each, minlength=weights.shape[1]))
    return np.asarray(1 - lost[0] / lost[1], dtype=np.float64)
