"""Admission: each row is used, repaired and counted, or quarantined with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.warehouse.inputs import (
    ACCOUNTS,
    LINES,
    Content,
    column,
    frozen,
    ledger,
    lines,
    manifest,
    quarantine,
)
from warehouse.contract import TABLES
from warehouse.errors import DataRefused
from warehouse.ledger import TableLedger
from warehouse.snapshot import Snapshot

ALL = {"quarantined": 1}
# For each rule of the contract: a row that keeps it, and one that breaks it alone.
RULES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "contract_lines": (
        "line_id,account_id,arr,starts_on,ends_on,cancelled_at,ended_on",
        [
            ("L0,A1,1,2024-01-01,2025-01-01,2024-02-01,2024-01-01", ""),
            ("L1,A1,1,2024-01-01,2024-01-01,,", "term runs forward"),
            ("L2,A1,1,2024-01-02,2024-01-01,,", "term runs forward"),
            ("L3,A1,1,2024-01-02,2025-01-01,2024-01-05,2024-01-01", "stops after start"),
            ("L4,A1,1,2024-01-01,2025-01-01,,2024-05-01", "stop has a date of notice"),
            ("L5,A1,1,2024-01-01,2034-01-09,,", "term too long"),
            ("L6,A1,1,2024-01-01,2034-01-07,,", ""),
            ("L7,A9,1,2024-01-01,2025-01-01,,", "unknown account"),
        ],
    ),
    "tickets": (
        "ticket_id,account_id,opened_at,replied_at,resolved_at,rated_at,rating",
        [
            ("T0,A1,2024-01-01,2024-01-01,2024-01-01,2024-01-02,5", ""),
            ("T1,A1,2024-01-02,2024-01-01,,,", "reply follows opening"),
            ("T2,A1,2024-01-02,,2024-01-01,,", "resolution follows opening"),
            ("T3,A1,2024-01-02,,,,3", "a rating has its date"),
            ("T4,A1,2024-01-02,,,2024-01-03,0.999999", "out of bounds"),
            ("T5,A1,2024-01-02,,,2024-01-03,5.000001", "out of bounds"),
            ("T6,A1,2024-01-02,,,2024-01-03,1", ""),
        ],
    ),
    "surveys": (
        "survey_id,account_id,sent_at,answered_at,score",
        [
            ("S0,A1,2024-01-01,2024-01-01,10", ""),
            ("S1,A1,2024-01-02,2024-01-01,10", "answer follows question"),
            ("S2,A1,2024-01-02,,10", "an answer has its date"),
            ("S3,A1,2024-01-02,2024-01-03,11", "out of bounds"),
            ("S4,A1,,2024-01-03,1", "value missing"),
        ],
    ),
    "milestones": (
        "account_id,milestone,started_at,reached_at",
        [
            ("A1,first_value,2024-01-01,2024-01-01", ""),
            ("A1,m1,2024-01-02,2024-01-01", "reached after start"),
            ("A1,,2024-01-02,2024-01-03", "value missing"),
        ],
    ),
    "opportunities": (
        "opportunity_id,account_id,identified_at,closed_at,won",
        [
            ("O0,A1,2024-01-01,2024-01-01,yes", ""),
            ("O1,A1,2024-01-01,,no", "an outcome has its date"),
            (",A1,2024-01-01,,", "value missing"),
        ],
    ),
    "contacts": (
        "contact_id,account_id,added_at,left_at",
        [
            ("K0,A1,2024-01-01,2024-01-01", ""),
            ("K1,A1,2024-01-02,2024-01-01", "leaves after being added"),
            (",A1,2024-01-01,", "value missing"),
        ],
    ),
    "incidents": (
        "incident_id,account_id,started_at,resolved_at",
        [
            ("N0,A1,2024-01-01,2024-01-01", ""),
            ("N1,A1,2024-01-02,2024-01-01", "over after it began"),
            ("N2,A1,,2024-01-01", "value missing"),
        ],
    ),
    "pulses": (
        "account_id,given_at,score",
        [("A1,2024-01-01,5", ""), ("A1,2024-01-02,6", "out of bounds")],
    ),
    "usage": (
        "account_id,day,active_users,events",
        [("A1,2024-01-01,0,0", ""), ("A1,2024-01-02,-1,0", "out of bounds")],
    ),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    files: dict[str, Content] = {
        f"{name}.csv": "\n".join([head, *(row for row, _ in rows)]) + "\n"
        for name, (head, rows) in RULES.items()
    }
    return frozen(
        tmp_path_factory.mktemp("broken"), {"accounts.csv": ACCOUNTS, **files}, limits=ALL
    )


@pytest.mark.parametrize("table", RULES)
def test_each_rule_of_the_contract_finds_its_row(broken: Snapshot, table: str) -> None:
    rows = RULES[table][1]
    found = {row: reason.split(":")[0] for row, (reason, _) in quarantine(broken, table).items()}
    assert found == {i: rule for i, (_, rule) in enumerate(rows, 1) if rule}
    entry = ledger(broken, table)
    assert (entry.rows_in, entry.quarantined) == (len(rows), len(found))
    assert entry.kept == entry.used == len(rows) - len(found)
    rules = {rule.name for rule in TABLES[table].rules}
    assert rules <= {rule for _, rule in rows}, "a rule of the contract has no row that breaks it"


def test_every_rule_is_tried() -> None:
    assert {name for name, table in TABLES.items() if table.rules} <= RULES.keys()


def test_a_reason_names_row_column_value_and_rule(broken: Snapshot) -> None:
    assert quarantine(broken)[2] == (
        "term runs forward: ends_on the line ends at or before its start",
        "2024-01-01 00:00:00",
    )
    assert quarantine(broken)[6] == (
        "term too long: ends_on the term is longer than [limits] term_days = 3660",
        "3661 days",
    )
    assert quarantine(broken)[8] == ("unknown account: account_id no such account", "A9")
    (orphans,) = (r for r in ledger(broken).reasons if r.rule == "unknown account")
    assert (orphans.rows, orphans.first_row, orphans.example) == (1, 8, "A9")


def admitted(workspace: Path, table: str, content: str, **settings: Any) -> TableLedger:
    files: dict[str, Content] = {"accounts.csv": ACCOUNTS, f"{table}.csv": content}
    return ledger(frozen(workspace, files, limits=ALL, **settings), table)


# Repeats


def test_copies_are_repaired_and_contradictions_quarantined(tmp_path: Path) -> None:
    """Of copies the one known first stays; which line came first decides nothing."""
    rows = [
        "L1,A1,2024-01-01,100,2024-03-01",
        "L2,A1,2024-01-01,100,2024-01-02",
        "L1,A1,2024-01-01,100,2024-02-01",
        "L2,A1,2024-01-01,100.00,2024-01-02",
        "L3,A1,2024-01-01,100,2024-01-02",
        "L3,A1,2024-01-01,101,2024-01-02",
        "L3,A1,2024-01-01,100,2024-01-02",
    ]
    head = "line_id,account_id,starts_on,arr,known_at\n"
    made = frozen(tmp_path, {"contract_lines.csv": head + "\n".join(rows) + "\n"}, limits=ALL)
    assert column(made, "line_id") == ["L1", "L2"]
    assert [str(at)[:10] for at in column(made, "known_at")] == ["2024-02-01", "2024-01-02"]
    assert {r.rule: (r.fate, r.rows, r.first_row, r.example) for r in ledger(made).reasons} == {
        "repeated row": ("repaired", 2, 1, ""),
        "one key, two contents": ("quarantined", 3, 5, "L3"),
    }
    two = "one key, two contents: line_id rows share a key and differ in content"
    assert quarantine(made) == dict.fromkeys((5, 6, 7), (two, "L3"))


def test_a_mended_row_is_judged_like_any_other(tmp_path: Path) -> None:
    """A word that became ``other`` hides neither a repeat nor an unknown account."""
    rows = [
        "T1,A1,2024-01-01,P1",
        "T1,A1,2024-01-01,P1",
        "T2,A9,2024-01-01,P1",
        "T3,A1,2024-01-01,P1",
    ]
    rows += ["T4,A1,2024-01-01,P1", "T4,A2,2024-01-01,P1"]
    head = "ticket_id,account_id,opened_at,priority\n"
    entry = admitted(tmp_path, "tickets", head + "\n".join(rows) + "\n")
    assert {r.rule: r.rows for r in entry.reasons} == {
        "word not in the contract": 2,
        "unknown account": 1,
        "repeated row": 1,
        "one key, two contents": 2,
    }
    assert (entry.kept, entry.used, entry.repaired, entry.quarantined) == (2, 0, 3, 3)


def test_an_empty_part_of_a_key_is_a_key(tmp_path: Path) -> None:
    rows = "account_id,product,day,events\n" + "A1,,2024-01-01,5\n" * 3 + "A1,,2024-01-02,5\n"
    entry = admitted(tmp_path, "usage", rows)
    assert (entry.kept, {r.rule: r.rows for r in entry.reasons}) == (
        2,
        {"repeated row": 2, "value missing": 2},
    )


def test_copies_of_a_whole_row_are_dropped_where_told(tmp_path: Path) -> None:
    rows = "who,when,note\nA1,2024-01-01,a\nA1,2024-01-01,a\nA1,2024-01-01,b\n,2024-01-01,a\n"
    columns = {"account_id": "who", "day": "when", "events": {"value": "1"}}
    told = {"from": "usage.csv", "columns": columns, "sum_by": ["account_id", "day"]}
    for copies, events in ((False, 3), (True, 2)):
        usage = {**told, "drop_copies": copies}
        files: dict[str, Content] = {"accounts.csv": ACCOUNTS, "usage.csv": rows}
        made = frozen(tmp_path, files, limits=ALL, tables={"usage": usage})
        assert column(made, "events", "usage") == [events]
        entry = ledger(made, "usage")
        assert (entry.used, entry.repaired, entry.quarantined, entry.kept) == (
            events,
            3 - events,
            1,
            1,
        )


def test_a_sum_is_known_with_the_last_of_its_rows(tmp_path: Path) -> None:
    """The first row's clock would show what the last one added before it was known."""
    rows = (
        "account_id,day,events,known_at\nA1,2024-01-01,1,2024-01-02\nA1,2024-01-01,9,2024-02-01\n"
    )
    columns = {n: n for n in ("account_id", "day", "events", "known_at")}
    usage = {"from": "usage.csv", "columns": columns, "sum_by": ["account_id", "day"]}
    first = {"from": "usage.csv", "columns": {"account_id": "account_id", "known_at": "known_at"}}
    files: dict[str, Content] = {"usage.csv": rows}
    made = frozen(
        tmp_path,
        files,
        tables={"usage": usage, "accounts": {**first, "sum_by": ["account_id"]}},
        limits=ALL,
    )
    assert column(made, "events", "usage") == [10]
    assert [str(at)[:10] for at in column(made, "known_at", "usage")] == ["2024-02-01"]
    assert [str(at)[:10] for at in column(made, "known_at", "accounts")] == ["2024-01-02"]


