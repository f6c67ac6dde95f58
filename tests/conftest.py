"""What every test shares: nothing reports to anyone, and where other people's data lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "1")

HOUSE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def samples() -> Path:
    """Data sets nobody here wrote: ``PERENNIAL_SAMPLES``, or ``../shared/data``."""
    place = Path(os.environ.get("PERENNIAL_SAMPLES", HOUSE.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"{place} does not exist; set PERENNIAL_SAMPLES to the sample data sets")
    return place
