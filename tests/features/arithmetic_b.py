"""The derived features of support, engagement, sentiment and onboarding, reckoned anew.

Each is a function of the matrix, written from its words; unknown where there is nothing
to divide by.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from features.peers import groups

Matrix = pd.DataFrame
Values = pd.Series


def by(part: Values, whole: Values) -> Values:
    """A quotient that is unknown where there is nothing to divide by."""
    return part / whole.where(whole != 0)


def lived(m: Matrix) -> Values:
    """Days of the last year as a customer, of which the last 90 count in any case."""
    return np.minimum(np.maximum(m["tenure"], 90), 365)


def pace(m: Matrix, idea: str) -> Values:
    """A quarter's daily rate over the year's."""
    return by(m[f"{idea}_90d"] / 90, m[f"{idea}_365d"] / lived(m))


def silence(m: Matrix, since: str, idea: str) -> Values:
    """Days of silence over the mean gap between two events of the year."""
    return m[since] / by(lived(m), m[f"{idea}_365d"])


def change(m: Matrix, idea: str, short: int = 90) -> Values:
    return m[f"{idea}_{short}d"] - m[f"{idea}_365d"]


def times(m: Matrix, idea: str) -> Values:
    return by(m[f"{idea}_90d"], m[f"{idea}_365d"])


def typical(m: Matrix, column: Values) -> Values:
    """The median of each account's peers, one group after the other."""
    group = groups(m["arr_now"], m["tenure"])
    told = column.copy()
    for name in group.unique():
        told[group == name] = column[(group == name) | (name == "all")].median()
    return told


def begun(m: Matrix, days: int) -> Values:
    return by(m[f"touches_from_customer_{days}d"], m[f"touches_{days}d"])


def urgent(m: Matrix, days: int) -> Values:
    return by(m[f"urgent_tickets_{days}d"], m[f"tickets_opened_{days}d"])


def crowded(m: Matrix) -> Values:
    return by(m["tickets_opened_90d"] * 100, m["seats_entitled"])


DERIVED: dict[str, Callable[[Matrix], Values]] = {
    "ticket_surge": lambda m: by(m["tickets_opened_28d"] / 28, m["tickets_opened_90d"] / 90),
    "tickets_against_year": lambda m: pace(m, "tickets_opened"),
    "ticket_silence": lambda m: silence(m, "days_since_ticket", "tickets_opened"),
    "urgent_share": lambda m: urgent(m, 90),
    "urgent_share_change": lambda m: urgent(m, 90) - urgent(m, 365),
    "backlog_growth": lambda m: m["tickets_opened_28d"] - m["tickets_closed"],
    "reply_slower": lambda m: times(m, "reply_hours"),
    "resolution_slower": lambda m: times(m, "resolution_hours"),
    "promises_broken_change": lambda m: change(m, "promises_broken"),
    "rating_change": lambda m: m["rating_last"] - m["ticket_rating_365d"],
    "tickets_a_seat": crowded,
    "tickets_against_peers": lambda m: by(crowded(m), typical(m, crowded(m))),
    "products_troubled": lambda m: by(m["products_asked_about_90d"], m["products_owned"]),
    "incidents_against_year": lambda m: pace(m, "incidents_suffered"),
    "answer_trend": lambda m: times(m, "touches_answered"),
    "mails_answered_change": lambda m: change(m, "mails_answered"),
    "answers_slower": lambda m: times(m, "answer_hours"),
    "touch_trend": lambda m: by(m["touches_28d"] / 28, m["touches_90d"] / 90),
    "touches_against_year": lambda m: pace(m, "touches"),
    "meetings_against_year": lambda m: pace(m, "meetings"),
    "touch_silence": lambda m: silence(m, "days_since_touch", "touches"),
    "meeting_silence": lambda m: silence(m, "days_since_meeting", "meetings"),
    "customer_begins": lambda m: begun(m, 90),
    "customer_begins_change": lambda m: begun(m, 90) - begun(m, 365),
    "meetings_against_peers": lambda m: by(m["meetings_365d"], typical(m, m["meetings_365d"])),
    "champion_missing": lambda m: (m["champions_present"] < 1) * 1.0,
    "sponsor_missing": lambda m: (m["sponsors_present"] < 1) * 1.0,
    "single_threaded": lambda m: (m["people_known"] < 2) * 1.0,
    "people_lost": lambda m: by(m["people_gone"], m["people_gone"] + m["people_known"]),
    "people_against_peers": lambda m: m["people_known"] - typical(m, m["people_known"]),
    "nps_change": lambda m: m["nps_last"] - m["nps_mean_365d"],
    "nps_against_peers": lambda m: m["nps_mean_365d"] - typical(m, m["nps_mean_365d"]),
    "nps_disagreement": lambda m: m["nps_mean_365d"] - m["nps_lowest_365d"],
    "csat_change": lambda m: m["csat_last"] - m["csat_usual"],
    "ces_change": lambda m: m["ces_last"] - m["ces_mean_365d"],
    "silence_change": lambda m: change(m, "surveys_unanswered", 180),
    "voices": lambda m: by(m["people_answering_365d"], m["people_asked_365d"]),
    "silent_stretch": lambda m: np.maximum(m["days_since_answer"] - m["days_since_asked"], 0),
    "pulse_change": lambda m: m["pulse_last"] - m["pulse_mean_365d"],
    "pulse_against_peers": lambda m: m["pulse_last"] - typical(m, m["pulse_last"]),
    "pulse_rosier": lambda m: (m["pulse_last"] - 1) / 4 * 10 - m["nps_last"],
    "value_missing": lambda m: (m["days_since_value"] * 0).fillna(m["waiting_for_value"] * 0 + 1),
    "stage_against_plan": lambda m: by(m["milestones_reached"], m["milestones_due"]),
    "value_against_peers": lambda m: by(m["time_to_value"], typical(m, m["time_to_value"])),
    "days_stalled": lambda m: m["days_since_milestone"].where(m["milestones_share"] != 1),
}
