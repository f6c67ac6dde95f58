"""A month's book made by hand for the health report: small, complete, and with hostile names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from metrics.registry import figure
from models import health as bands
from reporting.book import Book, load
from tests.reporting.hostile import NAMES
from warehouse.months import between, shift

MONTH = "2025-06"
ZONE = "Europe/Berlin"
BASE = 0.04
N = len(NAMES)
EVENTS = ("adoption", "support load", "calendar and size")


def reason(family: str, text: str, direction: str = "raises") -> dict[str, Any]:
    """One reason as the score ledger keeps it."""
    told = f"{text}; associated with higher risk of churn"
    return {"family": family, "feature": family, "direction": direction, "text": told}


def scores() -> pd.DataFrame:
    """One account a hostile name, half of them scored worse than a month before."""
    p = np.array([(i % 7) * 0.03 + 0.005 for i in range(N)])
    before = np.array([(i % 5) * 0.03 + 0.005 for i in range(N)])
    arr = np.array([2_000_000 + 350_000 * i for i in range(N)], dtype=np.int64)
    told = [
        [reason(EVENTS[i % 3], f"{NAMES[i]}: {i} times"), reason("billing", "Late: 2", "lowers")]
        for i in range(N)
    ]
    frame = pd.DataFrame(
        {
            "account_id": [f"A{i:03d}" for i in range(N)],
            "arr": arr,
            "p_churn": p,
            "p_expansion": 0.4 - p,
            "expected_loss": pd.array(np.round(p * arr).astype(np.int64), "Int64"),
            "expected_gain": pd.array(np.round((0.4 - p) * arr * 0.1).astype(np.int64), "Int64"),
            "band": bands.bands(pd.Series(p), BASE).to_numpy(),
            "reasons": [json.dumps(each) for each in told],
            "expansion_reasons": [json.dumps(each[:1]) for each in told],
            "name": NAMES,
            "csm": [NAMES[-i - 1] if i % 4 else "unassigned" for i in range(N)],
            "segment": [NAMES[i % 3] for i in range(N)],
            "days_to_end": [float(30 * i) if i % 6 else np.nan for i in range(N)],
            "band_before": bands.bands(pd.Series(before), BASE).to_numpy(),
            "p_before": before,
        }
    )
    order = frame.sort_values(["expected_loss", "account_id"], ascending=[False, True])
    return order.reset_index(drop=True)


def due(rows: pd.DataFrame) -> pd.DataFrame:
    """Two lines an account that end together, one account a week, in turn open or decided."""
    known = rows.sort_values("account_id").reset_index(drop=True)
    ends = pd.date_range("2025-06-30 22:00", periods=N, freq="11D").astype("datetime64[us]")
    one = pd.DataFrame(
        {
            "account_id": known["account_id"],
            "line_id": [f"L{i:03d}" for i in range(N)],
            "ends_on": ends,
            "notice_by": ends - pd.Timedelta(days=30),
            "arr": known["arr"] // 2,
            "auto_renew": pd.array([i % 2 == 0 for i in range(N)], "boolean"),
            "state": [("open", "open", "signed", "cancelled")[i % 4] for i in range(N)],
            "name": known["name"],
            "csm": known["csm"],
            "band": known["band"],
            "p_churn": known["p_churn"],
            "month": [f"{d + pd.Timedelta(hours=2):%Y-%m}" for d in ends],
        }
    )
    return pd.concat([one, one.assign(line_id=one["line_id"] + "b")], ignore_index=True)


def graded() -> pd.DataFrame:
    """Three graded months in which a tenth more left than was expected."""
    rows = []
    for i, month in enumerate(between("2024-10", "2024-12")):
        rows.append(
            {"month": month, "n": 20 + i, "events": 3, "auc": 0.8, "expected": 2.5, "observed": 3,
             "expected_arr": 1_000_000, "observed_arr": 1_100_000, "n_at_risk": 4,
             "rate_at_risk": 0.5, "n_watch": 4, "rate_watch": 0.25, "n_healthy": 12,
             "rate_healthy": 0.0}
        )  # fmt: skip
    return pd.DataFrame(rows)


def left() -> pd.DataFrame:
    """Three accounts that left, the largest of them never at risk."""
    return pd.DataFrame(
        {
            "account_id": ["B1", "B2", "B3"],
            "ended": pd.to_datetime(["2024-12-01", "2025-01-03", "2025-02-01"]),
            "arr": [900_000, 500_000, 100_000],
            "months_scored": [3, 2, 1],
            "flagged": [False, True, False],
            "highest_p": [0.03, 0.4, 0.06],
            "last_band": ["healthy", "at risk", "watch"],
            "name": NAMES[:3],
            "csm": "Ada",
        }
    )


def folds() -> pd.DataFrame:
    """Two folds of every method; the model's mean AUC is 0.8."""
    rows = [
        {"fold": fold, "origin": "2024-01", "last": "2024-06", "method": method,
         "auc": auc + 0.1 * fold, "lift": 3.0, "n": 90}
        for method, auc in (("model", 0.75), ("logistic", 0.7), ("rule", 0.6), ("base rate", 0.4))
        for fold in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def pulse(months: int = 13) -> pd.DataFrame:
    """Tickets at their highest in the last month, seats used in their range."""
    listed, rows = catalogue().by_name, []
    for i, month in enumerate(between(shift(MONTH, 1 - months), MONTH)):
        tickets = 9.0 if month == MONTH else 2.0 + i % 3
        for name, value in (("tickets_opened_28d", tickets), ("seats_used", 0.3)):
            told = listed[name]
            rows.append({"month": month, "name": name, "label": told.label, "unit": told.unit,
                         "value": value, "n": N})  # fmt: skip
    return pd.DataFrame(rows)


def signals(rows: pd.DataFrame) -> pd.DataFrame:
    """One rule that fired for three accounts, one for all, one that is not available."""
    ids = rows["account_id"].tolist()
    told = [("few", "Few", a) for a in ids[:3]] + [("all", "Everybody", a) for a in ids]
    fired = [
        {"signal": s, "title": t, "family": "adoption", "status": "fired", "account_id": a}
        for s, t, a in told
    ]
    gone = {"signal": "gone", "title": "Gone", "family": "billing", "status": "not available"}
    return pd.DataFrame([*fired, gone]).assign(words="seen")


def worklist(rows: pd.DataFrame) -> pd.DataFrame:
    """A call for each account at risk or on watch."""
    chosen = rows[rows["band"].isin(["at risk", "watch"])].reset_index(drop=True)
    return chosen[["account_id", "name", "csm", "band"]].assign(
        play="Call",
        first_step="Ask what has changed",
        hours=2.0,
        expected_saved=(chosen["expected_loss"] // 10).astype("int64"),
        do_by=pd.Timestamp("2025-07-22"),
    )


def _figures(rows: pd.DataFrame, ahead: pd.DataFrame) -> dict[str, Any]:
    known, risky = rows["p_churn"].notna(), rows["band"] == "at risk"
    quarter = ahead[ahead["month"] <= "2025-09"]
    state = {s: int(quarter.loc[quarter["state"] == s, "arr"].sum()) for s in STATES}
    silent = rows[~known]
    values: dict[str, tuple[Any, int]] = {
        "arr": (int(rows["arr"].sum()), len(rows)),
        "nrr": (1.02, 25),
        "grr": (0.91, 25),
        "renewals_due": (quarter["account_id"].nunique(), len(quarter)),
        "arr_due": (sum(state.values()), len(quarter)),
        **{f"arr_due_{s}": (v, len(quarter)) for s, v in state.items()},
        "arr_at_risk": (int(rows.loc[risky, "arr"].sum()), int(risky.sum())),
        "expected_loss": (
            int(rows["expected_loss"].sum()) if known.any() else None, int(known.sum())
        ),
        "accounts_not_scored": (len(silent), len(rows)),
        "arr_not_scored": (int(silent["arr"].sum()), len(silent)),
    }  # fmt: skip
    return {name: figure(name, value, n) for name, (value, n) in values.items()}


STATES = ("signed", "cancelled", "open")


def _about() -> dict[str, Any]:
    model = {
        "said": "", "month": MONTH, "through": "2025-01", "digest": "ab" * 32, "rows": 900,
        "verdict": "beats logistic regression by +0.050 [+0.010, +0.090] AUC over 2 folds",
        "rule": "Tickets opened", "events": 80, "base_rate": BASE,
    }  # fmt: skip
    return {
        "month": MONTH, "as_of": "2025-06-30T22:00:00", "name": NAMES[0], "currency": "EUR",
        "timezone": ZONE, "policy": "closed cohort", "gap_days": 30, "targets": {}, "lead": 1,
        "horizon": 4, "snapshot": "feedfacecafe0123", "absent": [], "code": "0123456789abcdef",
        "features": {"count": 9, "digest": "beef"},
        "models": {"churn": dict(model), "expansion": dict(model)},
    }  # fmt: skip


def bridge() -> pd.DataFrame:
    """From 400,000 to 600,000 cents of expected loss."""
    return pd.DataFrame(
        [("expected loss then", "total", 400_000), ("new accounts", "accounts", 30_000),
         ("gone accounts", "accounts", -50_000), ("ARR of the same accounts", "arr", 10_000),
         ("adoption", "family", 120_000), ("billing", "family", 4_000),
         ("calendar and size", "family", 60_000), ("onboarding", "family", -3_000),
         ("relationship", "family", 2_000), ("sentiment", "family", -1_000),
         ("support load", "family", -12_000), ("coverage", "coverage", 15_000),
         ("model", "model", 25_000), ("expected loss now", "total", 600_000)],
        columns=["part", "kind", "amount"],
    )  # fmt: skip


def drift() -> pd.DataFrame:
    """One feature of three broke, and one moved."""
    return pd.DataFrame(
        {"label": [NAMES[6], "Tickets opened, last 90 days", "ARR"], "psi": [2.1, 0.31, 0.02],
         "expected": 0.04, "known_then": [0.9, 1.0, 1.0], "known_now": [0.0, 1.0, 1.0],
         "verdict": ["broken", "moved", "steady"],
         "advice": ["The column is gone: mend it.", "Higher than it was.", "Nothing to do."]}
    )  # fmt: skip


def verdicts() -> pd.DataFrame:
    """Our score is trusted, the experts' is weak."""
    return pd.DataFrame(
        {"score": ["ours", "experts"], "word": ["trusted", "weak"],
         "said": "AUC 0.81 [0.72, 0.88]; the healthy left 0.3 times as often as all",
         "rows": 400, "events": 31, "auc": [0.81, 0.62], "low": [0.72, 0.51],
         "high": [0.88, 0.7], "green": [0.19, 0.48], "red": [0.7, 0.9], "inversions": [0, 1],
         "ahead": 0.19, "ahead_low": 0.05, "ahead_high": 0.31}
    )  # fmt: skip


def book(**changes: Any) -> Book:
    """The whole book; ``scores`` or ``due`` given changed move its figures along."""
    rows = changes.pop("scores", scores())
    ahead = changes.pop("due", due(rows))
    risk = pd.DataFrame(
        {"month": ["2025-05", MONTH], "accounts": N, "arr": 1_000, "at_risk": [900_000, 1_000_000],
         "at_risk_accounts": 3, "expected_loss": pd.array([400_000, 600_000], "Int64"),
         "not_scored": 0, "not_scored_accounts": 0}
    )  # fmt: skip
    months = between(shift(MONTH, -14), MONTH)
    rates = {f"{r}{s}": v for r, v in (("nrr", 1.02), ("grr", 0.91)) for s in ("", "_low", "_high")}
    whole = int(rows["arr"].sum())
    plain = Book(
        about=_about(),
        figures=_figures(rows, ahead),
        walk=pd.DataFrame(
            [{"month": MONTH, "opening": whole + 500_000, "new": 200_000, "expansion": 100_000,
              "reactivation": 0, "contraction": 0, "churn": 800_000, "closing": whole}]
        ),
        trend=pd.DataFrame({"month": months, "arr": whole + 500_000, "customers": N, **rates}),
        moves=pd.DataFrame(
            {"account_id": ["B7", "B8", "B9"], "name": NAMES[3:6], "csm": "Ada",
             "kind": ["churn", "churn", "new"], "amount": [-700_000, -100_000, 200_000],
             "band_before": ["watch", "at risk", ""], "p_before": [0.08, 0.2, np.nan]}
        ),
        due=ahead,
        scores=rows,
        flow=pd.DataFrame(
            [("healthy", "at risk", 2, 300_000), ("watch", "at risk", 1, 100_000),
             ("at risk", "healthy", 1, 50_000), ("healthy", "healthy", 9, 9_000_000),
             ("new", "watch", 1, 70_000), ("watch", "gone", 1, 700_000)],
            columns=["before", "after", "accounts", "arr"],
        ),
        drivers=pd.DataFrame(
            {"family": ["calendar and size", "support load", "adoption"],
             "expected_loss": [300_000, 200_000, 100_000],
             "before": pd.array([290_000, 210_000, 20_000], "Int64")}
        ),
        bridge=bridge(),
        risk=risk,
        cohorts=pd.DataFrame(),
        departed=pd.DataFrame(),
        renewals=pd.DataFrame(),
        outlook=pd.DataFrame({"what": ["loss"], "expected": [600_000], "low": [200_000],
                              "high": [900_000], "accounts": [N]}),
        forecast=pd.DataFrame(),
        forecast_grades=pd.DataFrame(),
        segments=pd.DataFrame(
            {"grouping": "segment", "group": NAMES[:3], "customers": [15, 8, 5],
             "arr": [whole // 2, whole // 3, whole - whole // 2 - whole // 3],
             "nrr": [1.05, 1.0, 0.9], "grr": [0.93, 0.9, 0.7], "grr_low": [0.85, 0.8, 0.6],
             "grr_high": [0.99, 0.98, 0.8], "at_risk": [400_000, 300_000, 200_000],
             "expected_loss": [300_000, 200_000, 100_000], "n": [60, 40, 35]}
        ),
        pulse=pulse(),
        worklist=worklist(rows),
        signals=signals(rows),
        churn_folds=folds(),
        expansion_folds=folds(),
        grades=graded(),
        verdicts=verdicts(),
        drift=drift(),
        left=left(),
        sources=pd.DataFrame(
            {"table": ["accounts", "contract_lines"], "rows_in": [28, 56], "used": [28, 56],
             "repaired": 0, "quarantined": 0, "clock": "known_at as recorded"}
        ),
        faults=pd.DataFrame(columns=["table", "column", "says", "fate", "rows", "first_row"]),
    )  # fmt: skip
    return replace(plain, **changes)


def silent() -> Book:
    """A book of which no account is scored."""
    rows = scores().assign(
        p_churn=np.nan, p_expansion=np.nan, band="not scored", band_before="", p_before=np.nan,
        reasons="[]", expansion_reasons="[]", expected_loss=pd.array([pd.NA] * N, "Int64"),
        expected_gain=pd.array([pd.NA] * N, "Int64"),
    )  # fmt: skip
    rows = rows.sort_values("account_id", ignore_index=True)
    whole, none = book(), pd.DataFrame()
    told = {"said": "churn: 3 events in 4 months; a model needs 50. Until then, use the rules"}
    risk = whole.risk.assign(expected_loss=pd.array([pd.NA] * 2, "Int64"), at_risk=0)
    return book(
        scores=rows, about=whole.about | {"models": {"churn": told, "expansion": told}}, risk=risk,
        drivers=whole.drivers[:0], bridge=whole.bridge[:0], outlook=whole.outlook[:0],
        drift=whole.drift[:0],
        worklist=whole.worklist[:0],
        churn_folds=none, expansion_folds=none, grades=whole.grades[:0], left=whole.left[:0],
        flow=pd.DataFrame({"before": ["not scored"], "after": ["not scored"], "accounts": [N],
                           "arr": [5]}),
        moves=whole.moves.assign(band_before="", p_before=np.nan),
    )  # fmt: skip


def kept(made: Book, folder: Path) -> Book:
    """The book as a notebook gets it: written to a folder and read again."""
    made.save(folder / made.month)
    return load(folder / made.month)
