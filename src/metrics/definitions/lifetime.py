"""How long customers stay, what they are worth, and how far the company hangs on a few."""

from __future__ import annotations

from metrics.entry import Entry

_YEAR = "the twelve months to the close, net monthly movements"
_CLOSE = "accounts with ARR at the month's close, each by itself, whoever its parent is"
_LIVES = (
    "each account's first spell as a customer, gaps up to {gap_days} days continued, "
    "followed to the close; merged accounts are followed no further"
)
_ASSUMED = "assumed: a margin of {margin:.0%}, {discount:.0%} a year discounted"

LIFETIME: tuple[Entry, ...] = (
    Entry(
        "quick_ratio",
        "Quick ratio",
        purpose="Say how much came in for each unit of ARR that was lost.",
        formula="(new + expansion + reactivation ARR) / (churned + contraction ARR)",
        unit="ratio",
        policy=f"{_YEAR}; reactivation is counted; where nothing was lost: no losses, no ratio",
        owner="finance",
        decision="Mend retention before buying more growth when it nears 1.",
        example="(20 + 8 + 0) / (5 + 3) = 3.5",
    ),
    Entry(
        "won_back_arr",
        "ARR won back",
        purpose="Say what came back of what had left.",
        formula="sum of ARR at the close at which each account was back, the close before without",
        unit="money",
        policy=f"{_YEAR}; a renewal signed after the close of its month comes back, too",
        owner="sales",
        decision="Keep or stop the win-back effort, and say how long after a loss it pays.",
        example="60000 + 40000 = 100000",
    ),
    Entry(
        "customer_lifetime_value",
        "Customer lifetime value",
        purpose="Say what a new customer is worth today, as customers have really stayed.",
        formula="sum over months t = 0 to 59 of S(t) x margin x ARPA / (1 + d)^(t / 12)",
        unit="money",
        policy=(
            f"60 months; S by Kaplan-Meier as far as ten accounts could be followed, then shifted "
            f"beta-geometric by contract year; {_LIVES}; {_ASSUMED}; the interval is the curve's"
        ),
        owner="finance",
        decision="Set what may be spent to win and to keep a customer.",
        example="0.8 * 100 * (1 + 0.9 / 1.1 + 0.7 / 1.21) = 191.74",
    ),
    Entry(
        "customer_lifetime_value_naive",
        "Customer lifetime value, naive",
        purpose="Show the value others quote beside the proper one.",
        formula="ARPA a month x margin / share of customers lost a month",
        unit="money",
        policy=(
            "ARPA at the close; customers lost from one close to the next over twelve months, of "
            f"those there were; no end, no discount; without a loss it is not defined; {_ASSUMED}"
        ),
        owner="finance",
        decision="Explain why the proper value differs; decide nothing by this one.",
        example="1000 * 0.8 / 0.02 = 40000",
    ),
    Entry(
        "customer_half_life",
        "Customer half-life",
        purpose="Say how long it takes until half of the customers have left.",
        formula="first day from the start by which the Kaplan-Meier curve is at a half or less",
        unit="days",
        policy=_LIVES,
        owner="CS leader",
        decision="Place reviews and offers before the time at which customers leave.",
        example="365 + 365 = 730",
    ),
    Entry(
        "early_churn_share",
        "Early churn",
        purpose="Say how many customers leave before they can have had their value.",
        formula="accounts no longer customers 180 days after their start / accounts that started",
        unit="share",
        policy=(
            "accounts whose 180th day fell in the twelve months to the close; gaps up to "
            "{gap_days} days continued; accounts merged before that day are left out"
        ),
        owner="onboarding",
        decision="Repair onboarding, or stop selling to those it cannot serve.",
        example="(3 + 2) / 100 = 0.05",
    ),
    Entry(
        "top_ten_share",
        "Share of the ten largest",
        purpose="Say how far the company hangs on a few customers.",
        formula="ARR of the ten largest accounts / ARR",
        unit="share",
        policy=_CLOSE,
        owner="CS leader",
        decision="Name a sponsor and a plan for each of the ten.",
        example="(30 + 20 + 10) / 300 = 0.2",
    ),
    Entry(
        "effective_customers",
        "Effective customers",
        purpose="Say how many customers of equal size would be as great a risk.",
        formula="1 / sum over accounts of (ARR / total ARR)^2",
        unit="ratio",
        policy=_CLOSE,
        owner="finance",
        decision="Read every rate with care while this is far below the number of customers.",
        example="1 / (0.5 * 0.5 + 0.25 * 0.25 + 0.25 * 0.25) = 2.67",
    ),
)
