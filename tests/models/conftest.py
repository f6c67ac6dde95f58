"""A small world with a known cause, and one model of it, shared by the tests of this floor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from features.declare import Feature
from models.outcomes import Question
from models.train import train
from models.trained import Trained
from warehouse.months import between

MONTHS = between("2022-01", "2023-08")
NAMES = (
    "arr_now",
    "seats_used",
    "tickets_opened_28d",
    "tickets_opened_90d",
    "usage_trend",
    "nps_last",
)


@pytest.fixture(scope="session")
def features() -> list[Feature]:
    return [catalogue().by_name[name] for name in NAMES]


def world(accounts: int = 120, seed: int = 7, cause: float = 1.6) -> pd.DataFrame:
    """Rows in which falling use and tickets (both windows) raise the odds of the outcome."""
    rng = np.random.default_rng(seed)
    parts = []
    state = rng.normal(size=(accounts, len(NAMES)))
    for month in MONTHS:
        state = 0.9 * state + 0.4 * rng.normal(size=state.shape)
        state[:, 3] = state[:, 2] + 0.3 * rng.normal(size=accounts)
        odds = -2.6 + cause * (state[:, 2] - state[:, 4])
        outcome = (rng.random(accounts) < 1 / (1 + np.exp(-odds))).astype(float)
        seen = np.where(rng.random(state.shape) < 0.05, np.nan, state)
        part = pd.DataFrame(seen, columns=list(NAMES))
        part.insert(0, "account_id", [f"a{i:04d}" for i in range(accounts)])
        part.insert(1, "month", month)
        parts.append(
            part.assign(outcome=outcome, base=100_00, amount=(outcome * 25_00).astype(int))
        )
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="session")
def make_world() -> Callable[..., pd.DataFrame]:
    return world


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return world()


@pytest.fixture(scope="session")
def fit(features: list[Feature]) -> Callable[..., Trained]:
    """Train quickly: few rounds, two seeds; everything else as in production."""

    def run(
        rows: pd.DataFrame, month: str = MONTHS[-1], kind: str = "churn", **more: object
    ) -> Trained:
        settings = {"catalogue": "c0ffee", "rounds": 25, "seeds": (1, 2)} | more
        return train(Question(kind), rows, features, month, **settings)

    return run


@pytest.fixture(scope="session")
def trained(fit: Callable[..., Trained], frame: pd.DataFrame) -> Trained:
    return fit(frame)


@pytest.fixture
def line() -> Callable[..., dict[str, object]]:
    """One contract line as known: account, start, end, ARR in cents; open-ended without an end."""
    count = iter(range(10_000))

    def make(
        account: str, start: str, end: str | None, arr: int = 120_000, ended: str | None = None
    ) -> dict[str, object]:
        return {
            "line_id": f"l{next(count):04d}",
            "account_id": account,
            "starts_on": pd.Timestamp(start),
            "ends_on": pd.Timestamp(end) if end else pd.NaT,
            "ended_on": pd.Timestamp(ended) if ended else pd.NaT,
            "arr": arr,
        }

    return make


@pytest.fixture
def lines() -> Callable[..., pd.DataFrame]:
    def make(*rows: dict[str, object]) -> pd.DataFrame:
        instants = dict.fromkeys(("starts_on", "ends_on", "ended_on"), "datetime64[us]")
        return pd.DataFrame(rows).astype({"account_id": "str", "arr": "int64", **instants})

    return make
