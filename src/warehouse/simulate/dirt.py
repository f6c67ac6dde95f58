"""Dirt: what real exports do to a clean table.

Twelve kinds, each planted in a block that is otherwise what it would have been, by
streams of its own, and each counted: the same company clean and dirty has the same truth.
What is planted is what a company's systems really do: feeds that come late or twice or
not at all, records edited, merged, made for a test, stamped in another zone, or logged in
one go at the end of the month.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from warehouse.simulate.arrays import DAY, Flags, Instants, days, repeat
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.columns import Columns, Text, category, ids, joined, rows, take
from warehouse.simulate.soil import Soil, customers, first_rows, into, number_of, silence
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams

_LATE, _LATEST = 0.02, 10
_TWICE = 0.005
_OUTAGES = 0.006
_BLANK_INDUSTRY = 0.03
_CLOSED_EARLIER = 0.25
_TWO_RECORDS = 0.008
_OTHER_ZONE, _HOURS = 0.02, np.timedelta64(7 * 3600, "s").astype("timedelta64[us]")
_STAFF = 0.004
_STRANGERS = 0.05
_UNSAID, _MISSAID = 0.40, 0.25
_BOOKED_LATE = 0.06
_IN_BULK = 0.08
_EVENING = np.timedelta64(17 * 3600, "s").astype("timedelta64[us]")
_TITLES = ("Test account", "Internal sandbox", "Demo tenant", "QA environment")


def dirtied(
    tables: dict[str, Columns], calendar: Calendar, products: tuple[str, ...], streams: Streams
) -> tuple[dict[str, Columns], Columns]:
    """The tables of a block with dirt, and the rows each kind has stained in it."""
    soil = Soil(dict(tables), calendar, products, streams)
    for number, (kind, stain) in enumerate(STAINS.items()):
        soil.count(kind, 0)
        stain(soil, streams.stream(Purpose.DIRT, number))
    planted = soil.planted
    return soil.tables, {
        "kind": category(np.arange(len(planted)), list(planted)),
        "rows": np.array(list(planted.values()), dtype=np.int64),
    }


def _late(soil: Soil, stream: np.random.Generator) -> None:
    """Usage that comes one to ten days after its time."""
    usage = soil.tables["usage"]
    late = stream.random(rows(usage)) < _LATE
    known = np.asarray(usage["known_at"])[late]
    more = stream.integers(1, _LATEST + 1, len(known))
    soil.change("usage", "known_at", late, known + more * DAY)
    soil.count("late usage", (known + more * DAY < soil.calendar.export).sum())
    soil.export("usage")


def _outages(soil: Soil, _stream: np.random.Generator) -> None:
    """Working days on which nothing of a product was measured, for all accounts alike."""
    lost = outages(soil.calendar, soil.products, soil.streams.seed)
    usage = soil.tables["usage"]
    product, day = usage["product"], np.asarray(usage["day"]).astype("datetime64[D]")
    if not isinstance(product, Text):
        raise TypeError("the product of a usage row is a word")
    index = (day - soil.calendar.export.astype("datetime64[D]")).astype(np.int64)
    gone = np.flatnonzero(~lost[product.codes, index])
    soil.tables["usage"] = take(usage, gone)
    if soil.streams.block == 0:
        soil.count("telemetry outages", lost.sum())


def outages(calendar: Calendar, products: tuple[str, ...], seed: int) -> Flags:
    """Which reported days of which product are lost, [products, days] of the whole company."""
    dates = calendar.reported_days().astype("datetime64[D]")
    stream = Streams(seed, WHOLE_COMPANY).stream(Purpose.DIRT)
    working = np.is_busday(dates)
    lost: Flags = (stream.random((len(products), len(dates))) < _OUTAGES) & working
    return lost


def _other_zone(soil: Soil, stream: np.random.Generator) -> None:
    """Accounts whose use is stamped at another zone's midnight for a while."""
    usage = soil.tables["usage"]
    owner = number_of(usage["account_id"])
    chosen = stream.random(owner.max(initial=0) + 1) < _OTHER_ZONE
    day = np.asarray(usage["day"])
    since = soil.calendar.opens[soil.calendar.history] + into(soil, stream.random())
    shifted = chosen[owner] & (day >= since) & (day < since + 90 * DAY)
    soil.change("usage", "day", shifted, day[shifted] - _HOURS)
    soil.count("stamps of another zone", shifted.sum())


