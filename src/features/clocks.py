"""Whether a function reads the wall clock, chance or a fixed instant.

Any of them would make a month come out differently when it is lived again. The
function's own code is searched, with all it defines inside and all of our own it
calls; libraries are judged by the name they are called by.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

NAMES = re.compile(
    r"now|today|utcnow|localtime|gmtime|time_ns|monotonic|perf_counter|process_time"
    r"|random|default_rng|shuffle|urandom|uuid[14]|current_\w+"
)
MODULES = ("time", "random", "secrets", "uuid")
WORDS = re.compile(r"\s*(now|today)\s*|.*\b(now|today|random|uuid)\s*\(.*|.*\bcurrent_\w+.*", re.I)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))


def read_by(function: Callable[..., Any]) -> str | None:
    """The first name or word by which ``function`` could learn the time or draw a number."""
    return next(_found(function, set()), None)


def _found(value: object, looked: set[int]) -> Iterator[str]:
    """What ``value``, called or held by a feature, gives away; each thing is looked at once."""
    if id(value) in looked:
        return
    looked.add(id(value))
    if isinstance(value, partial):
        value = value.func
    if isinstance(value, MethodType):
        value = value.__func__
    if isinstance(value, (date, np.datetime64)):
        yield f"the fixed instant {value}"
    elif isinstance(value, ModuleType):
        if value.__name__ in MODULES:
            yield value.__name__
    elif isinstance(value, FunctionType) and not value.__code__.co_filename.startswith(LIBRARIES):
        yield from _in_code(value.__code__, value.__doc__)
        named = {name for code in _codes(value.__code__) for name in code.co_names}
        held = [value.__globals__[name] for name in sorted(named & value.__globals__.keys())]
        held += [cell.cell_contents for cell in value.__closure__ or ()]
        for each in held:
            yield from _found(each, looked)
    elif callable(value):
        name, module = getattr(value, "__name__", ""), getattr(value, "__module__", "")
        if NAMES.fullmatch(name) or module in MODULES:
            yield f"{module}.{name}"


def _in_code(code: CodeType, docstring: str | None) -> Iterator[str]:
    for each in _codes(code):
        yield from (name for name in each.co_names if NAMES.fullmatch(name))
        for word in each.co_consts:
            if isinstance(word, str) and word != docstring and WORDS.fullmatch(word):
                yield repr(word)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """``code`` and that of every function, lambda and comprehension inside it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)
