"""One ledger under every rule of the field, and the bridge from each to each."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given
from pydantic import ValidationError

from metrics.arr import balances
from metrics.bridge import MONEY, bridge
from metrics.counted import counted
from metrics.facts import Facts
from metrics.movements import movements
from metrics.policy import PRESETS, Policy
from metrics.retention import CHAINED, contributions, retained
from metrics.revenue import figures
from metrics.stopped import stopped
from tests.metrics.ledgers import MONTHS, ZONE, frame, held, ledgers, line, thorough
from tests.metrics.test_oracles import oracle

NOBODY = pd.DataFrame({"account_id": pd.Series(dtype="str")})


def six() -> pd.DataFrame:
    return held(oracle(28)["input"])


@pytest.mark.parametrize(
    ("preset", "told"),
    [
        ("filings", "point_to_point_ttm"),
        ("strict", "strict_lapse_is_churn"),
        ("chartmogul", "movement_sum_incl_reactivation_and_new_customer_expansion"),
        ("staircase", "movement_sum_excl_reactivation"),
        ("baremetrics", "monthly_compounded_excl_reactivation"),
        ("chartmogul-chained", "monthly_compounded_incl_reactivation"),
    ],
)
def test_one_ledger_has_six_retentions(preset: str, told: str) -> None:
    expected = oracle(28)["expected"]
    found = retained(six(), "2025-01", PRESETS[preset])
    assert found.nrr == pytest.approx(expected[f"nrr_{told}"])
    gross = told if told.startswith(("point", "strict")) else told.partition("_incl")[0]
    gross = gross.partition("_excl")[0]
    assert found.grr == pytest.approx(expected[f"grr_{gross}"])
    if f"logo_{told.removesuffix('_ttm')}" in expected:
        assert found.logo == pytest.approx(expected[f"logo_{told.removesuffix('_ttm')}"])
    if preset == "strict":
        assert found.logo == pytest.approx(expected["logo_strict"])


def test_the_bridge_says_who_and_what() -> None:
    book = six()

    def count(policy: Policy) -> pd.DataFrame:
        return contributions(book, "2025-01", policy)

    table = bridge(count, PRESETS["filings"], PRESETS["baremetrics"])
    told = [(row.setting, row.account_id, row.net) for row in table.itertuples()]
    assert told == [
        ("rule", "D", 0),
        ("rule", "C", 60),
        ("rule", CHAINED, -20),
        ("reactivation", "D", -100),
        ("reactivation", CHAINED, -20),
    ]
    assert table["net"].sum() == round((0.70 - 5 / 6) * 600)
    assert bridge(count, Policy(), Policy(gap_days=5)).empty


@thorough
@given(ledgers(1))
def test_every_bridge_adds_up_to_the_cent(lines: pd.DataFrame) -> None:
    today = pd.DataFrame(
        {
            "account_id": list("ABCDEF"),
            "parent_id": [None, "A", None, "C", None, None],
            "merged_into": [None, None, None, None, "F", None],
        },
        dtype="str",
    )
    place = range(len(lines))
    kept = lines.assign(
        currency=["USD" if i % 2 else "EUR" for i in place],
        billing=["monthly" if i % 3 else "annual" for i in place],
        end_reason=["merged" if account == "E" else None for account in lines["account_id"]],
    )
    dated = {"USD": {f"2024-{m:02d}": Decimal(90 + 2 * m) / 100 for m in range(1, 13)}}
    facts = Facts(
        MONTHS[-1], ZONE, Policy(), {"contract_lines": kept}, today, dated, {"USD": Decimal(1)}
    )

    def count(policy: Policy) -> pd.DataFrame:
        return contributions(facts.balances(policy), MONTHS[-1], policy)

    books = {name: count(policy)[MONEY].sum() for name, policy in PRESETS.items()}
    for one, other in list(permutations(PRESETS, 2))[::61]:
        table = bridge(count, PRESETS[one], PRESETS[other])
        assert (table[MONEY].sum() == books[other] - books[one]).all(), (one, other)


def test_a_year_ago_of_a_company_that_is_younger_has_no_rate() -> None:
    assert retained(held({"A": [100, 100]}), "2024-02", PRESETS["chartmogul"]).nrr is None


@pytest.mark.parametrize(
    ("preset", "when"), [("filings", "Jun-15"), ("notice", "Jun-08"), ("day-after", "Jun-16")]
)
def test_the_day_of_churn_is_a_policy(preset: str, when: str) -> None:
    given_ = oracle(9)["input"]
    expected = oracle(9)["expected"]
    assert {"filings": expected["profitwell_churn_date"], "day-after": "Jun-16"}.get(
        preset, expected["stripe_policy_churn_date"]
    ) == when
    paid, told = (
        pd.to_datetime(f"2024-{given_[k]}", format="%Y-%b-%d") for k in ("paid_through", "cancel")
    )
    lines = frame([line("A", "2024-04-15", None, 120, ended_on=paid, cancelled_at=told)])
    found = counted(lines, PRESETS[preset], NOBODY, "2024-12")
    assert found["ended_on"].iloc[0].strftime("%b-%d") == when


def test_notice_after_the_end_of_service_does_not_prolong_it() -> None:
    lines = frame(
        [
            line("A", "2024-01-01", "2024-06-01", 100, cancelled_at=pd.Timestamp("2024-07-01")),
            line("B", "2024-01-01", "2024-06-01", 100, cancelled_at=pd.Timestamp("2023-12-01")),
            line("C", "2024-01-01", None, 100, cancelled_at=pd.Timestamp("2024-03-01")),
        ]
    )
    found = counted(lines, PRESETS["notice"], NOBODY, "2024-12").set_index("account_id")
    assert pd.isna(found.loc["A", "ended_on"])
    assert found.loc["B", "ended_on"] == pd.Timestamp("2024-01-01")
    assert pd.isna(found.loc["C", "ended_on"])  # notice without a stop: it is still served


def merged() -> tuple[pd.DataFrame, pd.DataFrame]:
    """A is taken over by B, which belongs to P; C belongs to B."""
    gone = {"ended_on": pd.Timestamp("2024-06-10"), "cancelled_at": pd.Timestamp("2024-06-10")}
    lines = frame(
        [
            line("A", "2023-01-10", None, 100, **gone),
            line("B", "2023-01-10", None, 200),
            line("B", "2024-06-10", None, 100, product="more"),
            line("C", "2023-05-10", None, 50),
        ]
    ).assign(end_reason=["merged", None, None, None])
    today = pd.DataFrame(
        {
            "account_id": ["A", "B", "C", "P"],
            "merged_into": ["B", None, None, None],
            "parent_id": [None, "P", "B", None],
        },
        dtype="str",
    )
    return lines, today


def test_a_merger_is_no_churn_and_one_customer() -> None:
    lines, today = merged()
    facts = Facts("2024-12", "UTC", Policy(), {"contract_lines": lines}, today)
    found = retained(facts.balances(Policy()), "2024-12", Policy())
    assert (found.nrr, found.grr, found.logo, found.n) == (1.0, 1.0, 1.0, 2)
    # What nobody knew at the close has not happened.
    early = lines.assign(end_reason=None, ended_on=pd.NaT, cancelled_at=pd.NaT)
    apart = counted(early.iloc[:2], Policy(), today, "2024-05")
    assert apart["account_id"].tolist() == ["A", "B"]


def test_at_the_level_of_parents_a_family_is_one_customer() -> None:
    lines, today = merged()
    facts = Facts("2024-12", "UTC", Policy(), {"contract_lines": lines}, today)
    book = facts.balances(PRESETS["parents"])
    assert book["account_id"].unique().tolist() == ["P"]
    assert (
        book.groupby("month")["arr"]
        .sum()
        .equals(facts.balances(Policy()).groupby("month")["arr"].sum())
    )


def test_a_circle_of_parents_ends() -> None:
    lines = frame([line("A", "2024-01-01", None, 1), line("B", "2024-01-01", None, 1)])
    today = pd.DataFrame({"account_id": ["A", "B"], "parent_id": ["B", "A"]}, dtype="str")
    found = counted(lines, PRESETS["parents"], today, "2024-12")
    assert found["account_id"].tolist() == ["A", "A"]


def test_only_what_came_up_for_renewal() -> None:
    lines = frame(
        [
            line("A", "2023-01-01", "2026-01-01", 1000),
            line("B", "2023-06-01", "2024-06-01", 100),
            line("B", "2024-06-01", "2025-06-01", 90),
        ]
    )
    facts = Facts("2024-12", "UTC", Policy(), {"contract_lines": lines}, NOBODY)
    all_, due = (retained(facts.balances(p), "2024-12", p) for p in (
        Policy(), PRESETS["up-for-renewal"]
    ))  # fmt: skip
    assert all_.nrr == pytest.approx(1090 / 1100)
    assert due.nrr == due.grr == pytest.approx(0.9)


def test_unpaid_and_beyond_control_are_two_questions() -> None:
    told = {"ended_on": pd.Timestamp("2024-06-10"), "cancelled_at": pd.Timestamp("2024-06-01")}
    lines = frame(
        [
            line("A", "2023-01-10", None, 100, **told),
            line("A", "2023-01-10", None, 500, product="more", **told),
            line("B", "2023-01-10", None, 100, **told),
            line("C", "2023-01-10", None, 100, **told),
        ]
    ).assign(
        end_reason=["voluntary", "voluntary", "payment_failure", "voluntary"],
        exit_reason=["price", "budget", None, "quality"],
    )
    found = stopped(lines, "UTC", Policy()).set_index("account_id")
    assert found["month"].unique().tolist() == ["2024-06"]
    assert found["control"].tolist() == ["beyond control", "not recorded", "in our hands"]
    assert found["end_reason"].tolist() == ["voluntary", "payment_failure", "voluntary"]
    own = Policy(beyond_control=("quality",))
    assert stopped(lines, "UTC", own)["control"].tolist()[2] == "beyond control"


def test_the_movements_of_a_policy_are_of_its_lines() -> None:
    lines, today = merged()
    facts = Facts("2024-12", "UTC", Policy(), {"contract_lines": lines}, today)
    kinds = movements(facts.balances(Policy()), facts.months)["kind"]
    assert "churn" not in set(kinds)
    apart = balances(lines, facts.months)
    assert "churn" in set(movements(apart, facts.months)["kind"])


def test_what_is_replaced_or_taken_over_is_not_lost_at_notice() -> None:
    told = {"ended_on": pd.Timestamp("2024-06-30"), "cancelled_at": pd.Timestamp("2024-04-01")}
    lines = frame(
        [
            line("swapped", "2023-01-01", None, 100, **told),
            line("swapped", "2024-06-30", None, 150),
            line("merged", "2023-01-01", None, 100, **told),
            line("void", "2024-06-30", None, 100, **told),
            line("gone", "2023-01-01", None, 100, **told),
        ]
    ).assign(end_reason=[None, None, "merged", None, "voluntary"])
    for preset, stop in (("notice", "2024-04-01"), ("day-after", "2024-07-01")):
        found = counted(lines, PRESETS[preset], NOBODY, "2024-12").set_index("line_id")["ended_on"]
        assert found.dropna().dt.strftime("%Y-%m-%d").tolist() == [
            "2024-06-30", "2024-06-30", "2024-06-30", stop
        ]  # fmt: skip


def test_a_rule_of_movements_keeps_at_most_what_there_was() -> None:
    book = held(
        {"A": [100, 0, 100, 0, 100], "B": [0, 500, 0, 0, 0], "C": [50] * 5, "D": [0, 9, 0, 9, 9]}
    )
    for name in ("chartmogul", "staircase", "baremetrics", "chartmogul-chained"):
        found = retained(book, "2024-05", PRESETS[name].model_copy(update={"months": 4}))
        assert found.grr is not None
        assert found.logo is not None
        assert 0 <= found.grr <= 1, name
        assert 0 <= found.logo <= 1, name
        assert 0 <= found.churn <= found.opening
        assert found.contraction >= 0


def test_a_quarter_of_what_came_up_is_of_the_quarter() -> None:
    lines = frame(
        [
            line("A", "2023-06-01", "2024-06-01", 100),
            line("A", "2024-06-01", "2025-06-01", 80),
            line("B", "2023-11-15", "2024-11-15", 100),
            line("B", "2024-11-15", "2025-11-15", 90),
            line("B", "2023-01-01", "2026-01-01", 1000),
        ]
    ).assign(end_reason=None, exit_reason=None)
    facts = Facts("2024-12", "UTC", PRESETS["up-for-renewal"], {"contract_lines": lines}, NOBODY)
    found = figures(facts)
    assert (found["nrr"].value, found["nrr"].n) == (0.85, 2)
    assert (found["nrr_quarter"].value, found["nrr_quarter"].n) == (0.9, 1)
    assert "only what came up for renewal" in found["arr"].policy


def test_rates_by_the_month_are_for_a_closed_cohort() -> None:
    with pytest.raises(ValidationError, match="use a closed cohort"):
        Policy(rule="sum of movements", fx="closing")
