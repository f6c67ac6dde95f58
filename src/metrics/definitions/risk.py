"""What the scores say is at stake; their values come with the scores."""

from __future__ import annotations

from metrics.entry import Entry

_SCORED = "accounts live at the close, scored with what was known then"

RISK: tuple[Entry, ...] = (
    Entry(
        "arr_at_risk",
        "ARR at risk",
        purpose="Say how much money sits with the customers most likely to leave.",
        formula="sum of ARR of the scored accounts in the highest risk band",
        unit="money",
        policy=_SCORED,
        owner="CS leader",
        decision="Escalate, or not.",
        example="40000 + 25000 = 65000",
    ),
    Entry(
        "expected_loss",
        "Expected loss",
        purpose="Say what leaving is expected to cost, over all customers.",
        formula="sum over scored accounts of probability of churn x ARR",
        unit="money",
        policy=_SCORED,
        owner="finance",
        decision="Plan with it; compare it with what a save would cost.",
        example="0.5 * 40000 + 0.1 * 100000 = 30000",
    ),
    Entry(
        "accounts_not_scored",
        "Accounts not scored",
        purpose="Say whom the scores are silent about.",
        formula="accounts with ARR above zero and no score",
        unit="count",
        policy=_SCORED,
        owner="data science",
        decision="Mend the data, or look at them by hand.",
        example="120 - 114 = 6",
    ),
    Entry(
        "arr_not_scored",
        "ARR not scored",
        purpose="Say what that silence is worth.",
        formula="sum of ARR of accounts with no score",
        unit="money",
        policy=_SCORED,
        owner="data science",
        decision="Trust the risk figures, or not yet.",
        example="2000000 - 1940000 = 60000",
    ),
)
