"""The truth: what nobody at the company could see, in tables of their own.

It is for grading what was claimed, never for claiming: a score, an explanation or an
effect is compared with the pressures, probabilities and causes that made the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from warehouse.simulate.arrays import Floats
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.columns import Columns, Text, category
from warehouse.simulate.drivers import ADOPTION
from warehouse.simulate.life import Life
from warehouse.simulate.observed import KNOWN_FOR
from warehouse.simulate.shocks import Shocks
from warehouse.simulate.state import Kind
from warehouse.simulate.streams import Streams
from warehouse.simulate.twins import LEADS, ceilings, plays
from warehouse.simulate.world import INDUSTRIES, World

_KINDS = ("none", "renewal", "monthly", "exit", "payment", "merged")
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("account_id", "month", "decided", "kind", "cause"), pa.string()),
    **dict.fromkeys(("randomised", "deciding", "leaving", "red", "play", "left"), pa.bool_()),
    **dict.fromkeys(("release", "incident_*", "launch_*"), pa.bool_()),
    **dict.fromkeys(("arr", "months_to_turn", "touches", "lead", "rows"), pa.int64()),
    "left_on": pa.timestamp("us"),
}
"""The type of each column that is not a number with a fraction."""

_MEANINGS = {
    "traits": {
        "account_id": "the account",
        "fit": "how well the product suits it; standard normal, higher is better",
        "responsiveness": "how much contact helps it, 0 to 1",
        "adoption_level": "the adoption stress it returns to",
        "value_days": "days from signature to first value",
        "randomised": "its save plays are given by the toss of a coin",
    },
    "account_months": {
        "account_id": "the account, in each reported month whose last instant it is a customer at",
        "month": "the month, YYYY-MM",
        "arr": "annual recurring revenue at the close, cents",
        "stress_*": "this month's pressure of a driver; higher is worse",
        "memory_*": "the remembered pressure the customer decides on",
        "rate_*": "the rate at which a driver makes it leave, if it decides this month",
        "probability": "1 - exp(-sum of the rates): chance of choosing to leave if it decides now",
        "deciding": "it is at its notice deadline (or on a monthly contract) and decides",
        "months_to_turn": "months until its contract next comes up",
        "leaving": "it has decided to leave, or will be stopped for an unpaid invoice",
        "used": "the share of seats in use, before noise",
        "red": "the CSMs think it unwell, at the month's end",
        "propensity": "the chance that a save play was started this month",
        "play": "a save play was started",
        "touches": "contacts made by its CSM",
    },
    "churns": {
        "account_id": "the account that left, in the reported months",
        "month": "the month it was gone in",
        "left_on": "the first instant it was not served any more",
        "decided": "the month it decided in, or failed to pay",
        "kind": "renewal, monthly, exit (before the end), payment, merged (into its parent)",
        "cause": "the sampled cause: a driver; or payment, or merged, which nobody chose",
        "probability": "its chance of choosing to leave in the month it decided",
        "share_*": "the chance that a driver is the cause if it chooses to leave then; for payment "
        "and merged too, though they did not choose",
        "arr": "annual recurring revenue lost, cents",
    },
    "shocks": {
        "month": "the reported month",
        "release": "the vendor shipped a release",
        "macro_*": "the strain the economy puts on an industry",
        "incident_*": "a product failed",
        "launch_*": "a rival has launched in an industry",
    },
    "ceilings": {
        "account_id": "the account that decided at its notice deadline",
        "month": "the month it decided in",
        "lead": "months before the decision",
        "left": "it chose to leave",
        "now": "its chance of leaving when it decided",
        "ahead": "the chance as it stood that many months before, the future unknown: by twins",
        "observed": "the chance as best told from what the company's tables showed then: learnt "
        "from other companies; NaN in the first year, when there is too little to see",
    },
    "plays": {
        "account_id": "the account whose renewal was so far off that a save play could start",
        "month": "the month it could have started in",
        "propensity": "the chance that it was started",
        "play": "it was",
        "spared": "the chance of leaving at the coming deadline without a play: by twins; NaN "
        "where that deadline has passed when the play could start",
        "played": "the chance with one, under the same luck; NaN likewise",
    },
    "dirt": {
        "kind": "a kind of dirt; one row a kind and block of accounts",
        "rows": "the rows, accounts or days it has stained there",
    },
}
_TWINS, _DIRT = ("ceilings", "plays"), "dirt"
_WHEN = {
    "ceilings": " (with --oracles)",
    "plays": " (with --oracles)",
    "dirt": " (with --dirty)",
}


def schemas(world: World, oracles: bool, dirty: bool) -> dict[str, Any]:
    """The Arrow schema of each table of the truth that there is with ``oracles`` and ``dirty``."""
    made = {}
    for table, meanings in _MEANINGS.items():
        if (table in _TWINS and not oracles) or (table == _DIRT and not dirty):
            continue
        named = [
            (name.replace("*", each), _TYPES.get(name, pa.float64()))
            for name in meanings
            for each in (_each(world, name) if "*" in name else ("",))
        ]
        made[table] = pa.schema(named)
    return made


def _each(world: World, name: str) -> list[str]:
    """What the ``*`` of a column stands for."""
    if name.startswith("incident"):
        return [product.name for product in world.products]
    if name.startswith(("macro", "launch")):
        return [industry.lower().replace(" ", "_") for industry in INDUSTRIES]
    return [driver.name for driver in world.drivers]


def dictionary(world: World) -> str:
    """What each column of the truth means, for the person who opens its folder."""
    lines = [
        "# The truth",
        "",
        "What made this company's data. Nothing that scores, explains or forecasts may read it;",
        "it is for grading what they say.",
        "",
        "`*` stands for each industry, each product or each driver. The drivers: "
        + ", ".join(driver.name for driver in world.drivers)
        + ".",
    ]
    for table, meanings in _MEANINGS.items():
        lines += [
            "",
            f"## {table}.parquet{_WHEN.get(table, '')}",
            "",
            "| column | meaning |",
            "|---|---|",
        ]
        lines += [f"| {name} | {meaning} |" for name, meaning in meanings.items()]
    return "\n".join(lines) + "\n"


def shared(world: World, calendar: Calendar, known: Shocks) -> Columns:
    """The shocks of the reported months, a row a month."""
    months = slice(calendar.history, calendar.history + calendar.months)
    columns: Columns = {
        "month": category(np.arange(calendar.months), _months(calendar)),
        "release": known.release[months],
    }
    for name, values in (
        ("macro_*", known.macro),
        ("incident_*", known.incident),
        ("launch_*", known.launch),
    ):
        for index, each in enumerate(_each(world, name)):
            columns[name.replace("*", each)] = values[months, index]
    return columns


def oracles(
    life: Life, known: Shocks, streams: Streams, names: Text, observed: Floats
) -> dict[str, Columns]:
    """How well anybody could know who leaves a block, and what save plays would change.

    ``observed`` [leads, decisions] are the chances as told from what could be seen.
    """
    found, chances = ceilings(life, known, streams), plays(life, known, streams)
    seen = np.full(found.ahead.shape, np.nan)
    seen[:, found.month >= KNOWN_FOR] = observed
    months = _months(life.calendar)
    row, lead = np.nonzero(~np.isnan(found.ahead.T))
    return {
        "ceilings": {
            "account_id": names[found.account[row]],
            "month": category(found.month[row], months),
            "lead": np.array(LEADS)[lead],
            "left": found.left[row],
            "now": found.now[row],
            "ahead": found.ahead[lead, row],
            "observed": seen[lead, row],
        },
        "plays": {
            "account_id": names[chances.account],
            "month": category(chances.month, months),
            "propensity": chances.propensity,
            "play": chances.given,
            "spared": chances.spared,
            "played": chances.played,
        },
    }


def _months(calendar: Calendar) -> list[str]:
    """The names of the reported months."""
    return [calendar.name(month) for month in range(calendar.months)]


def tables(life: Life, names: Text) -> dict[str, Columns]:
    """The truth of a block, each table ordered by account, then month."""
    people = life.people
    return {
        "traits": {
            "account_id": names,
            "fit": people.fit,
            "responsiveness": people.responsiveness,
            "adoption_level": people.levels[ADOPTION],
            "value_days": people.value_days,
            "randomised": people.stratum,
        },
        "account_months": _account_months(life, names),
        "churns": _churns(life, names),
    }


def _account_months(life: Life, names: Text) -> Columns:
    """One row for each reported month an account is a customer at the close of."""
    state, choices, plan, calendar = life.state, life.events.choices, life.plan, life.calendar
    account, month = np.nonzero(state.live[life.reported].T)
    at = (month + calendar.history, account)
    columns: Columns = {
        "account_id": names[account],
        "month": category(month, _months(calendar)),
        "arr": life.arr[at],
        "probability": choices.probability[at],
        "deciding": choices.deciding[at],
        "months_to_turn": state.turns[at] - month,
        "leaving": state.kind[at] != Kind.NONE,
        "used": choices.used[at],
        "red": life.watch.red[at],
        "propensity": plan.propensity[at],
        "play": plan.action.play[at],
        "touches": plan.action.touches[at],
    }
    for index, driver in enumerate(life.world.drivers):
        columns[f"stress_{driver.name}"] = state.stress[:, index][at]
        columns[f"memory_{driver.name}"] = state.memory[:, index][at]
        columns[f"rate_{driver.name}"] = choices.hazard[:, index][at]
    return columns


def _churns(life: Life, names: Text) -> Columns:
    """One row for each departure in the reported months."""
    turn, choices, calendar = life.events.turn, life.events.choices, life.calendar
    account, month = np.nonzero(turn.left[life.reported].T)
    at = (month + calendar.history, account)
    decided = turn.decided[at]
    then = (decided + calendar.history, account)
    hazard = np.stack([choices.hazard[:, d][then] for d in range(len(life.world.drivers))])
    months = [calendar.name(m) for m in range(-calendar.history, calendar.months)]
    causes = [*(driver.name for driver in life.world.drivers), "payment", "merged"]
    columns: Columns = {
        "account_id": names[account],
        "month": category(at[0], months),
        "left_on": calendar.on(month, life.people.anchor[account]),
        "decided": category(then[0], months),
        "kind": category(turn.kind[at], _KINDS),
        "cause": category(turn.cause[at], causes),
        "probability": choices.probability[then],
        "arr": life.arr[at[0] - 1, account],
    }
    for index, driver in enumerate(life.world.drivers):
        columns[f"share_{driver.name}"] = hazard[index] / hazard.sum(axis=0)
    return columns
