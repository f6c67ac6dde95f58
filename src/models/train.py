"""Training: one model from the answers certain by now, and an honest account of it.

Every fold trains the model, a logistic regression, the calendar alone, the experts' five
factors and a one-column rule on the same past rows and tests them, with the base rate, on
the same later ones. The
verdict compares the model with the logistic regression over all folds. A
question with too few answers is refused, with the counts: rules and rates serve
such a company better than a model that knows its customers by heart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
import pandas as pd
from tqdm import tqdm

from features.declare import CONTEXT, Feature
from features.vocabulary import Vocabulary
from models import baselines, booster, measures
from models.folds import Fold, folds, split, usable
from models.outcomes import Question
from models.trained import Floats, Trained
from warehouse.errors import InputMissing, Refusal
from warehouse.months import as_of

EVENTS = 50  # of each class, to train at all
MONTHS = 6  # with certain answers: fewer show one season only
FOLD_EVENTS = 20  # of each class in a fold's training rows; a fold with fewer is left out
GOLDEN = 50
METHODS = ("model", "logistic", "calendar", "five factors", "rule", "base rate")


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
    progress: bool = False,
) -> Trained:
    """The model of ``question`` at the close of ``now_month``.

    ``frame`` has account_id, month, a column for each feature, outcome, base and amount
    (see `rows`); rows not certain at ``now_month``'s as_of are left out (a row is certain
    when its month is, or with a column ``certain`` from that instant on), and so are
    features unknown throughout. ``catalogue`` is the digest of the declarations. Folds
    are tested with one seed, the model kept is the average of all. An answer is what is
    known of it at ``now_month``, in every fold; when it was certain decides whether a fold
    may learn from it.

    Raises `TooFewEvents` below ``EVENTS`` events or non-events or ``MONTHS`` months, and
    `InputMissing` if no feature has a value. The same arguments give the same model. ``rounds``
    is the number of trees, by default those of its question.
    """
    now = as_of(now_month, timezone)
    months = usable(list(frame["month"]), question, now, gap_days, timezone)
    certain = frame["month"].isin(months)
    if "certain" in frame:
        certain = frame["certain"] <= pd.Timestamp(now)
    taught = frame[certain & frame["outcome"].notna()]
    taught = taught.sort_values(["month", "account_id"], kind="stable", ignore_index=True)
    planned = folds(months, question, now, gap_days, timezone)
    kept = [fold for fold in planned if _teachable(taught, fold)]
    _enough(question, taught, months, kept)
    present = [f for f in features if f.name in taught and taught[f.name].notna().any()]
    if not present:
        raise InputMissing(
            f"no feature has a value in the {len(months)} months the {question.kind} model "
            "would learn from; check that the tables were admitted and features computed"
        )
    names = sorted(f.name for f in present)
    rule = baselines.column(question, present)
    words = Vocabulary.learn(taught[names])
    values, outcome = _matrix(taught, names, words), taught["outcome"].to_numpy(np.float64)
    learned = [split(taught, fold)[0] for fold in kept]
    jobs = [(_past(taught[rows], names), outcome[rows], seeds[0]) for rows in learned]
    jobs += [(values, outcome, seed) for seed in seeds]
    rounds = booster.ROUNDS[question.kind] if rounds is None else rounds
    fitted = _fits(jobs, rounds, question.kind if progress else None)
    boosters = dict(zip(seeds, fitted[len(kept) :], strict=True))
    held_out = _rehearse(taught, present, kept, rule, fitted[: len(kept)])
    chosen = np.linspace(0, len(values) - 1, GOLDEN).astype(int)
    golden = values[chosen]
    loaded = [booster.load(boosters[seed]) for seed in sorted(boosters)]
    return Trained(
        question=question,
        month=now_month,
        through=months[-1],
        names=tuple(names),
        catalogue=catalogue,
        boosters=boosters,
        rows=len(taught),
        events=int(outcome.sum()),
        base_rate=float(outcome.mean()),
        growth=_growth(question, taught),
        medians=_medians(values, names),
        folds=_table(held_out, kept),
        verdict=verdict(held_out),
        rule=rule.label,
        libraries={name: version(name) for name in ("numpy", "pandas", "scikit-learn", "xgboost")},
        golden=golden,
        golden_margins=booster.margins(loaded, golden),
        held_out=held_out,
        vocabulary=words,
    )


def verdict(held_out: pd.DataFrame) -> str:
    """What the folds show, in words: against chance, then the calendar, then logistic regression.

    ``held_out`` has account_id, fold, outcome and the probabilities ``model``, ``calendar`` and
    ``logistic``. What the calendar and size alone tell as well is credited to them. Intervals
    are 95 %, from 200 draws of accounts.
    """
    area, lead = measures.compare(held_out, "model", "logistic")
    over = held_out["fold"].nunique()
    tested = f"over {over} fold{'s' if over > 1 else ''}"
    span = f"[{area.low:.2f}, {area.high:.2f}]"
    if not area.low > 0.5:
        return f"no signal: AUC {area.value:.2f} {span} {tested} is not above chance"
    _, dated = measures.compare(held_out, "model", "calendar")
    if not dated.low > 0:
        return (
            f"no better than calendar and size alone: {dated.value:+.3f} [{dated.low:+.3f}, "
            f"{dated.high:+.3f}] AUC {tested}"
        )
    by = f"{lead.value:+.3f} [{lead.low:+.3f}, {lead.high:+.3f}] AUC {tested}"
    if lead.low > 0:
        return f"beats logistic regression by {by}"
    return f"no better than logistic regression: {by}"


def _teachable(taught: pd.DataFrame, fold: Fold) -> bool:
    """Whether a fold has enough of both classes to learn from, and some of both to be tested on."""
    learn, test, _ = split(taught, fold)
    outcome = taught["outcome"].to_numpy(np.float64)
    events, tested = outcome[learn].sum(), outcome[test].sum()
    return bool(min(events, learn.sum() - events) >= FOLD_EVENTS and 0 < tested < test.sum())


def _enough(
    question: Question, taught: pd.DataFrame, months: Sequence[str], kept: Sequence[Fold]
) -> None:
    events = int(taught["outcome"].sum())
    others = len(taught) - events
    if events < EVENTS or others < EVENTS or len(months) < MONTHS:
        raise TooFewEvents(
            f"{question.kind}: {events} events and {others} non-events in {len(months)} months "
            f"with certain answers; a model needs at least {EVENTS} of each and {MONTHS} months. "
            "Until then, rank by the plain rules; more history or more accounts will do"
        )
    if not kept:
        raise TooFewEvents(
            f"{question.kind}: {events} events in {len(months)} months, but no earlier month "
            f"had {FOLD_EVENTS} events and {FOLD_EVENTS} non-events certain behind it, so the "
            "model could not be tested, and an untested model is not used. More months will do"
        )


def _fits(
    jobs: Sequence[tuple[Floats, Floats, int]], rounds: int, label: str | None
) -> list[bytes]:
    """A booster for each (values, outcome, seed), in their order; ``label`` shows progress."""
    with ThreadPoolExecutor(booster.THREADS) as pool:
        made = pool.map(lambda job: booster.fit(job[0], job[1], job[2], rounds), jobs)
        return list(tqdm(made, desc=label, total=len(jobs), disable=label is None))


def _rehearse(
    taught: pd.DataFrame,
    present: Sequence[Feature],
    kept: Sequence[Fold],
    rule: Feature,
    fitted: Sequence[bytes],
) -> pd.DataFrame:
    """Every fold's test rows: account_id, month, fold, unseen, outcome, a column a method."""
    parts = []
    names = sorted(feature.name for feature in present)
    dated = [names.index(f.name) for f in present if f.family == CONTEXT]
    expert = baselines.five_factors(taught)
    for number, (fold, raw) in enumerate(zip(kept, fitted, strict=True)):
        learn, test, unseen = split(taught, fold)
        past, next_ = taught[learn], taught[test]
        y = past["outcome"].to_numpy(np.float64)
        words = Vocabulary.learn(past[names])
        x, asked = _matrix(past, names, words), _matrix(next_, names, words)
        said = {
            "model": booster.probability(booster.margins([booster.load(raw)], asked)),
            "logistic": baselines.Logistic.fit(x, y).predict(asked),
            "calendar": baselines.Logistic.fit(x[:, dated], y).predict(asked[:, dated]),
            "five factors": baselines.Logistic.fit(expert[learn], y).predict(expert[test]),
            "rule": baselines.Rule.fit(rule, past).predict(next_),
            "base rate": np.full(len(next_), y.mean()),
        }
        whose = next_[["account_id", "month", "outcome"]].assign(fold=number, unseen=unseen[test])
        parts.append(whose.join(pd.DataFrame(said, index=next_.index)))
    return pd.concat(parts, ignore_index=True)


