"""Reading the ledger: what happened to ARR, of what it was made, and what other rules say.

Each function answers one question about the facts of a month with a paragraph, a picture or
a table; numbers come from `metrics` alone.
"""

from __future__ import annotations

import pandas as pd

from metrics.bridge import bridge as bridged
from metrics.classify import PARTS
from metrics.cohorts import triangle as cells
from metrics.facts import Facts
from metrics.identities import GAINS, LOSSES
from metrics.movements import ledger, log, parted
from metrics.policy import PRESETS, Policy
from metrics.retention import CHAINED, contributions, retained
from reporting import formats
from reporting.cells import Column
from reporting.charts.bars import bars
from reporting.charts.waterfall import waterfall
from reporting.figure import Caption
from reporting.notes import bullets, prose
from reporting.retention.triangle import triangle as drawn
from reporting.retention.walk import TERMS as MOVED
from reporting.retention.words import span
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import between, opens, shift

YEAR = 12
AGES = (3, 6, 12, 18, 24, 36)
QUARTERS = 10
MOST = 12
TERMS = {**MOVED, "fx": "Exchange rates"}
MADE_OF = {
    "seats": "More or fewer seats",
    "product": "Products taken on or given up",
    "tier": "A plan in place of another",
    "price": "Price of a seat",
    "escalator": "Contracted rises",
    "unsplit": "Seats and price together",
    "credit": "Credits",
}


def _year(told: Facts) -> list[str]:
    return between(max(shift(told.month, 1 - YEAR), told.months[0]), told.month)


def _walked(told: Facts) -> pd.DataFrame:
    months = _year(told)
    moves = parted(told.counted(told.policy), months, told.zone, told.rates(told.policy))
    return ledger(told.held, months, moves)


def opening(told: Facts, currency: str) -> Shown:
    """What a year did to ARR, and how far the rules of the field lie apart on it."""
    walk = _walked(told)
    yearly = {
        name: told.policy.like(policy)
        for name, policy in PRESETS.items()
        if policy.months == YEAR and not policy.ledger
    }
    rates = {
        name: retained(told.balances(policy), told.month, policy).nrr
        for name, policy in yearly.items()
    }
    known = {name: rate for name, rate in rates.items() if rate is not None}
    start, end = int(walk["opening"].iloc[0]), int(walk["closing"].iloc[-1])
    came, went = (int(walk[terms].sum().sum()) for terms in (GAINS, LOSSES))
    said = (
        "In {n} months to {month} **ARR went from {start} to {end}**: {came} came in and {went} "
        "was lost. "
    )
    said += (
        "Of the customers there were a year ago, between {low} and {high} is left, by whose rule "
        "it is counted: {least} has the lowest, {most} the highest."
        if known
        else "There is no year of history yet, so no rate of retention."
    )
    order = sorted(known, key=lambda name: (known[name], name)) or [""]
    least, most = order[0], order[-1]
    return prose(
        said,
        n=formats.count(len(walk)),
        month=formats.month(told.month),
        start=formats.money(start, currency),
        end=formats.money(end, currency),
        came=formats.money(came, currency),
        went=formats.money(went, currency),
        low=formats.pct(known.get(least)),
        high=formats.pct(known.get(most)),
        least=least,
        most=most,
    )


def walk(told: Facts, currency: str) -> Shown:
    """From the ARR of a year ago to today's, term by term."""
    table_ = _walked(told)
    rows = [("Opening", int(table_["opening"].iloc[0]), True)]
    for term, label in TERMS.items():
        amount = int(table_[term].sum()) * (-1 if term in LOSSES else 1)
        if amount or term != "fx":
            rows.append((label, amount, False))
    rows.append(("Closing", int(table_["closing"].iloc[-1]), True))
    frame = pd.DataFrame(rows, columns=["label", "amount", "total"])
    change = rows[-1][1] - rows[0][1]
    size, than = formats.money(abs(change), currency), "more" if change >= 0 else "less"
    caption = Caption(
        f"{size} {than} than {len(table_)} months before",
        f"ARR walk in {currency}, net monthly movements, summed.",
        f"Policy: {told.policy.name}.",
    )
    return waterfall(frame, caption, currency)


def made(told: Facts, currency: str) -> Shown:
    """What growth and shrinkage of the customers there were is made of."""
    moves = parted(told.counted(told.policy), _year(told), told.zone, told.rates(told.policy))
    rows = []
    for part in PARTS:
        up, down = (moves.loc[moves["kind"] == kind, part] for kind in ("expansion", "contraction"))
        if up.any() or down.any():
            rows.append((MADE_OF[part], int((up != 0).sum()), int(up.sum()), int(down.sum())))
    frame = pd.DataFrame(rows, columns=["label", "n", "up", "down"])
    columns = [
        Column("label", "Made of"),
        Column("n", "Expansions with it", "count"),
        Column("up", "In expansions", "money", unit=currency),
        Column("down", "In contractions", "money", unit=currency),
    ]
    return table(
        frame,
        columns,
        "What expansion and contraction are made of",
        "Parts of one movement add up to it; seats are counted at the price they had.",
        empty="No customer grew or shrank.",
    )


