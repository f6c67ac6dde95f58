"""The palette: read by everybody, in both themes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reporting.theme import BANDS, FILLS, GROUNDS, ON_FILLS, SERIES, TEXTS, TOKENS, band

# Machado, Oliveira and Fernandes (2009), severity 1.0.
SIGHTS = {
    "full": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)  # fmt: skip
THEMES = {"light": 0, "dark": 1}


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio."""
    low, high = sorted(float(linear(c) @ TO_XYZ[1]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(sight @ linear(colour), 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", THEMES)
def test_text_stands_out_on_every_ground(theme: str) -> None:
    column = THEMES[theme]
    for token, ground in itertools.product((*TEXTS, *SERIES), GROUNDS):
        ratio = contrast(TOKENS[token][column], TOKENS[ground][column])
        assert ratio >= 4.5, f"{token} on {ground}: {ratio:.2f}"
    for token, fills in ON_FILLS.items():
        for fill in fills:
            ratio = contrast(TOKENS[token][column], TOKENS[fill][column])
            assert ratio >= 4.5, f"{token} on {fill}: {ratio:.2f}"


@pytest.mark.parametrize("theme", THEMES)
def test_fills_stand_out_on_paper(theme: str) -> None:
    column = THEMES[theme]
    for token in (*FILLS, "total-fill"):
        ratio = contrast(TOKENS[token][column], TOKENS["paper"][column])
        assert ratio >= 3, f"{token}: {ratio:.2f}"


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", THEMES)
def test_bands_and_lines_stay_apart_in_every_sight(theme: str, sight: str) -> None:
    column = THEMES[theme]
    for group in (FILLS, SERIES[:3]):
        for one, other in itertools.combinations(group, 2):
            apart = np.linalg.norm(
                lab(TOKENS[one][column], SIGHTS[sight]) - lab(TOKENS[other][column], SIGHTS[sight])
            )
            assert apart >= 15, f"{one} and {other}: {apart:.0f}"


def test_a_light_colour_means_one_token() -> None:
    """A figure's colours are turned into tokens by their light value."""
    lights = [colours[0] for colours in TOKENS.values()]
    assert len(set(lights)) == len(lights)


def test_a_band_is_found_by_key_or_word() -> None:
    assert band("At risk") is band("at_risk") is BANDS["at_risk"]
    with pytest.raises(ValueError, match="'amber' is not a band; the bands are At risk, Watch"):
        band("amber")
