"""Run the benchmarks, print a table, write results.json.

Exit codes: 0 every ``must`` is kept; 1 one is missed; 64 no such benchmark.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.harness import RESULTS, ROOT, Row, found, holds, run, write

LINE = "{:<22} {:>10} {:<6} {:>9} {:>9} {:>9}  {:<8} {}"


def main(arguments: list[str]) -> int:
    """Run those asked for, all by default; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="run this one alone")
    only = parser.parse_args(arguments).only
    benchmarks = found()
    if only and only not in benchmarks:
        print(f"no benchmark is called {only!r}; there are: {', '.join(benchmarks)}")
        return 64
    print(LINE.format("name", "value", "unit", "ratio", "must", "aim", "verdict", "against"))
    rows: list[Row] = []
    for name in [only] if only else benchmarks:
        rows.append(run(benchmarks[name]))
        print(_line(rows[-1]), flush=True)
    write(rows)
    print(f"written to {RESULTS.relative_to(ROOT)}")
    return int(any(_verdict(row) == "missed" for row in rows))


def _line(row: Row) -> str:
    value, ratio = f"{row['value']:.4g}", f"{row['ratio']:.3g}"
    bounds = (row["must"], row["aim"], _verdict(row))
    return LINE.format(row["name"], value, row["unit"], ratio, *bounds, row["against"])


def _verdict(row: Row) -> str:
    """``aim`` reached, ``kept`` the must, or ``missed`` it."""
    ratio = float(row["ratio"])
    if not holds(ratio, str(row["must"])):
        return "missed"
    return "aim" if holds(ratio, str(row["aim"])) else "kept"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
