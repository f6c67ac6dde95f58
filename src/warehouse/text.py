"""CSV as text: a file that was cut, mis-encoded or is no text is refused before it is read."""

from __future__ import annotations

import codecs
import csv
import json
import re
from pathlib import Path

import duckdb

from warehouse.errors import DataRefused

CHUNK = 1 << 20
LONGEST_LINE = 4 << 20
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}


def header(file: Path, table: str, delimiter: str) -> tuple[str, ...]:
    """The column names of a CSV, without spaces around them, after looking at every byte.

    A column without a name (an index that was exported along) is called ``column 1``
    after its place. Raises ``DataRefused`` for a file of zero bytes, one that is not
    UTF-8 (a byte order mark is fine), holds a NUL, begins with an empty line, or
    whose last line does not end: it may be torn.
    """
    where = f"{table}: {file}"
    if file.stat().st_size == 0:
        raise DataRefused(f"{where} is empty (0 bytes), not even a header; export it again")
    last = _looked_through(file, where)
    if last not in (b"\n", b"\r"):
        raise DataRefused(
            f"{where} does not end with a line break, so its last row may be torn; export it "
            "again, or add the line break if you know it is whole"
        )
    with file.open(encoding="utf-8-sig", newline="") as text:
        try:
            names = next(csv.reader(text, delimiter=delimiter))
        except csv.Error as error:
            raise DataRefused(f"{where} has no readable header: {error}") from error
    if not names:
        raise DataRefused(
            f"{where} begins with an empty line; its first line must name the columns"
        )
    return tuple(name.strip() or f"column {i}" for i, name in enumerate(names, 1))


def _looked_through(file: Path, where: str) -> bytes:
    """The last byte of ``file``, once all of it is known to be UTF-8 text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, last = 1, b""
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if line == 1 and (
                chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or chunk.count(0) > len(chunk) / 4
            ):
                raise DataRefused(f"{where} looks like UTF-16; export it as UTF-8")
            if b"\x00" in chunk:
                line += chunk[: chunk.index(0)].count(b"\n")
                raise DataRefused(f"{where} holds a NUL in line {line}: it is no text or damaged")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                line += chunk[: error.start].count(b"\n")
                raise DataRefused(
                    f"{where} is not UTF-8 in line {line} (it may be Latin-1 or Windows-1252); "
                    "export it as UTF-8"
                ) from error
            line += chunk.count(b"\n")
            last = chunk[-1:]
    return last


def delimiter_hint(columns: tuple[str, ...]) -> str:
    """What to set where a header of one column shows another delimiter; ``""`` if none does."""
    if len(columns) == 1:
        for sign, word in DELIMITERS.items():
            if sign in columns[0]:
                written = json.dumps(sign)
                return f" It is one column with {word} in it: set delimiter = {written} in [data]."
    return ""


def explained(error: duckdb.Error) -> str:
    """Why DuckDB could not read a file, in our words and without the row's own content."""
    message = str(error)
    at = re.search(r"CSV Error on Line: (\d+)", message)
    line = f"line {at[1]}" if at else "a line"
    widths = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    if widths:
        return (
            f"{line} has {widths[2]} columns where the header has {widths[1]}: it was cut, or a "
            "delimiter stands outside quotes"
        )
    if "unterminated quote" in message:
        return f"{line} holds a quoted value that does not end where it should"
    if "Maximum line size" in message:
        return f"{line} is longer than {LONGEST_LINE:,} bytes"
    if "state machine" in message:
        return "it mixes line endings (CRLF and LF), or text stands beside a closing quote"
    if at:
        return f"{line} breaks the rules of CSV; a quote may be missing or one too many"
    return message.splitlines()[0][:200]
