"""The data dictionary: the contract as a page for those who prepare an export."""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.contract.columns import NEVER, ROW, Column, Table

_INTRODUCTION = """\
# Data dictionary

Made from the contract by `make dictionary`; a test fails when the two differ.

These are the tables Perennial reads, and what each column means. `accounts` and
`contract_lines` are needed; every other table is optional, and each one you add lets it see
more. Your tables and columns may have other names: `perennial init` drafts the mapping, and
`perennial check` shows what became of every row.

## How to read it

**Two clocks.** A row *happens* at one instant and *is known* at another, when it reaches
your systems. A prediction for a day uses only what was known before it. If you do not keep
the second clock, the first is copied.

**When a column is known.** *With its row*: at the row's known clock. *At x*: later, at the
instant in column x of the same row; leave both empty until then. *Never*: it is what is
true today, without history. It may label an account on a page, and no prediction sees it.

**Kinds.**

| kind | what to write |
|---|---|
| id, text, category | text; where a list of words is given, any other becomes `other` |
| integer, number | digits, with a point for decimals |
| money | the amount in the main unit of the currency, such as 1250.00; never in cents |
| flag | true or false |
| instant | a date, or a date and time; without a zone it is in your company's own |

**Needed.** *Yes*: a row without it is quarantined. If a column that is not needed is missing,
it is empty, or has the value given under *if you lack it*.

**Personal.** *Personal* is about a person; *internal* is for your own people's eyes only.

A row that breaks a rule is quarantined with its reason; what is repaired is counted.
"""
_HEADS = (
    "column",
    "meaning",
    "kind",
    "unit and values",
    "known",
    "needed",
    "if you lack it",
    "personal",
)
_KNOWN = {ROW: "with its row", NEVER: "never"}


def dictionary(tables: Iterable[Table]) -> str:
    """The page in Markdown, a section a table in the order given."""
    ordered = list(tables)
    contents = [f"- [{t.name}](#{t.name}): {_state(t)}; {t.row}" for t in ordered]
    parts = [_INTRODUCTION, "## Tables\n\n" + "\n".join(contents) + "\n"]
    return "\n".join([*parts, *(_section(table) for table in ordered)])


def _state(table: Table) -> str:
    return "needed" if table.required else "optional"


def _section(table: Table) -> str:
    """What one table's rows, clocks, columns and rules are."""
    key = ", ".join(f"`{name}`" for name in table.key)
    lines = [
        f"## {table.name}",
        "",
        f"A row is {table.row}. The table is {_state(table)}.",
        "",
        f"- Key: {key}",
        f"- Happens at `{table.happened}`, is known at `{table.known}`",
        "",
        "| " + " | ".join(_HEADS) + " |",
        "|---" * len(_HEADS) + "|",
        *(_row(column) for column in table.columns),
    ]
    if table.rules:
        lines += ["", "Rules:", ""]
        lines += [f"- *{r.name}*; otherwise: {r.says} (`{r.column}`)" for r in table.rules]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    """One line of a table's columns."""
    cells = (
        f"`{column.name}`",
        column.meaning,
        column.kind,
        _values(column),
        f"at `{column.late}`" if column.late else _KNOWN[column.known],
        "yes" if column.required else "",
        _default(column),
        "" if column.personal == "none" else column.personal,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(column: Column) -> str:
    """The unit, the bounds and the words allowed."""
    parts = [column.unit] if column.unit else []
    if column.low is not None and column.high is not None:
        parts.append(f"{column.low:g} to {column.high:g}")
    elif column.low is not None:
        parts.append(f"{column.low:g} or more")
    elif column.high is not None:
        parts.append(f"{column.high:g} or less")
    if column.choices:
        parts.append(", ".join(f"`{word}`" for word in column.choices))
    return "; ".join(parts)


def _default(column: Column) -> str:
    """What stands in a column the company does not have."""
    if column.default is None:
        return ""
    return f"as `{column.default}`" if column.kind == "instant" else f"`{column.default}`"
