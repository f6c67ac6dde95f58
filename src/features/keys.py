"""Keys: what a feature's values depend on, as a digest. Equal keys, equal values.

A feature's own part is what it computes, not how it is called: a better phrase or
another family changes no value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from inspect import getsource
from types import FunctionType
from typing import Any

from features.code import digest
from features.declare import Feature, Rows, Source
from warehouse.snapshot import Snapshot


def keys(features: list[Feature], snapshot: Snapshot, as_of: datetime) -> dict[str, str]:
    """The key of each of ``features`` at ``as_of``, in which a derived one follows what it reads.

    Of those that the company's tables tell; a derived one that reads another is left out.
    """
    at = [as_of.isoformat(), snapshot.company.timezone, digest()]
    at.append(snapshot.knew("contract_lines", as_of))  # which accounts there are
    found: dict[str, str] = {}
    recorded = {table: snapshot.recorded(table) for table in snapshot.tables}
    knew = {table: snapshot.knew(table, as_of) for table in recorded}
    for feature in features:
        # Told are the features whose table, and every column they read, the company keeps.
        if feature.table in recorded and feature.reads <= recorded[feature.table]:
            found[feature.name] = _hash([*at, knew[feature.table], own(feature)])
    for feature in features:
        if feature.table is None and feature.reads <= found.keys():
            below = [found[name] for name in sorted(feature.reads)]
            found[feature.name] = _hash([*at, *below, own(feature)])
    return found


@cache
def own(feature: Feature) -> str:
    """What the feature computes: its aggregate written out, or its source and all that calls."""
    if feature.table is None:
        return _hash(sorted(_sources(feature.compute, {}).items()))
    rows = Rows(Source(feature.table), datetime(2000, 1, 1))
    return _hash([feature.table, feature.window, feature.empty, repr(feature.compute(rows))])


def _sources(function: Callable[..., Any], found: dict[str, str]) -> Mapping[str, str]:
    """The source of ``function`` and of all of ours that it calls, and the constants they name."""
    if isinstance(function, FunctionType) and function.__qualname__ not in found:
        found[function.__qualname__] = getsource(function)
        for name in function.__code__.co_names:
            value = function.__globals__.get(name)
            if isinstance(value, (int, float, str, tuple, frozenset)):
                found[name] = repr(value)
            elif isinstance(value, FunctionType) and value.__module__.startswith("features"):
                _sources(value, found)
    return found


def _hash(parts: object) -> str:
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
