"""Look-alikes: what an account does not own, and what the accounts most like it do.

A gap is a product that an account does not own at a month's close, has not agreed to, and did
not own within ``gap_days`` before: a late renewal is no new sale.

Two accounts are alike when they are of one peer group (`features.peers`: size and age) and own
the same products. How alike is the Jaccard index of what both own: the products both have over
those either has. The product asked about is left out of it, or whoever owns it would always
look less like an account that does not. Accounts that are as alike as each other count alike,
so the nearest are whole levels of likeness, and no order of ids decides who is among them.

Beside it stand the two plainer answers a recommender must beat: how popular a product is in
the peer group, and item-kNN, how much an account owns of what is bought with it.

``owns`` is everywhere accounts x products, True where owned; ``group`` the peer group of each
account. An account in the group ``all`` is held against everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.peers import groups
from metrics import adoption
from metrics.adoption import CELL, LEAST_OWNERS
from metrics.arr import stops
from models.outcomes import Question
from warehouse.errors import InputMissing
from warehouse.months import as_of, shift
from warehouse.snapshot import Snapshot

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Groups = npt.NDArray[np.object_]

HORIZON = 6  # months within which a gap is bought, or was not
ASKED = Question("expansion", 0, HORIZON)  # its window, and when that is over
NEAREST = 20  # similar accounts to hear at the least, where there are as many
MOST = 40  # products looked at: those of most owners
EVERYBODY = "all"
ROWS = 256  # patterns compared at once: bounds the memory, not the answer
OF_ACCOUNT = (
    *("arr_now", "tenure", "seats_entitled", "seats_used", "products_owned"),
    *("products_used_28d", "products_taken_up", "opportunities_open", "opportunities_found_90d"),
)
OF_GAP = ("popularity", "lookalike", "related", "pace")


def products(held: pd.DataFrame) -> list[str]:
    """The products at least ``LEAST_OWNERS`` accounts own, sorted: the `MOST` of most owners.

    ``held`` is what `adoption.owned` returns.
    """
    owners = held["product"].value_counts()
    ranked = sorted(owners[owners >= LEAST_OWNERS].items(), key=lambda it: (-it[1], str(it[0])))
    return sorted(str(name) for name, _ in ranked[:MOST])


def several(snapshot: Snapshot, held: pd.DataFrame, month: str) -> None:
    """Refuse a company that does not say what it sold, or sold one thing only.

    ``held`` is what `adoption.owned` returned of ``month``. Raises ``InputMissing``.
    """
    adds = (
        "With two products or more there is, for every account and product it does not own, "
        "how many similar accounts do, the chance that it buys, and what that would bring"
    )
    if "product" not in snapshot.recorded("contract_lines"):
        raise InputMissing(
            "contract_lines has no product, so nobody can say what an account lacks. Map the "
            f"column that says what was sold as product, under [tables.contract_lines]. {adds}"
        )
    named = products(held)
    if len(named) < 2:
        there = f"one product ({named[0]})" if named else "no product"
        raise InputMissing(
            f"{there} of contract_lines had {LEAST_OWNERS} owners or more at the close of "
            f"{month}; whitespace needs two. Check the column mapped as product. {adds}"
        )


def cells(
    lines: pd.DataFrame, month: str, matrix: pd.DataFrame, zone: str, gap_days: int
) -> pd.DataFrame:
    """Every account and product at the close of ``month``, and what tells gaps apart.

    ``lines`` are the contract lines and ``matrix`` the features known then. Columns:
    account_id, product, month, state, arr (`adoption.matrix`), similar, owning, the columns of
    ``OF_GAP``, `expected`, and those of ``OF_ACCOUNT`` the company has. ``pace`` is the share of
    accounts without the product `HORIZON` months ago that bought it since. Ordered by CELL.
    """
    edge = as_of(month, zone)
    held = adoption.owned(lines, edge)
    paid, stop = lines[lines["arr"] > 0], stops(lines)
    ended = lines[(stop < edge) & (stop >= edge - pd.Timedelta(days=gap_days))]
    near = pd.concat([paid[paid["starts_on"] >= edge], ended])[CELL].drop_duplicates()
    table = adoption.matrix(held, products(held), near)
    if table.empty:
        return table
    seen = matrix.reindex(table["account_id"].unique())
    peers = groups(seen["arr_now"], seen["tenure"])
    group = peers.to_numpy(dtype=object)
    owns = (table["state"] == "owned").to_numpy().reshape(len(seen), -1)
    similar, owning = lookalikes(owns, group)
    before = firsts(lines, edge)
    recent = before[before["starts_on"] >= as_of(shift(month, -HORIZON), zone)]
    new = table["product"].map(recent["product"].value_counts()).fillna(0)
    gaps = (table["state"] == "gap").groupby(table["product"]).transform("sum")
    table = table.assign(
        month=month,
        similar=similar.ravel(),
        owning=owning.ravel(),
        popularity=popularity(owns, group).ravel(),
        lookalike=np.where(similar > 0, owning / np.maximum(similar, 1), np.nan).ravel(),
        related=related(owns).ravel(),
        pace=(new / (new + gaps)).to_numpy(np.float64),
        expected=expected(table, held, before, peers),
    )
    told = seen[[name for name in OF_ACCOUNT if name in seen]]
    return table.join(told, on="account_id")


def firsts(lines: pd.DataFrame, until: datetime) -> pd.DataFrame:
    """The first purchase of each product by a customer of something else: CELL, arr, seats, ...

    ``starts_on`` is when it began, before ``until``; ``arr`` (cents) and ``seats`` are summed
    over the lines that began with it. What an account began with is no such purchase.
    """
    paid = lines[(lines["arr"] > 0) & (lines["starts_on"] < until)]
    first = paid.groupby(CELL)["starts_on"].transform("min")
    new = (paid["starts_on"] == first) & (
        first > paid.groupby("account_id")["starts_on"].transform("min")
    )
    sums = {"arr": ("arr", "sum"), "seats": ("seats", "sum"), "starts_on": ("starts_on", "min")}
    return paid[new].groupby(CELL, as_index=False).agg(**sums)


def bought(table: pd.DataFrame, later: pd.DataFrame, month: str, zone: str) -> pd.DataFrame:
    """The gaps of `cells`, and what became of them by the lines known `HORIZON` months ``later``.

    ``outcome`` is 1.0 where a paid line of the product began in the window, else 0.0;
    ``amount`` the ARR of what began first, cents.
    """
    start, end = ASKED.window(month, zone)
    new = later[(later["arr"] > 0) & (later["starts_on"] >= start) & (later["starts_on"] < end)]
    new = new[new["starts_on"] == new.groupby(CELL)["starts_on"].transform("min")]
    gaps = table[table["state"] == "gap"].reset_index(drop=True)
    amount = gaps.join(new.groupby(CELL)["arr"].sum().rename("amount"), on=CELL)["amount"]
    return gaps.assign(
        outcome=amount.notna().astype("float64"), amount=amount.fillna(0).astype("int64")
    )


def expected(
    table: pd.DataFrame, held: pd.DataFrame, before: pd.DataFrame, group: pd.Series[str]
) -> pd.Series[int]:
    """The first ARR each gap of ``table`` would bring if it were bought: cents, missing if none.

    ``held`` is what `adoption.owned` returns, ``before`` what `firsts` does, ``group`` has the
    peer group by account. What earlier buyers of the product paid a seat (median), for the seats
    the account has of what it owns (median), at its own level of prices: what it pays a seat over
    what owners do. Without seats, or with few such buyers, `adoption.worth`.
    """
    rate = (held["arr"] / held["seats"]).where(held["arr"] > 0)
    level = rate / rate.groupby(held["product"]).transform("median")
    own = held.assign(level=level).groupby("account_id")[["seats", "level"]].median()
    paid = (before["arr"] / before["seats"].where(before["seats"] > 0)).groupby(before["product"])
    price = paid.median().where(paid.count() >= LEAST_OWNERS)
    seats, level = (table["account_id"].map(own[name]) for name in ("seats", "level"))
    found = table["product"].map(price) * seats * level
    rest = adoption.worth(table, group)
    return found.fillna(rest).where(table["state"] == "gap").round().astype("Int64")


def reasons(table: pd.DataFrame) -> list[str]:
    """One line in words for each gap of `cells`, empty for what is none.

    ``pipeline`` is the number of opportunities open at the account, missing where unknown.
    """
    said = []
    for state, similar, owning, selling in zip(
        table["state"], table["similar"], table["owning"], table["pipeline"].fillna(0), strict=True
    ):
        words = f"{owning:,} of {similar:,} similar accounts own it"
        words = words if similar else "no other account is similar"
        words += f"; {selling} opened to sell it something more" if selling else ""
        said.append(words if state == "gap" else "")
    return said


def lookalikes(owns: Flags, group: Groups) -> tuple[Counts, Counts]:
    """How many similar accounts each gap has, and how many of them own its product.

    Both are accounts x products; 0 where the account owns the product itself. The similar ones
    are the `NEAREST` of the group and all that are as alike as the last of these.
    """
    similar = np.zeros(owns.shape, dtype=np.int64)
    owning = np.zeros(owns.shape, dtype=np.int64)
    for asking, heard in _groups(group):
        patterns, number = np.unique(owns[heard], axis=0, return_counts=True)
        # Accounts that own the same have the same answer.
        own, whose = np.unique(owns[asking], axis=0, return_inverse=True)
        for start in range(0, len(own), ROWS):
            part = slice(start, start + ROWS)
            told = _nearest(own[part], patterns, number)
            rows = np.flatnonzero((whose >= start) & (whose < start + ROWS))
            for whole, found in zip((similar, owning), told, strict=True):
                whole[asking[rows]] = found[whose[rows] - start]
    return similar, owning


def _nearest(own: Flags, patterns: Flags, number: Counts) -> tuple[Counts, Counts]:
    """``lookalikes`` of accounts that own ``own``, among ``number`` of each of ``patterns``."""
    similar = np.zeros(own.shape, dtype=np.int64)
    owning = np.zeros(own.shape, dtype=np.int64)
    both = own.astype(np.float64) @ patterns.T.astype(np.float64)
    either = own.sum(axis=1)[:, None] + patterns.sum(axis=1) - both
    for product in range(own.shape[1]):
        gap = np.flatnonzero(~own[:, product])
        has = patterns[:, product]
        rest = either[gap] - has
        # Without any other product on either side two accounts are alike.
        like = np.divide(both[gap], rest, out=np.ones_like(rest), where=rest > 0)
        order = np.argsort(-like, axis=1, kind="stable")
        heard = np.cumsum(number[order], axis=1) - 1  # the account itself is one of them
        last = np.where(heard[:, -1] >= NEAREST, np.argmax(heard >= NEAREST, axis=1), -1)
        edge = np.take_along_axis(like, np.take_along_axis(order, last[:, None], 1), 1)
        near = (like >= edge) * number
        similar[gap, product] = near.sum(axis=1) - 1
        owning[gap, product] = near[:, has].sum(axis=1)
    return similar, owning


def popularity(owns: Flags, group: Groups) -> Floats:
    """The share of each account's group that owns each product: accounts x products."""
    found = np.zeros(owns.shape)
    for asking, heard in _groups(group):
        found[asking] = owns[heard].mean(axis=0)
    return found


def related(owns: Flags) -> Floats:
    """Item-kNN: of what is bought with each product, the share each account owns, by likeness.

    Products are as alike as the cosine of who owns them (Sarwar et al. 2001). 0 where nothing
    is bought with a product. Accounts x products.
    """
    held = owns.astype(np.float64)
    together = held.T @ held
    size = np.sqrt(np.diag(together))
    scale = np.outer(size, size)
    like = np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)
    np.fill_diagonal(like, 0.0)
    total = like.sum(axis=0)
    found: Floats = np.divide(held @ like, total, out=np.zeros_like(held), where=total > 0)
    return found


def _groups(group: Groups) -> Iterator[tuple[Counts, Counts]]:
    """The places of each group's accounts, and of those they are held against."""
    for name in np.unique(group):
        asking = np.flatnonzero(group == name)
        yield asking, np.arange(len(group)) if name == EVERYBODY else asking
