"""One number at the command line: what it is, under which rule, and why another rule differs."""

from __future__ import annotations

import textwrap
from difflib import get_close_matches

import pandas as pd

from metrics.bridge import bridge
from metrics.definitions.lifetime import LIFETIME
from metrics.definitions.movements import MOVEMENTS
from metrics.definitions.revenue import REVENUE
from metrics.entry import Entry
from metrics.facts import Facts, facts
from metrics.movements import ledger, parted
from metrics.numbers import counted_from_facts, number
from metrics.policy import PRESETS, Policy
from metrics.registry import Figure, entry
from metrics.retention import CHAINED, contributions, retained
from perennial.month import closed
from perennial.workspace import Workspace
from reporting import formats
from reporting.book import load
from warehouse.errors import InputMissing, Usage

RATES = {"nrr": ("nrr", "net"), "grr": ("grr", "gross"), "logo_retention": ("logo", "")}
SHOWN = 12
_KINDS = {"money": "money", "share": "pct", "count": "count"}


def metric_told(workspace: Workspace, name: str, month: str, preset: str | None) -> str:
    """One registered number with its rule, formula, n, target and the decision it serves.

    Under the policy called ``preset``, or the company's own. A retention rate comes with what
    other rules make of the same ledger, and with the bridge from the company's rule; ARR with
    its walk. Numbers that scores decide are those of the month that was lived.
    """
    about = entry(name, workspace.settings.targets)
    own = workspace.settings.policy
    policy = own if preset is None else own.like(chosen(preset))
    if not counted_from_facts(name):
        if preset:
            raise Usage(f"{name} is the same under every policy; ask for it without --policy")
        return "\n".join(_facts(workspace, about, _lived(workspace, name, month), month))
    told = _known(workspace, name, month, policy)
    if reason := told.lacks(policy):
        raise InputMissing(
            f"the policy {preset} cannot be told from this company's tables: {reason}"
        )
    found = number(told, name)
    if found is None:
        raise InputMissing(
            f"{name} cannot be counted: the table it is counted from is missing. "
            "`perennial check` lists the tables there are"
        )
    lines = _facts(workspace, about, found, month)
    currency = workspace.settings.company.currency
    if name == "arr":
        lines += _walk(told, currency)
    if name in RATES:
        lines += _rules(told, name, policy, currency)
        if policy != own:
            lines += _bridge(told, name, own, policy, currency)
    return "\n".join(lines)


def chosen(preset: str) -> Policy:
    """The policy called ``preset``; ``Usage`` if there is none."""
    if preset not in PRESETS:
        near = get_close_matches(preset, PRESETS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PRESETS)}."
        raise Usage(f"there is no policy called {preset!r}; {hint}")
    return PRESETS[preset]


def _known(workspace: Workspace, name: str, month: str, policy: Policy) -> Facts:
    """What was known at the close of ``month``, of the tables that ``name`` is counted from."""
    settings, lines = workspace.settings, {each.name for each in (*REVENUE, *MOVEMENTS, *LIFETIME)}
    tables = ("contract_lines",) if name in lines else ()
    snapshot = closed(workspace, month)
    return facts(snapshot, month, policy, *tables, dated=settings.fx, fixed=settings.rates)


def _lived(workspace: Workspace, name: str, month: str) -> Figure:
    figures = load(workspace.books / month).figures
    if name not in figures:
        raise InputMissing(f"{name} has no value in {month}: a table it needs is missing")
    return figures[name]


def shown(value: int | float | None, unit: str, currency: str) -> str:
    """A value of the registry in its unit."""
    if value is None:
        return "not defined"
    if unit in _KINDS:
        return formats.value(value, _KINDS[unit], currency if unit == "money" else "")
    return formats.number(value, 2, unit="" if unit == "ratio" else unit)


