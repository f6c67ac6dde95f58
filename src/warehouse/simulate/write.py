"""Columns to Parquet, with the types the contract declares and the same bytes each time.

A block is written as soon as it is made, in the order of the blocks; so a company of
any size needs the memory of a few blocks, and a file never depends on who made its
parts. Text is handed over as codes into words and is plain text in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse.contract import Kind, Table
from warehouse.simulate.columns import Cells, Columns, Text

_WORDS = pa.dictionary(pa.int32(), pa.string())
_TYPES: dict[Kind, Any] = {
    "id": _WORDS,
    "text": _WORDS,
    "category": _WORDS,
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(18, 2),
    "flag": pa.bool_(),
    "instant": pa.timestamp("us"),
}
_ROW_GROUP = 1 << 20


def schema(table: Table) -> Any:
    """The Arrow schema of a table as a company would export it."""
    return pa.schema([(column.name, _TYPES[column.kind]) for column in table.columns])


def arrow(columns: Columns, fields: Any) -> Any:
    """The Arrow table of ``columns`` with the schema ``fields``; money comes as cents."""
    arrays = [_arrow(columns[field.name], field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=fields)


class Files:
    """The open Parquet files of a folder, one a table, written a block at a time."""

    def __init__(self, folder: Path, schemas: Mapping[str, Any]) -> None:
        self._writers = {
            name: pq.ParquetWriter(
                folder / f"{name}.parquet",
                fields,
                compression="zstd",
                store_schema=False,
                write_statistics=True,
            )
            for name, fields in schemas.items()
        }

    def __enter__(self) -> Files:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._writers.values():
            writer.close()

    def add(self, name: str, rows: Any) -> None:
        """Append a block's ``rows`` (see ``arrow``) to the file of table ``name``."""
        self._writers[name].write_table(rows, row_group_size=_ROW_GROUP)


def _arrow(cells: Cells, kind: Any) -> Any:
    """``cells`` as an Arrow array of type ``kind``."""
    if isinstance(cells, Text):
        codes = pa.array(cells.codes, mask=cells.codes < 0, type=pa.int32())
        words = pa.array(list(cells.words), type=pa.string()).dictionary_encode()
        # A word may be there twice, and a Parquet writer makes no promise for such a dictionary.
        return pa.DictionaryArray.from_arrays(words.indices.take(codes), words.dictionary)
    missing = np.ma.getmaskarray(cells) if isinstance(cells, np.ma.MaskedArray) else None
    values = np.ma.getdata(cells)
    if pa.types.is_decimal(kind):
        cents = np.ascontiguousarray(values, dtype=np.int64)
        words128 = np.stack([cents, cents >> 63], axis=1)
        exact = pa.Array.from_buffers(kind, len(cents), [None, pa.py_buffer(words128)])
        if missing is None or not missing.any():
            return exact
        return pc.if_else(pa.array(~missing), exact, pa.scalar(None, kind))
    return pa.array(values, mask=missing, type=kind)
