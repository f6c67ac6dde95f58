"""Renewals decided: what was kept, given up and lost, when, and who was talked to in time."""

from __future__ import annotations

from metrics.entry import Entry

_ENDED = (
    "contracted terms that ended in the three months up to the close, as known at it; carried on "
    "by a line of the same account and product that starts within {gap_days} days of the stop"
)
_SIGNED = f"{_ENDED}; by the day most of the money kept was signed; grace 30 days"
_AHEAD = "any contact the vendor began in the 180 days before the end of the term, known so far"

RENEWED: tuple[Entry, ...] = (
    Entry(
        "renewal_rate_gross",
        "Gross renewal rate",
        purpose="Say how much of the money up for decision was kept, before any rise hides a loss.",
        formula="sum of min(ARR carried on, ARR due) / sum of ARR due; open counts as not kept",
        unit="share",
        policy=_ENDED,
        owner="CS leader",
        decision="Find what customers leave or cut for when they are asked.",
        example="(100 + 90 + 0) / (100 + 100 + 50) = 0.76",
    ),
    Entry(
        "renewal_rate_net",
        "Net renewal rate",
        purpose="Say what decisions brought in all, rises and more bought at them included.",
        formula="sum of ARR carried on, uplift included, each cent once / sum of ARR due",
        unit="share",
        policy=f"{_ENDED}; what starts later is expansion within the term",
        owner="CS leader",
        decision="Raise prices at renewal, or hold them.",
        example="(120 + 90 + 0) / (100 + 100 + 50) = 0.84",
    ),
    Entry(
        "renewal_rate_logo",
        "Renewal rate by number",
        purpose="Say how many decisions went our way, each counting once.",
        formula="renewals of which any ARR was kept / renewals due; an account's lines ending "
        "at one instant are one",
        unit="share",
        policy=_ENDED,
        owner="CS leader",
        decision="Look at small accounts when it falls below the money rates.",
        example="18 / 20 = 0.9",
    ),
    Entry(
        "renewals_on_time_share",
        "Renewed on time",
        purpose="Say how many renewals run as they should.",
        formula="renewals signed in the three months and by their due date / renewals due",
        unit="share",
        policy=_SIGNED,
        owner="CS leader",
        decision="Mend the renewal process when it falls while the renewal rate holds.",
        example="12 / 20 = 0.6",
    ),
    Entry(
        "renewals_early_share",
        "Renewed early",
        purpose="Keep what was signed before the period from flattering, or starving, the period.",
        formula="renewals signed before the three months began / renewals due",
        unit="share",
        policy=_SIGNED,
        owner="CS leader",
        decision="Ask what early signatures were bought with.",
        example="4 / 20 = 0.2",
    ),
    Entry(
        "renewals_late_share",
        "Renewed late",
        purpose="Say how many customers were served without a contract for a while.",
        formula="renewals signed after the due date and within 30 days of it / renewals due",
        unit="share",
        policy=_SIGNED,
        owner="CS leader",
        decision="Start earlier, or simplify the paper.",
        example="2 / 20 = 0.1",
    ),
    Entry(
        "arr_renewed",
        "ARR renewed",
        purpose="Say what was kept of the ARR that was due.",
        formula="sum of min(ARR carried on, ARR due)",
        unit="money",
        policy=_ENDED,
        owner="finance",
        decision="Reconcile with what was billed again.",
        example="250 - 10 - 40 - 10 = 190",
    ),
    Entry(
        "arr_contracted_at_renewal",
        "ARR contracted at renewal",
        purpose="Show what customers gave up and stayed.",
        formula="sum of ARR due less ARR carried on, of what was renewed for less",
        unit="money",
        policy=_ENDED,
        owner="CS leader",
        decision="Look at seats and price before the renewal talk, not in it.",
        example="100 - 90 = 10",
    ),
    Entry(
        "arr_lost_at_renewal",
        "ARR lost at renewal",
        purpose="Say what ended with its term.",
        formula="sum of ARR due not carried on, with notice to stop or 30 days past its end",
        unit="money",
        policy=f"{_ENDED}; a product given up for another shows as lost; a later renewal is "
        "restated",
        owner="CS leader",
        decision="Review each loss: seen coming or not, in our hands or not.",
        example="30 + 10 = 40",
    ),
    Entry(
        "arr_open_past_end",
        "ARR open past its end",
        purpose="Say what is served without a contract and may still be signed.",
        formula="sum of ARR due not carried on, without notice, at most 30 days past its end",
        unit="money",
        policy=_ENDED,
        owner="CS leader",
        decision="Sign it or stop it this week.",
        example="250 - 190 - 10 - 40 = 10",
    ),
    Entry(
        "escalator_arr",
        "Escalators",
        purpose="Keep rises that were sold years ago apart from growth won now.",
        formula="sum of min(ARR gained at an anniversary within the term, contracted yearly rise "
        "x ARR held before)",
        unit="money",
        policy="closed cohort, point to point, {months} months; terms not ending then; part of "
        "NRR, no part of any gross rate",
        owner="finance",
        decision="Judge growth without it; sell it in new terms, or not.",
        example="100 * 0.07 = 7",
    ),
    Entry(
        "due_touched_early_share",
        "Due, talked to early",
        purpose="Say for how much of what is due soon the conversation began in time.",
        formula="ARR due whose first conversation was 90 days or more before its end / ARR due",
        unit="share",
        policy=f"contracted terms ending in the three months after the close; {_AHEAD}",
        owner="CS leader",
        decision="Move hours from what is signed to what is silent.",
        example="150 / 250 = 0.6",
    ),
    Entry(
        "arr_due_untouched",
        "Due, not talked to",
        purpose="Say what may end without anybody having asked.",
        formula="sum of ARR due, neither signed nor cancelled, without a conversation",
        unit="money",
        policy=f"contracted terms ending in the 180 days after the close; {_AHEAD}",
        owner="CS leader",
        decision="Name someone and a date for each.",
        example="30 + 20 = 50",
    ),
)
