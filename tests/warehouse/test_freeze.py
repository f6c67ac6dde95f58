"""A snapshot: the same for the same inputs, whole or absent, and never believed unchecked."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse import inputs
from tests.warehouse.inputs import ACCOUNTS, LINES, Content, column, frozen, mapping, write
from warehouse import freeze as module
from warehouse.errors import CannotWrite, DataRefused, InputMissing
from warehouse.freeze import freeze, load

ROOT = Path(__file__).resolve().parents[2]
NEW_YORK = {"name": "Made", "timezone": "America/New_York"}
FILES: dict[str, Content] = {
    "accounts.csv": ACCOUNTS,
    "contract_lines.csv": LINES
    + "L3,A2,2026-03-08 02:30,,1\nL3,A2,2026-03-08,,1\nL4,A2,2026-11-01 01:30,,7\n",
    "usage.csv": "account_id,day,events\n"
    + "".join(f"A{i % 2 + 1},2026-{i % 12 + 1:02d}-{i % 28 + 1:02d},{i}\n" for i in range(3000)),
}
# Too early to be believed, so that its text, with an offset, is kept in the quarantine.
FILES["touches.parquet"] = pa.table(
    {
        "touch_id": ["1"],
        "account_id": ["A1"],
        "touched_at": pa.array([datetime(1899, 12, 31)], pa.timestamp("us", "UTC")),
    }
)
SETTINGS: dict[str, Any] = {"company": NEW_YORK, "limits": {"quarantined": 1}}


def leftovers(workspace: Path) -> list[str]:
    """What is in ``data/frozen`` besides whole snapshots."""
    home = workspace / "data" / "frozen"
    return [p.name for p in home.iterdir() if not (p / "MANIFEST.json").exists()]


def test_the_same_inputs_are_the_same_snapshot(tmp_path: Path) -> None:
    """In another folder, reached through a link, and on a machine with another clock and zone."""
    here = frozen(tmp_path / "one", FILES, **SETTINGS)
    write(tmp_path / "two", FILES)
    (tmp_path / "link").symlink_to(tmp_path / "two")
    code = (
        "import sys; sys.path[:0] = ['src', '.']; from pathlib import Path\n"
        "from tests.warehouse.inputs import freeze, mapping\n"
        f"print(freeze(mapping(**{SETTINGS!r}), Path(sys.argv[1])).id)"
    )
    env = {**os.environ, "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, str(tmp_path / "link")]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here.id
    there = load(tmp_path / "two" / "data" / "frozen" / here.id)
    assert inputs.frozen_files(there) == inputs.frozen_files(here)
    assert inputs.manifest(there) == inputs.manifest(here)
    assert column(here, "starts_on")[3] == datetime(2026, 11, 1, 5, 30)
    reason = "is not a date or time that exists, written like 2026-03-31 or 2026-03-31T14:05:00Z"
    assert inputs.quarantine(here)[3] == (
        f"not readable: starts_on {reason}",
        "2026-03-08 02:30",
    )


def test_a_snapshot_is_written_once(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    before = {p: p.stat().st_mtime_ns for p in made.folder.rglob("*")}
    seen: list[str] = []
    again = freeze(mapping(), tmp_path, seen.append)
    assert again.id == made.id
    assert seen == []
    assert {p: p.stat().st_mtime_ns for p in made.folder.rglob("*")} == before
    assert leftovers(tmp_path) == []


def test_whatever_decides_the_content_decides_the_name(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"rates": {"EUR": "2"}},
        {"company": {"name": "Made", "currency": "EUR"}},
        {"limits": {"term_days": 3661}},
        {"data": {"empty": ["-"]}},
    ]
    assert len({frozen(tmp_path, **change).id for change in changes}) == len(changes)


def test_what_does_not_decide_the_content_does_not(tmp_path: Path) -> None:
    one = frozen(tmp_path)
    (tmp_path / "data" / "raw").rename(tmp_path / "data" / "exports")
    two = freeze(
        mapping(data={"source": "data/exports", "complete_through": "2024-12-31"}), tmp_path
    )
    assert two.id == one.id


REFUSED: dict[str, Content] = {
    "contract_lines.csv": LINES + "L3,A1,soon,,x\nL4,A1,soon,,x\n",
    "accounts.csv": "account_id,created_at\nA1,soon\n",
    "usage.csv": "account_id,day\nA1,2024-01-01\nA1\n",
    "tickets.csv": "ticket_id,account_id\n1,A1\n",
}


def test_a_refusal_leaves_nothing_behind_and_earlier_snapshots_alone(tmp_path: Path) -> None:
    """Whichever table it is found in, early or late."""
    earlier = frozen(tmp_path, {"accounts.csv": ACCOUNTS})
    before = inputs.frozen_files(earlier)
    for name, content in REFUSED.items():
        with pytest.raises(DataRefused):
            frozen(tmp_path, {"accounts.csv": ACCOUNTS, name: content})
        (tmp_path / "data" / "raw" / name).unlink()
        assert [p.name for p in (tmp_path / "data" / "frozen").iterdir()] == [earlier.id]
    assert inputs.frozen_files(load(earlier.folder)) == before
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["frozen", "raw"]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    file = made.folder / "contract_lines.parquet"
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    told = rf"contract_lines.parquet is not what was frozen; remove the folder {made.folder}"
    for content in (bytes(flipped), whole[:-1], whole + b" "):
        file.write_bytes(content)
        with pytest.raises(DataRefused, match=told):
            freeze(mapping(), tmp_path)
    file.unlink()
    with pytest.raises(DataRefused, match=told):
        load(made.folder)
    file.write_bytes(whole)
    (made.folder / "tickets.parquet").write_bytes(whole)
    with pytest.raises(DataRefused, match=r"tickets.parquet is not what was frozen"):
        load(made.folder)


def test_a_lost_or_torn_manifest(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    note = made.folder / "MANIFEST.json"
    whole = note.read_bytes()
    note.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataRefused, match="is damaged; remove the folder"):
        freeze(mapping(), tmp_path)
    note.unlink()
    with pytest.raises(InputMissing, match=r"is no snapshot: it has no MANIFEST.json"):
        load(made.folder)
    # Without its manifest the folder is not a snapshot: it is written anew.
    assert freeze(mapping(), tmp_path).id == made.id
    assert note.read_bytes() == whole


def test_what_a_killed_run_leaves_does_not_stand_in_the_way(tmp_path: Path) -> None:
    expected = frozen(tmp_path / "clean")
    home = tmp_path / "killed" / "data" / "frozen"
    for name in (f".{expected.id}.{os.getpid()}", f".{expected.id}.1"):
        (home / name).mkdir(parents=True)
        (home / name / "accounts.parquet").write_bytes(b"half")
    made = frozen(tmp_path / "killed")
    assert inputs.frozen_files(made) == inputs.frozen_files(expected)


def test_two_runs_at_once_keep_one_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other finishes first; what it wrote is the same, and is kept."""
    write(tmp_path, {"contract_lines.csv": LINES})
    publish = module._publish

    def beaten(staging: Path, folder: Path) -> None:
        monkeypatch.setattr(module, "_publish", publish)
        monkeypatch.setattr(os, "getpid", lambda: 1)
        freeze(mapping(), tmp_path)
        publish(staging, folder)

    monkeypatch.setattr(module, "_publish", beaten)
    made = freeze(mapping(), tmp_path)
    assert column(made, "arr") == [10000, 20050]
    assert leftovers(tmp_path) == []


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    raw = write(tmp_path, {"accounts.csv": ACCOUNTS, "contract_lines.csv": LINES})

    def meddle(step: str) -> None:
        if step == "admit contract_lines":
            (raw / "contract_lines.csv").write_text(LINES.replace("100.00", "900.00"))

    with pytest.raises(DataRefused, match="changed while it was read"):
        freeze(mapping(), tmp_path, meddle)
    assert list((tmp_path / "data" / "frozen").iterdir()) == []