def _twice(soil: Soil, stream: np.random.Generator) -> None:
    """Rows sent twice."""
    for table in ("usage", "tickets", "touches"):
        count = rows(soil.tables[table])
        again = np.flatnonzero(stream.random(count) < _TWICE)
        order = np.sort(np.concatenate([np.arange(count), again]))
        soil.tables[table] = take(soil.tables[table], order)
        soil.count("rows sent twice", len(again))


def _industries(soil: Soil, stream: np.random.Generator) -> None:
    """Accounts whose industry nobody filled in."""
    soil.count("industry missing", silence(soil, "accounts", "industry", stream, _BLANK_INDUSTRY))


def _close_dates(soil: Soil, stream: np.random.Generator) -> None:
    """Opportunities closed, by a later edit, at the end of the month before they were accepted."""
    table = soil.tables["opportunities"]
    found, accepted, closed = (
        np.asarray(table[name]) for name in ("identified_at", "accepted_at", "closed_at")
    )
    earlier = (accepted.astype("datetime64[M]").astype("datetime64[D]") - 1).astype(closed.dtype)
    edited = ~np.isnat(closed) & ~np.isnat(accepted) & (earlier >= found)
    edited &= stream.random(len(closed)) < _CLOSED_EARLIER
    soil.change("opportunities", "closed_at", edited, earlier[edited])
    soil.count("close dates edited", edited.sum())


def _two_records(soil: Soil, stream: np.random.Generator) -> None:
    """Accounts with a second record, to which a part of what happens is booked."""
    accounts = soil.tables["accounts"]
    chosen = np.flatnonzero(customers(accounts) & (stream.random(rows(accounts)) < _TWO_RECORDS))
    copies = take(accounts, chosen)
    number = number_of(accounts["account_id"])[chosen]
    names = ids("D", (number, 6))
    second = np.full(int(number_of(accounts["account_id"]).max()) + 1, -1)
    second[number] = np.arange(len(number))
    copies |= {"account_id": names}
    soil.tables["accounts"] = joined([accounts, copies])
    since = soil.calendar.opens[soil.calendar.history] + into(soil, 0.5)
    for table, when in (("tickets", "opened_at"), ("touches", "touched_at")):
        held = soil.tables[table]
        owner = held["account_id"]
        at = second[number_of(owner)]
        moved = (at >= 0) & (np.asarray(held[when]) >= since)
        if not isinstance(owner, Text):
            raise TypeError("an account is named by a word")
        codes = np.where(moved, len(owner.words) + at, owner.codes)
        named = Text(codes, [*owner.words, *names.words])
        soil.tables[table] = held | {"account_id": named}
    soil.count("accounts with two records", len(chosen))


def _staff(soil: Soil, stream: np.random.Generator) -> None:
    """Accounts of the vendor's own people: a name that says so, a line of no money, some use."""
    accounts, lines, usage = (soil.tables[t] for t in ("accounts", "contract_lines", "usage"))
    count = rows(accounts)
    chosen = np.flatnonzero(stream.random(count) < _STAFF)
    number = number_of(accounts["account_id"])[chosen]
    title = stream.integers(0, len(_TITLES), len(chosen))
    names = ids("Z", (number, 6))
    records = take(accounts, chosen) | {
        "account_id": names,
        "name": Text(
            np.arange(len(chosen)),
            [f"{_TITLES[t]} {n}" for t, n in zip(title, number, strict=True)],
        ),
        "parent_id": category(np.full(len(chosen), -1), names.words),
        "merged_into": category(np.full(len(chosen), -1), names.words),
    }
    soil.tables["accounts"] = joined([accounts, records])
    first, last = first_rows(number_of(lines["account_id"]), number), np.arange(len(chosen))
    free = take(lines, first[first >= 0]) | {
        "line_id": ids("Y", (number[first >= 0], 6)),
        "account_id": names[last[first >= 0]],
        "arr": np.zeros((first >= 0).sum(), dtype=np.int64),
    }
    soil.tables["contract_lines"] = joined([lines, free])
    owner = number_of(usage["account_id"])
    at = first_rows(owner, number)
    used = np.flatnonzero(at >= 0)
    row, nth = repeat(np.full(len(used), 20))
    source = np.minimum(at[used][row] + nth, len(owner) - 1)
    own = owner[source] == number[used][row]
    played = take(usage, source[own]) | {"account_id": names[used[row[own]]]}
    soil.tables["usage"] = joined([usage, played])
    soil.count("test and internal accounts", len(chosen))


