"""The retention report: every table ties, every claim follows from numbers, thin books speak."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from html import unescape

import numpy as np
import pandas as pd
import pytest

from metrics.arr import history
from metrics.movements import movements
from metrics.policy import Policy
from metrics.retention import trailing
from reporting import doubt, formats, gather, past
from reporting import retention as report
from reporting.audit import audit
from reporting.book import Book
from reporting.figure import Caption
from reporting.page import render
from reporting.retention.bridges import bridges
from reporting.retention.outlook import one_sided
from reporting.retention.reconciliation import difference
from reporting.retention.scoreboard import errors
from reporting.retention.words import exactly, moved, span
from tests.reporting.hostile import NAMES, cell, notebook
from tests.reporting.retained import LAST, ZONE, bound, company, grades, ledger, left
from warehouse.months import between, opens, shift

SECTIONS = [name for name in report.__all__ if name != "headline"]


@cache
def full() -> Book:
    """Thirty months with everything a book may hold."""
    months = [shift(LAST, -back) for back in (8, 7, 6, 5)]
    graded = grades(months, [9_000_000] * 4, [10_000_000, 11_000_000, 12_000_000, 12_500_000])
    return bound(company(), grades=graded, left=left(9))


def page(book: Book) -> str:
    """Every section on one page, as the notebook would show them."""
    pieces = [report.headline(book), *(getattr(report, name)(book) for name in SECTIONS)]
    return render(notebook(*map(cell, pieces)), footer="Firm")


@cache
def printed() -> str:
    return page(full())


def words(html: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("</style>")[2]))


def test_a_full_book_makes_a_page_without_fault() -> None:
    assert audit(printed()) == []
    assert len(printed().encode()) < 400_000
    assert page(full()) == printed()


def test_a_hostile_name_stays_a_name() -> None:
    """In an account, its CSM, its segment and the list of surprises."""
    name = " ".join(NAMES[:16])
    book = bound(company(), name=name, left=left(4, name))
    assert audit(page(book)) == []


def test_a_recorded_reason_is_never_called_a_cause() -> None:
    assert not re.search(r"\b(because|due to|caused by|thanks to)\b", words(printed()))


def bare() -> Book:
    """Thirty months of open-ended lines that nobody left; nothing scored, no segments."""
    book = bound(company(accounts=30, yearly=False), known=False)
    return replace(book, segments=book.segments[:0])


YOUNG = "net retention needs a year of history"
THIN = {
    "three months": (lambda: bound(company("2025-04", 30)), [YOUNG]),
    "one month": (lambda: bound(company("2025-06", 5)), [YOUNG, "Not shown: cohorts."]),
    "bare": (
        bare,
        [
            "Not shown: the outlook. too few events",
            "Not shown: renewals by quarter.",
            "Not shown: the renewal forecast.",
            "Not shown: reasons of leaving. No account left",
            "Not shown: segments.",
            "Not shown: surprises.",
            "Not shown: the forecast's grade.",
        ],
    ),
}


@pytest.mark.parametrize("kind", THIN)
def test_a_thin_book_speaks_and_has_no_fault(kind: str) -> None:
    make, said = THIN[kind]
    html = page(make())
    assert audit(html) == []
    assert [one for one in said if one not in unescape(words(html))] == []


def test_everything_ties_and_a_cent_is_seen() -> None:
    book = full()
    assert difference(book) == 0
    assert "Sign off a closing ARR of" in str(report.reconciliation(book))
    off = book.departed.assign(arr=book.departed["arr"] + (book.departed.index == 0))
    broken = replace(book, departed=off)
    assert difference(broken) == 1
    assert "Do not sign" in str(report.reconciliation(broken))
    assert "EUR 0.01 apart (fail)" in str(report.strip(broken)).replace("\u00a0", " ")


def test_rows_set_aside_are_said_before_signing() -> None:
    sources, faults = gather.sources(ledger(quarantined=3))
    book = replace(full(), sources=sources, faults=faults)
    assert "257 used + 0 repaired + 3 quarantined (warn)" in str(report.strip(book))
    assert "Mend or accept 3 rows in quarantine" in str(report.reconciliation(book))


def test_the_roll_forward_adds_up_to_the_cent_as_printed() -> None:
    """The printed lines of each column sum to the printed closing."""
    rows = re.findall(r"<tr>(.*?)</tr>", report.reconciliation(full()).html, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    amounts = [[int(re.sub(r"[^\d−]", "", a).replace("−", "-")) for a in row] for row in cells[1:]]
    for column in zip(*amounts, strict=True):
        assert sum(column[:-1]) == column[-1]


def test_departures_sum_to_the_churn_and_carry_their_reason() -> None:
    book, lines = full(), company()
    assert book.departed["arr"].sum() == book.walk["churn"].tail(12).sum()
    assert set(book.departed["reason"]) <= {"voluntary", "payment failure", past.NO_REASON}
    told = lines.dropna(subset=["end_reason"]).set_index("account_id")["end_reason"]
    first = book.departed.sort_values("month").drop_duplicates("account_id")
    for account, reason in zip(first["account_id"], first["reason"], strict=True):
        assert past.REASONS[told[account]] == reason
    twice = book.departed[book.departed["account_id"] == "A010"].sort_values("month")
    assert twice[["month", "reason", "tenure", "back"]].to_numpy().tolist() == [
        ["2024-07", "payment failure", 8, "2025-02"],
        ["2025-05", past.NO_REASON, 18, ""],
    ]


def test_a_departure_without_a_word_is_not_recorded() -> None:
    lines = company().assign(end_reason=None)
    book = bound(lines)
    assert set(book.departed["reason"]) == {past.NO_REASON}
    assert "no reason is recorded" in str(report.departures(book))


def small() -> pd.DataFrame:
    """Two accounts that start in one quarter: one leaves after four months, one doubles."""
    rows = [("A", m, 100) for m in between("2024-01", "2024-04")]
    rows += [("B", m, 100 if m < "2024-06" else 200) for m in between("2024-03", "2024-07")]
    return pd.DataFrame(rows, columns=["account_id", "month", "arr"])


def test_cohorts_by_hand() -> None:
    """A is 6 months old in July, B is 4: at 3 both count, at 6 only A, and it is gone."""
    table = past.cohorts(small(), "2024-07").set_index("age")
    assert table.loc[3].to_dict() == {
        "starts": "2024-01", "n": 2, "reached": 2, "kept": 2, "opening": 200, "gross": 200,
        "net": 300,
    }  # fmt: skip
    assert table.loc[6, ["n", "reached", "kept", "opening", "gross", "net"]].tolist() == [
        2, 1, 0, 100, 0, 0,
    ]  # fmt: skip
    assert 12 not in table.index


def test_an_incomplete_cell_is_marked() -> None:
    book = replace(full(), cohorts=past.cohorts(small(), "2024-07"))
    assert "Hatched" in str(report.cohorts(book).html)
    assert "incomplete" in report.cohorts(book).html


def test_renewals_tie_to_the_figures_and_look_back_with_the_eyes_of_then() -> None:
    book = full()
    ahead = book.renewals[(book.renewals["seen"] == LAST) & (book.renewals["starts"] > LAST)]
    for name in ("arr", "signed", "cancelled", "open"):
        figure = "arr_due" if name == "arr" else f"arr_due_{name}"
        assert int(ahead[name].iloc[0]) == book.figures[figure].value
    assert (
        book.renewals["arr"] == book.renewals[["signed", "cancelled", "open"]].sum(axis=1)
    ).all()
    counts = book.renewals[["n_signed", "n_cancelled", "n_open"]].sum(axis=1)
    assert (counts == book.renewals["renewals"]).all()
    assert book.renewals["seen"].tolist() == [LAST] * 5 + ["2025-05"]
    assert book.renewals["starts"].iloc[-1] == LAST
    # In May no line from June on was known, so nothing was signed; by now June's are.
    assert book.renewals["signed"].iloc[-1] == 0


def test_bounds_hold_the_rate_and_agree_with_a_bootstrap() -> None:
    held = history(company(), LAST, ZONE)
    told, kept = doubt.bounds(held, LAST, Policy()), trailing(held, LAST)
    for name, rate in (("nrr", kept.nrr), ("grr", kept.grr), ("logo", kept.logo)):
        assert rate is not None
        assert told[f"{name}_low"] < rate < told[f"{name}_high"]
    # Doubled, so that the rate is far from one: an error around one would not do.
    held = held.assign(arr=held["arr"] * np.where(held["month"] == LAST, 2, 1))
    told = doubt.bounds(held, LAST, Policy())
    then = held[held["month"] == "2024-06"].set_index("account_id")["arr"]
    now = held[held["month"] == LAST].set_index("account_id")["arr"].reindex(then.index).fillna(0)
    drawn = np.random.default_rng(1).multinomial(len(then), np.full(len(then), 1 / len(then)), 4000)
    rates = (drawn @ now.to_numpy()) / (drawn @ then.to_numpy())
    width = np.subtract(*np.quantile(rates, [0.975, 0.025]))
    assert told["nrr_high"] - told["nrr_low"] == pytest.approx(width, rel=0.1)


def test_few_accounts_have_no_range() -> None:
    held = history(company(accounts=doubt.FEWEST - 1), LAST, ZONE)
    assert all(np.isnan(side) for side in doubt.bounds(held, LAST, Policy()).values())


def test_the_outlook_sums_and_repeats() -> None:
    book = full()
    table = book.outlook.set_index("what")
    loss = book.scores["expected_loss"].sum()
    assert table.loc["loss", "expected"] == loss
    assert table.loc["net", "expected"] == book.scores["expected_gain"].sum() - loss
    assert (table["low"] < table["expected"]).all()
    assert (table["expected"] < table["high"]).all()
    pd.testing.assert_frame_equal(
        doubt.outlook(book.scores.sample(frac=1, random_state=2)), book.outlook
    )
    p = book.scores["p_churn"]
    sd = np.sqrt((p * (1 - p) * book.scores["arr"].astype(float) ** 2).sum())
    assert table.loc["loss", "high"] - table.loc["loss", "low"] == pytest.approx(2.56 * sd, rel=0.1)


def test_the_scoreboard_is_held_against_repeating_the_past() -> None:
    book = full()
    graded = book.grades
    walk = book.walk.set_index("month")["churn"]
    naive = [sum(walk[shift(m, -back)] for back in range(3)) for m in graded["month"]]
    ours, theirs = errors(graded.assign(naive=naive))
    assert ours == pytest.approx((1 + 2 + 3 + 3.5) / (10 + 11 + 12 + 12.5))
    lost = graded["observed_arr"].tolist()
    assert theirs == pytest.approx(
        sum(abs(a - b) for a, b in zip(naive, lost, strict=True)) / sum(lost)
    )
    said = str(report.scoreboard(book))
    assert len(set(naive)) > 1
    for month, one in zip(graded["month"], naive, strict=True):
        row = next(row for row in said.splitlines() if row.strip().startswith(formats.month(month)))
        assert formats.money(one, "EUR", full=True) in row
    assert "too low each time" in said
    assert "Plan with the model's number" in said


def test_a_bad_forecast_is_said_to_be_bad() -> None:
    book = full()
    walk = book.walk.set_index("month")["churn"]
    months = list(book.grades["month"])
    lost = [int(sum(walk[shift(m, -back)] for back in range(3))) + 1 for m in months]
    bad = replace(book, grades=grades(months, [one * 3 for one in lost], lost))
    assert "Plan with last quarter's loss" in str(report.scoreboard(bad))


@pytest.mark.parametrize(
    ("expected", "observed", "side"),
    [([1, 1, 1], [2, 2, 2], "low"), ([2, 2, 2], [1, 1, 1], "high"), ([1, 3, 1], [2, 2, 2], ""),
     ([1, 1], [2, 2], "")],
)  # fmt: skip
def test_a_habit_needs_three_months_of_one_side(
    expected: list[int], observed: list[int], side: str
) -> None:
    months = between("2025-01", shift("2025-01", len(expected) - 1))
    assert one_sided(grades(months, expected, observed)) == side


def test_the_headline_follows_the_numbers() -> None:
    book = full()
    change = book.trend["nrr"].iloc[-1] - book.trend["nrr"].iloc[-2]
    way = "rose to" if change > 0.0005 else "fell to" if change < -0.0005 else "held at"
    gap = book.trend["nrr"].iloc[-1] - 1.10
    text = str(report.headline(book))
    assert f"NRR {way}" in text
    assert ("above target" if gap > 0 else "below target") in text
    flat = book.trend.assign(nrr=1.02)
    figures = book.figures | {"nrr": replace(book.figures["nrr"], value=1.02)}
    still = str(report.headline(replace(book, trend=flat, figures=figures)))
    assert "NRR held at 102.0" in still


def test_the_largest_movement_is_named_with_its_size() -> None:
    book = full()
    top = movements(history(company(), LAST, ZONE), [LAST])
    top = top.loc[top["amount"].abs().idxmax()]
    assert f"Firm {top['account_id']}" in str(report.headline(book))
    assert f"Firm {top['account_id']}" in str(report.movements(book))


def test_surprises_are_the_unflagged_and_sum() -> None:
    text = str(report.surprises(full()))
    assert "5 of 9 accounts" in text
    assert "Use: 2 days (was 9)" in text
    assert "1 Apr 2025" in text.replace("\u00a0", " ")  # 22:00 UTC is the next day there
    assert (
        "nothing was missed"
        in str(report.surprises(replace(full(), left=left(2).assign(flagged=True)))).lower()
    )


def test_a_small_segment_has_no_rate() -> None:
    book = full()
    few = replace(book, segments=book.segments.assign(n=doubt.FEWEST - 1))
    rows = re.findall(r"<tr>(.*?)</tr>", report.segments(few).html)
    assert [row.count(">–<") for row in rows[1:]] == [3, 3, 3, 0]
    assert "no group is large enough" in str(report.segments(few))


def test_a_walk_that_does_not_arrive_is_not_drawn() -> None:
    frame = pd.DataFrame(
        {"label": ["Opening", "New", "Closing"], "total": [True, False, True], "a": [10, 5, 16]}
    )
    with pytest.raises(ValueError, match="reaches 15, not 16"):
        bridges(frame, [("a", "June")], Caption("x"), "EUR")


def test_words() -> None:
    assert span("2025-04", "2025-06").replace("\u00a0", " ") == "Apr to Jun 2025"
    assert span("2024-11", "2025-01").replace("\u00a0", " ") == "Nov 2024 to Jan 2025"
    assert [moved(1.0, 1.0004), moved(1.01, 1.0), moved(1.0, 1.01)] == ["held", "rose", "fell"]
    assert str(exactly(-123456)) == "-1234.56"
    assert opens("2025-07", ZONE) == datetime(2025, 6, 30, 22)


def test_the_forecast_is_made_of_what_is_due_and_says_what_it_rests_on() -> None:
    told = full().forecast.set_index(["period", "what"])
    text = words(page(full()))
    assert "last year&#x27;s rates" in text or "last year's rates" in unescape(text)
    assert "takes 530 renewals like next quarter's" in unescape(text)
    for period in {name for name, _ in told.index}:
        parts = told.loc[period]["expected"]
        due = told.loc[period]["due"].iloc[0]
        assert parts["renewed"] + parts["lost"] + parts["contracted"] == due


def test_graded_forecasts_stand_beside_last_years_rate() -> None:
    graded = pd.DataFrame(
        {"what": ["lost"], "n": [9], "error": [0.031], "naive_error": [0.044],
         "inside": [0.78], "close": [0.89]}
    )  # fmt: skip
    text = words(page(replace(full(), forecast_grades=graded)))
    assert all(said in text for said in ("3.1 %", "4.4 %", "78.0 %", "89.0 %"))
    assert "No earlier forecast has come due yet" in words(page(full()))
