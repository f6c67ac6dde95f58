"""What a feature is a sign of."""

from __future__ import annotations

from collections import Counter

from features.catalogue import catalogue
from features.declare import FRAMES
from features.drivers import DRIVERS, driver


def test_every_idea_named_is_declared_and_named_once() -> None:
    named = Counter(idea for ideas in DRIVERS.values() for idea in ideas)
    assert not {idea for idea, times in named.items() if times > 1}
    assert not named.keys() - {feature.idea for feature in catalogue().features}


def test_what_frames_an_account_drives_nothing() -> None:
    framing = {feature.idea for feature in catalogue().features if feature.family in FRAMES}
    assert not framing & {idea for ideas in DRIVERS.values() for idea in ideas}


def test_a_driver_is_finer_than_a_family() -> None:
    told = {feature.name: driver(feature) for feature in catalogue().features}
    assert told["champions_gone"] == "champion"
    assert told["outage_minutes_365d"] == "reliability"
    assert told["usage_events_28d"] == "adoption"
    assert len(set(told.values())) > 2 * len({f.family for f in catalogue().features})
