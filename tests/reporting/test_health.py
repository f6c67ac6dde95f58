"""The health report: every claim follows from the book, thin books speak, names stay names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from metrics.policy import Policy
from models.outcomes import Question
from plays.reasons import raising
from reporting import health as report
from reporting.audit import audit
from reporting.book import Book
from reporting.health import parts
from reporting.health.change import steps
from reporting.health.drivers import led, workable
from reporting.health.first import holding
from reporting.health.growth import ready
from reporting.health.horizon import open_renewals, open_soon
from reporting.health.moved import movers
from reporting.health.pulse import measured
from reporting.health.rehearsed import compared
from reporting.health.segments import shares
from reporting.health.why import family, reasons, short
from reporting.health.work import tallied
from reporting.health.wrong import by_band, surprises
from reporting.page import render
from reporting.parameters import declared
from reporting.shown import Shown
from tests.reporting import handmade
from tests.reporting.handmade import MONTH, N, book, kept, reason, silent
from tests.reporting.hostile import NAMES, cell, notebook, words
from warehouse.months import as_of, shift

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "reports" / "monthly-health.ipynb"
SECTIONS = [name for name in report.__all__ if name != "headline"]


def page(made: Book) -> str:
    """The whole page of a book, as the notebook lays it out."""
    cells = [cell(report.headline(made))]
    for name in SECTIONS:
        cells += [words(f"## About {name}"), cell(getattr(report, name)(made))]
    return render(notebook(*cells))


def said(html: str) -> str:
    """What a reader reads, on one line; spaces that do not break are plain ones."""
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", html, flags=re.DOTALL)
    body = re.sub(r"<i aria-hidden.*?</i>|</?(bdi|strong)>", "", body)
    return plain(unescape(re.sub(r"<[^>]+>", " ", body)))


def plain(text: str) -> str:
    """``text`` with one plain space where there is any."""
    return re.sub(r"[\s\u00a0]+", " ", text).strip()


def read(shown: Shown) -> str:
    """What a reader reads of one piece."""
    return said(shown.html)


# The page


@cache
def whole() -> str:
    """The page of the whole book."""
    return page(book())


def test_a_page_full_of_hostile_names_is_clean_and_the_same_twice() -> None:
    html = whole()
    assert audit(html) == []
    assert html == page(book())
    assert "<script" not in html
    assert "alert(1)" in said(html)


def test_nothing_claims_a_cause() -> None:
    """The model associates; nobody has shown that anything happens because of it."""
    text = said(whole()).lower()
    assert "associated with" in text
    for word in ("because", "caused by", "due to", "leads to"):
        assert word not in text


def bare() -> Book:
    """A first month of accounts and lines alone, with nothing due, nobody named, nothing graded."""
    whole = book()
    rows = handmade.scores().assign(band_before="", p_before=np.nan, csm="unassigned")
    return book(
        scores=rows, due=handmade.due(rows)[:0], flow=whole.flow[:0], risk=whole.risk[1:],
        moves=whole.moves.assign(band_before="", p_before=np.nan), segments=whole.segments[:0],
        drivers=whole.drivers.assign(before=pd.array([pd.NA] * 3, "Int64")),
        bridge=whole.bridge[:0], pulse=handmade.pulse()[:0], grades=whole.grades[:0],
        left=whole.left[:0],
        about=whole.about | {"absent": ["usage", "touches"]},
    )  # fmt: skip


def calm() -> Book:
    """Nobody left, nobody is at risk, all is decided, and one month of measures."""
    whole = book()
    rows = handmade.scores().assign(
        p_churn=0.01, band="healthy", expected_loss=pd.array([1_000] * N, "Int64")
    )
    return book(
        scores=rows, due=handmade.due(rows).assign(state="signed"), worklist=whole.worklist[:0],
        left=whole.left[:0], moves=whole.moves[2:], pulse=handmade.pulse(1),
        walk=whole.walk.assign(churn=0),
        signals=whole.signals[-1:],
    )  # fmt: skip


def odd() -> Book:
    """No reasons, no notice periods, no expansion model, and nothing but calendar and size."""
    whole = book()
    rows = handmade.scores().assign(reasons="[]", expansion_reasons="[]", p_expansion=np.nan)
    models = whole.about["models"] | {"expansion": {"said": "expansion: 3 events. Wait."}}
    return book(
        scores=rows, due=handmade.due(rows).assign(notice_by=pd.NaT, state="open"),
        drivers=whole.drivers[:1], expansion_folds=pd.DataFrame(),
        about=whole.about | {"models": models},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            silent,
            ["no account is scored yet", "Churn: 3 events in 4 months; a model needs 50.",
             "Nothing has been scored", "Who works the signals by hand", "retention"],
        ),
        (
            bare,
            ["May 2025 was not scored", "No contracted term", "Not shown: Segments",
             "Usage, tickets or surveys", "will grade them", "no usage and touches",
             "Usage: whether the product is used", "without one; a sponsor"],
        ),
        (
            calm,
            ["no account is at risk", "No contract that ends within 90 days is open",
             "No account left in Jun 2025", "Too few months yet", "No signal fired",
             "No scored account has left"],
        ),
        (
            odd,
            ["here for its size", "past its notice date", "Expansion: 3 events.",
             "calendar and size alone", "nothing else stands out"],
        ),
    ],
)  # fmt: skip
def test_a_thin_book_makes_a_clean_page_that_says_why(
    make: Callable[[], Book], says: list[str], tmp_path: Path
) -> None:
    """Written and read again, as a notebook gets it: types of empty columns may change."""
    html = page(kept(make(), tmp_path))
    assert audit(html) == []
    text = said(html)
    assert [each for each in says if each not in text] == []


def test_the_notebook_shows_every_section_once_and_in_order() -> None:
    read = nbformat.read(NOTEBOOK, as_version=4)
    calls = [c.source for c in read.cells if c.source.startswith("health.")]
    assert sorted(calls) == sorted(f"health.{name}(book)" for name in report.__all__)
    assert calls[0] == "health.headline(book)"
    assert [p.name for p in declared(read, NOTEBOOK)] == ["month", "workspace"]
    assert read.cells[-1].source == "finished()"


# The answer


@pytest.mark.parametrize(
    ("before", "starts"),
    [(400_000, "Expected loss rose to"), (90_000_000, "Expected loss fell to"), (0, "")],
)
def test_the_finding_follows_the_numbers(before: int, starts: str) -> None:
    made = book()
    now = int(made.figures["expected_loss"].value or 0)
    risk = made.risk.assign(expected_loss=pd.array([before or now, now], "Int64"))
    expected = starts if before else "Expected loss stays at"
    assert expected in read(report.headline(replace(made, risk=risk)))


def test_the_answer_names_the_largest_loss_and_who_holds_the_risk() -> None:
    text = read(report.headline(book()))
    first = handmade.scores().iloc[0]
    share = int(first["expected_loss"]) / int(handmade.scores()["expected_loss"].sum())
    assert NAMES[3] in text
    assert f"{share:.0%}".replace("%", " %") in text
    assert "beyond calendar and size, most is associated with support load (€2,000)" in text


def test_tiles_say_what_is_not_scored_only_where_there_is_any() -> None:
    rows = handmade.scores()
    rows.loc[3, ["p_churn", "expected_loss", "band"]] = [np.nan, pd.NA, "not scored"]
    whole, part = read(report.numbers(book())), read(report.numbers(book(scores=rows)))
    assert "ARR not scored" not in whole
    assert len(report.numbers(book()).text.splitlines()) == 6
    assert "ARR not scored" in part
    assert "80 % interval €2,000 to €9,000" in whole


@pytest.mark.parametrize(
    ("change", "stands"),
    [
        ({}, "Pass"),
        ({"quarantined": 3}, "Check"),
        ({"clock": "not recorded: taken as opened_at + 2 days"}, "Check"),
        ({"repaired": 3}, "Pass"),
    ],
)
def test_the_verdict_is_the_worst_of_its_checks(change: dict[str, Any], stands: str) -> None:
    made = book()
    text = read(report.verdict(replace(made, sources=made.sources.assign(**change))))
    assert text.startswith(f"Can this be trusted? {stands}")


def test_the_verdict_fails_where_much_is_not_scored() -> None:
    rows = handmade.scores()
    rows.loc[:9, ["p_churn", "band"]] = [np.nan, "not scored"]
    assert "trusted? Fail" in read(report.verdict(book(scores=rows)))
    assert "trusted? Check" in read(report.verdict(silent()))


def test_a_model_no_better_than_its_baseline_says_so() -> None:
    told = book().about["models"]["churn"] | {
        "verdict": "no better than logistic regression: +0.01"
    }
    made = book(about=book().about | {"models": {"churn": told, "expansion": told}})
    assert "trusted? Check" in read(report.verdict(made))
    assert "The churn model is no better than logistic" in read(report.rehearsed(made))


# Who, why and what falls due


def test_moves_between_bands_add_up() -> None:
    text = read(report.moved(book()))
    assert "€4,000 moved to a worse band, €500 to a better one" in text
    assert "2 accounts left with €8,000: 1 of them, €1,000, had been at risk" in text
    assert f"{NAMES[3]} (€7,000), had been on watch" in text


def test_movers_changed_band_and_the_largest_change_comes_first() -> None:
    rows = movers(book())
    assert (rows["band"] != rows["band_before"]).all()
    assert rows["size"].is_monotonic_decreasing
    first = rows.iloc[0]
    assert first["change"] == round((first["p_churn"] - first["p_before"]) * first["arr"])


def test_a_month_with_a_new_model_says_so() -> None:
    older = book().about["models"]["churn"] | {"month": "2025-03"}
    models = book().about["models"] | {"churn": older}
    assert "trained anew" in read(report.moved(book()))
    assert "trained anew" not in read(report.moved(book(about=book().about | {"models": models})))


def test_half_the_loss_is_held_by_the_fewest_that_reach_it() -> None:
    rows = pd.DataFrame({"expected_loss": [50, 30, 20]})
    assert holding(rows, 0.5) == 1
    assert holding(rows, 0.51) == 2
    assert holding(rows, 1.0) == 3


def test_reasons_are_what_drives_the_odds() -> None:
    told = [
        reason("calendar and size", "Days until the next line ends: 73 days"),
        reason("support load", "Tickets opened, last 90 days: 16 tickets (was 21, typical 11)"),
        reason("adoption", "Seats used: 80 %", "lowers"),
    ]
    assert reasons(pd.Series([told]).to_json(orient="values")[1:-1]) == [
        "Tickets opened, 90 days: 16 (was 21, typical 11)"
    ]
    assert reasons("[]") == ["Nothing raises it; here for its size"]
    assert family("[]") == "no clear driver"
    assert len(raising(told)) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("First reply, last 90 days: 5 hours (was 3)", "First reply, 90 days: 5 hours (was 3)"),
        ("Seats used: 5 % (was 10 %)", "Seats used: 5 % (was 10 %)"),
        ("NPS: unknown", "NPS: unknown"),
        ("no colon at all", "no colon at all"),
    ],
)
def test_a_short_reason_loses_nothing(text: str, told: str) -> None:
    assert short(text) == told


def test_calendar_and_size_are_nothing_to_work_on() -> None:
    assert workable(book())["family"].tolist() == ["support load", "adoption"]
    first = led(book())
    risky = handmade.scores()["band"].isin(["at risk", "watch"]).sum()
    assert first["accounts"].sum() == risky
    decided = read(report.drivers(book()))
    assert "One remedy for support load: €2,000" in decided
    assert "adoption has risen most, by €800" in decided


def test_renewals_are_one_an_account_and_local_day() -> None:
    """Lines of an account that end together are one renewal, on the company's own date."""
    rows = open_renewals(book())
    first = rows[rows["account_id"] == "A000"].iloc[0]
    assert len(rows) == rows["account_id"].nunique()
    assert first["ends"] == pd.Timestamp("2025-07-01")
    assert first["arr"] == 2 * (2_000_000 // 2)
    assert rows["arr"].is_monotonic_decreasing


def test_ninety_days_are_half_open() -> None:
    lines = handmade.due(handmade.scores()).head(2)
    ends = pd.to_datetime(["2025-09-28 21:59", "2025-09-28 22:00"])
    made = book(due=lines.assign(state="open", ends_on=ends))
    assert len(open_renewals(made)) == 2
    assert open_soon(made)["ends"].tolist() == [pd.Timestamp("2025-09-28")]


def test_a_notice_date_that_has_passed_is_told() -> None:
    text = read(report.horizon(book()))
    assert "passed, 1 Jun 2025" in text


# What to do


def test_a_rule_that_fires_for_most_tells_nobody_apart() -> None:
    text = read(report.work(book()))
    assert tallied(book())["title"].tolist() == ["Everybody", "Few"]
    assert f"Everybody: {N} of {N} accounts, too many to tell apart." in text
    assert "Not available with these tables: Gone." in text
    assert "no play's effect has been measured yet" in text


def test_who_is_at_risk_is_not_sold_to() -> None:
    rows = ready(book())
    assert "at risk" not in set(rows["band"])
    assert rows["expected_gain"].is_monotonic_decreasing
    assert (handmade.scores()["band"] == "at risk").any()


def test_a_measure_out_of_its_range_is_told_and_decided_on() -> None:
    rows = measured(book()).set_index("label")
    tickets = rows.loc["Tickets opened, last 28 days"]
    assert tickets["stands"] == "highest of these months"
    assert tickets["worse"]
    assert not rows.loc["Seats used, as a share of those paid for", "out"]
    assert "Who looks into “Tickets opened, last 28 days”" in read(report.pulse(book()))


def test_small_groups_get_no_rate_and_chance_no_decision() -> None:
    made = book()
    few = replace(made, segments=made.segments.assign(n=[60, 29, 35]))
    assert shares(few)["grr"].isna().tolist() == [False, True, False]
    assert "below all accounts beyond chance" in read(report.segments(made))
    near = replace(made, segments=made.segments.assign(grr_high=0.99))
    assert "Leave the model of service as it is" in read(report.segments(near))


# How wrong


def test_the_grades_say_by_how_much_and_in_which_direction() -> None:
    made = book()
    assert "10 % more than the scores expected" in read(report.wrong(made))
    fewer = replace(made, grades=made.grades.assign(observed_arr=800_000))
    assert "20 % less than the scores expected" in read(report.wrong(fewer))
    same = replace(made, grades=made.grades.assign(observed_arr=1_000_000))
    assert "as the scores expected" in read(report.wrong(same))


def test_bands_out_of_order_are_held_back() -> None:
    made = book()
    assert by_band(made) == {"at_risk": 0.5, "watch": 0.25, "healthy": 0.0}
    assert "Keep working by band" in read(report.wrong(made))
    turned = replace(made, grades=made.grades.assign(rate_watch=0.6))
    assert "Hold the bands back" in read(report.wrong(turned))


def test_surprises_are_told_by_name_the_largest_first() -> None:
    assert surprises(book())["arr"].tolist() == [900_000, 100_000]
    text = read(report.wrong(book()))
    assert "2 of the 3 accounts that left had not been at risk in time" in text
    assert NAMES[0] in text


@pytest.mark.parametrize(
    ("horizon", "month", "told"), [(4, "2025-10", "Oct"), (3, "2025-09", "Sep")]
)
def test_the_first_month_to_be_graded_is_the_first_that_can_be(
    horizon: int, month: str, told: str
) -> None:
    """It agrees with the question's own word on when its answer is certain."""
    made = book(grades=book().grades[:0], about=book().about | {"horizon": horizon})
    assert f"the report of {told} 2025 will grade them" in read(report.wrong(made))
    sure = Question("churn", 1, horizon).knowable("2025-05", handmade.ZONE, Policy().gap_days)
    assert as_of(shift(month, -1), handmade.ZONE) < sure <= as_of(month, handmade.ZONE)


def test_rehearsals_are_means_over_folds() -> None:
    rows = compared("churn", handmade.folds()).set_index("label")
    assert rows.loc["The model", "churn_mean"] == pytest.approx(0.8)
    assert rows.loc["The model", "churn_range"] == "0.75 to 0.85"


# What is in it


def test_the_row_ledger_is_a_table_as_soon_as_there_is_something_to_tell() -> None:
    made = book()
    assert "All 84 rows read were used" in read(report.rows(made))
    faults = pd.DataFrame(
        [{"table": "accounts", "column": "name", "says": NAMES[0], "fate": "quarantined",
          "rows": 2, "first_row": 7}]
    )  # fmt: skip
    told = made.sources.assign(used=[26, 56], quarantined=[2, 0])
    text = read(report.rows(replace(made, sources=told, faults=faults)))
    assert "What became of every row" in text
    assert NAMES[0] in text


def test_the_page_names_its_inputs_and_no_run() -> None:
    text = read(report.made(book()))
    for told in ("feedfacecafe0123", "0123456789abcdef", "abababababababab", "closed cohort"):
        assert told in text
    assert "Watch from 6.0" in text


# Words


@pytest.mark.parametrize(
    ("month", "days", "told"),
    [
        ("2025-06", 0, "1 Jul 2025"),
        ("2025-06", 4, "7 Jul 2025"),
        ("2025-06", 5, "7 Jul 2025"),
        ("2025-06", 6, "7 Jul 2025"),
        ("2024-12", 30, "31 Jan 2025"),
    ],
)
def test_a_deadline_is_a_working_day(month: str, days: int, told: str) -> None:
    made = replace(book(), about=book().about | {"month": month})
    assert plain(parts.by(made, days)) == told


def test_the_window_is_that_of_the_question() -> None:
    assert plain(parts.window(book())) == "Aug to Oct 2025"
    late = replace(book(), about=book().about | {"month": "2025-10"})
    assert plain(parts.window(late)) == "Dec 2025 to Feb 2026"
    first, last = shift(MONTH, 2), shift(MONTH, 4)
    asked = Question("churn", 1, 4).window(MONTH, "UTC")
    assert asked == (as_of(shift(first, -1)), as_of(last))


def test_what_moved_the_expected_loss_adds_up_and_keeps_the_model_apart() -> None:
    text = read(report.change(book()))
    assert "The expected loss rose from" in text
    assert "another model, which says nothing of a customer" in text
    rows = steps(book())
    assert rows["amount"][:-1].sum() == rows["amount"].iloc[-1] == 600_000
    assert "Other reasons" in set(rows["label"])  # the five largest have a bar of their own
    assert "Ask what is behind adoption" in text


def test_both_scores_are_judged_on_the_same_accounts() -> None:
    text = read(report.judged(book()))
    assert "The health score is trusted" in text
    assert "ranks better than the experts' weights: +0.19 AUC, 0.05 to 0.31" in text
    assert "0.51 to 0.70" in text
    early = book().verdicts.assign(word="too early", said="3 accounts that left had been scored")
    assert "Not shown: a verdict" in read(report.judged(book(verdicts=early)))


def test_what_broke_comes_before_what_moved_and_asks_to_be_mended() -> None:
    text = read(report.drifted(book()))
    assert "1 moved and 1 broke" in text
    assert "Mend the broken sources" in text
    assert text.index("broken") < text.index("Tickets opened, last 90 days")
    calm = book().drift.assign(verdict="steady")
    assert "0 moved and 0 broke" in read(report.drifted(book(drift=calm)))
    moved = book().drift.assign(verdict=["moved", "moved", "steady"])
    assert "Train again" in read(report.drifted(book(drift=moved)))


def test_a_lead_that_includes_nothing_is_not_called_better() -> None:
    rows = book().verdicts.assign(ahead_low=-0.02)
    assert "not shown to be better than" in read(report.judged(book(verdicts=rows)))


def test_a_month_without_one_before_it_has_no_bridge() -> None:
    text = read(report.change(book(bridge=book().bridge[:0])))
    assert "The month before was not scored" in text


def test_a_bridge_whose_parts_do_not_arrive_is_not_drawn() -> None:
    rows = book().bridge
    rows.loc[1, "amount"] += 1
    with pytest.raises(ValueError, match="reaches 600001 cents"):
        report.change(book(bridge=rows))
