"""Kept tiles: the news of a closed month, counted once and read back ever after.

A file a month in ``<store>/tiles/<table>``; it says what it was made from, so a month
whose news was restated, or that is cut otherwise, is counted again. A part that the file
lacks is counted alone and joins it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import disk
from features.code import digest
from features.parts import Part
from features.tiles import Tiles, gathered
from features.timeline import Piece, Timeline
from warehouse.snapshot import Snapshot

NOTE = b"perennial"
AHEAD = 2  # months read while one is worked on
ROWS = 40_000_000  # that are counted together: some two gigabytes at work


def tiles(
    snapshot: Snapshot,
    table: str,
    parts: Sequence[Part],
    timeline: Timeline,
    store: Path | None,
) -> Iterator[tuple[Piece, Tiles]]:
    """The tiles of the news of each piece of ``timeline``, in order.

    Those of whole months are kept in ``store``. What is not is counted together with its
    neighbours, as many as fit into memory with ease.
    """
    run: list[tuple[Piece, Tiles | None]] = []
    wanted: list[Part] = []
    rows = 0

    def counted() -> Iterator[tuple[Piece, Tiles]]:
        pieces = [piece for piece, _ in run]
        made = gathered(snapshot, table, wanted, pieces, timeline)
        for (piece, before), new in zip(run, made, strict=True):
            whole = new if before is None else _joined(before, new)
            if store and piece.month:
                made_from = _made_from(snapshot, table, piece, timeline)
                _write(_file(store, table, piece), whole, made_from)
            yield piece, whole

    for piece, before in _ahead(snapshot, table, timeline, store):
        missing = [part for part in parts if before is None or part.key not in before.keys]
        size = _rows(snapshot, table, piece) if missing else 0
        same = [part.key for part in missing] == [part.key for part in wanted]
        if run and (not same or piece.month is None or rows + size > ROWS):
            yield from counted()
            run, rows = [], 0
        if before is not None and not missing:
            yield piece, before
        else:
            run.append((piece, before))
            wanted, rows = missing, rows + size
    if run:
        yield from counted()


def _ahead(
    snapshot: Snapshot, table: str, timeline: Timeline, store: Path | None
) -> Iterator[tuple[Piece, Tiles | None]]:
    """Each piece with what is kept of it; the next ones are read while one is worked on."""

    def kept(piece: Piece) -> Tiles | None:
        if not store or not piece.month:
            return None
        return _read(_file(store, table, piece), _made_from(snapshot, table, piece, timeline))

    with ThreadPoolExecutor(AHEAD) as pool:
        coming: deque[tuple[Piece, Future[Tiles | None]]] = deque()
        for piece in timeline.pieces:
            coming.append((piece, pool.submit(kept, piece)))
            if len(coming) > AHEAD:
                first, read = coming.popleft()
                yield first, read.result()
        while coming:
            first, read = coming.popleft()
            yield first, read.result()


def _file(store: Path, table: str, piece: Piece) -> Path:
    return store / "tiles" / table / f"{piece.month}.parquet"


def _rows(snapshot: Snapshot, table: str, piece: Piece) -> int:
    """How many rows the files that hold the news of ``piece`` have, at most."""
    files = snapshot.files(table, piece.since, piece.until)
    return sum(pq.read_metadata(file).num_rows for file in files)


def _made_from(snapshot: Snapshot, table: str, piece: Piece, timeline: Timeline) -> str:
    """What decides the content of a month's tiles, but for which parts there are."""
    news = snapshot.news.get(table, {}).get(str(piece.month), "none")
    cuts = timeline.tiles(piece.until - timeline.longest, piece.until)
    cut = sha256(cuts.tobytes()).hexdigest()[:16]
    origin = "" if snapshot.news else snapshot.id
    return f"{news} {cut} {timeline.timezone} {digest()} {origin}".strip()


def _read(file: Path, made_from: str) -> Tiles | None:
    try:
        content = file.read_bytes()
        rows = pq.read_table(
            BytesIO(content), read_dictionary=["account_id"], page_checksum_verification=True
        )
        note = json.loads(rows.schema.metadata[NOTE])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    if note["made from"] != made_from:
        return None
    account = rows["account_id"].combine_chunks()
    return Tiles(
        account.dictionary,
        np.array(note["starts"], dtype=np.int64),
        account.indices.to_numpy().astype(np.int64),
        rows["tile"].to_numpy(),
        {name: rows[name].to_numpy() for name in rows.column_names[2:]},
        note["words"],
        note["first"] and datetime.fromisoformat(note["first"]),
    )


def _write(file: Path, tiles: Tiles, made_from: str) -> None:
    # Only the tiles and accounts there is news of, in order: the same news, the same bytes.
    present, tile = np.unique(tiles.tile, return_inverse=True)
    note = {
        "made from": made_from,
        "starts": tiles.starts[present].tolist(),
        "words": tiles.words,
        "first": tiles.first and tiles.first.isoformat(),
    }
    account = tiles.accounts.take(pa.array(tiles.account))
    rank = pc.rank(tiles.accounts).to_numpy()[tiles.account].astype(np.int64)
    order = np.lexsort((rank, tile))
    columns = {name: values[order] for name, values in sorted(tiles.columns.items())}
    rows = pa.table({"account_id": account.take(order), "tile": tile[order], **columns})
    rows = rows.replace_schema_metadata({NOTE: json.dumps(note, sort_keys=True).encode()})
    content = BytesIO()
    pq.write_table(rows, content, compression="snappy", write_page_checksum=True)
    disk.replace(file, content.getvalue())


def _joined(before: Tiles, more: Tiles) -> Tiles:
    """Both sets of columns side by side: the same news has the same accounts and tiles."""
    keys = []
    for tiles in (before, more):
        where = pc.fill_null(pc.index_in(tiles.accounts, value_set=before.accounts), -1)
        code = where.to_numpy()[tiles.account]
        start = np.searchsorted(before.starts, tiles.starts)[tiles.tile]
        keys.append(code.astype(np.int64) * (len(before.starts) + 1) + start)
    place = np.argsort(keys[1])[np.argsort(np.argsort(keys[0]))]
    added = {name: values[place] for name, values in more.columns.items()}
    return replace(before, columns=before.columns | added, words=before.words | more.words)
