"""Invoices: monthly or yearly, by card or on terms; some cards fail, some bills come late.

A failed card is tried again within hours, then after three, seven and fourteen days; each
attempt is a payment. An account that never pays is stopped one month after the invoice.
Who was struck by an incident may get a credit: an invoice below zero, settled at once.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import (
    DAY,
    NOT_YET,
    Flags,
    Instants,
    Ints,
    choose,
    days,
    numbering,
)
from warehouse.simulate.columns import Columns, Text, category, ids
from warehouse.simulate.contracts import currency
from warehouse.simulate.drivers import RELIABILITY
from warehouse.simulate.life import Life
from warehouse.simulate.state import unit_prices
from warehouse.simulate.streams import Purpose, Streams

_RUN = np.timedelta64(5 * 3600, "s").astype("timedelta64[us]")
_TERMS = 30
_RETRIES = np.array([0.25, 3.0, 7.0, 14.0])
_RECOVERED = (0.45, 0.20, 0.10, 0.05)
"""What each retry recovers, as shares of all failures; the rest is never paid."""
_CREDITED = 0.10
_CREDIT = 0.15
"""How often an incident is made good, and with what share of a month's price."""


def billing(
    life: Life, dates: Agreements, streams: Streams, names: Text
) -> tuple[Columns, Columns]:
    """The invoices of a block's reported months, and the attempts to collect them, by id."""
    stream = streams.stream(Purpose.INVOICES)
    people = life.people
    asked = [_regular(life), _within(life, dates), _credits(life, stream)]
    account, month, issued, amount, failed, lost = (
        np.concatenate(part) for part in zip(*asked, strict=True)
    )
    order = np.lexsort((issued, account))
    account, month, issued, amount, failed, lost = (
        part[order] for part in (account, month, issued, amount, failed, lost)
    )
    count, card, credit = len(month), people.card[account], amount < 0
    due = issued - _RUN + np.where(card | credit, 0, _TERMS) * DAY
    retry = choose(stream.random(count), _RECOVERED)
    charged = issued + days(0.003 + 0.002 * stream.random(count))
    hours = 0.1 * stream.random((len(_RETRIES), count))
    tries = charged + days(_RETRIES[:, None] + hours)
    by_card = np.where(failed, np.take_along_axis(tries, retry[None, :], axis=0)[0], charged)
    by_card = np.where(lost, NOT_YET, by_card)
    lateness = life.signals.days_late[month, account] + 2.5 * stream.standard_normal(count)
    lateness = lateness + (stream.random(count) < 0.02) * stream.exponential(25.0, count)
    on_terms = np.maximum(due + days(lateness), issued + days(1.0 + stream.random(count)))
    paid = np.where(credit, issued, np.where(card, by_card, on_terms))
    numbers = ids("I", (people.number[account], 6), (numbering(account), 4))
    invoices: Columns = {
        "invoice_id": numbers,
        "account_id": names[account],
        "issued_at": issued,
        "due_on": due,
        "amount": np.rint(amount * 100 / people.rate[account]).astype(np.int64),
        "currency": currency(life, account),
        "failed_at": np.where(failed, charged, NOT_YET),
        "paid_at": paid,
        "known_at": issued,
    }
    last = np.where(lost, len(_RETRIES) - 1, retry)
    before = failed & (np.arange(len(_RETRIES))[:, None] < last)
    tried = np.concatenate([(failed & card)[None, :], before, ~credit[None, :]])
    when = np.concatenate([charged[None, :], tries, np.where(lost, tries[-1], paid)[None, :]])
    went = np.concatenate([np.zeros((1 + len(_RETRIES), count), dtype=np.bool_), ~lost[None, :]])
    row, attempt = np.nonzero(tried.T)
    payments: Columns = {
        "payment_id": ids(
            "P", (people.number[account[row]], 6), (numbering(account)[row], 4), (numbering(row), 1)
        ),
        "account_id": names[account[row]],
        "invoice_id": numbers[row],
        "attempted_at": when[attempt, row],
        "outcome": category((~went[attempt, row]).astype(np.int64), ("paid", "failed")),
        "known_at": when[attempt, row],
    }
    return invoices, payments


Asked = tuple[Ints, Ints, Instants, Ints, Flags, Flags]
"""Account, month (index of the life), date issued, cents, whether it failed, whether for good."""


def _months(life: Life) -> Ints:
    """The number of each lived month, [months, 1]."""
    return np.arange(len(life.state.live), dtype=np.int64)[:, None] - life.calendar.history


def _reported(life: Life) -> Flags:
    """Which lived months are reported, [months, 1]."""
    return (_months(life) >= 0) & (_months(life) < life.calendar.months)


def _regular(life: Life) -> Asked:
    """The invoice of each month, or of each year."""
    people, choices = life.people, life.events.choices
    age = (_months(life) - life.state.began) % 12
    month, account = np.nonzero(life.state.live & _reported(life) & (~people.yearly | (age == 0)))
    yearly = life.events.turn.terms.arr(life.world, life.people.rate).sum(axis=1)[month, account]
    amount = np.where(people.yearly[account], yearly, np.rint(yearly / 12)).astype(np.int64)
    issued = life.calendar.on(month - life.calendar.history, people.anchor[account]) + _RUN
    return (
        account,
        month,
        issued,
        amount,
        choices.failed[month, account],
        choices.lost[month, account],
    )


def _within(life: Life, dates: Agreements) -> Asked:
    """What is bought or taken over within a year already paid for, to its end."""
    choices, turn = life.events.choices, life.events.turn
    prices = unit_prices(life.world, turn.terms.price, life.people.rate)
    grown = choices.terms.owned & ~choices.added_products
    seats = (choices.added_seats + turn.merged)[:, None, :] * grown
    seats = seats + choices.terms.seats[:, None, :] * choices.added_products
    extra = (seats * prices).sum(axis=1)
    age = (_months(life) - life.state.began) % 12
    month, account = np.nonzero((extra > 0) & _reported(life) & life.people.yearly & (age > 0))
    left = (12 - age[month, account]) / 12
    amount = np.rint(extra[month, account] * left).astype(np.int64)
    no = np.zeros(len(month), dtype=np.bool_)
    return account, month, dates.added[month, account] + _RUN, amount, no, no


def _credits(life: Life, stream: np.random.Generator) -> Asked:
    """What is given back after an incident."""
    struck = life.events.choices.jumped[:, RELIABILITY] & life.state.live & _reported(life)
    month, account = np.nonzero(struck)
    chosen = stream.random(len(month)) < _CREDITED
    month, account = month[chosen], account[chosen]
    monthly = (
        life.events.turn.terms.arr(life.world, life.people.rate).sum(axis=1)[month, account] / 12
    )
    issued = life.calendar.on(month + 1 - life.calendar.history, np.full(len(month), 5)) + _RUN
    no = np.zeros(len(month), dtype=np.bool_)
    return account, month, issued, -np.rint(_CREDIT * monthly).astype(np.int64), no, no
