"""Whether an aggregate is fit to be a feature: of the right columns, and exact."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from features.rows import TILED, Aggregate, DeclarationError, Rows, Source, Statistic
from warehouse.contract import TABLES

FRACTIONS = (nw.Float64, nw.Float32)
# Fixed-point numbers pass for whole ones: what is then a fraction has lost its exactness.
PANDAS = {"integer": "Int64", "number": "Int64", "money": "Int64", "flag": "boolean"}


def checked(source: Source, rows: Rows, made: object) -> Aggregate:
    """``made`` itself, if it is an aggregate of the columns asked of ``rows`` and of no others.

    Raises ``DeclarationError``.
    """
    if not isinstance(made, Aggregate):
        raise DeclarationError(
            f"returns {type(made).__name__}; return one aggregate of t, such as "
            "t.count(where=...) or t.sum(t.minutes)"
        )
    nothing = _nothing(source.table, rows.read | rows.beside | {"account_id"})
    for condition in (made.where, made.over):
        if condition is not None and (dtype := _dtype(source, nothing, condition)) != nw.Boolean:
            raise DeclarationError(
                f"has a condition that is {dtype}, not true or false; write one like t.events > 0"
            )
    for value in (made.value, made.per, made.by):
        if value is None:
            continue
        dtype = _dtype(source, nothing, value)
        if source.tiled:
            _combinable(source, made.statistic, dtype)
        elif made.statistic in ("sum", "mean") and dtype in FRACTIONS:
            raise DeclarationError(
                f"takes the {made.statistic} of fractions, which depends on the order of the rows; "
                "write t.median(...), or add up whole numbers"
            )
    return made


def _dtype(source: Source, nothing: nw.DataFrame[pd.DataFrame], part: object) -> object:
    if not isinstance(part, nw.Expr):
        raise DeclarationError(
            f"gives {part!r} where an expression of t is needed; write t.minutes "
            "for a column, t.events > 0 for a condition"
        )
    try:
        return nothing.select(part.alias("made")).schema["made"]
    except Exception as error:
        why = str(error).strip().splitlines()[0]
        raise DeclarationError(
            f"cannot be made from what it asks of t ({why}); name each column as "
            f"t.<column>: {', '.join(source.columns)}"
        ) from error


def _combinable(source: Source, statistic: Statistic, dtype: object) -> None:
    """Refuse what cannot be put together from the tiles of a window without an error."""
    wanted = nw.String if statistic == "distinct" else nw.Int64
    if statistic not in TILED or dtype not in (wanted, nw.Int32):
        raise DeclarationError(
            f"takes the {statistic} of {dtype}, and {source.table} is kept in tiles, which put "
            f"together {', '.join(sorted(TILED))}: of words the distinct, of whole numbers the rest"
        )


def _nothing(table: str, columns: set[str]) -> nw.DataFrame[pd.DataFrame]:
    """``columns`` of ``table`` with their types and without rows."""
    types = {c.name: PANDAS.get(c.kind, "str") for c in TABLES[table].columns}
    types |= {c.name: "datetime64[us]" for c in TABLES[table].columns if c.kind == "instant"}
    empty = {name: pd.Series(dtype=types[name]) for name in TABLES[table].names if name in columns}
    return nw.from_native(pd.DataFrame(empty), eager_only=True)
