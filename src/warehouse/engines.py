"""The engines under the tables: DuckDB on one machine, Spark on many, the same answers.

What is asked of a table is said in Narwhals and means the same on both. Two things are
left: the types in which answers come back, and a union of bits, which Narwhals cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Literal

import narwhals as nw
import pyarrow as pa

from warehouse.connect import quoted

Reducer = Literal["sum", "max", "min", "count", "bit_or"]


def collect(frame: nw.LazyFrame[Any]) -> pa.Table:
    """The rows of ``frame`` as Arrow, in the same types whichever engine they come from.

    Words are ``string``, whole numbers ``int64``, other numbers ``double``, decimals
    ``decimal128(38, scale)``, flags ``bool``, instants naive UTC ``timestamp[us]``, dates
    ``date32``. The order is the frame's own, if it has one. Raises ``TypeError`` for a column
    of any other type, ``ArrowInvalid`` for a whole number beyond 64 bits.
    """
    rows: pa.Table = frame.collect("pyarrow").to_native()
    return rows.cast(pa.schema([(field.name, _same(field)) for field in rows.schema]))


def reduce(
    frame: nw.LazyFrame[Any], keys: Sequence[str], picks: Mapping[str, tuple[Reducer, str]]
) -> pa.Table:
    """One row for each combination of ``keys``, which come first: each pick, reduced, as int64.

    A pick is a name, how to reduce, and the column; a null is passed over, so that the sum of
    nothing is null and its ``count`` 0. The order of rows is not promised. Raises
    ``TypeError`` where something else than whole numbers is to be reduced.
    """
    _whole(frame, picks)
    native = frame.to_native()
    if frame.implementation.is_duckdb():
        by = [quoted(key) for key in keys]
        terms = [f"{_term(how, quoted(of))} AS {quoted(name)}" for name, (how, of) in picks.items()]
        return collect(nw.from_native(native.aggregate(", ".join([*by, *terms]), ", ".join(by))))
    sql = import_module("pyspark.sql.functions")
    by = [_ticked(key) for key in keys]
    columns = [sql.expr(_term(how, _ticked(of))).alias(name) for name, (how, of) in picks.items()]
    return collect(nw.from_native(native.groupBy(*by).agg(*columns)))


def _term(how: Reducer, column: str) -> str:
    """The reduction in SQL; DuckDB would give a sum in 128 bits."""
    return f"CAST({how}({column}) AS BIGINT)"


def _ticked(name: str) -> str:
    """``name`` as an identifier of Spark's SQL."""
    return "`" + name.replace("`", "``") + "`"


def _whole(frame: nw.LazyFrame[Any], picks: Mapping[str, tuple[Reducer, str]]) -> None:
    """Refuse what the cast to whole numbers would round on one engine and cut on the other."""
    types = frame.collect_schema()
    for name, (how, column) in picks.items():
        if how != "count" and not types[column].is_signed_integer():
            raise TypeError(
                f"{name} is the {how} of {column}, which is {types[column]}: only whole numbers of "
                "at most 64 bits are reduced; cast it, or aggregate it with group_by"
            )


def _same(field: pa.Field) -> pa.DataType:
    """The type in which a column is given back, whatever the engine made of it."""
    kind, told = field.type, pa.types
    if told.is_integer(kind) or (told.is_decimal(kind) and kind.scale == 0):
        return pa.int64()
    if told.is_decimal(kind):
        return pa.decimal128(38, kind.scale)
    if told.is_floating(kind):
        return pa.float64()
    if told.is_timestamp(kind):
        return pa.timestamp("us")
    if told.is_string(kind) or told.is_large_string(kind) or told.is_string_view(kind):
        return pa.string()
    if told.is_boolean(kind) or told.is_date32(kind):
        return kind
    raise TypeError(
        f"{field.name} is {kind}, which the engines do not give back alike; make it a word, a "
        "number, a flag or an instant first"
    )