# Clocks


def test_a_row_without_a_clock_is_not_lost_silently(tmp_path: Path) -> None:
    """Without one it would never be seen: the date it happened is taken from its start and
    counted; when it became known cannot be made up."""
    rows = "L1,A1,2024-01-05,1,,2024-01-06\nL2,A1,2024-01-05,1,2024-01-01,\n"
    head = "line_id,account_id,starts_on,arr,signed_at,known_at\n"
    made = frozen(tmp_path, {"contract_lines.csv": head + rows}, limits=ALL)
    assert [str(at)[:10] for at in column(made, "signed_at")] == ["2024-01-05"]
    assert {(r.fate, r.rule, r.column) for r in ledger(made).reasons} == {
        ("repaired", "value missing", "signed_at"),
        ("quarantined", "value missing", "known_at"),
    }
    assert ledger(made).clock == "known_at as recorded"


def test_a_clock_that_is_not_kept_is_stated(tmp_path: Path) -> None:
    columns = {"account_id": "account_id", "day": "day"}
    told = {"usage": {"from": "usage.csv", "columns": columns, "delay_days": 2}}
    rows = "account_id,day\nA1,2024-02-28\n"
    entry = admitted(tmp_path, "usage", rows, tables=told)
    assert entry.clock == "not recorded: taken as day + 2 days"
    assert entry.columns == ("account_id", "day", "known_at")


