"""Sparklines: the course of one number in the height of a line of text.

Drawn by hand rather than by matplotlib: a table may hold hundreds.
"""

from __future__ import annotations

from collections.abc import Sequence

from reporting.formats import missing
from reporting.text import escape

_WIDTH, _HEIGHT, _PAD = 84.0, 22.0, 3.0


def spark(values: Sequence[float | None], alt: str, *, low: float | None = None) -> str:
    """Inline SVG of ``values`` in order, the last one dotted; gaps where a value is missing.

    ``alt`` says in words what the line shows. ``low`` fixes the foot of the scale;
    without it the line fills the height. Empty text if no value is known.
    """
    known = [float(value) for value in values if value is not None and not missing(value)]
    if not known:
        return ""
    foot = min(known) if low is None else min(low, *known)
    span = (max(known) - foot) or 1.0
    step = (_WIDTH - 2 * _PAD) / max(1, len(values) - 1)
    runs: list[list[str]] = [[]]
    x = y = 0.0
    for index, value in enumerate(values):
        if value is None or missing(value):
            runs.append([])
            continue
        flat = max(known) == foot
        x = _PAD + index * step
        up = 0.5 if flat else (float(value) - foot) / span
        y = _HEIGHT - _PAD - up * (_HEIGHT - 2 * _PAD)
        runs[-1].append(f"{x:.1f} {y:.1f}")
    path = "".join(f"M{'L'.join(run)}" for run in runs if len(run) > 1)
    line = f'<path d="{path}"/>' if path else ""
    return (
        f'<svg class="pr-spark" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" '
        f'preserveAspectRatio="xMinYMid" role="img" '
        f'aria-label="{escape(alt)}">{line}<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/></svg>'
    )
