"""The settings under which a number is counted, and the words that say so.

Two honest teams get two retention figures from one ledger because they count
under different rules. A rule that can differ is a field here, and each printed
number carries the rule it was counted under.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from metrics.hours import Hours

Rule = Literal["point to point", "any lapse is a loss", "sum of movements", "months chained"]


class Policy(BaseModel):
    """How retention is counted; every field is one thing on which honest people differ.

    ``rule``: what retention is over ``months`` months.

    - ``point to point``: a closed cohort; the customers at the start are looked at again at
      the end, and who left and is back counts as kept.
    - ``any lapse is a loss``: the same cohort, and whoever was without ARR at any month's
      close in between is lost.
    - ``sum of movements``: what all customers gained and lost in the months, over the opening
      ARR; so gains of customers who came in between count too.
    - ``months chained``: each month's rate on its own opening, multiplied.

    ``reactivation`` and ``contraction``: whether a movement rule counts them (a closed cohort
    always sees what is there). ``gap_days``: an account without ARR for this many days of 24
    hours, or fewer, has continued; it rules spells, outcomes, the log and the search for a
    following line, not the monthly ledger, which takes each month's close as it stands.

    ``churn_date``: a stopped line ends when its ``service`` does, when ``notice`` to stop was
    recorded, or on the ``day after`` its service. ``base``: ``all`` ARR, or only that of
    products whose term came ``up for renewal`` in the period. ``fx``: each currency at one
    ``constant`` rate, at the rate of the ``closing`` month, or as last ``invoiced``.
    ``level``: a customer is an ``account``, or the ``parent`` it belongs to today.
    ``talks``: the kinds of touch that are a conversation; a newsletter is none.
    ``beyond_control``: the reasons of leaving a vendor can do nothing about. ``hours``: when
    somebody is there to answer. ``margin`` and ``discount``, a year: of a lifetime value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: Rule = "point to point"
    months: int = Field(default=12, ge=1, le=60)
    reactivation: bool = True
    contraction: bool = True
    gap_days: int = Field(default=30, ge=0)
    churn_date: Literal["service", "notice", "day after"] = "service"
    base: Literal["all", "up for renewal"] = "all"
    fx: Literal["constant", "closing", "invoiced"] = "constant"
    level: Literal["account", "parent"] = "account"
    talks: tuple[str, ...] = ("call", "meeting", "review", "training")
    beyond_control: tuple[str, ...] = ("budget", "merger", "merged", "closed down")
    hours: Hours = Hours()
    margin: float = Field(default=0.80, gt=0, le=1)
    discount: float = Field(default=0.10, ge=0, lt=1)

    @model_validator(mode="after")
    def _rates_in_a_cohort(self) -> Policy:
        if self.fx != "constant" and not self.closed:
            raise ValueError(
                f"rates as {self.fx} cannot be told from movements: use a closed cohort, "
                "or constant rates"
            )
        return self

    @property
    def retention(self) -> str:
        """The rule of a retention figure in words, as printed beside it.

        >>> Policy().retention
        'closed cohort, point to point, 12 months'
        """
        span = f"{self.months} month{'s' if self.months > 1 else ''}"
        told = {
            "reactivation left out": not self.closed and not self.reactivation,
            "contraction left out": not self.contraction,
        }
        return ", ".join(
            [*_RULES[self.rule], span, *(word for word, holds in told.items() if holds)]
        )

    @property
    def ledger(self) -> str:
        """What it counts other than accounts, while served, at fixed rates; empty for most.

        >>> Policy(level="parent", fx="closing").ledger
        'rates as closing, by parent'
        """
        told = {
            f"lost at {self.churn_date}": self.churn_date == "notice",
            "lost the day after service": self.churn_date == "day after",
            "only what came up for renewal": self.base != "all",
            f"rates as {self.fx}": self.fx != "constant",
            "by parent": self.level == "parent",
        }
        return ", ".join(words for words, holds in told.items() if holds)

    def like(self, other: Policy) -> Policy:
        """This policy, counting retention as ``other`` does; its own hours, margin and so on."""
        return self.model_copy(update={name: getattr(other, name) for name in RETENTION})

    @property
    def name(self) -> str:
        """The whole policy in words.

        >>> Policy().name
        'closed cohort, point to point, 12 months; gap up to 30 days continues'
        """
        parts = [self.retention, self.ledger, f"gap up to {self.gap_days} days continues"]
        return "; ".join(part for part in parts if part)

    def conversations(self, touches: pd.DataFrame) -> tuple[str, ...] | None:
        """The kinds of ``touches`` that are conversations; ``None``: all, where none is told."""
        return self.talks if touches["kind"].isin(self.talks).any() else None

    @property
    def closed(self) -> bool:
        """Whether it looks at a closed cohort, and not at whoever moved."""
        return self.rule in ("point to point", "any lapse is a loss")


RETENTION = (
    "level",
    "churn_date",
    "fx",
    "base",
    "months",
    "rule",
    "reactivation",
    "contraction",
)
"""What a retention figure can differ by, in the order a bridge changes it."""

_RULES: dict[Rule, list[str]] = {
    "point to point": ["closed cohort", "point to point"],
    "any lapse is a loss": ["closed cohort", "any lapse is a loss"],
    "sum of movements": ["sum of movements over the opening"],
    "months chained": ["monthly rates chained"],
}

PRESETS: dict[str, Policy] = {
    "filings": Policy(),
    "strict": Policy(rule="any lapse is a loss"),
    "chartmogul": Policy(rule="sum of movements"),
    "staircase": Policy(rule="sum of movements", reactivation=False),
    "chartmogul-chained": Policy(rule="months chained"),
    "baremetrics": Policy(rule="months chained", reactivation=False),
    "baremetrics-printed": Policy(rule="months chained", reactivation=False, contraction=False),
    "netsuite": Policy(months=1),
    "two-years": Policy(months=24),
    "notice": Policy(churn_date="notice"),
    "day-after": Policy(churn_date="day after"),
    "closing-rates": Policy(fx="closing"),
    "invoiced-rates": Policy(fx="invoiced"),
    "up-for-renewal": Policy(base="up for renewal"),
    "parents": Policy(level="parent"),
}
"""Policies by whose rule they are, or by the one thing they change.

``filings`` are those of Confluent and GitLab, and ours; ``chartmogul`` sums a movement table,
``chartmogul-chained`` its net MRR churn; ``staircase`` is opening + expansion - contraction -
churn on a year's totals; ``baremetrics`` chains thirty-day rates, ``baremetrics-printed`` as the
formula on its page has it; ``netsuite`` looks at the month before. ``notice`` dates churn as
Stripe does, ``day-after`` as ReCharge; rates are Chargebee's at the ``closing-rates`` of the month,
Fincome's as invoiced.
"""
