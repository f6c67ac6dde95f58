"""What a notebook takes: read from its one ``parameters`` cell, and nothing else let in.

The cell is plain assignments, each with a type, a default and a comment::

    month: str = "2026-10"  # the month reported on
    segment: str | None = None  # one segment; none: all

A parameter called ``month``, or ending in ``_month``, is a month ``YYYY-MM``.
"""

from __future__ import annotations

import ast
import difflib
import io
import math
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from warehouse import months
from warehouse.errors import Usage

Value = str | int | float | bool | None
TAG = "parameters"
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Parameter:
    """One parameter: its type in words, its default, what it means, and its closed choices."""

    name: str
    kind: str
    default: Value
    meaning: str
    optional: bool = False
    choices: tuple[str, ...] = ()

    def describe(self) -> str:
        """One line for a person: name, type, default, meaning."""
        kind = " or ".join(self.choices) if self.choices else self.kind
        kind += " or none" if self.optional else ""
        meaning = f"  {self.meaning}" if self.meaning else ""
        return f"{self.name}: {kind} (default {self.default!r}){meaning}"


def declared(notebook: NotebookNode, path: Path) -> tuple[Parameter, ...]:
    """The parameters ``notebook`` takes, in order; none if it has no ``parameters`` cell.

    ``Usage`` if it has several such cells, or one that holds anything but typed
    assignments of plain values: a value computed there would keep its default.
    """
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])
    ]
    if not cells:
        return ()
    if len(cells) > 1:
        raise Usage(f"{path} has {len(cells)} cells tagged {TAG!r}; a notebook has one")
    source = str(cells[0].source)
    comments = _comments(source)
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            raise Usage(
                f"{path}, parameters cell, line {node.lineno}: {ast.unparse(node)!r} is not "
                "`name: type = value`; compute other values in a later cell"
            )
        found.append(_parameter(node, node.target.id, comments.get(node.end_lineno or 0, ""), path))
    return tuple(found)


def check(takes: Sequence[Parameter], given: Mapping[str, object], path: Path) -> dict[str, Value]:
    """``given`` as plain Python values the notebook takes; ``Usage`` for any other, before it runs.

    An int may stand for a float; nothing else is converted. The message lists what
    the notebook takes, and the nearest name to an unknown one.
    """
    known = {parameter.name: parameter for parameter in takes}
    plain: dict[str, Value] = {}
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Usage(f"{path} takes no parameter {name!r}{hint}\n{_takes(takes)}")
        plain[name] = _plain(known[name], value, path, takes)
    return plain


def from_text(takes: Sequence[Parameter], texts: Mapping[str, str], path: Path) -> dict[str, Value]:
    """Parameters as typed on a command line, name to text, read by their declared types.

    A text stays text (``007`` too); ``none`` means none where none is allowed, and
    a flag is ``true`` or ``false``. ``Usage`` for anything else.
    """
    known = {parameter.name: parameter for parameter in takes}
    given = {
        name: _read(known[name], text, path, takes) if name in known else text
        for name, text in texts.items()
    }
    return check(takes, given, path)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _parameter(node: ast.AnnAssign, name: str, meaning: str, path: Path) -> Parameter:
    where = f"{path}, parameters cell, line {node.lineno}"
    kind, optional, choices = _annotation(node.annotation, where)
    try:
        default = ast.literal_eval(node.value) if node.value else None
    except ValueError:
        raise Usage(f"{where}: the default of {name!r} is computed; write a plain value") from None
    if not _NAME.match(name):
        raise Usage(f"{where}: {name!r} is no parameter name; use lower case and underscores")
    parameter = Parameter(name, kind, default, meaning, optional, choices)
    if wrong := _fault(parameter, default):
        raise Usage(f"{where}: the default of {name!r}, {default!r}, {wrong}")
    return parameter


def _annotation(node: ast.expr, where: str) -> tuple[str, bool, tuple[str, ...]]:
    """The type's name, whether none is allowed, and the choices of a ``Literal``."""
    if isinstance(node, ast.Name) and node.id in _TYPES:
        return node.id, False, ()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        right = node.right
        if isinstance(right, ast.Constant) and right.value is None:
            kind, _, choices = _annotation(node.left, where)
            return kind, True, choices
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        words = [part.value for part in parts if isinstance(part, ast.Constant)]
        if len(words) == len(parts) and all(isinstance(word, str) for word in words):
            return "str", False, tuple(str(word) for word in words)
    raise Usage(
        f"{where}: the type {ast.unparse(node)!r} is not one of str, int, float, bool, "
        "Literal of texts, or one of these `| None`"
    )


def _plain(parameter: Parameter, value: object, path: Path, takes: Sequence[Parameter]) -> Value:
    if parameter.kind == "float" and type(value) is int:
        value = float(value)
    if wrong := _fault(parameter, value):
        raise Usage(f"{path}: {parameter.name} = {value!r} {wrong}\n{_takes(takes)}")
    return value if value is None or isinstance(value, (str, int, float, bool)) else None


def _fault(parameter: Parameter, value: object) -> str:
    """What is wrong with ``value`` for ``parameter``; empty if nothing is."""
    if value is None:
        return "" if parameter.optional else "is none, and none is not allowed"
    if type(value) is not _TYPES[parameter.kind]:
        return f"is {type(value).__name__}, not {parameter.kind}"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if parameter.choices and value not in parameter.choices:
        return f"is not one of {', '.join(parameter.choices)}"
    if parameter.name == "month" or parameter.name.endswith("_month"):
        try:
            months.check(str(value))
        except ValueError as error:
            return f"is no month: {error}"
    return ""


def _read(parameter: Parameter, text: str, path: Path, takes: Sequence[Parameter]) -> object:
    if parameter.optional and text.lower() == "none":
        return None
    if parameter.kind == "bool" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if parameter.kind in {"int", "float"}:
        try:
            return _TYPES[parameter.kind](text)
        except ValueError:
            raise Usage(
                f"{path}: {parameter.name} = {text!r} is not {parameter.kind}\n{_takes(takes)}"
            ) from None
    return text


def _takes(takes: Sequence[Parameter]) -> str:
    if not takes:
        return "It takes no parameters."
    return "It takes:\n" + "\n".join(f"  {parameter.describe()}" for parameter in takes)
