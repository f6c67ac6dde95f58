"""The first screen: the finding, whether it can be trusted, and the numbers to take away."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.notes import Check, bullets, verdict
from reporting.notes import headline as heading
from reporting.retention.reconciliation import difference, differences
from reporting.retention.trend import changes
from reporting.retention.walk import YEAR, gained, lost, summed
from reporting.retention.words import days, full, known, last, money, month, moved, plural, span
from reporting.shown import Shown
from reporting.tiles import Tile
from reporting.tiles import tiles as row

COURSE = 13


def headline(book: Book) -> Shown:
    """The finding as the page's title, with two sentences of what moved."""
    as_of = formats.instant(pd.Timestamp(book.about["as_of"]).to_pydatetime())
    over = f"{book.about['name']} · Monthly retention · {month(book)} · data as of {as_of}"
    title, values = _title(book)
    sentences = ["{walk}", "{largest}"]
    told = {"walk": _walked(book), "largest": _largest(book)}
    return heading(title, over, sentences, **values, **told)


def _title(book: Book) -> tuple[str, dict[str, object]]:
    nrr, before = book.figures["nrr"].value, last(book.trend, "nrr", 1)
    walked = summed(book.walk.tail(1))
    values: dict[str, object] = {
        "arr": money(book, walked["closing"]),
        "month": month(book),
        "nrr": formats.pct(nrr),
    }
    if nrr is None:
        way = moved(walked["closing"], walked["opening"], 0)
        return f"ARR {way} to {{arr}} in {{month}}; net retention needs a year of history", values
    way = "stands at" if before is None else f"{moved(nrr, before)} to"
    title = f"NRR {way} {{nrr}}" if way != "held to" else "NRR held at {nrr}"
    target = book.target("nrr")
    if target is not None:
        gap = round(nrr - target, 3)
        values["gap"] = formats.points(abs(gap)).lstrip("+")
        side = "on target" if not gap else f"{{gap}} {'above' if gap > 0 else 'below'} target"
        title += f", {side}"
    arr = moved(walked["closing"], walked["opening"], 0)
    return f"{title}; ARR {arr} to {{arr}}", values


def _walked(book: Book) -> str:
    total = summed(book.walk.tail(1))
    up, down = money(book, gained(total)), money(book, lost(total))
    change = money(book, total["closing"] - total["opening"], signed=True)
    return f"{up} came in and {down} went in {month(book)}, a change of {change}."


def _largest(book: Book) -> str:
    if book.moves.empty:
        return "No customer's ARR changed."
    first = book.moves.iloc[0]
    size = money(book, first["amount"], signed=True)
    same = book.moves[book.moves["kind"] == first["kind"]]
    share = formats.pct(int(first["amount"]) / int(same["amount"].sum()), 0)
    return f"The largest movement is {first['name']}: {size}, {share} of all {first['kind']}."


def strip(book: Book) -> Shown:
    """Can this be trusted: does it tie, which rows were faulty, what is missing, whose rule."""
    off = difference(book)
    ties = Check("Ties to the cent", f"{len(differences(book))} ways, 0.00 apart")
    if off:
        ties = Check("Ties to the cent", f"no: {full(book, off)} apart", "fail")
    fates = ("used", "repaired", "quarantined")
    counts = {name: int(book.sources[name].sum()) for name in ("rows_in", *fates)}
    said = " + ".join(f"{formats.count(counts[name])} {name}" for name in fates)
    clean = counts["used"] == counts["rows_in"]
    read = formats.count(counts["rows_in"])
    rows = Check("Rows", f"{read} read = {said}", "pass" if clean else "warn")
    missing = ", ".join(name.replace("_", " ") for name in book.about["absent"])
    tables = Check("Tables missing", missing or "none", "warn" if missing else "pass")
    rule = Check("Counted by", str(book.about["policy"]), "none")
    return verdict([ties, rows, tables, rule])


def tiles(book: Book) -> Shown:
    """Six numbers, each beside the month before, its target and its course."""
    since = month(book, 1).split(formats.NBSP)[0]
    rates = [
        _rate(book, "nrr", "nrr", "Net revenue retention", since),
        _rate(book, "grr", "grr", "Gross revenue retention", since),
        _rate(book, "logo_retention", "logo", "Logo retention", since),
    ]
    return row(*rates, _arr(book, since), _ratio(book, since), _signed(book, since))