# Words, limits, privacy


def test_an_unseen_word_is_counted(tmp_path: Path) -> None:
    words = ["monthly", "Annual", "weekly", "biweekly", "weekly", ""]
    table = lines([f"2024-01-01,1,{w}" for w in words], "starts_on,arr,billing")
    made = frozen(tmp_path, {"contract_lines.csv": table})
    assert column(made, "billing") == ["monthly", "annual", "other", "other", "other", None]
    (reason,) = ledger(made).reasons
    assert (reason.fate, reason.rows, reason.first_row, reason.example, reason.says) == (
        "repaired",
        3,
        3,
        "weekly",
        "was read as 'other'",
    )


def test_too_many_faults_are_refused_with_their_reasons(tmp_path: Path) -> None:
    table = lines(["2024-01-01,1"] * 7 + ["2024-01-01,x", "2024-01-01,y", "soon,1"])
    with pytest.raises(DataRefused) as caught:
        frozen(tmp_path, {"contract_lines.csv": table}, limits={"quarantined": 0.29})
    assert str(caught.value).splitlines() == [
        "contract_lines: 3 of 10 rows of contract_lines.csv are faulty, more than the 29% that "
        "[limits] quarantined allows:",
        "  1 x not readable: is not a date or time that exists, written like 2026-03-31 or "
        "2026-03-31T14:05:00Z (starts_on, first in row 10: 'soon')",
        "  2 x not readable: is not an amount (arr, first in row 8: 'x')",
        "Mend the export or its mapping; nothing was changed.",
    ]
    made = frozen(tmp_path, {"contract_lines.csv": table}, limits={"quarantined": 0.3})
    assert ledger(made).used == 7


