"""What could not be collected, and what is overdue."""

from __future__ import annotations

from metrics.entry import Entry

_FAILED = (
    "invoices whose payment first failed in the twelve months to the close, each once; lost: "
    "unpaid, and a line stopped for payment failure after it or 60 days have passed"
)
_RIPE = (
    "invoices whose payment first failed in the twelve months to the close and at least 60 days "
    "before it; paid by the close, however late"
)
_OPEN = (
    "accounts at the close with a failed payment that is unpaid, less than 60 days old and not "
    "followed by a stop for payment failure"
)

BILLING: tuple[Entry, ...] = (
    Entry(
        "payments_failed",
        "Failed payments",
        purpose="Say how much money billing has to run after.",
        formula="sum of the amounts of the invoices whose payment failed",
        unit="money",
        policy=_FAILED,
        owner="finance",
        decision="Ask for other ways to pay, or for yearly billing.",
        example="6000 + 3000 + 1000 = 10000",
    ),
    Entry(
        "payments_recovered",
        "Failed payments, recovered",
        purpose="Say what of it came in after all.",
        formula="sum of the amounts of the failed invoices that were then paid",
        unit="money",
        policy=_FAILED,
        owner="finance",
        decision="Keep what works in dunning.",
        example="10000 - 3000 - 1000 = 6000",
    ),
    Entry(
        "payments_lost",
        "Failed payments, lost",
        purpose="Say what of it never came.",
        formula="sum of the amounts of the failed invoices that are lost",
        unit="money",
        policy=_FAILED,
        owner="finance",
        decision="Update cards before they expire; let the CSM call before service stops.",
        example="10000 - 6000 - 1000 = 3000",
    ),
    Entry(
        "payment_recovery_rate",
        "Payment recovery rate",
        purpose="Say how well dunning works.",
        formula="failed invoices paid by the close / failed invoices",
        unit="share",
        policy=_RIPE,
        owner="finance",
        decision="Change when and how often a payment is tried again.",
        example="32 / 40 = 0.8",
    ),
    Entry(
        "in_dunning",
        "Accounts in dunning",
        purpose="Show Customer Success whom billing may be about to stop.",
        formula="number of accounts with an open failed payment; n is the customers",
        unit="count",
        policy=_OPEN,
        owner="CS leader",
        decision="Have the CSM ask for a new card.",
        example="5 + 2 = 7",
    ),
    Entry(
        "in_dunning_arr",
        "ARR in dunning",
        purpose="Say what stands to be lost without anybody's wish.",
        formula="sum of ARR at the close of the accounts in dunning",
        unit="money",
        policy=_OPEN,
        owner="CS leader",
        decision="Call the largest first.",
        example="24000 + 6000 = 30000",
    ),
    Entry(
        "overdue",
        "Overdue",
        purpose="Say what is owed beyond its day, by card or on terms.",
        formula="sum of the amounts of the invoices due before the close and not paid",
        unit="money",
        policy="invoices above 0, whole, as known at the close; until they are paid, however old",
        owner="finance",
        decision="Remind, escalate or write off; ask the CSM whether it is a dispute.",
        example="9000 + 4000 + 2000 = 15000",
    ),
)
