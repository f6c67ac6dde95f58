"""The way of a chance to sell more: found, handed over, accepted, won."""

from __future__ import annotations

from metrics.entry import Entry

_RIPE = (
    "opportunities found in the twelve months that ended three months before the close, by what "
    "is known at it; found by anyone but sales; a later step implies the earlier ones"
)
_FOUND = "opportunities found in the twelve months to the close whose source is recorded"

FUNNEL: tuple[Entry, ...] = (
    Entry(
        "opportunities_identified",
        "Opportunities found",
        purpose="Say how many chances to sell more were seen; n is at how many accounts.",
        formula="number of opportunities found, whoever found them",
        unit="count",
        policy="opportunities found in the month",
        owner="CS leader",
        decision="Look where nobody looks, or stop looking where nothing comes of it.",
        example="14 + 8 + 5 = 27",
    ),
    Entry(
        "opportunities_handed_share",
        "Opportunities handed over",
        purpose="Say how many chances leave the hands of those who saw them.",
        formula="opportunities handed over / opportunities found",
        unit="share",
        policy=_RIPE,
        owner="CS leader",
        decision="Make handing over easier, or ask for it.",
        example="170 / 190 = 0.8947",
    ),
    Entry(
        "opportunities_accepted_share",
        "Opportunities accepted",
        purpose="Say how many chances sales takes up.",
        formula="opportunities accepted / opportunities found",
        unit="share",
        policy=_RIPE,
        owner="sales",
        decision="Agree on what a good handover is.",
        example="152 / 190 = 0.8",
    ),
    Entry(
        "opportunities_won_share",
        "Opportunities won",
        purpose="Say what comes of the chances seen.",
        formula="opportunities won / opportunities found",
        unit="share",
        policy=_RIPE,
        owner="sales",
        decision="Plan expansion with it; qualify harder, or help later, where it falls.",
        example="76 / 190 = 0.4",
    ),
    Entry(
        "opportunities_unanswered",
        "Handovers unanswered",
        purpose="Count the chances that die in the handover; n is how many were handed over.",
        formula="opportunities neither accepted nor closed within 30 days of being handed over",
        unit="count",
        policy="opportunities whose 30 days after the handover ended in the month",
        owner="sales",
        decision="Give each a name and a date, or take it back.",
        example="18 - 14 - 1 = 3",
    ),
    Entry(
        "cs_sourced_share",
        "Found by CS",
        purpose="Say whether CS finds its half of the chances to grow.",
        formula="opportunities found by CS / opportunities found",
        unit="share",
        policy=_FOUND,
        owner="CS leader",
        decision="Train CSMs to see chances, or give them signals.",
        example="131 / 280 = 0.4679",
        target=0.50,
    ),
    Entry(
        "cs_sourced_won_share",
        "Won ARR found by CS",
        purpose="Say whether what CS finds is worth finding; n is how many were won.",
        formula="ARR won of opportunities found by CS / ARR won",
        unit="share",
        policy="opportunities won in the twelve months to the close, source and amount recorded",
        owner="CS leader",
        decision="Reward finding by what it brings, not by how many.",
        example="210000 / (210000 + 190000) = 0.525",
        target=0.50,
    ),
)
