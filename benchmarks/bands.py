"""Is the simulated company as a company is? ``make bands`` lives twenty and says.

Each band holds for every one of the twenty seeds, or the command fails. They are held
out: while the company is tuned, other seeds are looked at (``--first 0 --seeds 3``).
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.company import MONTHS, begin, measure, taught
from warehouse.simulate.streams import BLOCK

PAGE = Path(__file__).resolve().parents[1] / "docs" / "simulated-company.md"
BEGINS, ENDS = "<!-- bands -->", "<!-- /bands -->"
HELD_OUT, SEEDS, BLOCKS, TOLD, TAUGHT = 1_000, 20, 24, 8, 80
"""The first seed and how many; the blocks of a company, those of them with twins, and those
of others to learn from. The page says what these found, and nothing smaller."""


@dataclass(frozen=True)
class Band:
    """A figure, what it is, and the least and the most it may be."""

    name: str
    says: str
    low: float
    high: float
    digits: int = 3

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


BANDS = (
    Band("logo", "Logo churn, a year", 0.11, 0.16),
    Band("grr", "Gross revenue retention, a year", 0.88, 0.92),
    Band("nrr", "Net revenue retention, a year", 1.04, 1.11),
    Band("involuntary", "Share of churn that is involuntary", 0.12, 0.25),
    Band("nps", "NPS of those who answer", 28, 42, 1),
    Band("used", "Share of seats in use", 0.60, 0.75),
    Band("ordered", "Churn of SMB less Mid-market, and of Mid-market less Enterprise", 0.0, 1.0),
    Band("deciding", "AUC of the true chance at the decision", 0.88, 0.91),
    Band("ahead_3", "AUC with all that is hidden known, 3 months ahead", 0.84, 0.89),
    Band("ahead_4", "the same, 4 months ahead", 0.82, 0.87),
    Band("ahead_6", "the same, 6 months ahead", 0.76, 0.81),
    Band("bayes", "AUC of the best use of what can be seen, 3 months ahead", 0.80, 0.84),
    Band("over_lr", "its lead over logistic regression on 10,240 accounts", 0.03, 1.0),
    Band("single", "AUC of the best single thing seen", 0.5, 0.68),
    Band("calendar", "AUC of contract and calendar alone", 0.5, 0.60),
    Band("green", "Share of those who left that a five-factor score called good", 0.35, 1.0),
    Band("play", "What a save play does to the chance of leaving, truly", -1.0, 0.0, 4),
    Band("naive", "What it seems to do, played against not played", 0.0, 1.0, 4),
    Band("ids", "AUC of the account's number", 0.47, 0.53),
)


def table(found: list[dict[str, float]], how: str) -> list[str]:
    """The bands and what was found, as lines of Markdown."""
    lines = [
        f"`make bands`: {how}.",
        "",
        "| | least | most | mean | lowest | highest | seeds that hold |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for band in BANDS:
        values = np.array([each[band.name] for each in found])
        held = sum(band.holds(value) for value in values)
        figures = (band.low, band.high, values.mean(), values.min(), values.max())
        told = " | ".join(f"{value:.{band.digits}f}" for value in figures)
        lines.append(f"| {band.says} | {told} | {held} of {len(values)} |")
    return lines


def write(lines: list[str]) -> None:
    """Put ``lines`` between the markers of the page."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGINS)
    _, after = rest.split(ENDS)
    middle = "\n".join(["", "", *lines, "", ""])
    PAGE.write_text(before + BEGINS + middle + ENDS + after, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Measure, print, write the page when all was measured; 1 if a band is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bands", description=__doc__)
    parser.add_argument("--first", type=int, default=HELD_OUT, help="the first seed")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many companies")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="of 1,024 accounts each")
    parser.add_argument("--told", type=int, default=TOLD, help="of them with twins")
    parser.add_argument(
        "--taught", type=int, default=TAUGHT, help="blocks of other seeds to learn from"
    )
    asked = parser.parse_args(arguments)
    whole = asked == parser.parse_args([])
    context = multiprocessing.get_context("spawn")
    teacher = taught(asked.taught)
    seeds = range(asked.first, asked.first + asked.seeds)
    tasks = [(seed, asked.blocks, asked.told) for seed in seeds]
    found = []
    with context.Pool(2, begin, (teacher,)) as pool:
        for seed, figures in zip(seeds, pool.imap(measure, tasks), strict=True):
            found.append(figures)
            missed = [b.name for b in BANDS if not b.holds(figures[b.name])]
            print(f"seed {seed}: missed {', '.join(missed) or 'none'}", flush=True)
    how = (
        f"seeds {seeds[0]} to {seeds[-1]}, "
        f"companies of {asked.blocks * BLOCK:,} accounts and {MONTHS} months; "
        f"twins of {asked.told * BLOCK:,} of them; taught on {asked.taught * BLOCK:,} others"
    )
    lines = table(found, how)
    print("\n".join(lines))
    if whole:
        write(lines)
    return int(any(not band.holds(each[band.name]) for band in BANDS for each in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
