"""Shocks that no worker gets over; a module of its own, because workers import it by name."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from typing import Any

from warehouse.simulate.arrays import Ints
from warehouse.simulate.shocks import Exogenous, Shocks


@dataclass(frozen=True)
class Killing(Shocks):
    """Shocks that kill the worker that asks for a month of them."""

    def at(self, month: int, industry: Ints) -> Exogenous:
        if multiprocessing.parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().at(month, industry)


@dataclass(frozen=True)
class Failing(Shocks):
    """Shocks nobody can be told."""

    def at(self, month: int, industry: Ints) -> Exogenous:
        raise ArithmeticError(f"no shocks in month {month}")


def instead(kind: type[Shocks], real: Shocks) -> Any:
    """``real`` shocks as the ``kind`` that fails."""
    return kind(**{name: getattr(real, name) for name in Shocks.__dataclass_fields__})