def test_a_company_without_a_usable_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"1 of 1 rows .* are faulty, and none can be used"):
        frozen(tmp_path, {"contract_lines.csv": lines(["2024-01-01,x"])}, limits=ALL)
    columns = {n: n for n in ("line_id", "account_id", "starts_on", "arr")}
    told = {"from": "contract_lines.csv", "columns": columns, "where": {"line_id": ["none"]}}
    with pytest.raises(DataRefused, match="where and present choose none of its 2 rows"):
        frozen(tmp_path, {"contract_lines.csv": LINES}, tables={"contract_lines": told})


def test_only_chosen_rows_belong_to_the_table(tmp_path: Path) -> None:
    rows = [
        "2024-01-01,1,won",
        "2024-01-01,1, won ",
        ",1,won",
        "2024-01-01,1,lost",
        "2024-01-01,1,",
    ]
    columns = {n: n for n in ("line_id", "account_id", "starts_on", "arr")}
    told = {
        "from": "contract_lines.csv",
        "columns": columns,
        "where": {"stage": ["won", "it's"]},
        "present": ["starts_on"],
    }
    table = lines(rows, "starts_on,arr,stage")
    made = frozen(tmp_path, {"contract_lines.csv": table}, tables={"contract_lines": told})
    assert (ledger(made).left_out, ledger(made).rows_in) == (3, 2)


def test_personal_values_are_masked_and_long_ones_cut(tmp_path: Path) -> None:
    """A comment with a fault around it is not copied into the quarantine."""
    comment = "call ann@example.com"
    rows = (
        f"S1,A1,soon{'x' * 200},{comment}\nS2,A1,2024-01-01,{comment}\nS2,A2,2024-01-01,{comment}\n"
    )
    files: dict[str, Content] = {
        "accounts.csv": ACCOUNTS,
        "surveys.csv": "survey_id,account_id,sent_at,comment\n" + rows,
    }
    made = frozen(tmp_path, files, limits=ALL)
    assert quarantine(made, "surveys")[1][1] == "soon" + "x" * 76
    assert comment not in str(manifest(made))
    rows_kept = pd.read_parquet(made.folder / "quarantine" / "surveys.parquet")
    assert comment not in rows_kept.to_csv()


def test_orphans_are_counted_and_never_joined_away(tmp_path: Path) -> None:
    day = "".join(f"{a},2024-01-{d:02d},1\n" for a in ("A1", "A8", "A9") for d in range(1, 11))
    entry = admitted(tmp_path, "usage", "account_id,day,events\n" + day)
    (reason,) = entry.reasons
    assert (entry.kept, reason.rule, reason.rows, reason.first_row, reason.example) == (
        10,
        "unknown account",
        20,
        11,
        "A8",
    )
