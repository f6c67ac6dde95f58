"""The contract lines: one product, one term, one price, in the currency it is billed in.

A new contract and each renewal write one line a product held. What changes within a term
writes lines of its own that end with it: seats or products bought, the seats of a ramp
(agreed with the term, so known long before they start), what a contracted rise adds on an
anniversary, and the seats taken over from another account. Monthly contracts are
open-ended until they are stopped. Annual ones that are not renewed simply end; the notice
is on the line.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import REASONS, Agreements
from warehouse.simulate.arrays import NOT_YET, Flags, Instants, Ints, numbering
from warehouse.simulate.columns import Columns, Text, category, ids
from warehouse.simulate.life import Life
from warehouse.simulate.state import unit_prices


def contract_lines(life: Life, dates: Agreements, names: Text) -> Columns:
    """The lines of a block, ordered by line_id; ``names`` are the account ids."""
    parts = [_terms(life, dates), *_bought(life, dates), *_stepped(life, dates)]
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((table["product"], table["starts_on"], table["account"]))
    table = {name: cells[order] for name, cells in table.items()}
    account, people = table["account"], life.people
    causes = [*(driver.name for driver in life.world.drivers), "payment", "merged"]
    return {
        "line_id": ids("L", (people.number[account], 6), (numbering(account), 4)),
        "account_id": names[account],
        "product": category(table["product"], [product.name for product in life.world.products]),
        "starts_on": table["starts_on"],
        "ends_on": table["ends_on"],
        "arr": table["arr"] * 100 // people.rate[account],
        "currency": currency(life, account),
        "seats": table["seats"],
        "billing": category(people.yearly[account].astype(np.int64), ("monthly", "annual")),
        "discount": people.discount[account],
        "uplift": people.escalator[account],
        "auto_renew": (people.auto_renew & ~people.monthly)[account],
        "notice_days": np.where(people.monthly, 0, 30 * people.notice)[account],
        "signed_at": table["signed_at"],
        "cancelled_at": table["cancelled_at"],
        "ended_on": table["ended_on"],
        "end_reason": category(table["end_reason"], REASONS),
        "exit_reason": category(table["exit_reason"], causes),
        "known_at": table["known_at"],
    }


def currency(life: Life, account: Ints) -> Text:
    """What each of the rows of ``account`` is billed in."""
    return category(life.people.currency[account], [code for code, _, _ in life.world.currencies])


Lines = dict[str, np.ndarray]


def _terms(life: Life, dates: Agreements) -> Lines:
    """The lines a term begins with."""
    turn = life.events.turn
    sold = turn.turned[:, None, :] & turn.terms.owned
    month, _, account = np.nonzero(sold)
    at = (month, account)
    return _lines(
        life, dates, sold, turn.terms.seats, _anchored(life, at), dates.signed[at], dates.known[at]
    )


def _bought(life: Life, dates: Agreements) -> list[Lines]:
    """The lines of seats and products bought within a term."""
    choices = life.events.choices
    held = choices.terms.owned & ~choices.added_products
    made = []
    for sold, seats in (
        ((choices.added_seats > 0)[:, None, :] & held, choices.added_seats),
        (choices.added_products, choices.terms.seats),
    ):
        month, _, account = np.nonzero(sold)
        at = (month, account)
        made.append(
            _lines(life, dates, sold, seats, dates.added[at], dates.sold[at], dates.booked[at])
        )
    return made


def _stepped(life: Life, dates: Agreements) -> list[Lines]:
    """The lines of ramps, contracted rises and contracts taken over."""
    turn, calendar = life.events.turn, life.calendar
    owned = turn.terms.owned

    ramped = (turn.ramped > 0)[:, None, :] & owned
    month, product, account = np.nonzero(ramped)
    starts = _anchored(life, (month, account))
    term = (life.state.began[month, account] + calendar.history, account)
    agreed = owned[term[0], product, account]
    signed = np.where(agreed, dates.signed[term], starts)
    known = np.where(agreed, dates.known[term], starts)
    ramps = _lines(life, dates, ramped, turn.ramped, starts, signed, known)

    rate = life.people.rate
    before = unit_prices(life.world, turn.terms.price - turn.escalated, rate)
    rise = unit_prices(life.world, turn.terms.price, rate) - before
    risen = (rise > 0) & owned & (turn.escalated > 0)[:, None, :]
    month, product, account = np.nonzero(risen)
    starts = _anchored(life, (month, account))
    rises = _lines(life, dates, risen, turn.terms.seats, starts, starts, starts)
    seats = (turn.terms.seats - turn.ramped - turn.merged)[month, account]
    rises |= {
        "arr": seats * rise[month, product, account],
        "seats": np.zeros(len(seats), dtype=np.int64),
    }

    merged = (turn.merged > 0)[:, None, :] & owned
    month, product, account = np.nonzero(merged)
    starts = _anchored(life, (month, account), of=life.people.partner)
    taken = _lines(life, dates, merged, turn.merged, starts, starts, starts)
    return [ramps, rises, taken]


def _anchored(life: Life, at: tuple[Ints, Ints], of: Ints | None = None) -> Instants:
    """The anchor day, in each month, of the account (or of the one it names in ``of``)."""
    month, account = at
    whose = account if of is None else of[account]
    return life.calendar.on(month - life.calendar.history, life.people.anchor[whose])


def _lines(
    life: Life,
    dates: Agreements,
    sold: Flags,
    seats: Ints,
    starts: Instants,
    signed: Instants,
    known: Instants,
) -> Lines:
    """One row for each True of ``sold`` [months, products, n], with ``seats`` [months, n]."""
    people, calendar = life.people, life.calendar
    month, product, account = np.nonzero(sold)
    at = (month, account)
    term = (life.state.began[at] + calendar.history, account)
    ends = calendar.on(life.state.began[at] + people.term[account], people.anchor[account])
    prices = unit_prices(life.world, life.events.turn.terms.price, people.rate)
    return {
        "account": account,
        "product": product,
        "starts_on": starts,
        "ends_on": np.where(people.monthly[account], NOT_YET, ends),
        "arr": seats[at] * prices[month, product, account],
        "seats": seats[at],
        "signed_at": signed,
        "known_at": known,
        "cancelled_at": dates.cancelled[term],
        "ended_on": dates.stopped[term],
        "end_reason": dates.reason[term],
        "exit_reason": dates.cause[term],
    }
