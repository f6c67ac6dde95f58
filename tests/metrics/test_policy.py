from __future__ import annotations

import pytest
from pydantic import ValidationError

from metrics.policy import Policy


def test_a_policy_names_itself() -> None:
    assert Policy(gap_days=45, months=6).name == (
        "closed cohort, point to point, 6 months; gap up to 45 days continues"
    )


@pytest.mark.parametrize("wrong", [{"gap": 3}, {"gap_days": -1}, {"months": 0}])
def test_what_a_policy_does_not_know_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


def test_a_policy_does_not_change_under_a_report() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Policy().months = 6  # type: ignore[misc]
