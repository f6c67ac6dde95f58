"""The card of a trained model: what a run in the tracking store says about it."""

from __future__ import annotations

from models import booster
from models.trained import Trained

MEASURED = (
    "auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_error",
    "lift",
    "auc_unseen",
)


def parameters(trained: Trained) -> dict[str, object]:
    """What was decided before the training, and what it had to learn from."""
    return {
        **trained.settings,
        "method": trained.method,
        "rounds": booster.ROUNDS[trained.question.kind],
        "seeds": " ".join(str(seed) for seed in sorted(trained.boosters)),
        "lead": trained.question.lead,
        "horizon": trained.question.horizon,
        "rows": trained.rows,
        "events": trained.events,
        "features": len(trained.names),
        "catalogue": trained.catalogue,
        "through": trained.through,
        "rule": trained.rule,
    }


def metrics(trained: Trained) -> list[tuple[str, float, int]]:
    """Each fold's measures as (name, value, fold), and their means over the folds at step 0.

    Names are ``method.measure`` and ``method.measure.mean``; a measure that does not exist
    on a fold is left out.
    """
    found = [("base_rate", trained.base_rate, 0)]
    for method, rows in trained.folds.groupby("method", sort=False):
        word = str(method).replace(" ", "_")
        for name in MEASURED:
            values = rows[["fold", name]].dropna()
            for fold, value in zip(values["fold"], values[name], strict=True):
                found.append((f"{word}.{name}", float(value), int(fold)))
            if len(values):
                found.append((f"{word}.{name}.mean", float(values[name].mean()), 0))
    return found


def text(trained: Trained) -> str:
    """What a person reads first on opening the run, in Markdown."""
    question = trained.question
    return (
        f"**{question.kind.capitalize()}** in months {question.lead} to {question.horizon} after "
        f"the close of {trained.month}: {trained.verdict}.\n\n"
        f"Learned from {trained.rows:,} account-months to {trained.through}, {trained.events:,} "
        f"of them events ({trained.base_rate:.1%}), in {len(trained.names)} features. Tested on "
        f"{trained.folds['fold'].nunique()} folds, each on months later than any it learned from. "
        f"Beside it: logistic regression, the base rate, and one column ({trained.rule}). The "
        f"folder `artefact` is what scores, by {trained.method}; the logged model is the trees "
        f"of the first of {len(trained.boosters)} seeds."
    )
