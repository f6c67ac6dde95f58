"""Can this be trusted? What was read, what is missing, what was left unsaid."""

from __future__ import annotations

from reporting import formats
from reporting.book import Book
from reporting.health.parts import counted, money, scored, spoken
from reporting.notes import Check
from reporting.notes import verdict as strip
from reporting.shown import Shown

MUCH = 0.05  # of the ARR without a score: too much for the risk figures to stand
RECORDED = "as recorded"


def verdict(book: Book) -> Shown:
    """The strip at the top: rows, tables, clocks, accounts without a score, models."""
    checks = [_rows(book), _tables(book), _clocks(book), _coverage(book)]
    checks += [_model(book, "churn"), _model(book, "expansion")]
    return strip(checks)


def _rows(book: Book) -> Check:
    total = book.sources[["rows_in", "repaired", "quarantined"]].sum()
    bad, mended = int(total["quarantined"]), int(total["repaired"])
    read = formats.count(int(total["rows_in"]))
    if not bad and not mended:
        return Check("Rows", f"all {read} used")
    found = f"{read} read, {formats.count(mended)} repaired, {formats.count(bad)} quarantined"
    return Check("Rows", found, "warn" if bad else "pass")


def _tables(book: Book) -> Check:
    absent = [str(name).replace("_", " ") for name in book.about["absent"]]
    if not absent:
        return Check("Tables", f"all {len(book.sources)} there")
    return Check("Tables", f"no {spoken(absent)}", "warn")


def _clocks(book: Book) -> Check:
    guessed = book.sources.loc[~book.sources["clock"].str.endswith(RECORDED), "table"]
    if guessed.empty:
        return Check("When known", "recorded in every table")
    names = spoken([str(name).replace("_", " ") for name in guessed])
    return Check("When known", f"assumed for {names}", "warn")


def _coverage(book: Book) -> Check:
    silent, whole = book.figures["arr_not_scored"], book.figures["arr"].value or 0
    if not silent.n:
        return Check("ARR not scored", "none")
    share = (silent.value or 0) / whole if whole else 1.0
    if not scored(book):
        return Check("ARR not scored", "all of it", "warn")
    found = f"{money(book, silent.value)}, {formats.pct(share)}, in {counted(silent.n, 'account')}"
    return Check("ARR not scored", found, "fail" if share > MUCH else "warn")


def _model(book: Book, kind: str) -> Check:
    label = f"{kind.capitalize()} model"
    told = book.about["models"][kind]
    if "verdict" not in told:
        return Check(label, "none: too little history to learn from", "none")
    said = str(told["verdict"])
    better = said.startswith("beats")
    return Check(label, said.partition(" by ")[0] if better else said, "pass" if better else "warn")
