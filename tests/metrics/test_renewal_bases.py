from __future__ import annotations

import pytest

from metrics.renewal_bases import escalators, total_base
from metrics.renewal_outcomes import outcomes
from metrics.renewed import rates
from tests.metrics.renewing import END, START, book, term
from tests.metrics.test_oracles import oracle


@pytest.mark.parametrize("replaced", [False, True])
def test_an_escalator_is_a_line_of_its_own_and_no_part_of_what_is_gross(replaced: bool) -> None:
    told, expected = oracle(29)["input"], oracle(29)["expected"]
    a, b = told["A"], told["B"]
    rise = a["arr1"] - a["arr0"]
    stop = {"ended_on": "2024-09-01", "cancelled_at": "2024-09-01"} if replaced else {}
    lines = book(
        term("A", "2022-09-01", "2025-09-01", a["arr0"], uplift=a["escalator"], **stop),
        term("A", "2024-09-01", "2025-09-01", a["arr1"] if replaced else rise),
        term("B", "2023-08-01", "2024-08-01", b["arr0"], uplift=0.05),
        term("B", "2024-08-01", "2025-08-01", b["arr1"], uplift=0.05),
    )
    base, found = total_base(lines, START, END), rates(outcomes(lines, START, END, END))
    assert base.nrr == pytest.approx(expected["total_base_nrr"])
    assert base.grr == pytest.approx(expected["total_base_grr"])
    assert found.gross == pytest.approx(expected["atr_grr"])
    assert found.net == pytest.approx(expected["atr_nrr"])
    assert base.escalator == expected["escalator_line"]
    assert (base.expansion, base.contraction, base.churn) == (0, 10, 0)


def test_an_escalator_hides_no_cut_and_takes_no_growth_for_its_own() -> None:
    held = [
        term("A", "2022-09-01", "2025-09-01", 100, uplift=0.07),
        term("A", "2024-09-01", "2025-09-01", 20, uplift=0.07),
        term("B", "2022-09-01", "2025-09-01", 93, uplift=0.07),
        term("B", "2022-09-01", "2024-09-10", 7, product="more"),
        term("B", "2024-08-31T14:00", "2025-09-01", 7, uplift=0.07),
    ]
    found = escalators(book(*held), START, END)
    assert found[["account_id", "product", "arr"]].to_numpy().tolist() == [
        ["A", "core", 7],
        ["B", "core", 7],
    ]
    base = total_base(book(*held), START, END)
    assert (base.escalator, base.expansion, base.contraction) == (14, 13, 7)
    assert base.grr == pytest.approx(193 / 200)
    ending = term("C", "2022-09-01", "2024-09-01", 100, uplift=0.07)
    assert escalators(book(ending, term("C", "2024-09-01", None, 107)), START, END).empty
    assert escalators(book(), START, END).empty
