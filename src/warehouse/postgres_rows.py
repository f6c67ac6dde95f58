"""The rows of one COPY, as CSV from the server, streamed to one Parquet file of text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from psycopg import Copy

from warehouse.errors import DataRefused

BATCH = 8 << 20
"""Bytes of rows that are held at a time; one row may be larger."""


def written(sent: Copy, columns: tuple[str, ...], file: Path, where: str) -> str:
    """Write the rows as they come; the sha256 of the columns' names and the rows as sent.

    It is of the text and not of the file, whose bytes depend on who wrote it.
    """
    digest = sha256("".join(f"{len(name)}:{name}," for name in columns).encode())
    kinds = pa.schema([(name, pa.string()) for name in columns])
    try:
        with file.open("xb") as out:
            with pq.ParquetWriter(out, kinds, compression="zstd") as writer:
                for batch in _batches(sent):
                    digest.update(batch)
                    writer.write_table(_parsed(batch, columns))
            out.flush()
            os.fsync(out.fileno())
    except pa.ArrowInvalid as error:
        raise DataRefused(
            f"{where} holds text that is not UTF-8; read a view that mends the text"
        ) from error
    return digest.hexdigest()


def _batches(sent: Copy) -> Iterator[bytearray]:
    """Whole rows, about ``BATCH`` bytes at a time: the server sends each row as one message."""
    batch = bytearray()
    for row in sent:
        batch += row
        if len(batch) >= BATCH:
            yield batch
            batch = bytearray()
    if batch:
        yield batch


def _parsed(batch: bytearray, columns: tuple[str, ...]) -> pa.Table:
    """The rows of ``batch``, all text: NULL is null, and ``''`` is ``''``."""
    return pcsv.read_csv(
        pa.py_buffer(batch),
        pcsv.ReadOptions(column_names=list(columns), block_size=len(batch) + 1),
        pcsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pcsv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
