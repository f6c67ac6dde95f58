"""The rows of a block's tables as series by month: what of every account was known when.

Each row counts in the month in which it was known, so nothing is seen that an export of
that day would not hold: an opinion counts when it was written down, a departure when it
was noticed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from warehouse.contract import TABLES
from warehouse.simulate.arrays import Flags, Floats, Instants, Ints
from warehouse.simulate.columns import Cells, Columns, Text
from warehouse.simulate.life import Life


class Rows:
    """The rows of a block's tables, counted by the month in which they were known."""

    def __init__(self, life: Life, tables: dict[str, Columns]) -> None:
        self.life, self.tables = life, tables
        self.shape = life.state.live.shape

    def owner(self, table: str) -> Ints:
        """The account of each row, by its place in the block."""
        return _text(self.tables[table]["account_id"]).codes

    def instants(self, table: str, column: str) -> Instants:
        return np.asarray(self.tables[table][column], dtype="datetime64[us]")

    def numbers(self, table: str, column: str) -> Floats:
        """A column of numbers; one that is missing is NaN."""
        cells = self.tables[table][column]
        if isinstance(cells, Text):
            raise TypeError(f"{table}.{column} holds words")
        return np.ma.filled(np.ma.asarray(cells, dtype=np.float64), np.nan)

    def of(self, table: str, **words: str) -> Flags:
        """The rows in which each named column says the given word."""
        found = np.ones(len(self.owner(table)), dtype=np.bool_)
        for name, word in words.items():
            text = _text(self.tables[table][name])
            says = np.array([each == word for each in text.words] + [False])
            found &= says[text.codes]
        return found

    def count(self, table: str, when: str, where: Flags, what: Floats | None = None) -> Floats:
        """Rows of ``where`` by the month of ``when`` [months, n], or their sum of ``what``.

        A row that was written down later counts in the month in which it was.
        """
        at = np.maximum(self.instants(table, when), self.instants(table, TABLES[table].known))
        kept = np.flatnonzero(where & ~np.isnat(at))
        month = np.searchsorted(self.life.calendar.opens, at[kept], side="right") - 1
        inside = (month >= 0) & (month < self.shape[0])
        kept, month = kept[inside], month[inside]
        cell = month * self.shape[1] + self.owner(table)[kept]
        weights = None if what is None else what[kept]
        total = np.bincount(cell, weights, minlength=self.shape[0] * self.shape[1])
        return total.reshape(self.shape).astype(np.float64)


def series(rows: Rows) -> dict[str, Floats]:
    """What is seen of every account in every month, [months, n]; NaN where nothing can be."""
    held = _contracts(rows)
    price = np.log(np.maximum(held["price"], 1.0))
    standing = {
        "seats": np.log(np.maximum(held["seats"], 1.0)),
        "arr": np.log(np.maximum(held["arr"], 1.0)),
        "owned": held["owned"],
        "price": price,
        "rise": np.diff(price, axis=0, prepend=np.nan),
    }
    happening = _behaviour(rows, held["seats"], held["owned"]) | _people(rows)
    live, told = rows.life.state.live, np.zeros(rows.shape, dtype=np.bool_)
    told[rows.life.reported] = True
    before = np.roll(live, 1, axis=0)
    standing["rise"] = np.where(before, standing["rise"], np.nan)
    return {name: np.where(live, series, np.nan) for name, series in standing.items()} | {
        name: np.where(live & told, series, np.nan) for name, series in happening.items()
    }


def _contracts(rows: Rows) -> dict[str, Floats]:
    """Core seats, ARR, the price of a core seat and the products held at each close."""
    table, opens = "contract_lines", rows.life.calendar.opens
    starts = np.maximum(rows.instants(table, "starts_on"), rows.instants(table, "known_at"))
    ended, ends = rows.instants(table, "ended_on"), rows.instants(table, "ends_on")
    stops = np.where(np.isnat(ended), ends, ended)
    first = np.maximum(np.searchsorted(opens, starts, side="right") - 1, 0)
    last = np.searchsorted(opens, stops, side="right") - 1
    last = np.where(np.isnat(stops), rows.shape[0], last)
    seats, arr = rows.numbers(table, "seats"), rows.numbers(table, "arr")
    core = rows.of(table, product=rows.life.world.products[0].name)

    def standing(what: Floats) -> Floats:
        change = np.zeros((rows.shape[0] + 1, rows.shape[1]))
        lasts = last > first
        np.add.at(change, (first[lasts], rows.owner(table)[lasts]), what[lasts])
        np.subtract.at(
            change,
            (np.minimum(last, rows.shape[0])[lasts], rows.owner(table)[lasts]),
            what[lasts],
        )
        return np.cumsum(change, axis=0)[:-1]

    held, worth = standing(seats * core), standing(arr * core)
    return {
        "seats": held,
        "arr": standing(arr),
        "price": np.divide(worth, held, out=np.zeros(rows.shape), where=held > 0),
        "owned": standing((seats > 0).astype(np.float64)),
    }


