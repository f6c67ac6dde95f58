"""Training: one model from the answers certain by now, and an honest account of it.

What ships is what the rehearsals chose (`models.rehearsal`): trees, or a logistic regression
where trees do no better. Beside it stand trees that may look at drivers only: a risk may
lean on what a CSM or a survey already thinks, a reason may not. A question with too few
answers is refused, with the counts: rules and rates serve such a company better than a model
that knows its customers by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from features.declare import OPINIONS, Feature
from features.vocabulary import Vocabulary
from models import amounts, baselines, booster, logistic
from models.folds import Fold, Masks, folds, split, usable
from models.outcomes import Question
from models.rehearsal import (
    STRANGE_FOLDS,
    Stage,
    matrix,
    rehearse,
    ships,
    strangers,
    table,
    verdict,
)
from models.trained import Floats, Trained
from models.tune import tuned
from warehouse.errors import InputMissing, Refusal
from warehouse.months import as_of

EVENTS = 50  # of each class, to train at all
MONTHS = 6  # with certain answers: fewer show one season only
FOLD_EVENTS = 20  # of each class in a fold's training rows; a fold with fewer is left out
GOLDEN = 50


class TooFewEvents(Refusal):
    """There are not enough answers yet to train or test a model."""

    code = 65


def rows(known: Mapping[str, pd.DataFrame], answers: pd.DataFrame) -> pd.DataFrame:
    """The training frame: each month's features (index account_id) beside their outcomes.

    ``known`` maps a month to its features as known then; ``answers`` are `outcomes` for
    the same accounts. Returns account_id, month, every feature column, outcome, base,
    amount, ordered by (month, account_id). A feature absent in some months is NaN there.
    """
    parts = [
        frame.rename_axis("account_id").reset_index().assign(month=month)
        for month, frame in sorted(known.items())
    ]
    joined = pd.concat(parts, ignore_index=True).merge(
        answers, on=["account_id", "month"], how="inner", validate="one_to_one"
    )
    return joined.sort_values(["month", "account_id"], kind="stable", ignore_index=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra on one thread: fits stand side by side, and sums are the same anywhere."""
    with threadpool_limits(1, user_api="blas"):
        yield


@_one_thread()
def train(
    question: Question,
    frame: pd.DataFrame,
    features: Sequence[Feature],
    now_month: str,
    timezone: str = "UTC",
    gap_days: int = 30,
    catalogue: str = "",
    seeds: Sequence[int] = booster.SEEDS,
    rounds: int | None = None,
    trials: int = 0,
    progress: bool = False,
) -> Trained:
    """The model of ``question`` at the close of ``now_month``.

    ``frame`` has account_id, month, a column for each feature, outcome, base and amount
    (see `rows`); rows not certain at ``now_month``'s as_of are left out (a row is certain
    when its month is, or with a column ``certain`` from that instant on), and so are
    features unknown throughout. ``catalogue`` is the digest of the declarations. The model
    kept is the average of all ``seeds``; folds are tested with the first alone, of renewals
    with all. An answer is what is known of it at ``now_month``, in every fold; when it was
    certain decides whether a fold may learn from it.

    Raises `TooFewEvents` below ``EVENTS`` events or non-events or ``MONTHS`` months, and
    `InputMissing` if no feature has a value. The same arguments give the same model. ``rounds``
    is the number of trees, by default those of its question; from 2 ``trials`` on the trees'
    settings are searched (`models.tune`), in every fold anew within its own past.
    """
    now = as_of(now_month, timezone)
    months = usable(list(frame["month"]), question, now, gap_days, timezone)
    certain = frame["month"].isin(months)
    if "certain" in frame:
        certain = frame["certain"] <= pd.Timestamp(now)
    taught = frame[certain & frame["outcome"].notna()]
    taught = taught.sort_values(["month", "account_id"], kind="stable", ignore_index=True)
    planned = folds(months, question, now, gap_days, timezone)
    cut = [(fold, split(taught, fold)) for fold in planned]
    cut = [(fold, masks) for fold, masks in cut if _teachable(taught, masks)]
    kept = [fold for fold, _ in cut]
    rule = baselines.column(question, _present(features, frame, question))
    _enough(question, taught, months, kept, rule)
    present = _present(features, taught, question)
    rule = baselines.column(question, present)
    names = sorted(f.name for f in present)
    words = Vocabulary.learn(taught[names])
    values, outcome = matrix(taught, names, words), taught["outcome"].to_numpy(np.float64)
    stages = [Stage.of(taught, masks, names) for _, masks in cut]
    rounds = booster.ROUNDS[question.kind] if rounds is None else rounds
    pasts = [(stage.before, stage.outcome) for stage in stages]
    label = question.kind if progress else None
    searched = [(*told, rounds, trials) for told in [*pasts, (values, outcome)]]
    found = _side_by_side(tuned, searched, label if trials else None)
    # Decisions are few, so what ships can be rehearsed as it is; months are many.
    tried = seeds if question.kind == "renewal" else seeds[:1]
    jobs = [(*told, tried, rounds, each) for told, each in zip(pasts, found, strict=False)]
    for stage, each in list(zip(stages, found, strict=False))[-STRANGE_FOLDS:]:
        met = ~strangers(taught.loc[stage.learn, "account_id"])
        jobs.append((stage.before[met], stage.outcome[met], tried, rounds, each))
    blind = [f.name for f in present if f.family in OPINIONS]
    facts = np.where(np.isin(names, blind), np.nan, values)
    jobs += [(each, outcome, seeds, rounds, found[-1]) for each in (values, facts)]
    *tested, scoring, reasoning = _side_by_side(booster.fits, jobs, label)
    boosters, drivers = (dict(zip(seeds, told, strict=True)) for told in (scoring, reasoning))
    pull = logistic.penalty(*pasts[0])
    learnt, unmet = tested[: len(stages)], tested[len(stages) :]
    held_out, held = rehearse(taught, present, stages, rule, pull, rounds, learnt, unmet)
    lines = None
    if ships(held_out) == "logistic":
        lines = logistic.Logistic.fit(values, outcome, pull)
    golden = values[np.linspace(0, len(values) - 1, GOLDEN).astype(int)]
    loaded = [booster.load(boosters[seed]) for seed in sorted(boosters)]
    scored = booster.margins(loaded, golden) if lines is None else lines.margins(golden)
    return Trained(
        question=question,
        month=now_month,
        through=months[-1],
        names=tuple(names),
        catalogue=catalogue,
        boosters=boosters,
        drivers=drivers,
        settings=found[-1],
        logistic=lines,
        level=held.now,
        rows=len(taught),
        events=int(outcome.sum()),
        base_rate=float(outcome.mean()),
        amounts=amounts.fit(taught, names) if question.kind == "expansion" else None,
        medians=_medians(values, names),
        folds=table(held_out, kept),
        verdict=verdict(held_out) + held.said,
        rule=rule.label,
        libraries={name: version(name) for name in ("numpy", "pandas", "scikit-learn", "xgboost")},
        golden=golden,
        golden_margins=scored + held.now,
        held_out=held_out,
        vocabulary=words,
    )


