"""A real ledger lived for a month, through the command line, and everything that may go wrong."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from models import tracking
from perennial import cli
from reporting import page, runner
from reporting.audit import audit
from warehouse.freeze import freeze

HOUSE = Path(__file__).resolve().parents[2]
MONTH = "2014-12"


@dataclass
class Told:
    """What a command left with, and what it said."""

    code: int
    out: str
    err: str


Perennial = Callable[..., Told]


@pytest.fixture
def perennial(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Perennial:
    """The command line, in this process."""

    def run(*words: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["perennial", *words])
        code: object = 0
        try:
            cli.main()
        except SystemExit as leaving:
            code = leaving.code
        said = capsys.readouterr()
        return Told(int(str(code or 0)), said.out, said.err)

    return run


def workspace(folder: Path, samples: Path) -> Path:
    """A fresh workspace on a copy of the Displayr ledger."""
    (folder / "data" / "raw").mkdir(parents=True)
    shutil.copy(HOUSE / "examples" / "displayr" / "perennial.toml", folder)
    shutil.copy(samples / "displayr" / "q_invoice_lines.csv", folder / "data" / "raw")
    return folder


def published(root: Path) -> dict[str, str]:
    """The sha256 of each published file of the month, without the manifest."""
    files = (root / "reports" / MONTH).iterdir()
    return {f.name: sha256(f.read_bytes()).hexdigest() for f in files if f.suffix != ".json"} | {
        "metrics.json": sha256((root / "reports" / MONTH / "metrics.json").read_bytes()).hexdigest()
    }


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """A workspace in which the month was lived once."""
    root = workspace(tmp_path_factory.mktemp("displayr"), samples)
    from perennial.month import live
    from perennial.workspace import at

    assert live(at(root), MONTH).changed
    return root


def test_a_month_is_published_whole(lived: Path) -> None:
    there = {file.name for file in (lived / "reports" / MONTH).iterdir()}
    assert there == {
        "health.html",
        "retention.html",
        "metrics.json",
        "worklist.xlsx",
        "worklist.csv",
        "MANIFEST.json",
    }
    assert (lived / "reports" / "latest").resolve() == (lived / "reports" / MONTH).resolve()


def test_every_row_has_a_fate_and_every_quarantined_row_its_reason(lived: Path) -> None:
    from perennial.workspace import at

    snapshot = freeze(at(lived).settings, lived)
    for table in snapshot.ledger:
        assert table.rows_in == table.used + table.repaired + table.quarantined == 3769
        bad = pd.read_parquet(snapshot.folder / "quarantine" / f"{table.table}.parquet")
        assert len(bad) == table.quarantined
        assert bad["reason"].str.len().gt(10).all()
    lines = next(t for t in snapshot.ledger if t.table == "contract_lines")
    assert [(r.rule, r.rows, r.example) for r in lines.reasons] == [
        ("term too long", 1, "30407 days")
    ]


def test_the_numbers_agree_wherever_they_are_printed(lived: Path) -> None:
    told = json.loads((lived / "reports" / MONTH / "metrics.json").read_text())
    assert told["as_of"].startswith("2015-01-01")
    metrics = told["metrics"]
    walk = metrics["opening_arr"]["value"] + sum(
        sign * metrics[f"{kind}_arr"]["value"]
        for kind, sign in (
            ("new", 1),
            ("expansion", 1),
            ("reactivation", 1),
            ("contraction", -1),
            ("churned", -1),
        )
    )
    assert walk == metrics["arr"]["value"]
    assert 0 < metrics["grr"]["value"] <= metrics["nrr"]["value"]
    page = (lived / "reports" / MONTH / "retention.html").read_text()
    assert f"{metrics['nrr']['value'] * 100:.1f}" in page
    sheet = openpyxl.load_workbook(lived / "reports" / MONTH / "worklist.xlsx")["All accounts"]
    assert sheet.max_row - 1 == metrics["customers"]["value"]


def test_again_is_a_no_op(lived: Path, perennial: Perennial) -> None:
    before = published(lived)
    stamp = (lived / "reports" / MONTH).resolve().stat().st_mtime_ns
    told = perennial("month", MONTH, "--workspace", str(lived))
    assert (told.code, "nothing to do" in told.out) == (0, True)
    assert published(lived) == before
    assert (lived / "reports" / MONTH).resolve().stat().st_mtime_ns == stamp
    assert perennial("verify", "--workspace", str(lived)).code == 0


def test_what_was_filled_in_afterwards_never_reaches_a_feature(
    lived: Path, tmp_path: Path, samples: Path
) -> None:
    """The same ledger but for the columns nobody knew at the time: the same facts, bit by bit."""
    from perennial.workspace import at

    root = workspace(tmp_path, samples)
    raw = root / "data" / "raw" / "q_invoice_lines.csv"
    ledger = pd.read_csv(raw, dtype="str", keep_default_na=False)
    for column in ("cancelled", "Renewed", "ComputersToRenew"):
        ledger[column] = "1.0"
    ledger.to_csv(raw, index=False)
    one, two = (freeze(at(place).settings, place) for place in (lived, root))
    assert one.id != two.id
    for table in ("accounts", "contract_lines"):
        file = f"{table}.parquet"
        assert (one.folder / file).read_bytes() == (two.folder / file).read_bytes()


def test_two_fresh_workspaces_give_the_same_bytes(
    lived: Path, tmp_path: Path, samples: Path, perennial: Perennial
) -> None:
    root = workspace(tmp_path, samples)
    assert perennial("month", MONTH, "--workspace", str(root)).code == 0
    assert published(root) == published(lived)


@pytest.fixture
def copy(lived: Path, tmp_path: Path) -> Path:
    """A copy of the lived workspace without its tracking store, to be broken."""
    place = tmp_path / "copy"
    shutil.copytree(
        lived, place, symlinks=True, ignore=shutil.ignore_patterns("mlruns", "frozen", "features")
    )
    return place


def test_an_open_month_is_refused(copy: Path, perennial: Perennial) -> None:
    before = published(copy)
    told = perennial("month", "2016-07", "--workspace", str(copy))
    assert told.code == 65
    assert "2016-07 is still open" in told.err
    assert "2016-06-13" in told.err
    assert published(copy) == before


def test_a_missing_required_column_is_named(copy: Path, perennial: Perennial) -> None:
    raw = copy / "data" / "raw" / "q_invoice_lines.csv"
    raw.write_text(raw.read_text().replace("ValidFrom", "ValidForm", 1))
    before = published(copy)
    told = perennial("month", MONTH, "--workspace", str(copy))
    assert told.code == 65
    assert "no column 'ValidFrom'" in told.err
    assert "'ValidForm'" in told.err
    assert published(copy) == before


def test_a_torn_file_is_refused(copy: Path, perennial: Perennial) -> None:
    raw = copy / "data" / "raw" / "q_invoice_lines.csv"
    raw.write_bytes(raw.read_bytes()[:-40])
    before = published(copy)
    told = perennial("month", MONTH, "--workspace", str(copy))
    assert told.code == 65
    assert "q_invoice_lines.csv" in told.err
    assert "torn" in told.err
    assert published(copy) == before


def test_a_folder_that_cannot_be_written_is_said_before_any_work(
    copy: Path, perennial: Perennial
) -> None:
    shutil.rmtree(copy / "reports")
    (copy / "reports").write_text("a file where a folder should be")
    told = perennial("month", MONTH, "--workspace", str(copy))
    assert told.code in (73, 74)
    assert str(copy / "reports") in told.err
    assert not (copy / "mlruns").exists()


def test_a_changed_input_needs_a_reason_and_says_what_moved_and_a_hostile_name_does_nothing(
    lived: Path, tmp_path: Path, perennial: Perennial
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(lived, root, symlinks=True, ignore=shutil.ignore_patterns("mlruns"))
    raw = root / "data" / "raw" / "q_invoice_lines.csv"
    ledger = pd.read_csv(raw, dtype="str", keep_default_na=False)
    live = (ledger["ValidFrom"] < "2014-12-01") & (ledger["ValidTo"] > "2015-01-01")
    first = ledger.index[live & (ledger["AUD"].astype(float) > 0)][0]
    ledger.loc[first, "AUD"] = str(float(ledger.loc[first, "AUD"]) * 300)
    hostile = ledger.loc[first, "CustOrgID"]
    ledger.loc[ledger["CustOrgID"] == hostile, "name"] = "<script>alert(1)</script>"
    ledger.to_csv(raw, index=False)
    before = published(root)
    told = perennial("month", MONTH, "--workspace", str(root))
    assert told.code == 65
    assert "--restate" in told.err
    assert published(root) == before
    told = perennial("month", MONTH, "--workspace", str(root), "--restate", "an invoice was wrong")
    assert told.code == 0
    assert "arr:" in told.out
    manifest = json.loads((root / "reports" / MONTH / "MANIFEST.json").read_text())
    assert manifest["reason"] == "an invoice was wrong"
    assert manifest["supersedes"]
    pages = [(root / "reports" / MONTH / f"{n}.html").read_text() for n in ("health", "retention")]
    assert any("&lt;script&gt;alert(1)" in page for page in pages)
    assert not any("<script" in page for page in pages)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report", "monthly-health", "--month", MONTH, "-p", "mnth=2014-11"), 64, "mnth"),
        (("report", "monthly-wealth", "--month", MONTH), 66, "monthly-health"),
        (("month", "2014-13"), 64, "YYYY-MM"),
        (("month",), 64, "Missing argument"),
        (("explain", "nobody", "--month", MONTH), 66, "nobody"),
        (("metric", "nnr", "--month", MONTH), 64, "nrr"),
        (("train", "love"), 64, "churn, expansion"),
        (("verify", "2010-01"), 66, "2010-01"),
        (("init",), 64, "not overwritten"),
        (("simulate", "."), 74, "empty"),
    ],
)
def test_a_wrong_request_is_answered(
    words: tuple[str, ...], code: int, said: str, lived: Path, perennial: Perennial
) -> None:
    before = published(lived)
    place = () if words[0] == "simulate" else ("--workspace", str(lived))
    told = perennial(*words, *place)
    assert told.code == code, told
    assert said in told.err
    assert published(lived) == before


def test_a_number_and_an_account_can_be_asked_for(lived: Path, perennial: Perennial) -> None:
    told = perennial("metric", "nrr", "--month", MONTH, "--workspace", str(lived))
    assert told.code == 0
    assert "closed cohort, point to point, 12 months" in told.out
    scores = pd.read_parquet(next((lived / "data" / "scores").rglob("scores.parquet")))
    account = str(scores["account_id"].iloc[0])
    told = perennial("explain", account, "--month", MONTH, "--workspace", str(lived))
    assert told.code == 0
    assert "risk of churn" in told.out
    assert "sub-scores: commercial" in told.out


@pytest.mark.parametrize(
    "name",
    [
        "07-forecast-renewals",
        "08-grade-the-score",
        "09-explain-churn",
        "10-define-the-outcome",
    ],
)
def test_the_notebooks_of_a_lived_month_run(name: str, lived: Path, tmp_path: Path) -> None:
    notebook = HOUSE / "notebooks" / "research" / f"{name}.ipynb"
    parameters = {"month": MONTH, "workspace": str(lived)}
    record = runner.run(notebook, parameters, tmp_path / f"{name}.ipynb")
    assert record.facts == {"month": MONTH}
    assert audit(page.render(tmp_path / f"{name}.ipynb", footer="Displayr")) == []


def test_what_falls_due_is_forecast_and_kept(lived: Path) -> None:
    folder = next((lived / "data" / "scores").glob("as_of=*"))
    due = pd.read_parquet(folder / "renewals.parquet")
    told = pd.read_parquet(folder / "forecasts.parquet")
    months = told[(told["every"] == "month") & (told["what"] == "renewed")]
    assert months["due"].sum() == due["arr"].sum() > 0
    assert due["p_lost"].between(0, 1).all()
    assert (told["p10"] <= told["p50"]).all()
    assert (told["p50"] <= told["p90"]).all()


@pytest.mark.parametrize("kind", ["churn", "expansion", "renewal"])
def test_training_is_a_notebook_and_a_run_with_its_evidence(
    kind: str, lived: Path, perennial: Perennial
) -> None:
    told = perennial("train", kind, "--month", MONTH, "--workspace", str(lived))
    assert told.code == 0, told.err
    client = tracking.store(lived)
    version = client.get_model_version_by_alias(kind, "champion")
    assert version.tags["as_of"] == MONTH
    run = client.get_run(str(version.run_id))
    assert run.info.status == "FINISHED"
    assert run.data.params
    named = " ".join(run.data.metrics)
    for method in ("model", "logistic", "calendar", "five_factors", "rule"):
        assert f"{method}" in named
    metric = next(name for name in run.data.metrics if "auc" in name and "logistic" in name)
    assert len(client.get_metric_history(str(version.run_id), metric)) >= 2
    there = {file.path for file in client.list_artifacts(str(version.run_id), "notebook")}
    assert f"notebook/{kind}-{MONTH}.ipynb" in there
    kept = [file for file in (lived / "mlruns").rglob("*") if file.is_file()]
    assert not [file for file in kept if file.suffix in {".pkl", ".pickle", ".joblib"}]