def _facts(workspace: Workspace, about: Entry, figure: Figure, month: str) -> list[str]:
    currency = workspace.settings.company.currency
    value = shown(figure.value, about.unit, currency)
    if figure.low is not None and figure.high is not None:
        sides = (shown(side, about.unit, currency) for side in (figure.low, figure.high))
        value += f" ({' to '.join(sides)}, 95 %)"
    rows = {
        "value": value,
        "n": f"{figure.n:,}",
        "policy": figure.policy,
        "formula": figure.definition,
        "target": "none" if about.target is None else shown(about.target, about.unit, currency),
        "purpose": about.purpose,
        "decision": about.decision,
        "owner": about.owner,
    }
    if figure.definition == about.formula:
        rows["example"] = about.example
    lines = [f"{about.title}, {month}"]
    for word, text in rows.items():
        lines += textwrap.wrap(
            text, 88, initial_indent=f"  {word:<9} ", subsequent_indent=" " * 12
        ) or [f"  {word}"]
    return lines


def _exact(cents: int, currency: str, signed: bool = False) -> str:
    """Money to the cent, as a bridge must show it."""
    sign = "-" if cents < 0 else "+" if signed else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d} {currency}"


def _walk(told: Facts, currency: str) -> list[str]:
    """The month's ARR walk, term by term, to the cent."""
    moves = parted(told.counted(told.policy), [told.month], told.zone, told.rates(told.policy))
    walk = ledger(told.balances(told.policy), [told.month], moves).iloc[0].drop("month")
    signs = {"contraction": -1, "churn": -1}
    lines = ["", "  From the close before to this one:"]
    for term, cents in walk.items():
        word = str(term)
        plain = word in ("opening", "closing")
        amount = _exact(int(cents) * signs.get(word, 1), currency, signed=not plain)
        accounts = "" if plain else f"{(moves['kind'] == word).sum():>7,} accounts"
        lines.append(f"    {word:<13}{amount:>24}{accounts}")
    return lines


def _rules(told: Facts, name: str, policy: Policy, currency: str) -> list[str]:
    """The same rate under every named policy."""
    field, _ = RATES[name]
    lines = ["", "  The same ledger under the rules of others:"]
    books: dict[tuple[object, ...], pd.DataFrame] = {}
    for preset, named in PRESETS.items():
        rule = policy.like(named)
        if reason := told.lacks(rule):
            lines.append(f"    {preset:<20}{'':>12}   not told: {reason}")
            continue
        months = rule.months if rule.base != "all" else 0
        ledger_ = (rule.level, rule.churn_date, rule.fx, rule.base, months)
        if ledger_ not in books:
            books[ledger_] = told.balances(rule)
        kept = retained(books[ledger_], told.month, rule)
        value = shown(getattr(kept, field), "share", currency)
        words = "; ".join(part for part in (rule.retention, rule.ledger) if part)
        lines.append(f"  {'*' if rule == policy else ' '} {preset:<20}{value:>12}   {words}")
    return lines


def _bridge(told: Facts, name: str, own: Policy, policy: Policy, currency: str) -> list[str]:
    """Why the chosen policy counts other money than the company's own, to the cent."""
    _, term = RATES[name]
    if not term:
        return []

    def count(rule: Policy) -> pd.DataFrame:
        return contributions(told.balances(rule), told.month, rule)

    table = bridge(count, own, policy)
    lines = ["", f"  From the company's rule ({own.retention}) to this one:"]
    lines.append(_line("retained under the company's rule", int(count(own)[term].sum()), currency))
    for setting in table["setting"].unique():
        rows = table[table["setting"] == setting]
        before, after = rows["before"].iloc[0], rows["after"].iloc[0]
        lines.append(f"    {str(setting).replace('_', ' ')}: {before} -> {after}")
        moved = rows[rows[term] != 0]
        shown_rows = zip(moved["account_id"].head(SHOWN), moved[term].head(SHOWN), strict=True)
        for account, cents in shown_rows:
            who = "chaining monthly rates" if account == CHAINED else str(account)
            lines.append(_line(f"  {who}", int(cents), currency, signed=True))
        rest = moved.iloc[SHOWN:]
        if len(rest):
            label = f"  {len(rest):,} other accounts"
            lines.append(_line(label, int(rest[term].sum()), currency, signed=True))
    lines.append(_line("retained under this rule", int(count(policy)[term].sum()), currency))
    opening = int(table["opening"].sum())
    if opening:
        lines.append(_line("the opening differs by", opening, currency, signed=True))
    return lines


def _line(label: str, cents: int, currency: str, signed: bool = False) -> str:
    return f"    {label:<46}{_exact(cents, currency, signed):>24}"
