"""What each step was: new, expansion, contraction, churn, reactivation, and of what it was made.

Net at each place of the axis: an account up fifty and down fifty within one month did not
move. An account is worth the sum of its lines and never below nothing, so a credit larger
than what it credits is worth nothing, not less. What an account gained or lost beside its
rates is one movement of one kind, of parts that add up to it:

- ``seats``      more or fewer seats of a product it keeps, at the price they had;
- ``escalator``  a dearer seat, up to the yearly rise its contract promised;
- ``price``      what is left of a dearer or cheaper seat, a discount that ended included;
- ``unsplit``    both together, where the seats are not known;
- ``product``    a product taken on or given up;
- ``tier``       the difference, where one is given up in the month another is taken on;
- ``credit``     what a credit hid or showed again.
"""

from __future__ import annotations

import duckdb

KINDS = ["new", "expansion", "contraction", "churn", "reactivation", "fx"]
PARTS = ["seats", "escalator", "price", "unsplit", "product", "tier", "credit"]


def classify(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``moved`` of the table ``step`` (see `metrics.steps`).

    A row an account and place at which it is worth something else than before: k, place,
    before, after (cents), fx (cents by which rates alone moved it), kind (of the rest), back
    (the place at which it last had ARR, for a return) and a column for each of ``PARTS``,
    zero but for expansion and contraction.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {_MOVED}")


_PRODUCTS = """
    SELECT k, place, d, fx, d - fx AS own, rise,
        (sum(d) OVER so_far)::BIGINT - d AS was,
        (sum(ds) OVER so_far)::BIGINT - ds AS held, ds,
        (sum(blank) OVER so_far)::BIGINT AS blank, blank AS blanked
    FROM step WINDOW so_far AS (PARTITION BY k, p ORDER BY place)
"""
"""Each product of an account before and at a step; ``was`` is its ARR, ``held`` its seats."""

_SPLIT = f"""
    SELECT k, place, d, fx, own, seats,
        CASE WHEN kept THEN least(greatest(own - seats, 0), round((was + fx) * rise)::BIGINT)
            ELSE 0 END AS escalator,
        kept, known, was, d AS whole
    FROM (
        SELECT *, was > 0 AND was + d > 0 AS kept, known,
            CASE WHEN kept AND known THEN round(ds::DOUBLE * (was + fx) / held)::BIGINT
                ELSE 0 END AS seats
        FROM (
            SELECT *, blank = 0 AND blank - blanked = 0 AND held > 0 AND held + ds > 0 AS known
            FROM ({_PRODUCTS})
        )
    ) WHERE d <> 0 OR fx <> 0
"""

_ACCOUNTS = f"""
    SELECT k, place, sum(d)::BIGINT AS d, sum(fx)::BIGINT AS fx,
        sum(seats)::BIGINT AS seats, sum(escalator)::BIGINT AS escalator,
        sum(own - seats - escalator) FILTER (kept AND known)::BIGINT AS price,
        sum(own - escalator) FILTER (kept AND NOT known)::BIGINT AS unsplit,
        sum(own) FILTER (NOT kept AND was <= 0)::BIGINT AS gained,
        sum(own) FILTER (NOT kept AND was > 0)::BIGINT AS dropped
    FROM ({_SPLIT}) GROUP BY k, place
"""

_LEVELS = f"""
    SELECT * REPLACE (coalesce(price, 0) AS price, coalesce(unsplit, 0) AS unsplit),
        coalesce(gained, 0) AS more, coalesce(dropped, 0) AS less,
        greatest((sum(d) OVER so_far)::BIGINT - d, 0) AS before,
        greatest((sum(d) OVER so_far)::BIGINT, 0) AS after
    FROM ({_ACCOUNTS}) WINDOW so_far AS (PARTITION BY k ORDER BY place)
"""

_SEEN = f"""
    SELECT *, max(CASE WHEN before > 0 THEN place END) OVER (
        PARTITION BY k ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS back
    FROM ({_LEVELS})
"""

_TOLD = f"""
    SELECT k, place, before, after, back, stays,
        CASE WHEN stays THEN fx ELSE 0 END AS fx,
        CASE WHEN NOT stays THEN
                CASE WHEN before > 0 THEN 'churn'
                    WHEN back IS NULL THEN 'new' ELSE 'reactivation' END
            WHEN after - before - fx > 0 THEN 'expansion'
            WHEN after - before - fx < 0 THEN 'contraction' END AS kind,
        seats, escalator, price, unsplit,
        CASE WHEN more <> 0 AND less <> 0 THEN 0 ELSE more + less END AS product,
        CASE WHEN more <> 0 AND less <> 0 THEN more + less ELSE 0 END AS tier
    FROM (SELECT *, before > 0 AND after > 0 AS stays FROM ({_SEEN}))
    WHERE after <> before OR (stays AND fx <> 0)
"""

_CHANGES = ", ".join(
    f"CASE WHEN stays THEN {part} ELSE 0 END AS {part}" for part in PARTS if part != "credit"
)
_REST = " - ".join(["after - before - fx", *(part for part in PARTS if part != "credit")])
_MOVED = f"""
    SELECT k, place, before, after, back, fx, kind, {_CHANGES},
        CASE WHEN stays THEN {_REST} ELSE 0 END AS credit
    FROM ({_TOLD})
"""
