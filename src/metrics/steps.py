"""How ARR changes, step by step: each line adds at its start and takes away at its stop.

From the steps all else follows in one pass, whatever the number of accounts: what an
account is worth after each of them is a running sum, and a movement is the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb
import pandas as pd

from metrics.axis import Axis, number, place
from metrics.rates import Rates

NEVER = 1 << 62
"""The place of a stop that does not come."""


def connection() -> duckdb.DuckDBPyConnection:
    """A connection to an in-memory DuckDB in UTC; its temporary tables go when it is closed."""
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """Opened once a process: to open it takes longer than a small ledger."""
    con = duckdb.connect(":memory:")
    con.execute("SET GLOBAL TimeZone = 'UTC'")
    con.execute("SET GLOBAL preserve_insertion_order = false")
    return con


def of_lines(
    con: duckdb.DuckDBPyConnection,
    lines: pd.DataFrame | duckdb.DuckDBPyRelation,
    axis: Axis = "month",
    timezone: str = "UTC",
    rates: Rates | None = None,
) -> None:
    """Make the tables ``who`` (k, account_id) and ``step`` of contract ``lines`` in ``con``.

    ``step`` has a row an account, product and place where something changes: k, p, place, d
    (cents added, less those taken away), fx (cents by which rates alone moved what stays),
    ds (seats), blank (lines without seats), rise (the yearly rise that a line ending there
    had promised, or that a line without seats of its own adds, a share).
    Lines that stop where they start change nothing. ``rates`` value foreign lines by the
    month; without them each is worth its ``arr`` always.
    """
    con.register("lines", lines)
    _number(con, "who", "account_id", "k", "lines")
    there = set(con.table("lines").columns)
    picked = ", ".join(
        f"{sql if column in there else blank} AS {alias}" for column, alias, sql, blank in _TAKEN
    )
    stop = "coalesce(ended_on, ends_on)"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE line AS "
        f"SELECT row_number() OVER () AS line_row, k, {picked}, arr::BIGINT AS arr, "
        f"{place('starts_on', axis, timezone)} AS b, "
        f"coalesce({place(stop, axis, timezone)}, {NEVER}) AS e "
        "FROM lines JOIN who USING (account_id) "
        f"WHERE starts_on < coalesce({stop}, TIMESTAMP 'infinity')"
    )
    con.unregister("lines")
    _number(con, "what", "product", "p", "line")
    if rates:
        rates.value(con)
    valued = "valued" if rates else "(SELECT *, arr AS first, arr AS last FROM line)"
    moved = "UNION ALL SELECT k, product, place, fx, fx, 0, 0, 0 FROM revalued" if rates else ""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE step AS
        SELECT k, p, place, sum(d)::BIGINT AS d, sum(fx)::BIGINT AS fx,
            sum(ds)::BIGINT AS ds, sum(blank)::BIGINT AS blank, max(rise)::DOUBLE AS rise
        FROM (
            SELECT k, product, b AS place, first AS d, 0 AS fx, coalesce(seats, 0) AS ds,
                (seats IS NULL)::INT AS blank, CASE WHEN seats = 0 THEN rise ELSE 0 END AS rise
            FROM {valued} WHERE e > b
            UNION ALL
            SELECT k, product, e, -last, 0, -coalesce(seats, 0), -(seats IS NULL)::INT, rise
            FROM {valued} WHERE e > b AND e < {NEVER}
            {moved}
        ) JOIN what USING (product)
        GROUP BY ALL HAVING sum(d) <> 0 OR sum(fx) <> 0 OR sum(ds) <> 0 OR sum(blank) <> 0"""
    )


_TAKEN = (
    ("product", "product", "coalesce(product, '')", "''"),
    ("currency", "currency", "currency", "NULL::VARCHAR"),
    ("billing", "billing", "billing", "NULL::VARCHAR"),
    ("seats", "seats", "seats::BIGINT", "NULL::BIGINT"),
    ("uplift", "rise", "greatest(coalesce(uplift, 0), 0)::DOUBLE", "0::DOUBLE"),
)
"""What else is read of a line: column, alias, SQL, and what stands in where it is not kept."""


def _number(con: duckdb.DuckDBPyConnection, made: str, word: str, number: str, table: str) -> None:
    """Make the table ``made``: a ``number`` for each ``word`` of ``table``, in the words' order.

    Numbers are sorted and grouped several times as fast as words.
    """
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {made} AS SELECT {word}, "
        f"row_number() OVER (ORDER BY {word})::INT AS {number} "
        f"FROM (SELECT DISTINCT {word} FROM {table})"
    )


def of_balances(con: duckdb.DuckDBPyConnection, balances: pd.DataFrame) -> None:
    """The same tables, made of what each account was worth at each close (see `arr.balances`)."""
    con.register("held", balances[["account_id", "month", "arr"]])
    _number(con, "who", "account_id", "k", "held")
    at = "(left(month, 4)::INT - 1970) * 12 + right(month, 2)::INT - 1"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE step AS
        SELECT k, 0 AS p, place, sum(d)::BIGINT AS d, 0::BIGINT AS fx, 0::BIGINT AS ds,
            1::BIGINT AS blank, 0::DOUBLE AS rise
        FROM (
            SELECT k, {at} AS place, arr AS d FROM held JOIN who USING (account_id)
            UNION ALL
            SELECT k, {at} + 1, -arr FROM held JOIN who USING (account_id)
        ) GROUP BY ALL HAVING sum(d) <> 0"""
    )
    con.unregister("held")


def frame(con: duckdb.DuckDBPyConnection, sql: str, types: Mapping[str, str]) -> pd.DataFrame:
    """What ``sql`` gives, as pandas with columns of ``types``."""
    rows = con.sql(sql).to_arrow_table()
    if rows.num_rows:  # an empty Arrow column of words joins with nothing in pandas
        found: pd.DataFrame = rows.to_pandas()
        return found.astype(dict(types))
    return pd.DataFrame({name: pd.Series(dtype=types[name]) for name in rows.column_names})


def labelled(con: duckdb.DuckDBPyConnection, months: Sequence[str]) -> None:
    """Make the table ``named`` (place, month) of ``months``."""
    frame = pd.DataFrame({"place": [number(m) for m in months], "month": list(months)})
    con.register("listed", frame.astype({"place": "int64", "month": "str"}))
    con.execute("CREATE OR REPLACE TEMP TABLE named AS SELECT * FROM listed")
    con.unregister("listed")
