"""Everything a company may set, in one file: ``perennial.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, field_validator, model_validator

from metrics.policy import PRESETS, Policy
from metrics.registry import entry
from warehouse.errors import InputMissing
from warehouse.mapping import Mapping, Rate, Typed, explained, read_toml

FILE = "perennial.toml"


class Model(Typed):
    """What the models are asked, in months, and how often they learn anew.

    The window is ``[lead, horizon)`` after a month's close. A model is trained
    at the close of every ``retrain_every``-th month, on at most ``history``
    months. ``trials`` searches the trees' settings so many times within what each
    training and each rehearsal may see; 0 takes those chosen beforehand.
    """

    lead: int = Field(default=1, ge=0)
    horizon: int = Field(default=4, ge=1)
    retrain_every: int = Field(default=3, ge=1)
    history: int = Field(default=36, ge=6)
    trials: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _a_window(self) -> Self:
        if self.lead >= self.horizon:
            raise ValueError(f"lead {self.lead} must be less than horizon {self.horizon}")
        return self


class Capacity(Typed):
    """Hours a month for the work list: for everyone, or by the CSM's name."""

    hours: float = Field(default=20, ge=0)
    of: dict[str, float] = {}


class Settings(Mapping):
    """The company, its data and mapping, and how it wants to be counted and served.

    ``policy`` may be the name of one, or settings that differ from that of its ``preset``; it
    says how retention is counted, of ARR by account, while served, at fixed rates.
    ``fx`` holds what a unit of each foreign currency was worth, by month, for a policy that
    values ARR anew.
    """

    policy: Policy = Policy()
    fx: dict[str, dict[str, Rate]] = {}
    targets: dict[str, float] = {}
    model: Model = Model()
    capacity: Capacity = Capacity()

    @field_validator("policy", mode="before")
    @classmethod
    def _named(cls, told: object) -> object:
        if isinstance(told, str):
            told = {"preset": told}
        if not isinstance(told, dict) or "preset" not in told:
            return told
        if told["preset"] not in PRESETS:
            raise ValueError(
                f"there is no policy {told['preset']!r}; there are {', '.join(PRESETS)}"
            )
        own = {name: value for name, value in told.items() if name != "preset"}
        return {**PRESETS[told["preset"]].model_dump(), **own}

    @field_validator("policy")
    @classmethod
    def _of_the_reports(cls, policy: Policy) -> Policy:
        """The pages tie to the scores, which are of accounts, at fixed rates, while served."""
        plain = Policy()
        for name in ("level", "churn_date", "base", "fx"):
            told = getattr(policy, name)
            if told != getattr(plain, name):
                raise ValueError(
                    f"{name} = {told!r} counts other ARR than the scores have, so no page would "
                    "tie; leave it out here and ask with `perennial metric NAME --policy PRESET`"
                )
        return policy

    @field_validator("targets")
    @classmethod
    def _registered(cls, targets: dict[str, float]) -> dict[str, float]:
        for name in targets:
            entry(name)
        return targets


def read(root: Path) -> Settings:
    """The settings of the workspace at ``root``.

    Raises ``InputMissing`` where there is no file, ``DataRefused`` naming each
    setting that cannot be used.
    """
    file = root / FILE
    if not file.exists():
        raise InputMissing(
            f"{root} has no {FILE}; `perennial init` drafts one from the tables it finds"
        )
    told = read_toml(file)
    try:
        return Settings.model_validate(told)
    except ValidationError as error:
        raise explained(file, error) from error
