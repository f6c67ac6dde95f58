"""The words of themes: the catalogue in ``themes.toml``, and whether a comment has one.

Words are looked for, not understood: irony and other languages are missed. That is the price
of a list anybody can read, dispute and change.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from warehouse.errors import DataRefused, InputMissing

FILE = Path(__file__).with_name("themes.toml")
OTHER = "other"
_BETWEEN = r"\W+(?:[\w']+\W+){1,4}"
_NOT = (
    r"\b(?:not|never|no|hardly|barely|\w+n't|cannot)"
    r"(?:\s+(?:a|an|all|as|at|be|been|exactly|particularly|quite|really|so|that|the|too|very))*\s+"
)


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Theme(_Told):
    """One theme: the ``stems`` that begin a word of it and the whole ``words``, in lower case.

    A match within ``unless`` is not one; if ``negatable``, nor is one right after a negation.
    """

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    stems: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    negatable: bool = False

    @field_validator("stems", "words", "unless")
    @classmethod
    def _fit(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        return _written(phrases)


class Catalogue(_Told):
    """The themes in their order, and the phrases that make a comment a ``request``."""

    theme: tuple[Theme, ...] = Field(min_length=1)
    request: tuple[str, ...] = Field(min_length=1)

    @field_validator("request")
    @classmethod
    def _fit(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        return _written(phrases)

    @field_validator("theme")
    @classmethod
    def _apart(cls, themes: tuple[Theme, ...]) -> tuple[Theme, ...]:
        names = [theme.name for theme in themes]
        wrong = sorted({n for n in names if names.count(n) > 1 or n == OTHER})
        empty = [theme.name for theme in themes if not (theme.stems or theme.words)]
        if wrong or empty:
            raise ValueError(
                f"{', '.join(wrong + empty)}: each theme needs a name of its own, not {OTHER!r}, "
                "and at least one stem or word"
            )
        return themes


def _written(phrases: tuple[str, ...]) -> tuple[str, ...]:
    bare = [_bare(phrase) for phrase in phrases]
    bad = [
        phrase
        for phrase, letters in zip(phrases, bare, strict=True)
        if phrase != phrase.lower() or not re.fullmatch(r"[a-z0-9][ -~]*[a-z0-9]", letters)
    ]
    if bad:
        raise ValueError(
            f"{', '.join(map(repr, bad))}: write two or more Latin letters or digits, in lower "
            "case, without punctuation at either end"
        )
    return tuple(bare)


def _bare(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("’", "'"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def plain(comments: pd.Series[str]) -> pd.Series[str]:
    """``comments`` in lower case without accents, in which word ends can be seen; same index."""
    # The engine behind `str.count` knows no letters but ASCII at the edge of a word.
    said = comments.str.lower()
    for found, put in (("ß", "ss"), ("’", "'")):
        said = said.str.replace(found, put, regex=False)
    return said.str.normalize("NFKD").str.replace("[\u0300-\u036f]", "", regex=True)


def catalogue(source: Path | Mapping[str, Any] = FILE) -> Catalogue:
    """The themes of a TOML file or of a mapping like one; those of the product by default.

    Raises ``InputMissing`` without the file, ``DataRefused`` naming what cannot be used in it.
    """
    where = str(source) if isinstance(source, Path) else "the themes given"
    try:
        told = tomllib.loads(source.read_text("utf-8")) if isinstance(source, Path) else source
        return Catalogue.model_validate(told)
    except FileNotFoundError as error:
        raise InputMissing(f"{where} does not exist; it lists the [[theme]] entries") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataRefused(f"{where} is not valid TOML: {error}") from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False)
        ]
        raise DataRefused("\n  ".join([f"{where} cannot be used:", *faults])) from error


def _either(phrases: Iterable[str]) -> list[str]:
    parts = (re.split(r"\s+(\.\.\.)\s+|\s+", phrase) for phrase in phrases)
    return [_joined([p for p in part if p]) for part in parts]


def _joined(parts: Sequence[str]) -> str:
    made = ""
    for before, part in zip(["...", *parts], parts, strict=False):
        gap = "" if "..." in (before, part) else r"\W+"
        made += _BETWEEN if part == "..." else gap + re.escape(part)
    return made


def has(said: pd.Series[str], theme: Theme) -> pd.Series[bool]:
    """Whether each comment, as ``plain`` gives it, has ``theme``; same index."""
    whole = [phrase + r"\b" for phrase in _either(theme.words)]
    pattern = rf"\b(?:{'|'.join([*_either(theme.stems), *whole])})"
    hits = said.str.count(pattern)
    if theme.negatable:
        hits = hits - said.str.count(_NOT + pattern)
    if theme.unless:
        hits = hits - said.str.count(_whole(theme.unless))
    return hits > 0


def asks(said: pd.Series[str], phrases: Sequence[str]) -> pd.Series[bool]:
    """Whether each comment, as ``plain`` gives it, has one of ``phrases`` as whole words."""
    return said.str.count(_whole(phrases)) > 0


def _whole(phrases: Iterable[str]) -> str:
    return rf"\b(?:{'|'.join(_either(phrases))})\b"
