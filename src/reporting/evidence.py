"""The evidence for a model, as a training notebook shows it: folds, calibration, words."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from features.catalogue import catalogue
from models.gate import Decision
from models.leadtime import ahead, lead_time
from models.measures import auc, calibration_error, compare
from models.trained import Trained
from reporting import formats
from reporting.cells import Column
from reporting.charts.calibration import calibration
from reporting.charts.folds import folds
from reporting.doubt import wilson
from reporting.figure import Caption
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

BINS = 10
NAMES = {
    "trees": "Boosted trees",
    "logistic": "Logistic regression",
    "calendar": "Calendar and size",
    "five factors": "Five factors",
    "rule": "One-column rule",
}


def answer(trained: Trained) -> Shown:
    """What the training found, in a paragraph."""
    mean = trained.folds.groupby("method")[["auc", "average_precision", "lift"]].mean()
    return prose(
        "Trained at the close of {month} on {rows} account-months with {events} events "
        "({share}), the model **{verdict}**. On quarters it had not seen its AUC is {auc} on "
        "average (logistic regression {logistic}, the rule {one}), and the tenth it ranks highest "
        "holds {lift} times the events of an average tenth. The rule beside it: {rule}.",
        month=formats.month(trained.month),
        rows=formats.count(trained.rows),
        events=formats.count(trained.events),
        share=formats.pct(trained.base_rate),
        verdict=trained.verdict,
        auc=formats.number(mean.loc["model", "auc"], 2),
        logistic=formats.number(mean.loc["logistic", "auc"], 2),
        one=formats.number(mean.loc["rule", "auc"], 2),
        lift=formats.number(mean.loc["model", "lift"], 1),
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


def comparison(trained: Trained, of: str = "") -> Shown:
    """AUC of each method on each fold, and its mean over folds with a 95 % interval.

    ``of`` is what was asked, in words; by default the kind of question.
    """
    if trained.held_out is None:
        return prose("This model was loaded from its folder, which keeps no predictions.")
    told = trained.folds[trained.folds["method"].isin(NAMES)].assign(
        model=lambda rows: rows["method"].map(NAMES), value=lambda rows: rows["auc"]
    )
    summary = pd.DataFrame(
        [
            {"model": label, **asdict(compare(trained.held_out, method, method)[0])}
            for method, label in NAMES.items()
        ]
    )
    caption = Caption(
        f"{of or trained.question.kind.capitalize()}: {trained.verdict}",
        "AUC on each quarter that was not learned from, a dot a quarter. Mark: mean; line: 95 % "
        "interval, from 200 draws of accounts with all their months.",
        tested(trained),
    )
    return folds(told[["model", "fold", "value"]], summary, caption, ours=NAMES[_ships(trained)])


def folds_table(trained: Trained) -> Shown:
    """Every fold and method with its measures."""
    told = trained.folds[trained.folds["method"] != "model"]
    return table(
        told.assign(method=told["method"].replace({**NAMES, "base rate": "Base rate"})),
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


def strangers(trained: Trained) -> Shown:
    """How the trees rank accounts kept from them, beside the same rows where they were not."""
    rows = trained.folds[trained.folds["n_stranger"] > 0]
    mean = rows[["auc_stranger", "auc_met"]].mean()
    return prose(
        "Asked about accounts that were kept from them altogether, the trees have an AUC of "
        "**{strange}**; asked about the same accounts having met them before, **{met}** "
        "({n} rows of the newest {folds} folds). The difference is what they know by heart.",
        strange=formats.number(mean["auc_stranger"], 3),
        met=formats.number(mean["auc_met"], 3),
        n=formats.count(rows["n_stranger"].sum()),
        folds=formats.count(len(rows)),
    )


def gated(decision: Decision) -> Shown:
    """Whether the model takes over from the one that serves, and why."""
    return table(
        pd.DataFrame({"why": list(decision.reasons)}),
        [Column("why", "What the gate found")],
        "It takes over" if decision.promoted else "It is kept, and does not take over",
        "Asked on the newest months with certain answers: does it tell accounts apart, do its "
        "probabilities come true, does a column smell of the future, is it worse than the one "
        "that serves?",
    )


def by_lead(trained: Trained, answers: pd.DataFrame) -> Shown:
    """AUC of each method by the months left to the notice deadline.

    ``answers`` are those of `models.decisions`, which say the ``lead`` of each row.
    """
    if trained.held_out is None:
        return prose("This model was loaded from its folder, which keeps no predictions.")
    rows = trained.held_out.merge(answers[["account_id", "month", "lead"]])
    told = []
    for lead, each in rows[rows["lead"] > 0].groupby("lead"):
        outcome = each["outcome"].to_numpy("float64")
        areas = {name: auc(outcome, each[name].to_numpy("float64")) for name in NAMES}
        told.append({"lead": lead, "n": len(each), "events": int(outcome.sum()), **areas})
    columns = [Column("lead", "Months to the deadline", "count"), Column("n", "n", "count")]
    columns += [Column("events", "Not renewed", "count")]
    columns += [Column(name, title, "number", digits=3) for name, title in NAMES.items()]
    frame = pd.DataFrame(told, columns=[column.name for column in columns])
    return table(
        frame, columns, "AUC by how far off the decision is", "All tested months together."
    )


def in_time(trained: Trained, answers: pd.DataFrame) -> Shown:
    """Whether 90 days' warning of a lost renewal can be had, in a sentence."""
    if trained.held_out is None:
        return prose("This model was loaded from its folder, which keeps no predictions.")
    return prose("{said}.", said=lead_time(ahead(trained.held_out, answers)).said)


