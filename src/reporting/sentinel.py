"""The last word of a report notebook: that it came to its end.

A notebook that left early (``sys.exit(0)``, a dead kernel) looks like one that
finished. Only the last cell can say otherwise.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

WHERE = "PERENNIAL_DONE"


def finished(**facts: object) -> None:
    """Say that every cell before this one ran, and hand ``facts`` to whoever started the run.

    ``facts`` must be JSON (``TypeError`` otherwise): the figures the page prints,
    say. In a notebook a person runs by hand this does nothing.
    """
    told = json.dumps(facts, sort_keys=True, allow_nan=False)
    place = os.environ.get(WHERE)
    if place:
        Path(place).write_text(told, encoding="utf-8")
