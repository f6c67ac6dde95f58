"""Where features are computed: on this machine, or on a Spark cluster that has the usage.

The engine is for the features alone, and before anything else: it fills ``data/features``,
and a month is then lived from there as always, by the same code and to the same bytes.
"""

from __future__ import annotations

from models.history import lived, matrices
from perennial.workspace import Engine, Workspace
from warehouse.errors import Usage
from warehouse.freeze import freeze
from warehouse.months import between, shift
from warehouse.spark import on_spark

BEFORE = 3  # months back that a score is compared with


def prepare(
    workspace: Workspace, first: str, last: str, engine: Engine, master: str | None
) -> None:
    """Compute on ``engine`` the features that the months ``first`` to ``last`` need, and keep them.

    On DuckDB nothing is done: what a month lacks is computed as it is lived. Raises
    ``Usage`` where ``master`` is missing or is not wanted, and what `on_spark` raises.
    """
    if engine is Engine.DUCKDB:
        if master:
            raise Usage("--master names a Spark cluster; write --engine spark too, or leave it out")
        return
    if not master:
        raise Usage(
            "--engine spark needs --master: local[2], spark://host:7077, yarn, k8s://host:443, or "
            "sc://host:15002 for Spark Connect"
        )
    snapshot = freeze(workspace.settings, workspace.root)
    taught = lived(snapshot, first, workspace.settings.model.history)
    months = between(min(taught[0], shift(first, -BEFORE)), last)
    with on_spark(snapshot, master) as there:
        matrices(there, months, workspace.features, progress=True)
