"""The answer: one finding, and three sentences that stand behind it."""

from __future__ import annotations

from reporting import formats
from reporting.book import Book
from reporting.health.drivers import workable
from reporting.health.horizon import SHAKY, SOON, open_soon
from reporting.health.parts import (
    counted,
    money,
    opening_day,
    quarter,
    scored,
    since,
    then,
    unsaid,
    verb,
    window,
)
from reporting.health.why import noun
from reporting.notes import headline as heading
from reporting.shown import Shown

SAME = 0.02  # of last month's: a smaller change is not news
Said = tuple[str, dict[str, object]]


def headline(book: Book) -> Shown:
    """The page's finding, and under it what changed, where it sits, and where to start."""
    over = (
        f"{book.about['name']} · customer health, {formats.month(book.month)} · all accounts · "
        f"known by {formats.date(opening_day(book))}"
    )
    finding = _risk(book) if scored(book) else _no_score(book)
    said = [finding, _changed(book), _sits(book), _start(book)]
    values = {key: value for _, each in said for key, value in each.items()}
    title, *sentences = (pattern for pattern, _ in said)
    return heading(title, over, [each for each in sentences if each], **values)


def _no_score(book: Book) -> Said:
    due, still = book.figures["arr_due"].value, book.figures["arr_due_open"].value
    values: dict[str, object] = {
        "arr": money(book, book.figures["arr"].value),
        "due": money(book, due),
        "open": money(book, still),
        "quarter": quarter(book),
    }
    if not due:
        return "{arr} of ARR, nothing due in {quarter}, and no account scored yet", values
    return "{open} of the {due} due in {quarter} is open; no account is scored yet", values


def _risk(book: Book) -> Said:
    risky, loss = book.figures["arr_at_risk"], int(book.figures["expected_loss"].value or 0)
    values: dict[str, object] = {
        "loss": money(book, loss),
        "window": window(book),
        "risky": money(book, risky.value),
        "accounts": counted(risky.n, "account"),
    }
    tail = f"; {{accounts}} with {{risky}} of ARR {verb(risky.n, 'is', 'are')} at risk"
    if not risky.n:
        tail = "; no account is at risk"
    before = then(book, "expected_loss")
    if before is None:
        return "{loss} of ARR is expected to leave from {window}" + tail, values
    moved = "rose to" if loss > before else "fell to"
    if abs(loss - before) <= SAME * before:
        moved = "stays at"
    return f"Expected loss {moved} {{loss}}" + tail, values


def _changed(book: Book) -> Said:
    """What the month did to ARR, and its largest loss by name."""
    this = book.walk.iloc[-1]
    by = int(this["closing"] - this["opening"])
    won = int(this["new"] + this["expansion"] + this["reactivation"])
    lost = int(this["churn"] + this["contraction"])
    values: dict[str, object] = {
        "month": formats.month(book.month),
        "closing": money(book, int(this["closing"])),
        "by": money(book, abs(by)),
        "before": since(book),
        "won": money(book, won),
        "lost": money(book, lost),
    }
    change = f"{{by}} {'above' if by > 0 else 'below'} {{before}}" if by else "as in {before}"
    pattern = f"ARR closed {{month}} at **{{closing}}**, {change}"
    if not lost:
        return pattern + ": {won} was won and grown, and nothing was lost.", values
    largest = book.moves[book.moves["kind"].isin(["churn", "contraction"])].iloc[0]
    values |= {"gone": largest["name"], "worth": money(book, abs(int(largest["amount"])))}
    return pattern + ": {lost} was lost ({gone} {worth}), {won} won and grown.", values


def _sits(book: Book) -> Said:
    """With whom the expected loss sits, and what it is associated with."""
    if not scored(book):
        return "{unsaid}", {"unsaid": unsaid(book)}
    loss = int(book.figures["expected_loss"].value or 0)
    if not loss:
        return "", {}
    first = book.scores.iloc[0]
    values: dict[str, object] = {
        "largest": first["name"],
        "most": formats.pct(int(first["expected_loss"]) / loss, 0),
    }
    pattern = "Of the {loss} expected to leave from {window}, **{most}** sits with {largest}"
    others = workable(book)
    if others.empty:
        return pattern + ".", values
    values |= {
        "family": noun(str(others["family"].iloc[0])),
        "part": money(book, int(others["expected_loss"].iloc[0])),
    }
    tail = "; beyond calendar and size, most is associated with {family} ({part})."
    return pattern + tail, values


def _start(book: Book) -> Said:
    """Where to start: the renewals that can still go either way."""
    soon = open_soon(book)
    if soon.empty:
        return f"No contract that ends within {SOON} days is open.", {}
    shaky = soon[soon["band"].isin(SHAKY)]
    values: dict[str, object] = {
        "soon": counted(len(soon), "open renewal"),
        "stake": money(book, int(soon["arr"].sum())),
        "shaky": formats.count(len(shaky)),
        "shaken": money(book, int(shaky["arr"].sum())),
    }
    pattern = f"**{{soon}}** worth {{stake}} {verb(len(soon), 'ends', 'end')} within {SOON} days; "
    which = "the {shaky} at risk or on watch ({shaken})." if len(shaky) else "the largest."
    return pattern + "start with " + which, values
