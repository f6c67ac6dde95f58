"""Tables to read: on a screen, as cards on a phone, on paper, and aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from reporting.cells import Column, cell, words
from reporting.formats import count, missing
from reporting.shown import Shown, piece
from reporting.text import escape, name

__all__ = ["Column", "plain", "table"]


def table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    caption: str = "",
    note: str = "",
    *,
    limit: int | None = None,
    total: Mapping[str, object] | None = None,
    empty: str = "Nothing to show.",
) -> Shown:
    """``frame`` in its own order, one row a row, the first column naming the row.

    Every value is escaped; names keep their writing direction. With ``limit`` the
    first rows are shown and the rest is counted in the note. ``total`` maps column
    names to the values of a last row. A frame without rows says ``empty``.
    ``KeyError`` names a column the frame does not have.

    >>> table(
    ...     accounts,
    ...     [
    ...         Column("name", "Account", "name"),
    ...         Column("arr", "ARR", "money", unit="EUR", bar=True),
    ...     ],
    ...     "Largest accounts",
    ... )  # doctest: +SKIP
    """
    inner = markup(frame, columns, caption, limit=limit, total=total, empty=empty)
    shown = frame if limit is None else frame.head(limit)
    notes = [note] if note else []
    if len(shown) < len(frame):
        notes.insert(0, f"{count(len(shown))} of {count(len(frame))} rows.")
    foot = f'<p class="pr-note">{name(" ".join(notes))}</p>' if notes else ""
    return piece("tablewrap", inner + foot, plain(shown, columns, caption))


def markup(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    caption: str = "",
    *,
    limit: int | None = None,
    total: Mapping[str, object] | None = None,
    empty: str = "Nothing to show.",
) -> str:
    """The bare ``<table>`` of :func:`table`, or the ``empty`` sentence in its place."""
    _check(frame, columns)
    top = f"<caption>{name(caption)}</caption>" if caption else ""
    if frame.empty:
        head = f'<p class="pr-caption">{name(caption)}</p>' if caption else ""
        return f'{head}<p class="pr-empty">{name(empty)}</p>'
    heads = "".join(
        f'<th scope="col"{_class(column)}>{name(column.title)}</th>' for column in columns
    )
    largest = {column.name: _largest(frame[column.name]) for column in columns if column.bar}
    rows = frame if limit is None else frame.head(limit)
    body = "".join(
        f"<tr>{_row(dict(zip(rows.columns, row, strict=True)), columns, largest)}</tr>"
        for row in rows.itertuples(index=False, name=None)
    )
    foot = f"<tfoot><tr>{_row(total, columns, {})}</tr></tfoot>" if total else ""
    return f"<table>{top}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{foot}</table>"


def plain(frame: pd.DataFrame, columns: Sequence[Column], caption: str = "") -> str:
    """The same table as aligned text, for a terminal."""
    shown = pd.DataFrame(
        {column.title: [words(value, column) for value in frame[column.name]] for column in columns}
    )
    body = shown.to_string(index=False) if len(shown) else "(no rows)"
    return f"{caption}\n{body}" if caption else body


def _check(frame: pd.DataFrame, columns: Sequence[Column]) -> None:
    wanted = [column.name for column in columns] + [c.under for c in columns if c.under]
    lacking = sorted(set(wanted) - set(frame.columns))
    if lacking:
        raise KeyError(f"the frame has no column {', '.join(lacking)}; it has {list(frame)}")


def _row(row: Mapping[str, object], columns: Sequence[Column], largest: Mapping[str, float]) -> str:
    html = []
    for index, column in enumerate(columns):
        value = row.get(column.name, "" if index else "Total")
        inner = "" if value == "" else cell(value, column, largest.get(column.name, 0.0))
        if column.under and not missing(row.get(column.under)):
            under = cell(row[column.under], Column(column.under), 0.0)
            inner += f'<span class="pr-under">{under}</span>'
        if index == 0:
            html.append(f'<th scope="row"{_class(column)}>{inner}</th>')
        else:
            label = escape(column.title)
            html.append(f'<td data-label="{label}"{_class(column)}>{inner}</td>')
    return "".join(html)


def _class(column: Column) -> str:
    names = [f"pr-{column.kind}s"] if column.kind in {"list", "date"} else []
    names += ["pr-num"] if column.numeric else []
    return f' class="{" ".join(names)}"' if names else ""


def _largest(values: pd.Series) -> float:
    known = [abs(float(value)) for value in values if not missing(value)]
    return max(known, default=0.0)
