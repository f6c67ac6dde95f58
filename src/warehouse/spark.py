"""The tables of a snapshot on Spark, for a company that has outgrown one machine.

The files are those DuckDB reads, and the answers are the same. Spark reads them where its
executors run, so the snapshot lies on a disk that all of them see under the same path.
PySpark is no dependency: ``make install-spark`` adds it to an environment.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import narwhals as nw
import pandas as pd
import pyarrow as pa

from warehouse import layout
from warehouse.errors import ServiceUnavailable, Usage
from warehouse.snapshot import Snapshot

MASTERS = r"local(\[[^]]+\])?|local-cluster\[[^]]+\]|yarn|(spark|k8s|sc)://[^\s/].*"
PATIENCE = 5.0  # seconds a server has to answer; Spark itself would wait for minutes

# A naive instant means UTC wherever the machine stands: in a literal, in a file and in Arrow. A
# number that does not fit and a file that cannot be read are errors, as they are in DuckDB. The
# last one spares two of three calls to the JVM: those that note the line of Python of each step.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
}
# On one machine nothing listens to the network, and a few parts are enough for what fits there.
ALONE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
}


@dataclass(frozen=True)
class SparkSnapshot(Snapshot):
    """A snapshot whose ``scan`` and ``lend`` are on Spark; all else is read on this machine."""

    session: Any = field(kw_only=True, repr=False, compare=False)

    def scan(
        self,
        table: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        news: bool = False,
    ) -> nw.LazyFrame[Any]:
        """The rows of ``files``, lazily. Features and metrics use ``asof`` instead.

        With ``news``, of a table kept by month, the column ``news`` is the number of the
        month whose news a row is: 202610.
        """
        files = self.files(table, since, until)
        if not news:
            places = [_place(file) for file in files]
            rows: nw.LazyFrame[Any] = nw.from_native(self.session.read.parquet(*places))
            return rows
        parts = [
            nw.from_native(self.session.read.parquet(_place(file))).with_columns(
                nw.lit(layout.number(file)).alias("news")
            )
            for file in files
        ]
        return nw.concat(parts)

    def lend(self, rows: pa.Table) -> nw.LazyFrame[Any]:
        """A small table of the caller's own, lazily, to be joined with those of ``scan``.

        Each executor gets it whole: a join moves none of the other table's rows.
        """
        if rows.num_rows:
            sent = self.session.createDataFrame(rows)
        else:
            # Spark Connect takes no table without rows, so one is sent and left out again.
            sent = self.session.createDataFrame(pa.Table.from_pylist([{}], rows.schema)).limit(0)
        lent: nw.LazyFrame[Any] = nw.from_native(sent.hint("broadcast"))
        return lent

    def frame(self, table: str) -> pd.DataFrame:
        """All rows of ``table`` as pandas, ordered by its key; text is ``str`` even where empty."""
        return Snapshot(**_kept(self)).frame(table)


@contextmanager
def on_spark(snapshot: Snapshot, master: str) -> Iterator[SparkSnapshot]:
    """``snapshot`` with its tables on the Spark at ``master``, for as long as the block runs.

    ``master`` is ``local[2]``, ``spark://host:7077``, ``yarn``, ``k8s://host:443``, or
    ``sc://host:15002`` for a Spark Connect server. A session of that master that runs in this
    process already is used, with settings of our own, and left running; one that is opened
    here is stopped at the end.

    Raises ``Usage`` for what is no master or is not the running one, and
    ``ServiceUnavailable`` without PySpark, without Java, or where no Spark answers.
    """
    if not re.fullmatch(MASTERS, master):
        raise Usage(
            f"{_said(master)!r} is no Spark master; write local[2], spark://host:7077, yarn, "
            "k8s://host:443 or sc://host:15002"
        )
    session, stop = _opened(_pyspark(), master)
    try:
        yield SparkSnapshot(**_kept(snapshot), session=session)
    finally:
        stop()


def _kept(snapshot: Snapshot) -> dict[str, Any]:
    """What makes up ``snapshot``, whichever engine it is on."""
    return {each.name: getattr(snapshot, each.name) for each in fields(Snapshot)}


def _place(file: Path) -> str:
    """``file`` as Spark's readers name it: on a disk, with ``*``, ``[`` and ``{`` as themselves."""
    return "file://" + re.sub(r"([\\*?\[\]{}])", r"\\\1", str(file))


