"""Capacity: how much work the customers are, and whether there are hands for it.

"Two million of ARR a CSM" says nothing about work. Here work is counted in hours: what a tier's
touches take, against the hours a person has for them. ``held`` is everywhere who looks after
which customer today, as ``book`` makes it: account_id, csm, tier, arr (cents).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrics.arr import INSTANT, at
from metrics.coverage import NOBODY, label
from metrics.facts import Facts
from metrics.registry import Figure, figure
from metrics.shares import UNKNOWN
from warehouse.errors import Usage

ALL = "all"


@dataclass(frozen=True)
class Engagement:
    """What one account of a tier is given in a period: ``touches`` of ``hours`` each."""

    touches: float
    hours: float


@dataclass(frozen=True)
class Scenario:
    """What may change: ``accounts`` and ``touches`` as multiples of today's."""

    accounts: float = 1.0
    touches: float = 1.0


def productive_hours(week: float, weeks: float, utilisation: float, admin: float) -> float:
    """Hours one full-time CSM has for customers in a period of ``weeks`` weeks.

    hours a week x weeks x utilisation x (1 - admin), the last two as shares.

    >>> productive_hours(40, 13, 0.75, 0.15)
    331.5
    """
    return week * weeks * utilisation * (1 - admin)


def accounts_held(hours: float, each: Engagement) -> float:
    """How many accounts of one tier ``hours`` are enough for, in the same period.

    productive hours / (touches x hours a touch); infinite for a tier that is given nothing.

    >>> accounts_held(331.5, Engagement(touches=2, hours=8))
    20.71875
    """
    work = each.touches * each.hours
    return hours / work if work else float("inf")


def book(arr: pd.Series[int], labels: pd.DataFrame) -> pd.DataFrame:
    """Who looks after each customer: account_id, csm, tier, arr (cents), ordered by account_id.

    ``arr`` is what ``metrics.arr.at`` returns; ``labels`` has account_id, csm and tier as they
    are today, and where one is missing it is ``unassigned`` or ``not known``.
    """
    table = arr.rename_axis("account_id").reset_index()
    who = table["account_id"]
    return table[["account_id"]].assign(
        csm=label(who, labels, "csm").fillna(NOBODY),
        tier=label(who, labels, "tier").fillna(UNKNOWN),
        arr=table["arr"],
    )


def load(held: pd.DataFrame) -> pd.DataFrame:
    """What each CSM looks after, by tier: csm, tier, accounts, arr (cents), ordered by both."""
    grouped = held.groupby(["csm", "tier"], sort=True)["arr"].agg(["size", "sum"]).reset_index()
    return grouped.set_axis(["csm", "tier", "accounts", "arr"], axis=1)


def per_csm(held: pd.DataFrame) -> pd.DataFrame:
    """Accounts and ARR a CSM, a row a tier and one for ``all``, which is last.

    Columns: tier, csms, accounts, arr, accounts_per_csm, arr_per_csm (whole cents),
    most_accounts, accounts_spread, arr_spread. A CSM counts in each tier he or she has an
    account of; accounts without a CSM are left out. A spread is the largest load over the
    median one: 1 is even. Empty where nobody has a CSM.
    """
    loads = load(held[held["csm"] != NOBODY])
    whole = loads.groupby("csm", sort=True)[["accounts", "arr"]].sum().assign(tier=ALL)
    parts = [_loads(loads.sort_values("tier")), _loads(whole.reset_index())]
    return pd.concat(parts, ignore_index=True)


def _loads(loads: pd.DataFrame) -> pd.DataFrame:
    """One row a tier from one row a CSM and tier."""
    grouped = loads.groupby("tier", sort=True)
    table = grouped.agg(csms=("csm", "size"), accounts=("accounts", "sum"), arr=("arr", "sum"))
    most, middle = grouped[["accounts", "arr"]].max(), grouped[["accounts", "arr"]].median()
    return table.assign(
        accounts_per_csm=table["accounts"] / table["csms"],
        arr_per_csm=(table["arr"] / table["csms"]).round().astype("int64"),
        most_accounts=most["accounts"],
        accounts_spread=most["accounts"] / middle["accounts"],
        arr_spread=most["arr"] / middle["arr"],
    ).reset_index()


def needed(
    held: pd.DataFrame,
    model: Mapping[str, Engagement],
    hours: float,
    people: Mapping[str, float] | None = None,
    case: Scenario | None = None,
) -> pd.DataFrame:
    """Hours the customers need against the hours there are, a row a tier and one for ``all``.

    ``model`` says what an account of each tier is given in the period, ``hours`` what one
    full-time person has for customers in it, ``people`` how many there are by tier, in
    fractions; an open role is nobody. Columns: tier, accounts, hours_needed, people_needed,
    people, hours_available, load (needed / available), gap (people; above zero: too few). A
    tier that ``model`` does not name has no hours and is not in ``all``. Without ``people`` the
    last four are missing. Ordered by tier, ``all`` last.
    """
    case = case or Scenario()
    work = {tier: each.touches * each.hours * case.touches for tier, each in model.items()}
    table = held.groupby("tier", sort=True).size().rename("accounts").reset_index()
    table["accounts"] = table["accounts"] * case.accounts
    table["hours_needed"] = table["tier"].map(work).astype("float64") * table["accounts"]
    there = table["tier"].map(dict(people or {})).fillna(0.0).astype("float64")
    table["people"] = there.mask(pd.Series(people is None, index=table.index))
    planned = table[table["hours_needed"].notna()]
    total = {
        "tier": ALL,
        "accounts": float(planned["accounts"].sum()),
        "hours_needed": float(planned["hours_needed"].sum()),
        "people": np.nan if people is None else float(sum(people.values())),
    }
    return _against(pd.concat([table, pd.DataFrame([total])], ignore_index=True), hours)