def calibrated(trained: Trained) -> Shown:
    """Predicted against observed rates by tenth of the tested accounts, with 95 % intervals."""
    if trained.held_out is None:
        return prose("This model was loaded from its folder, which keeps no predictions.")
    rows = trained.held_out
    tenth = rows["model"].rank(method="first", pct=True).mul(BINS).clip(upper=BINS - 1e-9)
    by = rows.groupby(tenth.astype("int64"))
    frame = by.agg(
        predicted=("model", "mean"),
        observed=("outcome", "mean"),
        events=("outcome", "sum"),
        n=("outcome", "size"),
    )
    sides = [wilson(int(e), int(n)) for e, n in zip(frame["events"], frame["n"], strict=True)]
    frame = frame.assign(low=[low for low, _ in sides], high=[high for _, high in sides])
    error = calibration_error(rows["outcome"].to_numpy(), rows["model"].to_numpy())
    caption = Caption(
        f"On average {formats.points(error).lstrip('+')} between what was said and what happened",
        "Accounts of all folds, by tenth of predicted probability; whiskers are 95 % intervals.",
        tested(trained),
    )
    return calibration(frame.drop(columns="events").reset_index(drop=True), caption)


def _ships(trained: Trained) -> str:
    return "trees" if trained.logistic is None else "logistic"


def tested(trained: Trained) -> str:
    """The line under a figure: when the tests were, on how many rows with how many events."""
    model = trained.folds[trained.folds["method"] == "model"]
    first, last = str(model["origin"].min()), str(model["last"].max())
    return (
        f"Tested {formats.month(first)} to {formats.month(last)} · "
        f"n = {formats.count(model['n'].sum())} account-months · "
        f"{formats.count(model['events'].sum())} events · features {trained.catalogue}"
    )


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
        data=trained.numbers(now).to_numpy(),
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
            "reasons": [[_short(reason) for reason in each] for each in chosen],
        }
    )
    columns = [
        Column("account", "Account", "name"),
        Column("p", "Probability", "pct"),
        Column("reasons", "Reasons", "list"),
    ]
    return table(
        rows,
        columns,
        "What the model associates with the highest probabilities",
        "In brackets: three months before, and the median account. What lowers it says so.",
    )


def _short(reason: Mapping[str, Any]) -> str:
    """A reason without the words that are the same for all of a column."""
    text = str(reason["text"]).split(";")[0]
    return text if reason["direction"] == "raises" else f"{text}; lowers it"