def rules(told: Facts) -> Shown:
    """The same year of the same ledger under the rules of others."""
    rows: list[tuple[str, float | None, float | None, float | None, int, str]] = []
    for name, named in PRESETS.items():
        policy = told.policy.like(named)
        if reason := told.lacks(policy):
            rows.append((name, None, None, None, 0, f"not told: {reason}"))
            continue
        kept = retained(told.balances(policy), told.month, policy)
        words = "; ".join(part for part in (policy.retention, policy.ledger) if part)
        rows.append((name, kept.nrr, kept.grr, kept.logo, kept.n, words))
    frame = pd.DataFrame(rows, columns=["label", "nrr", "grr", "logo", "n", "rule"])
    frame = frame.astype({"nrr": "float64", "grr": "float64", "logo": "float64"})
    columns = [
        Column("label", "Whose rule"),
        Column("nrr", "Net", "pct"),
        Column("grr", "Gross", "pct"),
        Column("logo", "Customers", "pct"),
        Column("n", "Cohort", "count"),
        Column("rule", "The rule"),
    ]
    return table(frame, columns, f"Retention to {formats.month(told.month)}, by rule")


def bridge(told: Facts, preset: str, currency: str) -> Shown:
    """Why another rule counts other money than ours: the accounts that make the difference."""

    def count(policy: Policy) -> pd.DataFrame:
        return contributions(told.balances(policy), told.month, policy)

    if reason := told.lacks(told.policy.like(PRESETS[preset])):
        return prose("The rule {name} is not told: {reason}.", name=preset, reason=reason)
    found = bridged(count, told.policy, told.policy.like(PRESETS[preset]))
    money = found.groupby("account_id")["net"].sum()
    money = money[money != 0].sort_values(key=lambda cents: -cents.abs(), kind="stable")
    if money.empty:
        return prose("Under the rule {name} the same money is kept, to the cent.", name=preset)
    head, rest = money.head(MOST), money.iloc[MOST:]
    labels = ["chaining monthly rates" if a == CHAINED else str(a) for a in head.index]
    amounts = head.tolist()
    if len(rest):
        labels, amounts = [*labels, f"{len(rest):,} others"], [*amounts, int(rest.sum())]
    frame = pd.DataFrame({"label": labels, "value": amounts})
    total = int(money.sum())
    caption = Caption(
        f"The rule {preset} counts {formats.money(abs(total), currency)} "
        f"{'more' if total >= 0 else 'less'} as kept",
        "What each account adds to the money kept, or takes from it, when the rule is changed.",
        f"From: {told.policy.retention}. To: {PRESETS[preset].retention}.",
    )
    return bars(frame, caption, "money", currency, sort=False)


def triangles(told: Facts) -> Shown:
    """What is left of those who started together, by how long ago that was."""
    grid = cells(told.held, told.month, "quarter", AGES)
    grid = grid[grid["reached"] > 0]
    grid = grid[grid["starts"].isin(sorted(grid["starts"].unique())[-QUARTERS:])]
    if grid.empty:
        return prose("No account is {n} months old yet.", n=str(AGES[0]))
    frame = grid.assign(
        label=[span(starts, shift(starts, 2)) for starts in grid["starts"]],
        logo=grid["kept"] / grid["reached"],
        net=grid["net"] / grid["opening"],
        whole=grid["complete"],
    )
    caption = Caption(
        "What is left of each quarter's new customers",
        "By months since each account's own first close. Hatched: not all are that old yet.",
        f"{int(frame.drop_duplicates('starts')['n'].sum()):,} customers.",
    )
    blocks = [("logo", "Customers"), ("net", "Their ARR, growth included")]
    return drawn(frame, blocks, sorted(frame["age"].unique()), caption)


def events(told: Facts, currency: str) -> Shown:
    """The log of the month: what net monthly movements do not show."""
    whole = log(told.counted(told.policy), told.policy.gap_days)
    month = whole[
        (whole["at"] >= pd.Timestamp(opens(told.month, told.zone))) & (whole["at"] < told.as_of)
    ]
    net = parted(told.counted(told.policy), [told.month], told.zone)
    gross, shown = int(month["amount"].abs().sum()), int(net["amount"].abs().sum())
    return bullets(
        ("As it happened:", "{n} changes of ARR, worth {gross}."),
        ("Net, account by account:", "{m} movements, worth {shown}."),
        ("Pauses and returns within {gap} days:", "{p}, which are no loss and no win."),
        n=formats.count(len(month)),
        gross=formats.money(gross, currency),
        m=formats.count(len(net)),
        shown=formats.money(shown, currency),
        p=formats.count(int(month["kind"].isin(["pause", "resume"]).sum())),
        gap=formats.count(told.policy.gap_days),
    )