def test_a_full_disk_is_said_to_be_one(tmp_path: Path) -> None:
    """No file may grow beyond 8 kB: the frozen table cannot be written."""
    write(tmp_path, FILES)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(CannotWrite, match="cannot be written"):
            freeze(mapping(**SETTINGS), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "data" / "frozen").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path, {"contract_lines.csv": LINES})
    (tmp_path / "data" / "frozen").write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match="data/frozen cannot be written"):
        freeze(mapping(), tmp_path)


def test_the_accounts_of_a_company_without_a_table_of_them(tmp_path: Path) -> None:
    made = frozen(tmp_path)
    assert column(made, "account_id", "accounts") == ["A1", "A2"]
    assert column(made, "created_at", "accounts") == [datetime(2024, 1, 1), datetime(2024, 2, 1)]
    assert made.tables == {"accounts", "contract_lines"}
    assert made.has("accounts")
    assert not made.has("usage")
    assert made.recorded("accounts") == {"account_id"}
    assert made.recorded("contract_lines") >= {"arr", "ends_on", "signed_at", "known_at"}
    assert "seats" not in made.recorded("contract_lines")
    assert made.watermark == datetime(2024, 2, 1)


def test_a_frame_has_the_types_of_the_contract_and_the_order_of_its_key(tmp_path: Path) -> None:
    head, *rows = inputs.lines(["2024-01-01,1"] * 3).splitlines()
    made = frozen(tmp_path, {"contract_lines.csv": "\n".join([head, *rows[::-1], ""])})
    lines = made.frame("contract_lines")
    assert lines["line_id"].tolist() == column(made, "line_id") == ["L000", "L001", "L002"]
    types = lines.dtypes.astype("str")
    assert types["arr"] == "int64"
    assert set(types[["line_id", "account_id", "currency", "end_reason"]]) == {"str"}
    assert set(types[["starts_on", "ends_on", "ended_on", "known_at"]]) == {"datetime64[us]"}


def test_hostile_values_are_values(tmp_path: Path) -> None:
    """In ids, words, names and constants; nothing is written anywhere but in the snapshot."""
    evil = "x'; COPY (SELECT 1) TO 'pwn.csv'; SELECT '\"; DROP TABLE raw; --"
    cell = '"' + evil.replace('"', '""') + '"'
    table = f"line_id,account_id,starts_on,arr,{cell}\n{cell},{cell},2024-01-01,1,{cell}\n"
    columns = {
        **{n: n for n in ("line_id", "account_id", "starts_on", "arr")},
        "product": {"column": evil, "words": {evil: evil}},
        "currency": {"value": evil},
        "end_reason": {"column": evil, "words": {evil: "voluntary"}},
    }
    told = {"from": "contract_lines.csv", "columns": columns, "where": {evil: [evil]}}
    made = frozen(
        tmp_path,
        {"contract_lines.csv": table},
        tables={"contract_lines": told},
        rates={evil: "2"},
        data={"empty": ["'"]},
    )
    for name in ("line_id", "account_id", "product", "currency"):
        assert column(made, name) == [evil]
    assert column(made, "arr") == [200]
    assert column(made, "end_reason") == ["voluntary"]
    assert column(made, "account_id", "accounts") == [evil]
    for folder in (tmp_path, ROOT, Path.cwd()):
        assert not list(folder.glob("pwn*"))
    assert not list(tmp_path.rglob("pwn*"))
