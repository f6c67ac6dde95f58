"""The evidence for a model, as a training notebook shows it: folds, calibration, words."""

from __future__ import annotations

import warnings

import matplotlib.pyplot as plt
import pandas as pd

from features.catalogue import catalogue
from models.measures import scorecard
from models.trained import Trained
from reporting.cells import Column
from reporting.charts.calibration import calibration
from reporting.charts.folds import folds
from reporting.figure import Caption
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

BINS = 10
NAMES = {"model": "XGBoost", "logistic": "Logistic regression", "rule": "One-column rule"}


def answer(trained: Trained) -> Shown:
    """What the training found, in a paragraph."""
    return prose(
        "Trained at the close of {month} on {rows} account-months with {events} events "
        "({share}), the model **{verdict}**. The rule beside it: {rule}.",
        month=trained.month,
        rows=f"{trained.rows:,}",
        events=f"{trained.events:,}",
        share=f"{trained.base_rate:.1%}",
        verdict=trained.verdict,
        rule=trained.rule,
    )


def asked(answers: pd.DataFrame) -> Shown:
    """How many accounts each month had, how many have an answer, and how many did it."""
    grouped = answers.groupby("month")["outcome"]
    rows = pd.DataFrame(
        {
            "accounts": grouped.size(),
            "answered": grouped.count(),
            "events": grouped.sum().astype("int64"),
            "rate": grouped.mean(),
        }
    ).reset_index()
    return table(
        rows,
        [
            Column("month", "Month", "month"),
            Column("accounts", "Accounts", "count"),
            Column("answered", "With a certain answer", "count"),
            Column("events", "Events", "count"),
            Column("rate", "Rate", "pct", bar=True),
        ],
        "Asked at each month's close",
        "A month without an answer is not yet certain; it is not counted as nothing happened.",
    )


def comparison(trained: Trained) -> Shown:
    """AUC of each method on each fold, and its mean with the range over folds."""
    told = trained.folds[trained.folds["method"].isin(NAMES)].assign(
        model=lambda rows: rows["method"].map(NAMES), value=lambda rows: rows["auc"]
    )
    by = told.groupby("model", sort=False)["value"]
    summary = pd.DataFrame({"value": by.mean(), "low": by.min(), "high": by.max()}).reset_index()
    caption = Caption(
        f"{trained.question.kind.capitalize()}: {trained.verdict}",
        "AUC on each quarter that was not learned from; the mark is the mean, the line the range.",
        "",
    )
    return folds(told[["model", "fold", "value"]], summary, caption, ours=NAMES["model"])


def folds_table(trained: Trained) -> Shown:
    """Every fold and method with its measures."""
    return table(
        trained.folds.assign(method=trained.folds["method"].replace(NAMES)),
        [
            Column("origin", "Tested from", "month"),
            Column("method", "Method"),
            Column("n", "n", "count"),
            Column("events", "Events", "count"),
            Column("auc", "AUC", "number", digits=3),
            Column("average_precision", "Average precision", "number", digits=3),
            Column("base_rate", "Base rate", "pct"),
            Column("log_loss", "Log-loss", "number", digits=4),
            Column("brier", "Brier", "number", digits=4),
            Column("calibration_error", "Calibration error", "pct"),
            Column("lift", "Lift, top tenth", "number", digits=1),
            Column("auc_unseen", "AUC, accounts never met", "number", digits=3),
        ],
        "Each quarter, tested with a model that had not seen it",
    )


def calibrated(trained: Trained) -> Shown:
    """Predicted against observed rates by tenth of the tested accounts, with 95 % intervals."""
    if trained.held_out is None:
        return prose("This model was loaded from its folder, which keeps no predictions.")
    tested = trained.held_out
    tenth = tested["model"].rank(method="first", pct=True).mul(BINS).clip(upper=BINS - 1e-9)
    by = tested.groupby(tenth.astype("int64"))
    n, predicted, observed = by.size(), by["model"].mean(), by["outcome"].mean()
    # Wilson's interval for a share, z = 1.96: it does not fall below zero for a rare event.
    z = 1.96
    middle = (observed + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * (observed * (1 - observed) / n + z**2 / (4 * n**2)) ** 0.5 / (1 + z**2 / n)
    frame = pd.DataFrame(
        {
            "predicted": predicted,
            "observed": observed,
            "low": (middle - half).clip(lower=0),
            "high": middle + half,
            "n": n,
        }
    )
    measured = scorecard(tested["outcome"].to_numpy(), tested["model"].to_numpy())
    caption = Caption(
        f"On average {measured['calibration_error']:.1%} apart",
        "Accounts of all folds, by tenth of predicted probability; whiskers are 95 % intervals.",
        "",
    )
    return calibration(frame, caption)


def beeswarm(trained: Trained, now: pd.DataFrame, most: int = 12) -> None:
    """Draw what each feature adds to each account's log-odds, with shap's own plot.

    ``now`` are the features of a month (index account_id). The values are the
    model's own contributions, averaged over its seeds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap asks for notebook widgets on import; none are used
        import shap
    parts, names = trained.contributions(now), list(trained.names)
    shown = shap.Explanation(
        values=parts[names].to_numpy(),
        base_values=parts["bias"].to_numpy(),
        data=now[names].to_numpy(),
        feature_names=[catalogue().by_name[name].label for name in names],
    )
    shap.plots.beeswarm(shown, max_display=most, show=False)
    plt.gcf().set_size_inches(9, 5)


def told(reasons: pd.DataFrame, p: pd.Series[float], top: int) -> Shown:
    """The ``top`` accounts by probability with their reasons in words."""
    first = p.head(top)
    chosen = reasons.set_index("account_id")["reasons"].reindex(first.index)
    rows = pd.DataFrame(
        {
            "account": first.index,
            "p": first.to_numpy(),
            "reasons": [[reason["text"] for reason in each] for each in chosen],
        }
    )
    columns = [
        Column("account", "Account", "name"),
        Column("p", "Probability", "pct"),
        Column("reasons", "Reasons", "list"),
    ]
    return table(rows, columns, "What the model associates with it")