def _rate(book: Book, name: str, column: str, label: str, since: str) -> Tile:
    value, n = book.figures[name].value, book.figures[name].n
    note = "" if value is not None else "Needs 12 months of history"
    return Tile(
        label,
        value,
        "pct",
        good="up",
        previous=last(book.trend, column, 1),
        since=since,
        target=book.target(name),
        course=known(list(book.trend[column].tail(COURSE))) if value is not None else (),
        n=n if value is not None else None,
        low=last(book.trend, f"{column}_low"),
        high=last(book.trend, f"{column}_high"),
        note=note,
    )


def _arr(book: Book, since: str) -> Tile:
    opening = int(book.figures["opening_arr"].value or 0)
    return Tile(
        "ARR",
        book.figures["arr"].value,
        "money",
        unit=book.currency,
        good="up",
        previous=opening or None,
        since=since,
        target=book.target("arr"),
        course=known(list(book.trend["arr"].tail(COURSE))),
        n=int(book.figures["customers"].value or 0),
    )


def _ratio(book: Book, since: str) -> Tile:
    """ARR gained for each unit lost, over up to twelve months, at each month's close."""
    course = [
        _gained_per_lost(book.walk.iloc[stop - YEAR : stop])
        for stop in range(YEAR, len(book.walk) + 1)
    ][-COURSE:]
    value = course[-1] if course else _gained_per_lost(book.walk)
    months = min(YEAR, len(book.walk))
    return Tile(
        f"Gained for each 1 lost, {months} months",
        value,
        "number",
        good="up",
        previous=course[-2] if len(course) > 1 else None,
        since=since,
        course=course,
        note="" if value is not None else "Nothing was lost",
    )


def _gained_per_lost(walk: pd.DataFrame) -> float | None:
    total = summed(walk)
    return gained(total) / lost(total) if lost(total) else None


def _signed(book: Book, since: str) -> Tile:
    due, signed = (int(book.figures[name].value or 0) for name in ("arr_due", "arr_due_signed"))
    former = book.renewals[book.renewals["seen"] < book.month]
    before = former[former["arr"] > 0]
    when = span(*_quarter(book))
    return Tile(
        "Signed, of ARR due next quarter",
        signed / due if due else None,
        "pct",
        previous=float(before["signed"].iloc[0] / before["arr"].iloc[0]) if len(before) else None,
        since=since,
        note=f"of {money(book, due)} due {when}" if due else f"Nothing is due {when}",
    )


def _quarter(book: Book) -> tuple[str, str]:
    following = book.renewals[book.renewals["starts"] > book.month]
    if following.empty:
        return book.month, book.month
    return str(following["starts"].iloc[0]), str(following["ends"].iloc[0])


def points(book: Book) -> Shown:
    """What changed, where it sits, what to do: three lines with numbers."""
    items = [("What changed.", "{changed}"), ("Where it sits.", "{sits}"), ("What to do.", "{do}")]
    told = {"changed": _changed(book), "sits": _sits(book), "do": _todo(book)}
    return bullets(*items, **told)


def _changed(book: Book) -> str:
    value, before = book.figures["grr"].value, last(book.trend, "grr", 1)
    if value is None or before is None:
        customers = plural(int(book.figures["customers"].value or 0), "customer")
        return f"{customers} at the close; rates over a year cannot be told yet."
    way, by_points = moved(value, before), formats.points(abs(value - before)).lstrip("+")
    parts = [f"GRR {'held at' if way == 'held' else f'{way} {by_points} to'} {formats.pct(value)}"]
    year = changes(book).iloc[0]
    if not formats.missing(year["change"]):
        parts.append(f"NRR on a year ago {formats.points(year['change'])}: {year['verdict']}")
    return f"{'; '.join(parts)}."


def _sits(book: Book) -> str:
    gone = book.departed
    if gone.empty:
        return "Nobody left in the last 12 months."
    total, most = int(gone["arr"].sum()), gone.groupby("reason")["arr"].sum().sort_index()
    reason = str(most.idxmax())
    share, ten = formats.pct(int(most.max()) / total, 0), int(gone["arr"].head(10).sum())
    return (
        f"{money(book, total)} left over 12 months: {share} recorded as {reason}, "
        f"{formats.pct(ten / total, 0)} with the {min(10, len(gone))} largest."
    )


def _todo(book: Book) -> str:
    still = int(book.figures["arr_due_open"].value or 0)
    if not still:
        return "Nothing is open for the next quarter; keep to the plan."
    ends = pd.Timestamp(book.about["as_of"])
    ahead = book.due[(book.due["state"] == "open") & book.due["notice_by"].notna()]
    coming = ahead[ahead["notice_by"] >= ends]["notice_by"]
    first = ""
    if len(coming):
        first = f"; first notice {formats.date(days(book, coming).min())}"
    return f"Name an owner and a date for the {money(book, still)} open next quarter{first}."
