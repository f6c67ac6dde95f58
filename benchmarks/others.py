"""What the models reach on data nobody here wrote: ``python -m benchmarks.others`` fills the page.

The data are found through ``PERENNIAL_SAMPLES`` or in ``../shared/data`` and read where they lie.
Each figure of ``docs/others-data.md`` is of the run that wrote it, good or bad.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from benchmarks.harness import ROOT
from features.catalogue import catalogue
from features.declare import Feature
from features.vocabulary import Vocabulary
from models import alarm, booster, controls, logistic, measures, rehearsal, train
from models.baselines import Rule
from models.measures import Interval
from models.outcomes import Kind, Question
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.errors import InputMissing
from warehouse.months import as_of

PAGE = ROOT / "docs" / "others-data.md"
VALID = '\n[tables.contract_lines.where]\nvalidInvoice = ["1.0"]\n'
KINDS: dict[Kind, str] = {
    "renewal": "renewal lost",
    "churn": "left within a quarter",
    "expansion": "grew within a quarter",
}
TERMS = {"model": "model", "calendar": "calendar and size", "few": "past lines alone"}
USE = {"model": "model", "logistic": "logistic regression", "calendar": "calendar and size"}
FLAT = {"trees": "trees", "logistic": "logistic regression", "rule": "tenure alone"}
DRAWS, SEED, FOLDS = 200, 20, 5
DIGITS, SIGNED = ".2f", "+.3f"
HONEST = (0.82, 0.85)  # what the flat table is known to give; .95 is a leak
CHURN = Question("churn")

Heard = tuple[training.Lesson, pd.DataFrame]  # held-out rows with ``few``, the past lines
Blocks = dict[str, list[str]]  # the lines of each block of the page


def samples(name: str) -> Path:
    """Where the data set ``name`` lies; ``InputMissing`` if it is nowhere."""
    place = Path(os.environ.get("PERENNIAL_SAMPLES", ROOT.parent / "shared" / "data")) / name
    if not place.is_dir():
        raise InputMissing(f"{place} is not there; set PERENNIAL_SAMPLES to the sample data sets")
    return place.resolve()


def hear(name: str, kinds: Iterable[Kind], more: str = "") -> dict[Kind, Heard]:
    """``kinds`` asked of the example ``name``, mapped without ``VALID`` but with ``more``."""
    told = (ROOT / "examples" / name / "perennial.toml").read_text("utf-8").replace(VALID, "")
    found = {}
    with tempfile.TemporaryDirectory(prefix="perennial-bench-") as folder:
        home = Path(folder)
        (home / "data").mkdir()
        (home / "data" / "raw").symlink_to(samples(name))
        (home / "perennial.toml").write_text(told + more, "utf-8")
        month = newest(place := at(home))
        for kind in kinds:
            lesson = training.learn(place, closed(place, month), kind, month)
            assert lesson.trained.held_out is not None
            seen = ["account_id", "month", "lines_before", "days_to_last_end"]
            held = lesson.trained.held_out.merge(lesson.past.frame.reindex(columns=seen))
            held["few"] = held["lines_before"] * (1.0 if kind == "expansion" else -1.0)
            found[kind] = lesson, held
    return found


def precision(held: pd.DataFrame, name: str) -> Interval:
    """The mean average precision of ``name`` over folds, with accounts drawn as for the AUC."""
    whose, weights = measures.drawn(held["account_id"], DRAWS, SEED)
    folds, areas = held["fold"].to_numpy(), []
    for fold in np.unique(folds):
        rows = held[folds == fold]
        outcome, said = (rows[column].to_numpy(np.float64) for column in ("outcome", name))
        times = weights[:, whose[folds == fold]].astype(np.int64)
        drawn = (np.repeat(np.arange(len(rows)), each) for each in times)
        areas.append([measures.average_precision(outcome[i], said[i]) for i in drawn])
    area = np.nanmean(areas, axis=0)
    low, high = np.nanpercentile(area[1:], [2.5, 97.5])
    return Interval(float(area[0]), float(low), float(high), float(np.nanstd(area[1:])))


def reached(asked: dict[str, pd.DataFrame], speakers: dict[str, str]) -> list[str]:
    """What each question rests on, and what each of ``speakers`` (columns) made of it: tables."""
    first = next(iter(speakers))
    sizes = [["question", "rows held out", "accounts", "events", "base rate", "folds"]]
    rows = [["question", "told by", "AUC", "average precision", f"AUC of the {first} less this"]]
    for name, held in asked.items():
        counts = (len(held), held["account_id"].nunique(), int(held["outcome"].sum()))
        rate, folds = f"{held['outcome'].mean():.1%}", str(held["fold"].nunique())
        sizes.append([name, *(f"{n:,}" for n in counts), rate, folds])
        for column, said in speakers.items():
            area, lead = measures.compare(held, column, column)[0], ""
            if column != first:
                lead = _span(measures.compare(held, first, column)[1], SIGNED)
            rows.append([name, said, _span(area), _span(precision(held, column)), lead])
    return [*_table(sizes), "", *_table(rows)]


def ending(held: pd.DataFrame) -> pd.DataFrame:
    """The rows of accounts whose last signed line ends inside the window asked about."""
    days = {m: [(e - as_of(m)).days for e in CHURN.window(m, "UTC")] for m in set(held["month"])}
    opens, shuts = (held["month"].map({m: each[i] for m, each in days.items()}) for i in (0, 1))
    return held[(held["days_to_last_end"] >= opens) & (held["days_to_last_end"] < shuts)]


def displayr() -> Blocks:
    """The blocks on the real ledger."""
    valid, every = hear("displayr", KINDS, VALID), hear("displayr", KINDS)
    blocks = {"ledger": ledger(), "controls": permuted(valid)}
    for block, heard in {"valid": valid, "every": every}.items():
        asked = {KINDS[kind]: held for kind, (_, held) in heard.items()}
        asked[f"{KINDS['churn']}, if the last line ends in it"] = ending(heard["churn"][1])
        said = [f"- {KINDS[kind]}: {judged(lesson)}" for kind, (lesson, _) in heard.items()]
        blocks[block] = [*reached(asked, TERMS), "", *said]
    area, lead = measures.compare(valid["renewal"][1], "model", "few")
    more = measures.compare(every["renewal"][1], "model", "few")[0]
    ahead = "ahead of" if lead.low > 0 else "behind" if lead.high < 0 else "not told apart from"
    blocks["short"] = [
        f"- **Displayr**, real and small: who will not renew, AUC {_span(area)}, {ahead} the "
        f"number of past lines alone ({_span(lead, SIGNED)}). Lines that nobody bought, taken for "
        f"contracts, would have made it {more.value:.2f}."
    ]
    return blocks


def ledger() -> list[str]:
    """What is odd in the real ledger, counted."""
    raw = pd.read_csv(samples("displayr") / "q_invoice_lines.csv")
    void = raw[(raw["validInvoice"] == 0) & (raw["AUD"] > 0)]
    ended = pd.MultiIndex.from_frame(raw[["CustOrgID", "ValidTo"]])
    drafts = pd.MultiIndex.from_frame(void[["CustOrgID", "ValidFrom"]]).isin(ended).sum()
    days = (pd.to_datetime(raw["ValidTo"]) - pd.to_datetime(raw["ValidFrom"])).dt.days.max()
    return [
        f"- {len(raw):,} lines of {raw['CustOrgID'].nunique()} organisations; "
        f"{(raw['AUD'] == 0).sum()} are free, {(raw['AUD'] < 0).sum()} negative, and the longest "
        f"runs for {days:,} days",
        f"- {len(void):,} lines with an amount and marked as no valid invoice; {drafts:,} of them "
        "begin on the very day an earlier line of the organisation ends",
    ]


def permuted(heard: dict[Kind, Heard]) -> list[str]:
    """What training makes of answers that mean nothing, and a pipeline that leaks, as a table."""
    rows = [["question", "pipeline", "permuted", "AUC", "standard errors from .5", ""]]
    known, more = catalogue().features, [*catalogue().features, _named("rate_of_account")]
    for kind, (lesson, _) in heard.items():
        told, month = (lesson.trained.question, lesson.past.frame), lesson.trained.month
        tried = {"ours": controls.controls(*told, known, month)}
        if kind == "renewal":
            tried["encoded too early"] = controls.controls(*told, more, month, prepare=_encode)
        for name, each in ((name, each) for name, both in tried.items() for each in both):
            word = "chance" if each.clear else "**not chance**"
            found = [_span(each.auc), f"{round(each.errors, 1) + 0:+.1f}", word]
            rows.append([KINDS[kind], name, each.name, *found])
    return _table(rows)


def _encode(frame: pd.DataFrame) -> pd.DataFrame:
    """``frame`` with the share of events among all answers of the account."""
    return frame.assign(rate_of_account=frame.groupby("account_id")["outcome"].transform("mean"))


def saas() -> Blocks:
    """The blocks on the company that somebody else simulated."""
    lesson, held = hear("saas_growth", ["churn"])["churn"]
    frame, known, month = lesson.past.frame, catalogue().features, lesson.trained.month
    lines = pd.read_parquet(samples("saas_growth") / "subscriptions.parquet")
    whose = frame[["account_id"]].merge(lines, on="account_id", how="left", validate="many_to_one")
    now = frame["month"].map({m: pd.Timestamp(as_of(m)) for m in set(frame["month"])})
    days = (pd.to_datetime(whose["cancel_date"]) - now).dt.days.astype("float64")
    leaky = frame.assign(status=whose["status"].astype("str"), days_to_cancel=days)
    blind = [feature for feature in known if feature.domain != "usage"]
    asked, tried = {KINDS["churn"]: held}, {"told without use": (frame, blind)}
    tried["told `status` too"] = leaky, [*known, _named("status")]
    for name, told in tried.items():
        rehearsed = train.train(CHURN, *told, month, seeds=(1,)).held_out
        assert rehearsed is not None
        asked[name] = rehearsed
    area, honest, _ = (measures.compare(each, "model", "model")[0] for each in asked.values())
    short = f"AUC {_span(area)}; without use, which tells the future here, {_span(honest)}"
    return {
        "saas": [*reached(asked, USE), "", judged(lesson)],
        "saas-alarm": alarmed(leaky, known, ("status", "days_to_cancel")),
        "short": [f"- **SaaS Growth**, simulated by others: who will leave, {short}."],
    }


def telco() -> Blocks:
    """The blocks on the flat table."""
    raw = pd.read_csv(samples("telco21") / "Telco-Customer-Churn.csv")
    left = raw["Churn"] == "Yes"
    known = [_named(str(name)) for name in raw if name not in ("customerID", "Churn")]
    rows = raw.rename(columns={"customerID": "account_id"}).assign(
        TotalCharges=pd.to_numeric(raw["TotalCharges"], errors="coerce"),
        month="2017-06",  # any one: the table has no time
        outcome=left.astype("float64"),
        months_to_cancel=(72.0 - raw["tenure"]).where(left),
    )
    held, leaky = (crossed(rows, told) for told in (known, [*known, _named("months_to_cancel")]))
    area, _ = measures.compare(held, "trees", "trees")
    inside = "inside" if HONEST[0] <= round(area.value, 2) <= HONEST[1] else "**outside**"
    short = f"AUC {_span(area)}, {inside} the {HONEST[0]:.2f} to {HONEST[1]:.2f} that are honest"
    return {
        "telco": reached({"has left": held, "told `months_to_cancel` too": leaky}, FLAT),
        "telco-alarm": alarmed(rows, known, ("Churn", "months_to_cancel")),
        "short": [f"- **Telco**, a flat sample: who has left, {short} on this table."],
    }


def crossed(rows: pd.DataFrame, known: Sequence[Feature]) -> pd.DataFrame:
    """What trees, a regression and tenure say of each of ``rows``, learnt from the other parts."""
    cut, names = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED), [f.name for f in known]
    parts: list[pd.DataFrame] = []
    for fold, (learn, test) in enumerate(cut.split(rows, rows["outcome"])):
        past, new = rows.iloc[learn], rows.iloc[test]
        words, y = Vocabulary.learn(past[names]), past["outcome"].to_numpy(np.float64)
        x, asked = (rehearsal.matrix(each, names, words) for each in (past, new))
        fitted = booster.fits(x, y, booster.SEEDS, booster.ROUNDS["churn"], booster.SETTINGS)
        trees = booster.probability(booster.margins([booster.load(raw) for raw in fitted], asked))
        lines = logistic.Logistic.fit(x, y, logistic.penalty(x, y)).predict(asked)
        rule = Rule.fit(_named("tenure"), past).predict(new)
        said = new[["account_id", "outcome"]].assign(fold=fold, trees=trees)
        parts.append(said.assign(logistic=lines, rule=rule))
    return pd.concat(parts, ignore_index=True)


def alarmed(rows: pd.DataFrame, known: Sequence[Feature], leaks: Sequence[str]) -> list[str]:
    """What the leak alarm says of ``leaks``, written after the fact, and of the ``known`` alone."""
    written = [_named(leak) for leak in leaks]
    heard = {each.feature: each.said for each in alarm.alarm(rows, written, CHURN)}
    said = [f"- `{leak}`: {heard.get(leak) or _missed(rows, leak)}." for leak in leaks]
    asked, loud = sum(f.name in rows for f in known), len(alarm.alarm(rows, known, CHURN))
    return [*said, f"- The {asked} other columns: {loud or 'no'} alarms."]


def _missed(rows: pd.DataFrame, leak: str) -> str:
    told = rows[rows["outcome"].notna()]
    told = told[told["month"].isin(sorted(set(told["month"]))[-alarm.NEWEST :])]
    rate = told.groupby(leak)["outcome"].transform("mean").to_numpy()
    area = measures.auc(told["outcome"].to_numpy(), rate)
    return f"**not heard**; AUC {area:.2f} alone in the newest {alarm.NEWEST} months"


def judged(lesson: training.Lesson) -> str:
    """What training says of a model, and whether the gate would let it serve."""
    told, gate = lesson.trained, lesson.decision
    served = "it would serve" if gate.promoted else f"refused: {'; '.join(gate.reasons)}"
    return f"{told.method}; {told.verdict}; {served}."


def _named(name: str) -> Feature:
    return replace(catalogue().by_name["arr_now"], name=name, family="contract")


def _span(found: Interval, digits: str = DIGITS) -> str:
    value, low, high = (format(each, digits) for each in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


def filled(page: str, blocks: Blocks) -> str:
    """``page`` with the lines of each of ``blocks`` between the markers of its name."""
    for name, lines in blocks.items():
        before, rest = page.split(f"<!-- {name} -->")
        after = rest.split(f"<!-- /{name} -->")[1]
        page = "\n".join([f"{before}<!-- {name} -->\n", *lines, f"\n<!-- /{name} -->{after}"])
    return page


def main() -> None:
    """Measure, and fill the page."""
    with threadpool_limits(1, user_api="blas"):
        found = [displayr(), saas(), telco()]
    blocks = found[0] | found[1] | found[2]
    blocks["short"] = [line for each in found for line in each["short"]]
    PAGE.write_text(filled(PAGE.read_text("utf-8"), blocks), "utf-8")


if __name__ == "__main__":
    main()