def scenarios(
    held: pd.DataFrame,
    model: Mapping[str, Engagement],
    hours: float,
    people: Mapping[str, float] | None,
    cases: Mapping[str, Scenario],
) -> pd.DataFrame:
    """``needed`` under each of ``cases``, in their order: scenario, then its columns."""
    parts = {name: needed(held, model, hours, people, case) for name, case in cases.items()}
    return pd.concat(parts, names=["scenario"]).reset_index("scenario").reset_index(drop=True)


def ahead(
    hours_needed: float, hours: float, people: float, growth: float, months: int = 12
) -> pd.DataFrame:
    """What if work grows by the share ``growth`` a month and nobody is hired.

    One row a month from 0, which is now, to ``months``: month, hours_needed, people_needed,
    people, hours_available, load, gap, as ``needed`` has them.
    """
    month = np.arange(months + 1)
    grown = pd.DataFrame({"month": month, "hours_needed": hours_needed * (1 + growth) ** month})
    return _against(grown.assign(people=float(people)), hours)


def overload(
    held: pd.DataFrame,
    model: Mapping[str, Engagement],
    hours: float,
    people: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Each CSM's hours needed against his or her own, the most loaded first.

    Columns: csm, accounts, planned, then as ``needed`` has them; ``people`` is the CSM's
    fraction of full time, 1 where not given. ``planned`` accounts are of a tier in ``model``;
    the others have no hours, so the load is a floor where fewer are planned. Accounts without
    a CSM are left out.
    """
    work = {tier: each.touches * each.hours for tier, each in model.items()}
    kept = held[held["csm"] != NOBODY]
    rows = kept[["csm"]].assign(hours_needed=kept["tier"].map(work).astype("float64"))
    grouped = rows.groupby("csm", sort=True)["hours_needed"]
    table = grouped.agg(["size", "count", "sum"]).reset_index()
    table = table.set_axis(["csm", "accounts", "planned", "hours_needed"], axis=1)
    table["people"] = table["csm"].map(dict(people or {})).astype("float64").fillna(1.0)
    table = _against(table, hours)
    return table.sort_values(["load", "csm"], ascending=[False, True], ignore_index=True)


def _against(table: pd.DataFrame, hours: float) -> pd.DataFrame:
    """``hours_needed`` and ``people``, and all that follows from them."""
    if hours <= 0:
        raise Usage(f"a person has {hours} hours for customers; give more than 0")
    there = table["people"] * hours
    return table.drop(columns=["hours_needed", "people"]).assign(
        hours_needed=table["hours_needed"],
        people_needed=table["hours_needed"] / hours,
        people=table["people"],
        hours_available=there,
        load=table["hours_needed"] / there.where(there > 0),
        gap=table["hours_needed"] / hours - table["people"],
    )


def lorenz(held: pd.DataFrame, hours: pd.Series[float], stake: pd.Series[float]) -> pd.DataFrame:
    """Whether hours go where money is at stake: both summed up, least hours per stake first.

    ``hours`` spent and the ``stake`` (expected ARR, cents) have account_id as index; of
    ``held`` accounts without a row they are 0. Columns: account_id, csm, hours, stake,
    hours_share, stake_share (running sums, to 1). The diagonal is hours in proportion; the
    first rows are money without hours, the last hours without money. Shares of nothing are
    missing.
    """
    table = held[["account_id", "csm"]].assign(
        hours=held["account_id"].map(hours).fillna(0.0).astype("float64"),
        stake=held["account_id"].map(stake).fillna(0.0).astype("float64"),
    )
    rate = table["hours"] / table["stake"].where(table["stake"] > 0)
    order = table.assign(rate=rate.fillna(np.inf)).sort_values(
        ["rate", "stake", "account_id"], ascending=[True, False, True], ignore_index=True
    )
    table = order.drop(columns="rate")
    spent, risked = table["hours"].sum(), table["stake"].sum()
    return table.assign(
        hours_share=table["hours"].cumsum() / (spent or np.nan),
        stake_share=table["stake"].cumsum() / (risked or np.nan),
    )


def breakeven(csms: float, cost: float, role: float) -> float:
    """The gain in efficiency at which a role that costs ``role`` a year pays for itself.

    ``csms`` people at ``cost`` a year each, loaded; a gain of 0.2 frees a fifth of their time.

    >>> breakeven(csms=6, cost=120_000, role=108_000)
    0.15
    """
    return role / (csms * cost)


def figures(facts: Facts) -> dict[str, Figure]:
    """Accounts and ARR a CSM at the month's close, None where no account has a CSM."""
    if not facts.has("contract_lines"):
        return {}
    table = per_csm(book(at(facts.lines, facts.as_of - INSTANT), facts.today))
    whole = table[table["tier"] == ALL]
    csms = int(whole["csms"].sum())
    return {
        name: figure(name, whole[name].iloc[0] if csms else None, csms, policy=facts.policy)
        for name in ("accounts_per_csm", "arr_per_csm")
    }
