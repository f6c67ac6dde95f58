"""The contract lines: one product, one term, one price.

A new contract and each renewal write one line a product held; seats or products bought
within a term write lines of their own that end with it. Monthly contracts are
open-ended until they are stopped. Annual ones that are not renewed simply end; the
notice is on the line.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import NOT_YET, Flags, Ints, numbering
from warehouse.simulate.columns import Columns, Text, category, constant, ids
from warehouse.simulate.life import Life
from warehouse.simulate.state import unit_prices


def contract_lines(life: Life, dates: Agreements, names: Text) -> Columns:
    """The lines of a block, ordered by line_id; ``names`` are the account ids."""
    turn, choices = life.events.turn, life.events.choices
    began = turn.turned[:, None, :] & turn.terms.owned
    grown = (choices.added_seats > 0)[:, None, :] & choices.terms.owned & ~choices.added_products
    term = _lines(life, dates, began, turn.terms.seats, from_term=True)
    more = _lines(life, dates, grown, choices.added_seats, from_term=False)
    new = _lines(life, dates, choices.added_products, choices.terms.seats, from_term=False)
    table = {name: np.concatenate([term[name], more[name], new[name]]) for name in term}
    order = np.lexsort((table["product"], table["starts_on"], table["account"]))
    table = {name: cells[order] for name, cells in table.items()}
    account = table["account"]
    count = len(account)
    people = life.people
    billing = people.yearly[account]
    words = [product.name for product in life.world.products]
    return {
        "line_id": ids("L", (people.number[account], 6), (numbering(account), 4)),
        "account_id": names[account],
        "product": category(table["product"], words),
        "starts_on": table["starts_on"],
        "ends_on": table["ends_on"],
        "arr": table["arr"],
        "currency": constant(life.world.currency, count),
        "seats": table["seats"],
        "billing": category(billing.astype(np.int64), ("monthly", "annual")),
        "discount": people.discount[account],
        "auto_renew": (people.auto_renew & ~people.monthly)[account],
        "notice_days": np.where(people.monthly, 0, 30 * people.notice)[account],
        "signed_at": table["signed_at"],
        "cancelled_at": table["cancelled_at"],
        "ended_on": table["ended_on"],
        "end_reason": category(table["end_reason"], ("voluntary", "payment_failure")),
        "known_at": table["known_at"],
    }


def _lines(
    life: Life, dates: Agreements, sold: Flags, seats: Ints, *, from_term: bool
) -> dict[str, np.ndarray]:
    """One row for each True of ``sold`` [months, products, n], with ``seats`` [months, n]."""
    people, calendar = life.people, life.calendar
    month, product, account = np.nonzero(sold)
    at = (month, account)
    term = (life.state.began[at] + calendar.history, account)
    starts = calendar.on(month - calendar.history, people.anchor[account])
    begins = life.state.began[at] + people.term[account]
    ends = calendar.on(begins, people.anchor[account])
    prices = unit_prices(life.world, life.events.turn.terms.price)[month, product, account]
    return {
        "account": account,
        "product": product,
        "starts_on": starts if from_term else dates.added[at],
        "ends_on": np.where(people.monthly[account], NOT_YET, ends),
        "arr": seats[at] * prices,
        "seats": seats[at],
        "signed_at": dates.signed[at] if from_term else dates.sold[at],
        "known_at": dates.known[at] if from_term else dates.booked[at],
        "cancelled_at": dates.cancelled[term],
        "ended_on": dates.stopped[term],
        "end_reason": dates.reason[term],
    }
