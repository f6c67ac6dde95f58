"""What customers say when they are asked, and how many say nothing."""

from __future__ import annotations

from metrics.entry import Entry

_QUARTER = (
    "answers of the three months to the close; of a contact's answers in a calendar quarter the "
    "last; who is no contact is counted apart"
)
_YEAR = (
    "invitations of the twelve months to the close, those at least 30 days old; answered within "
    "30 days, with a score or without"
)
_SILENT = (
    "customers at the close asked anything in the twelve months to it, at least once 30 days "
    "ago or more; silent: not one of these was answered"
)

VOICE: tuple[Entry, ...] = (
    Entry(
        "nps",
        "Net promoter score",
        purpose="Say how many would recommend us beyond those who would warn against us.",
        formula="% of answers 9-10, less % of answers 0-6, on 0 to 10; from -100 to 100",
        unit="points",
        policy=_QUARTER,
        owner="CS leader",
        decision="Look for a cause when it moves by more than its noise, and not before.",
        example="100 * 100 / 200 - 100 * 40 / 200 = 30",
    ),
    Entry(
        "nps_response",
        "NPS response rate",
        purpose="Say how far the score speaks for those who did not answer.",
        formula="NPS invitations answered / NPS invitations",
        unit="share",
        policy=_YEAR,
        owner="CS operations",
        decision="Change when, how and how often people are asked; trust the score less meanwhile.",
        example="60 / 200 = 0.3",
    ),
    Entry(
        "csat",
        "Satisfaction",
        purpose="Say how many are satisfied with what they were asked about.",
        formula="answers of 4 and 5 / answers, on 1 to 5; never the mean",
        unit="share",
        policy=_QUARTER,
        owner="support",
        decision="Repair what the others name.",
        example="(50 + 40) / 100 = 0.9",
        target=0.90,
    ),
    Entry(
        "ces",
        "Customer effort score",
        purpose="Say how easy it is to get something done with us.",
        formula="mean of the answers on 1 to 7, 7 being the easiest",
        unit="points",
        policy=_QUARTER,
        owner="support",
        decision="Take a step out of what people find hard.",
        example="(7 + 6 + 5 + 2) / 4 = 5",
    ),
    Entry(
        "silent_accounts",
        "Silent accounts",
        purpose="Count the customers no score speaks for.",
        formula="accounts asked that answered nothing; n is the accounts asked",
        unit="count",
        policy=_SILENT,
        owner="CS leader",
        decision="Call them: those who say nothing are not those who are content.",
        example="120 - 84 = 36",
    ),
    Entry(
        "silent_arr",
        "Silent ARR",
        purpose="Say what that silence is worth.",
        formula="sum of ARR at the close of the silent accounts",
        unit="money",
        policy=_SILENT,
        owner="CS leader",
        decision="Call the largest first.",
        example="40000 + 25000 = 65000",
    ),
    Entry(
        "detractor_arr",
        "Detractor ARR",
        purpose="Say how much money sits where somebody would warn others against us.",
        formula="sum of ARR at the close of accounts with an NPS answer of 0-6, each once",
        unit="money",
        policy=_QUARTER,
        owner="CS leader",
        decision="Answer each of them within days.",
        example="30000 + 12000 = 42000",
    ),
)