def _behaviour(rows: Rows, seats: Floats, owned: Floats) -> dict[str, Floats]:
    """Use, tickets, incidents and bills."""
    usage, core = rows.tables["usage"], rows.of("usage", product=rows.life.world.products[0].name)
    every = np.ones(len(core), dtype=np.bool_)
    active, minutes = rows.numbers("usage", "active_users"), rows.numbers("usage", "minutes")
    weekday = np.is_busday(np.asarray(usage["day"]).astype("datetime64[D]"))
    people = rows.count("usage", "known_at", core & weekday, active)
    spent = rows.count("usage", "known_at", every, minutes)
    spread = rows.count("usage", "known_at", ~core & weekday, active) / (people + 1.0)
    around = rows.count("usage", "known_at", core, active) + 1.0
    broken = rows.count("usage", "known_at", every, rows.numbers("usage", "errors"))
    asked = rows.count("tickets", "opened_at", rows.of("tickets"))
    urgent = rows.of("tickets", priority="high") | rows.of("tickets", priority="urgent")
    due, replied = (rows.instants("tickets", name) for name in ("reply_due_at", "replied_at"))
    waits = rows.of("tickets") & ~(replied <= due)
    rated = rows.of("tickets")
    paid, bill = rows.of("invoices"), rows.numbers("invoices", "amount") > 0
    late = days_of(rows.instants("invoices", "paid_at") - rows.instants("invoices", "due_on"))
    return {
        "used": np.log((people + 1.0) / (21.0 * np.maximum(seats, 1.0))),
        "breadth": np.log(spread / np.maximum(owned - 1.0, 1.0) + 0.01),
        "depth": np.log1p(rows.count("usage", "known_at", core, minutes) / around),
        "doing": np.log1p(
            rows.count("usage", "known_at", core, rows.numbers("usage", "events")) / around
        ),
        "weekend": np.log1p(
            rows.count("usage", "known_at", core & ~weekday, active) / (people + 1)
        ),
        "errors": np.log1p(1000.0 * broken / (spent / 60.0 + 1.0)),
        "tickets": np.log1p(asked / np.maximum(seats, 1.0) ** 0.55),
        "severe": rows.count("tickets", "opened_at", urgent),
        "slow": rows.count("tickets", "reply_due_at", waits) / np.maximum(asked, 1.0),
        "reopened": rows.count("tickets", "reopened_at", rows.of("tickets")),
        "rating": _mean(rows, "tickets", "rated_at", rated, rows.numbers("tickets", "rating")),
        "incidents": rows.count("incidents", "known_at", rows.of("incidents")),
        "late": _mean(rows, "invoices", "paid_at", paid & bill, np.nan_to_num(late)),
        "failed": rows.count("payments", "known_at", rows.of("payments", outcome="failed")),
    }


def _people(rows: Rows) -> dict[str, Floats]:
    """Surveys, touches, who has gone, and what the CSM thinks."""
    vendor = rows.of("touches", started_by="vendor")
    mail = vendor & (rows.of("touches", kind="email") | rows.of("touches", kind="call"))
    written = rows.count("touches", "known_at", mail)
    meeting = rows.of("touches", kind="meeting")
    asked = rows.count("surveys", "sent_at", rows.of("surveys"))
    score = rows.numbers("surveys", "score")

    def mood(kind: str) -> Floats:
        return _mean(rows, "surveys", "answered_at", rows.of("surveys", kind=kind), score)

    return {
        "replies": (rows.count("touches", "replied_at", mail) + 0.5) / (written + 1.0),
        "written": written,
        "meetings": rows.count("touches", "known_at", meeting),
        "reviews": rows.count("touches", "known_at", rows.of("touches", kind="review")),
        "inquiries": rows.count("touches", "known_at", ~vendor & ~meeting),
        "asked": asked,
        "answered": rows.count("surveys", "answered_at", rows.of("surveys"))
        / np.where(asked > 0, asked, np.nan),
        "mood": mood("nps"),
        "content": mood("csat"),
        "effort": mood("ces"),
        "champion": rows.count("contacts", "left_at", rows.of("contacts", role="champion")),
        "sponsor": rows.count("contacts", "left_at", rows.of("contacts", role="sponsor")),
        "new": rows.count("contacts", "known_at", rows.of("contacts")),
        "pulse": _mean(
            rows, "pulses", "known_at", rows.of("pulses"), rows.numbers("pulses", "score")
        ),
        "wishes": rows.count("opportunities", "known_at", rows.of("opportunities")),
    }


def _mean(rows: Rows, table: str, when: str, where: Flags, what: Floats) -> Floats:
    """The mean of ``what`` over the rows of each month; NaN in a month without one."""
    where = where & ~np.isnan(what)
    there = rows.count(table, when, where)
    total = rows.count(table, when, where, what)
    mean: Floats = np.divide(total, there, out=np.full(rows.shape, np.nan), where=there > 0)
    return mean


def _text(cells: Cells) -> Text:
    if not isinstance(cells, Text):
        raise TypeError("these cells are words")
    return cells


def days_of(span: npt.NDArray[np.timedelta64]) -> Floats:
    """Spans of time in days; NaN where there is none."""
    return np.asarray(span / np.timedelta64(1, "D"), dtype=np.float64)
