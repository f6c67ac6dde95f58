"""The month's revenue in numbers: ARR, its movements and what they are made of, retention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from metrics import intervals
from metrics.facts import Facts
from metrics.movements import ledger, parted
from metrics.policy import Policy, Rule
from metrics.registry import Figure, figure
from metrics.retention import contributions, retained
from metrics.stopped import UNKNOWN, stopped
from warehouse.months import shift


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered revenue numbers of the month, under the policy of ``facts``."""
    policy, month = facts.policy, facts.month
    held = facts.held
    lines, rates = facts.counted(policy), facts.rates(policy)
    moves = parted(lines, [month], facts.zone, rates)
    walk = ledger(held, [month], moves).iloc[0]
    customers = int((held["month"] == month).sum())
    values: dict[str, tuple[int | float | None, int]] = {
        "arr": (int(walk["closing"]), customers),
        "opening_arr": (int(walk["opening"]), int((held["month"] == shift(month, -1)).sum())),
        "customers": (customers, customers),
    }
    for kind, name in _NAMES.items():
        values[name] = (int(walk[kind]), int((moves["kind"] == kind).sum()))
    growing = moves[moves["kind"] == "expansion"]
    for part in ("seats", "product", "tier", "price", "escalator", "unsplit"):
        values[f"expansion_{part}_arr"] = (
            int(growing[part].sum()),
            int((growing[part] != 0).sum()),
        )
    gone = moves[moves["kind"] == "churn"].assign(arr=lambda rows: -rows["amount"])
    why = gone.merge(stopped(lines, facts.zone, policy), on=["account_id", "month"], how="left")
    for name, column, word in _REASONS:
        known = why[why[column].fillna(UNKNOWN) != UNKNOWN]
        amount = int(known.loc[known[column] == word, "arr"].sum())
        values[name] = (amount if len(known) or why.empty else None, len(known))
    told = {name: figure(name, *value, policy=policy) for name, value in values.items()}
    return told | _retention(facts)


_NAMES = {
    "new": "new_arr",
    "expansion": "expansion_arr",
    "contraction": "contraction_arr",
    "churn": "churned_arr",
    "reactivation": "reactivation_arr",
    "fx": "fx_arr",
}
_REASONS = (
    ("churned_by_choice_arr", "end_reason", "voluntary"),
    ("churned_unpaid_arr", "end_reason", "payment_failure"),
    ("churned_in_our_hands_arr", "control", "in our hands"),
    ("churned_beyond_control_arr", "control", "beyond control"),
)


def _retention(facts: Facts) -> dict[str, Figure]:
    """NRR, GRR and logo retention of the policy's period, and of the quarter and the month."""
    held, month, policy = facts.held, facts.month, facts.policy
    found = {}
    for suffix, months in (("", policy.months), ("_quarter", 3), ("_month", 1)):
        rule = policy.model_copy(update={"months": months})
        book = held if rule.base == "all" else facts.balances(rule)
        kept = retained(book, month, rule)
        sides = _sides(book, month, rule) if rule.closed else {}
        for rate, value in (("nrr", kept.nrr), ("grr", kept.grr), ("logo_retention", kept.logo)):
            name, (low, high) = f"{rate}{suffix}", sides.get(rate, (None, None))
            told = figure(name, value, kept.n, low, high, policy=rule)
            found[name] = replace(told, definition=_FORMULAS[rule.rule].get(rate, told.definition))
    return found


_STRICT = "who was without ARR at any close between counted as lost"
_FORMULAS: dict[Rule, dict[str, str]] = {
    "point to point": {},
    "any lapse is a loss": {
        "nrr": f"ARR now of the accounts live at the start, {_STRICT} / their ARR at the start",
        "grr": f"the same, each account at most what it was, {_STRICT}",
        "logo_retention": f"accounts of the starting cohort still live, {_STRICT} / the cohort",
    },
    "sum of movements": {
        "nrr": "(opening + the movements counted, of all accounts) / opening",
        "grr": "(opening - losses of the accounts there were, each at most what it was) / opening",
        "logo_retention": "accounts of the starting cohort not churned since / the cohort",
    },
    "months chained": {
        "nrr": "product over months of (opening + the movements counted) / opening",
        "grr": "product over months of (opening - losses) / opening",
        "logo_retention": "product over months of the share of customers kept",
    },
}


def _capped(sides: intervals.Interval) -> intervals.Interval:
    """An interval of a rate that cannot be more than one."""
    low, high = sides
    return sides if low is None or high is None else (max(low, 0.0), min(high, 1.0))


def _sides(held: pd.DataFrame, month: str, rule: Policy) -> dict[str, intervals.Interval]:
    """95 % intervals of a closed cohort's rates, each account one draw."""
    each = contributions(held, month, rule)
    opening, net, gross = (each[name].to_numpy(np.float64) for name in ("opening", "net", "gross"))
    return {
        "nrr": intervals.ratio(net, opening),
        "grr": _capped(intervals.ratio(gross, opening)),
        "logo_retention": intervals.proportion(int(each["kept"].sum()), len(each)),
    }
