"""Signals: plain rules that speak up about an account, with their words.

A rule reads the features of one month and nothing else, so it knows no more than
was known. It is there beside the models: it says what happened, not how likely
anything is, and it works from the first month on.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from plays.family import Family
from warehouse.entries import Named, read

FILE = Path(__file__).with_name("signals.toml")
FIRED = "fired"
QUIET = "quiet"
ABSENT = "not available"
COLUMNS = ["signal", "title", "family", "status", "account_id", "words"]
HOLDS: dict[str, Callable[[Any, float], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


class Condition(BaseModel):
    """``feature comparison threshold``; an unknown value of the feature does not fulfil it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str = Field(min_length=1)
    comparison: Literal["<", "<=", ">", ">=", "=="]
    threshold: float = Field(allow_inf_nan=False)


class Signal(Named):
    """One rule: it fires where all conditions of ``when`` hold.

    ``words`` say what was seen; ``{feature}`` in them, with a Python number
    format, shows the value of a feature named in ``when``.
    """

    title: str = Field(min_length=1)
    family: Family
    when: tuple[Condition, ...] = Field(min_length=1)
    words: str = Field(min_length=1)

    @model_validator(mode="after")
    def _sayable(self) -> Self:
        try:
            self.say(dict.fromkeys(self.features, 1.0))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError(
                f"the words {self.words!r} cannot be said ({type(error).__name__}: {error}); "
                f"they may show {', '.join(self.features)}, for example "
                f"{{{self.features[0]}:.0f}}"
            ) from error
        return self

    @property
    def features(self) -> list[str]:
        """The features it reads, each once, in order."""
        return list(dict.fromkeys(condition.feature for condition in self.when))

    def say(self, values: dict[str, float]) -> str:
        """The words with ``values`` in them."""
        return re.sub(r"(?<=\d)%", " %", self.words.format_map(values))


def signals(file: Path = FILE) -> tuple[Signal, ...]:
    """The rules of ``file``, in its order; those that come with the product by default.

    Raises ``InputMissing`` or ``DataRefused``, naming file, signal, key and rule.
    """
    return read(file, "signal", Signal)


def fired(matrix: pd.DataFrame, rules: Sequence[Signal] | None = None) -> pd.DataFrame:
    """What the rules say of a month's features: signal, title, family, status, account_id, words.

    ``matrix`` has the index account_id and one column a feature, NaN unknown.
    Every rule has at least one row: one for each account it ``fired`` for, by
    account_id; or a single row without an account where it stayed ``quiet`` or is
    ``not available``, the words then naming the features the data do not give.
    """
    rows: list[tuple[str | None, ...]] = []
    for rule in signals() if rules is None else rules:
        head = (rule.name, rule.title, rule.family)
        missing = [feature for feature in rule.features if feature not in matrix]
        found = [] if missing else _found(rule, matrix)
        if missing:
            rows.append((*head, ABSENT, None, f"Needs {', '.join(missing)}"))
        elif not found:
            rows.append((*head, QUIET, None, "Nobody this month"))
        rows += [(*head, FIRED, account, words) for account, words in found]
    return pd.DataFrame(rows, columns=COLUMNS, dtype="str")


def _found(rule: Signal, matrix: pd.DataFrame) -> list[tuple[str, str]]:
    holds = pd.Series(True, index=matrix.index)
    for condition in rule.when:
        holds &= HOLDS[condition.comparison](matrix[condition.feature], condition.threshold)
    seen = matrix.loc[holds, rule.features].sort_index()
    values = seen.to_dict("records")
    return [
        (str(account), rule.say({str(name): float(value) for name, value in row.items()}))
        for account, row in zip(seen.index, values, strict=True)
    ]


def tally(table: pd.DataFrame) -> pd.DataFrame:
    """A row a rule, in the order of ``fired``: signal, title, family, status, accounts (count)."""
    head = ["signal", "title", "family", "status"]
    counts = table.groupby(head, sort=False)["account_id"].count().rename("accounts")
    return counts.reset_index()
