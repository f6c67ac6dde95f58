"""Whom the company speaks with, how long it takes, and how much each CSM looks after."""

from __future__ import annotations

from metrics.entry import Entry

_MONTH = "touches that took place in the month, whoever began them"
_SILENT = (
    "customers for all of the 90 days before the close, gaps of up to {gap_days} days apart; "
    "a touch is ours unless the customer is known to have begun it"
)
_TODAY = "customers at the close, by who looks after them today; those without a CSM left out"

COVERAGE: tuple[Entry, ...] = (
    Entry(
        "touches_made",
        "Touches made",
        purpose="Say how much contact there was; n is how many accounts it was with.",
        formula="number of touches: emails, calls, meetings, reviews, trainings",
        unit="count",
        policy=_MONTH,
        owner="CS leader",
        decision="Compare with what the tiers are promised, and move people.",
        example="820 + 310 + 70 = 1200",
    ),
    Entry(
        "untouched_accounts",
        "Untouched accounts",
        purpose="Count the customers nobody has spoken to.",
        formula="customers we had no conversation with in the 90 days before the close",
        unit="count",
        policy=_SILENT,
        owner="CS leader",
        decision="Call each, largest first, before something else does.",
        example="280 - 268 = 12",
    ),
    Entry(
        "untouched_arr",
        "Untouched ARR",
        purpose="Say what that silence is worth.",
        formula="sum of ARR at the close of the untouched accounts",
        unit="money",
        policy=_SILENT,
        owner="CS leader",
        decision="Give the silent ARR an owner, or a programme that speaks to it.",
        example="40000 + 15000 + 5000 = 60000",
    ),
    Entry(
        "proactive_share",
        "Proactive share",
        purpose="Say whether the company calls before it is called.",
        formula="touches begun by us, and all reviews and trainings / touches of which it is known",
        unit="share",
        policy=_MONTH,
        owner="CS leader",
        decision="Find what customers keep asking about, and free the time it takes.",
        example="(900 + 60) / 1200 = 0.8",
    ),
    Entry(
        "touch_reply_rate",
        "Touch reply rate",
        purpose="Say whether customers answer.",
        formula="our emails and calls answered in fewer than seven days / our emails and calls",
        unit="share",
        policy="emails and calls of the month that ended seven days before the close",
        owner="CS leader",
        decision="Change who writes, to whom and what, where it falls.",
        example="480 / 1000 = 0.48",
    ),
    Entry(
        "csm_hours",
        "Hours with customers",
        purpose="Say what the touches took; n is how many have their minutes written down.",
        formula="sum of minutes of touches / 60",
        unit="hours",
        policy="touches that took place in the month and have minutes; a floor where some do not",
        owner="CS leader",
        decision="Set hours against ARR at stake, tier by tier.",
        example="(20 + 45 + 60 + 25) / 60 = 2.5",
    ),
    Entry(
        "accounts_per_csm",
        "Accounts a CSM",
        purpose="Say how many customers one person looks after; n is how many people.",
        formula="customers with a CSM / CSMs with a customer",
        unit="ratio",
        policy=_TODAY,
        owner="CS leader",
        decision="Hire, change tiers, or move accounts between people.",
        example="282 / 6 = 47",
    ),
    Entry(
        "arr_per_csm",
        "ARR a CSM",
        purpose="Say how much money one person looks after; n is how many people.",
        formula="ARR of customers with a CSM / CSMs with a customer",
        unit="money",
        policy=_TODAY,
        owner="finance",
        decision="Budget for people, beside the hours their accounts take: ARR alone is no limit.",
        example="12000000 / 6 = 2000000",
    ),
)
