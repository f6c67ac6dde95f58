"""Invoices: monthly or yearly, by card or on terms; some cards fail, some bills come late.

A failed card is tried again after three, seven and fourteen days. An account that never
pays is stopped one month after the invoice.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import DAY, NOT_YET, Ints, choose, days, numbering
from warehouse.simulate.columns import Columns, Text, constant, ids, take
from warehouse.simulate.life import Life
from warehouse.simulate.state import unit_prices
from warehouse.simulate.streams import Purpose, Streams

_RUN = np.timedelta64(5 * 3600, "s").astype("timedelta64[us]")
_TERMS = 30
_RETRIES = np.array([3.0, 7.0, 14.0])
_RECOVERED = (0.60, 0.27, 0.13)


def invoices(life: Life, dates: Agreements, streams: Streams, names: Text) -> Columns:
    """The invoices of a block's reported months, ordered by invoice_id."""
    stream = streams.stream(Purpose.INVOICES)
    people, calendar, choices = life.people, life.calendar, life.events.choices
    months = np.arange(len(life.state.live), dtype=np.int64)[:, None] - calendar.history
    reported = (months >= 0) & (months < calendar.months)
    age = (months - life.state.began) % 12
    regular = life.state.live & reported & (~people.yearly | (age == 0))
    month, account = np.nonzero(regular)
    yearly = life.events.turn.terms.arr(life.world).sum(axis=1)[month, account]
    amount = np.where(people.yearly[account], yearly, np.rint(yearly / 12)).astype(np.int64)
    issued = calendar.on(month - calendar.history, people.anchor[account]) + _RUN
    failed = choices.failed[month, account]
    lost = choices.lost[month, account]

    extra = _extra(life)
    more, buyer = np.nonzero((extra > 0) & reported & people.yearly)
    left = (12 - age[more, buyer]) / 12
    month, account = np.r_[month, more], np.r_[account, buyer]
    amount = np.r_[amount, np.rint(extra[more, buyer] * left).astype(np.int64)]
    issued = np.r_[issued, dates.added[more, buyer] + _RUN]
    failed = np.r_[failed, np.zeros(len(more), dtype=np.bool_)]
    lost = np.r_[lost, np.zeros(len(more), dtype=np.bool_)]

    count, card = len(month), people.card[account]
    due = issued - _RUN + np.where(card, 0, _TERMS) * DAY
    retry = _RETRIES[choose(stream.random(count), _RECOVERED)]
    charged = issued + days(0.003 + 0.002 * stream.random(count))
    by_card = np.where(failed, charged + days(retry + 0.1 * stream.random(count)), charged)
    by_card = np.where(lost, NOT_YET, by_card)
    lateness = life.signals.days_late[month, account] + 2.5 * stream.standard_normal(count)
    lateness = lateness + (stream.random(count) < 0.02) * stream.exponential(25.0, count)
    on_terms = np.maximum(due + days(lateness), issued + days(1.0 + stream.random(count)))
    table: Columns = {
        "account_id": names[account],
        "issued_at": issued,
        "due_on": due,
        "amount": amount,
        "currency": constant(life.world.currency, count),
        "failed_at": np.where(card & failed, charged, NOT_YET),
        "paid_at": np.where(card, by_card, on_terms),
        "known_at": issued,
    }
    order = np.lexsort((issued, account))
    account = account[order]
    numbers = ids("I", (people.number[account], 6), (numbering(account), 4))
    return {"invoice_id": numbers, **take(table, order)}


def _extra(life: Life) -> Ints:
    """ARR in cents bought within a term, [months, n]."""
    choices = life.events.choices
    prices = unit_prices(life.world, life.events.turn.terms.price)
    grown = choices.terms.owned & ~choices.added_products
    seats = choices.added_seats[:, None, :] * grown
    seats = seats + choices.terms.seats[:, None, :] * choices.added_products
    return np.asarray((seats * prices).sum(axis=1), dtype=np.int64)