def _present(features: Sequence[Feature], rows: pd.DataFrame, question: Question) -> list[Feature]:
    """Those of ``features`` that have a value in ``rows``; ``InputMissing`` if none has."""
    found = [f for f in features if f.name in rows and rows[f.name].notna().any()]
    if not found:
        raise InputMissing(
            f"no feature has a value in the months the {question.kind} model would learn from; "
            "check that the tables were admitted and features computed"
        )
    return found


def _teachable(taught: pd.DataFrame, masks: Masks) -> bool:
    """Whether a fold has enough of both classes to learn from, and some of both to be tested on."""
    learn, test, _ = masks
    outcome = taught["outcome"].to_numpy(np.float64)
    events, tested = outcome[learn].sum(), outcome[test].sum()
    return bool(min(events, learn.sum() - events) >= FOLD_EVENTS and 0 < tested < test.sum())


def _enough(
    question: Question,
    taught: pd.DataFrame,
    months: Sequence[str],
    kept: Sequence[Fold],
    rule: Feature,
) -> None:
    events = int(taught["outcome"].sum())
    others = len(taught) - events
    if events < EVENTS or others < EVENTS or len(months) < MONTHS:
        raise TooFewEvents(
            f"{question.kind}: {events} events and {others} non-events in {len(months)} months "
            f"with certain answers; a model needs at least {EVENTS} of each and {MONTHS} months. "
            f"Until then, rank by {rule.label}; more history or more accounts will do"
        )
    if not kept:
        raise TooFewEvents(
            f"{question.kind}: {events} events in {len(months)} months, but no earlier month "
            f"had {FOLD_EVENTS} events and {FOLD_EVENTS} non-events certain behind it, so the "
            "model could not be tested, and an untested model is not used. More months will do"
        )


def _side_by_side(
    do: Callable[..., Any], jobs: Sequence[tuple[object, ...]], label: str | None
) -> list[Any]:
    """What ``do`` makes of each job, in their order; ``label`` shows progress."""
    with ThreadPoolExecutor(booster.THREADS) as pool:
        made = pool.map(lambda job: do(*job), jobs)
        return list(tqdm(made, desc=label, total=len(jobs), disable=label is None))


def _medians(values: Floats, names: list[str]) -> dict[str, float]:
    middle = pd.DataFrame(values, columns=names).median()
    return {name: float(middle[name]) for name in names}