def _table(held_out: pd.DataFrame, kept: Sequence[Fold]) -> pd.DataFrame:
    """One row for each fold and method: when, how many, and every measure."""
    found = []
    for number, fold in enumerate(kept):
        tested = held_out[held_out["fold"] == number]
        unseen = tested[tested["unseen"]]
        for method in METHODS:
            found.append(
                {
                    "fold": number,
                    "origin": fold.origin,
                    "last": fold.test_months[-1],
                    "train_months": len(fold.train_months),
                    "method": method,
                    "n": len(tested),
                    "events": int(tested["outcome"].sum()),
                    "base_rate": float(tested["outcome"].mean()),
                    **measures.scorecard(
                        tested["outcome"].to_numpy(np.float64), tested[method].to_numpy(np.float64)
                    ),
                    "n_unseen": len(unseen),
                    "auc_unseen": measures.auc(
                        unseen["outcome"].to_numpy(np.float64), unseen[method].to_numpy(np.float64)
                    ),
                }
            )
    return pd.DataFrame(found)


def _growth(question: Question, taught: pd.DataFrame) -> float | None:
    if question.kind != "expansion":
        return None
    grown = taught[taught["outcome"] == 1]
    return float(grown["amount"].sum() / grown["base"].sum())


def _matrix(frame: pd.DataFrame, names: list[str], words: Vocabulary) -> Floats:
    return words.encode(frame[names]).to_numpy(dtype=np.float64)


def _past(frame: pd.DataFrame, names: list[str]) -> Floats:
    """The numbers of a fold's own past, which knows the words of that past and no others."""
    return _matrix(frame, names, Vocabulary.learn(frame[names]))


def _medians(values: Floats, names: list[str]) -> dict[str, float]:
    middle = pd.DataFrame(values, columns=names).median()
    return {name: float(middle[name]) for name in names}