def _said(master: str) -> str:
    """``master`` as it may be printed: the parameters after the address can hold a token."""
    return re.sub(r"(://[^/;?]*).*", r"\1", master)


def _pyspark() -> Any:
    """PySpark's SQL; ``ServiceUnavailable`` where it is not installed."""
    try:
        with warnings.catch_warnings():
            # It warns of pandas 3 where it is first used. Rows come and go as Arrow here.
            warnings.simplefilter("ignore", FutureWarning)
            import_module("pyspark.testing.utils")
            return import_module("pyspark.sql")
    except ImportError as error:
        raise ServiceUnavailable(
            "PySpark is not installed in this environment; run `make install-spark`, or use "
            "the engine duckdb, which needs nothing more"
        ) from error


def _opened(sql: Any, master: str) -> tuple[Any, Callable[[], None]]:
    """A session at ``master`` with our settings, and how to end it."""
    running = sql.SparkSession.getActiveSession()
    if running is not None and not master.startswith("sc://"):
        there = running.sparkContext.master
        if there != master:
            raise Usage(
                f"a Spark session of the master {_said(there)} runs in this process, and "
                f"{_said(master)} is asked for; stop it, or name its master"
            )
        session = running.newSession()
        for name, value in SETTINGS.items():
            session.conf.set(name, value)
        return session, lambda: None
    _answers(master)
    builder = sql.SparkSession.builder.appName("perennial")
    for name, value in _settings(master).items():
        builder = builder.config(name, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, as above
            if master.startswith("sc://"):
                session = builder.remote(master).create()
            else:
                session = builder.master(master).getOrCreate()
    except Exception as error:  # PySpark, Py4J and gRPC each have their own
        told = str(error).replace(master, _said(master))
        why = next((line for line in told.splitlines() if line.strip()), type(error).__name__)
        raise ServiceUnavailable(
            f"Spark at {_said(master)} could not be opened: {why[:200]}; Java 17 or 21 and a Spark "
            "of PySpark's own version are needed"
        ) from error
    return session, session.stop


def _settings(master: str) -> dict[str, str]:
    if master.startswith("sc://"):
        return SETTINGS
    if not master.startswith("local"):
        return SETTINGS | QUIET
    # The workers of local-cluster ask the environment, and nothing else, where they may listen.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    return SETTINGS | QUIET | ALONE


def _answers(master: str) -> None:
    """Refuse in a sentence what Spark would find out in minutes, or tell in a stack trace."""
    if not master.startswith("sc://"):
        home = os.environ.get("JAVA_HOME")
        java = Path(home, "bin", "java") if home else shutil.which("java")
        if not java or not Path(java).exists():
            raise ServiceUnavailable(
                f"Spark needs Java, and {java or 'no java on PATH'} is not there; install a Java "
                "runtime (17 or 21), or let JAVA_HOME name one"
            )
    if not master.startswith(("sc://", "spark://")):
        return
    scheme, rest = master.split("://", 1)
    for each in rest.split("/")[0].split(","):
        place = urlsplit(f"//{each}")
        port = place.port or {"sc": 15002, "spark": 7077}[scheme]
        try:
            socket.create_connection((place.hostname or "", port), PATIENCE).close()
            return
        except OSError:
            continue
    raise ServiceUnavailable(
        f"no Spark answers at {_said(master)} within {PATIENCE:.0f} seconds; is it running, and "
        "can this machine reach it?"
    )
