"""Playbooks: what is done, by whom, for how long, and how one can tell that it worked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from plays.family import Family
from warehouse.entries import Named, read
from warehouse.errors import DataRefused

FILE = Path(__file__).with_name("playbooks.toml")


class Play(Named):
    """One play.

    ``trigger`` are the families of reasons that start it; none: it is the play
    for accounts no other fits. ``steps`` in order. ``hours`` of the CSM's time
    for all of them. ``deadline_days`` from the month's close. ``prior_effect``
    is the share of an account's expected loss the play is *assumed* to save: a
    stated prior, not a measured effect. ``success`` is the test in words.
    """

    trigger: tuple[Family, ...]
    steps: tuple[str, ...] = Field(min_length=1)
    hours: float = Field(gt=0, allow_inf_nan=False)
    deadline_days: int = Field(gt=0)
    owner: str = Field(min_length=1)
    prior_effect: float = Field(gt=0, le=1)
    success: str = Field(min_length=1)


def playbooks(file: Path = FILE) -> tuple[Play, ...]:
    """The plays of ``file``, in its order; those that come with the product by default.

    Raises ``InputMissing`` or ``DataRefused``, naming file, play, key and rule.
    """
    plays = read(file, "play", Play)
    fallback(plays, str(file))
    return plays


def fallback(plays: Sequence[Play], where: str = "the playbooks") -> Play:
    """The play for accounts that no other fits; ``DataRefused`` if there is none."""
    return _best((play for play in plays if not play.trigger), where)


def choose(plays: Sequence[Play], family: str) -> Play:
    """The play for an account whose risk is raised most by a reason of ``family``.

    Of several, the one assumed to save most an hour, then the first by name; of
    none, or for an empty family, the fallback.
    """
    fitting = [play for play in plays if family in play.trigger]
    return _best(fitting, "the playbooks") if fitting else fallback(plays)


def _best(plays: Iterable[Play], where: str) -> Play:
    order = sorted(plays, key=lambda play: (-play.prior_effect / play.hours, play.name))
    if not order:
        raise DataRefused(
            f"{where}: no play has an empty trigger, so nothing can be done for an account "
            "without a known reason; add one with trigger = []"
        )
    return order[0]
