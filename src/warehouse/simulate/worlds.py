"""The worlds there are: the default company, and what it would be with one thing changed.

A claim that holds in one simulated company may only fit its generator. So there is a
family: companies without a signal, with a warning too short to use, with drift, without
telemetry or without a randomised stratum; five with one dysfunction each; and companies
drawn at random, ``random:K``, for whoever wants to be surprised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from warehouse.simulate.default import DEFAULT
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams
from warehouse.simulate.world import Driver, Regime, World

_RANDOM = "random:"


def named(name: str) -> World:
    """The world called ``name``; ``KeyError`` if there is none."""
    number = name.removeprefix(_RANDOM)
    if number != name and number.isascii() and number.isdecimal() and len(number) <= _DIGITS:
        return _random(int(number))
    return WORLDS[name]


def _drivers(world: World, change: Callable[[Driver], Driver]) -> World:
    """``world`` with every driver changed."""
    return replace(world, drivers=tuple(change(driver) for driver in world.drivers))


def _calendar_only(world: World, hazard: float) -> World:
    """Nothing but the contract's calendar and shape says who leaves."""
    base = np.log(hazard / len(world.drivers))
    still = replace(world, wind_down=1.0)
    return _drivers(still, lambda driver: replace(driver, gamma=0.0, alpha=float(base)))


def _null(world: World) -> World:
    """Those who leave are drawn blindly among those who decide: nothing says who it will be.

    When they decide is on the contract, which runs for a month or a year; a month's danger is
    a twelfth of a year's.
    """
    blind = _calendar_only(world, 0.13)
    segments = tuple(
        replace(segment, hazard=0.0, terms=tuple((min(m, 12), share) for m, share in segment.terms))
        for segment in world.segments
    )
    return replace(
        blind,
        segments=segments,
        monthly=-float(np.log(12.0)),
        auto_renew=0.0,
        tenure=0.0,
        orphaned=0.0,
        exits=0.0,
        mergers=0.0,
        unrecovered=0.0,
    )


def _fast(driver: Driver) -> Driver:
    """A driver that is gone in a month or two, as strong while it lasts."""
    kept = 0.35
    longer = (1.0 - driver.persistence**2) ** 0.5
    wider = driver.noise * (1.0 - kept**2) ** 0.5 / longer
    often = (1.0 - kept) / (1.0 - driver.persistence)
    return replace(
        driver,
        persistence=kept,
        alpha=driver.alpha - 1.0,
        noise=wider,
        pull=driver.pull * often,
        macro=driver.macro * often,
        rate=(driver.rate[0] * often, driver.rate[1] * often, driver.rate[2] * often),
    )


def _random(number: int) -> World:
    """World ``number`` of those drawn from ranges around the default."""
    stream = Streams(number, WHOLE_COMPANY).stream(Purpose.WORLD)

    def around(value: float, by: float) -> float:
        return float(value * np.exp(by * (2.0 * stream.random() - 1.0)))

    def change(driver: Driver) -> Driver:
        gap = 1.0 - driver.persistence
        return replace(
            driver,
            persistence=1.0 - around(gap, 0.3),
            gamma=around(driver.gamma, 0.2),
            alpha=driver.alpha + 0.5 * (2.0 * float(stream.random()) - 1.0),
            noise=around(driver.noise, 0.2),
            scale=around(driver.scale, 0.2),
            play=around(driver.play, 0.5),
            backfire=around(driver.backfire, 0.5),
        )

    shares = np.array([around(segment.share, 0.5) for segment in DEFAULT.segments])
    segments = tuple(
        replace(
            segment,
            share=float(share),
            seats=around(segment.seats, 0.3),
            auto_renew=min(around(segment.auto_renew, 0.3), 0.9),
            touches=around(segment.touches, 0.4),
            value_days=around(segment.value_days, 0.4),
        )
        for segment, share in zip(DEFAULT.segments, shares / shares.sum(), strict=True)
    )
    return replace(
        _drivers(DEFAULT, change),
        segments=segments,
        crosstalk=tuple((a, b, around(share, 0.5)) for a, b, share in DEFAULT.crosstalk),
        memory=0.55 + 0.3 * float(stream.random()),
        unrecovered=around(DEFAULT.unrecovered, 0.4),
        uplift_share=0.3 + 0.6 * float(stream.random()),
        usage_level=DEFAULT.usage_level + 0.4 * (float(stream.random()) - 0.5),
        incidents=around(DEFAULT.incidents, 0.5),
        launches=int(stream.integers(0, 4)),
    )


_DIGITS = 9
_STRICTER = Regime(share=2 / 3, shifts=(("price", 1.2), ("budget", 1.0), ("competitor", 0.8)))

WORLDS: dict[str, World] = {
    "default": DEFAULT,
    "null": _null(DEFAULT),
    "calendar-only": _calendar_only(DEFAULT, 0.19),
    "theatre": replace(
        DEFAULT,
        vendor=replace(DEFAULT.vendor, trusts_pulse=True, insight=0.0, optimism=1.0),
    ),
    "drift": replace(DEFAULT, regime=_STRICTER, launches=6),
    "fast-drivers": replace(_drivers(DEFAULT, _fast), memory=0.0),
    "small": replace(DEFAULT, size=(400, 36)),
    "usage-free": replace(DEFAULT, telemetry=False),
    "confounded-only": replace(DEFAULT, vendor=replace(DEFAULT.vendor, random_stratum=0.0)),
    "firefighting": replace(
        DEFAULT,
        vendor=replace(DEFAULT.vendor, routine=0.25, reactive=0.15, window=0, play_at=1),
    ),
    "score-theatre": replace(
        DEFAULT,
        vendor=replace(DEFAULT.vendor, trusts_pulse=True, insight=0.1, optimism=1.2),
    ),
    "expansion-black-hole": replace(
        DEFAULT,
        vendor=replace(DEFAULT.vendor, handoff=0.15),
        seat_growth=DEFAULT.seat_growth - 0.6,
        module_growth=DEFAULT.module_growth - 0.8,
    ),
    "onboarding-chaos": replace(
        DEFAULT, vendor=replace(DEFAULT.vendor, value_days=3.0, adrift=2.5)
    ),
    "renewal-scramble": replace(
        DEFAULT,
        vendor=replace(DEFAULT.vendor, window=1, attention=4.0, play_at=1, late_renewals=0.40),
    ),
}
"""The worlds with a name; ``random:K`` is one more for each whole number K."""