def _strangers(soil: Soil, stream: np.random.Generator) -> None:
    """Surveys answered by people who are no contact."""
    surveys = soil.tables["surveys"]
    contact, score = surveys["contact_id"], surveys["score"]
    if not isinstance(contact, Text) or isinstance(score, Text):
        raise TypeError("a contact is named by a word, a score is a number")
    answered = ~np.ma.getmaskarray(np.ma.asarray(score))
    odd = answered & (contact.codes >= 0) & (stream.random(len(contact)) < _STRANGERS)
    who = [f"X{word[1:]}" for word in contact.words]
    codes = np.where(odd, contact.codes + len(contact.words), contact.codes)
    soil.tables["surveys"] = surveys | {"contact_id": Text(codes, [*contact.words, *who])}
    soil.count("answers by strangers", odd.sum())


def _exit_reasons(soil: Soil, stream: np.random.Generator) -> None:
    """Reasons of leaving that nobody asked for, or that are not the reason."""
    lines = soil.tables["contract_lines"]
    reason = lines["exit_reason"]
    if not isinstance(reason, Text):
        raise TypeError("a reason is a word")
    said, u = reason.codes >= 0, stream.random(len(reason))
    unsaid, wrong = said & (u < _UNSAID), said & (u >= 1.0 - _MISSAID)
    other = (reason.codes + 1 + stream.integers(0, len(reason.words) - 1, len(u))) % len(
        reason.words
    )
    codes = np.where(unsaid, -1, np.where(wrong, other, reason.codes))
    soil.tables["contract_lines"] = lines | {"exit_reason": Text(codes, reason.words)}
    soil.count("exit reasons missing", unsaid.sum())
    soil.count("exit reasons wrong", wrong.sum())


def _booked_late(soil: Soil, stream: np.random.Generator) -> None:
    """Contracts booked weeks after they began."""
    lines = soil.tables["contract_lines"]
    known, starts = np.asarray(lines["known_at"]), np.asarray(lines["starts_on"])
    late = stream.random(len(known)) < _BOOKED_LATE
    booked = np.maximum(known, starts)[late] + days(10.0 + 35.0 * stream.random(int(late.sum())))
    soil.change("contract_lines", "known_at", late, booked)
    soil.count("contracts booked late", (booked < soil.calendar.export).sum())
    soil.export("contract_lines")


def _in_bulk(soil: Soil, stream: np.random.Generator) -> None:
    """Touches that a CSM logs in one go on the evening of the month's last working day."""
    touches = soil.tables["touches"]
    owner, when = number_of(touches["account_id"]), np.asarray(touches["touched_at"])
    habit = stream.random(owner.max(initial=0) + 1) < _IN_BULK
    month = when.astype("datetime64[M]")
    last = np.busday_offset((month + 1).astype("datetime64[D]") - 1, 0, roll="backward")
    evening: Instants = last.astype("datetime64[us]") + _EVENING
    bulk = habit[owner] & (when < evening) & (evening < soil.calendar.export)
    soil.change("touches", "known_at", bulk, evening[bulk])
    soil.count("touches logged in bulk", bulk.sum())


STAINS: dict[str, Callable[[Soil, np.random.Generator], None]] = {
    "test and internal accounts": _staff,
    "accounts with two records": _two_records,
    "industry missing": _industries,
    "telemetry outages": _outages,
    "late usage": _late,
    "stamps of another zone": _other_zone,
    "close dates edited": _close_dates,
    "answers by strangers": _strangers,
    "exit reasons missing": _exit_reasons,
    "contracts booked late": _booked_late,
    "touches logged in bulk": _in_bulk,
    "rows sent twice": _twice,
}
"""Each kind of dirt, in the order it is applied; a later one must not undo an earlier one."""
