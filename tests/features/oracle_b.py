"""Support, engagement, sentiment and onboarding reckoned anew, each from its words.

``AGGREGATED`` gives for each feature its table and a function of one account's rows, as
known at the cutoff, and the cutoff; ``DERIVED``, of a file of its own, a function of the
matrix. Nothing of the engine or of the declarations is used.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from tests.features.arithmetic_b import DERIVED

__all__ = ["AGGREGATED", "DERIVED"]

Rows = pd.DataFrame
Values = pd.Series
Reckoned = Callable[[Rows, datetime], float]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HAPPENED = {
    "tickets": "opened_at",
    "incidents": "started_at",
    "touches": "touched_at",
    "contacts": "added_at",
    "surveys": "sent_at",
    "pulses": "given_at",
    "milestones": "started_at",
}


def over(table: str, *days: int, **reckoned: Reckoned) -> dict[str, tuple[str, Reckoned]]:
    """Each of ``reckoned`` over each window of ``days``; without one, over all there is."""
    made = {}
    for name, reckon in reckoned.items():
        for window in days:
            made[f"{name}_{window}d"] = (table, within(table, window, reckon))
        if not days:
            made[name] = (table, reckon)
    return made


def within(table: str, window: int, reckon: Reckoned) -> Reckoned:
    clock = HAPPENED[table]
    return lambda r, t: reckon(r[r[clock] >= t - window * DAY], t)


def share(part: Values) -> float:
    return part.sum() / len(part) if len(part) else np.nan


def ago(instants: Values, t: datetime, which: str = "max") -> float:
    instant = getattr(instants.dropna(), which)()
    return np.nan if pd.isna(instant) else (t - instant) / DAY


def wait(r: Rows, since: str, until: str) -> Values:
    return (r[until] - r[since]).dropna() / HOUR


def last(r: Rows, value: str, by: str) -> float:
    told = r[r[value].notna()].sort_values(by, kind="stable")[value]
    return told.iloc[-1] if len(told) else np.nan


def grave(r: Rows) -> Values:
    return (r["priority"] == "urgent") | (r["priority"] == "high")


def still_open(r: Rows) -> Rows:
    return r[r["resolved_at"].isna()]


def broken(r: Rows, t: datetime) -> float:
    """Of the promises that were decided one way or the other, those not kept."""
    kept = late = 0
    for due, replied, resolved in r[["reply_due_at", "replied_at", "resolved_at"]].to_numpy():
        if pd.isna(due):
            continue
        if not pd.isna(replied):
            kept, late = kept + (replied <= due), late + (replied > due)
        elif due < np.datetime64(t) and not resolved <= due:
            late += 1
    return late / (kept + late) if kept + late else np.nan


def together(r: Rows) -> Rows:
    return r[r["kind"] != "email"]


def mails(r: Rows) -> Rows:
    return r[(r["kind"] == "email") & (r["started_by"] == "vendor")]


def there(r: Rows, role: str) -> Rows:
    return r[r["left_at"].isna() & (r["role"] == role)]


def gone(r: Rows, t: datetime, days: int, role: str | None = None) -> int:
    left = r[r["left_at"] >= t - days * DAY]
    return len(left if role is None else left[left["role"] == role])


def scores(r: Rows, kind: str) -> Values:
    return r["score"][r["kind"] == kind]


def overdue(r: Rows, t: datetime) -> Rows:
    return r[r["reached_at"].isna() & (r["planned_on"] < t)]


def value(r: Rows) -> Rows:
    return r[r["milestone"] == "first_value"]


def open_value(r: Rows) -> Rows:
    return value(r)[value(r)["reached_at"].isna()]


AGGREGATED: dict[str, tuple[str, Reckoned]] = {
    **over("tickets", 28, 90, 365, tickets_opened=lambda r, t: len(r)),
    **over(
        "tickets",
        90,
        365,
        urgent_tickets=lambda r, t: grave(r).sum(),
        reply_hours=lambda r, t: wait(r, "opened_at", "replied_at").median(),
        resolution_hours=lambda r, t: wait(r, "opened_at", "resolved_at").median(),
        promises_broken=broken,
    ),
    **over(
        "tickets",
        90,
        tickets_unanswered=lambda r, t: share(r["replied_at"].isna()),
        products_asked_about=lambda r, t: r["product"].nunique(),
    ),
    **over("tickets", 180, 365, ticket_rating=lambda r, t: r["rating"].mean()),
    **over(
        "tickets",
        365,
        tickets_unresolved=lambda r, t: len(still_open(r)),
        urgent_unresolved=lambda r, t: grave(still_open(r)).sum(),
        oldest_open_ticket=lambda r, t: ago(still_open(r)["opened_at"], t, "min"),
        tickets_reopened=lambda r, t: share(r["reopened_at"].notna()[r["resolved_at"].notna()]),
        tickets_rated_bad=lambda r, t: r["rating"].isin([1, 2]).sum(),
    ),
    **over(
        "tickets",
        tickets_closed=lambda r, t: (r["resolved_at"] >= t - 28 * DAY).sum(),
        rating_last=lambda r, t: last(r, "rating", "rated_at"),
        days_since_ticket=lambda r, t: ago(r["opened_at"], t),
    ),
    **over("incidents", 90, 365, incidents_suffered=lambda r, t: len(r)),
    **over(
        "incidents",
        365,
        grave_incidents=lambda r, t: (r["severity"] != "minor").sum(),
        critical_incidents=lambda r, t: (r["severity"] == "critical").sum(),
        outage_minutes=lambda r, t: (wait(r, "started_at", "resolved_at") * 60).round().sum(),
        longest_outage=lambda r, t: wait(r, "started_at", "resolved_at").max(),
    ),
    **over("incidents", days_since_incident=lambda r, t: ago(r["started_at"], t)),
    **over("touches", 28, 90, 365, touches=lambda r, t: len(r)),
    **over(
        "touches",
        90,
        365,
        meetings=lambda r, t: len(together(r)),
        touches_answered=lambda r, t: share(r["replied_at"].notna()),
        mails_answered=lambda r, t: share(mails(r)["replied_at"].notna()),
        answer_hours=lambda r, t: wait(mails(r), "touched_at", "replied_at").median(),
        touches_from_customer=lambda r, t: (r["started_by"] == "customer").sum(),
    ),
    **over(
        "touches",
        365,
        reviews=lambda r, t: (r["kind"] == "review").sum(),
        trainings=lambda r, t: (r["kind"] == "training").sum(),
        minutes_together=lambda r, t: r["minutes"].sum(),
    ),
    **over(
        "touches",
        days_since_touch=lambda r, t: ago(r["touched_at"], t),
        days_since_reply=lambda r, t: ago(r["replied_at"], t),
        days_since_meeting=lambda r, t: ago(together(r)["touched_at"], t),
        days_since_review=lambda r, t: ago(r["touched_at"][r["kind"] == "review"], t),
        days_since_customer_began=lambda r, t: ago(
            r["touched_at"][r["started_by"] == "customer"], t
        ),
    ),
    **over("contacts", 365, people_added=lambda r, t: len(r)),
    **over(
        "contacts",
        people_known=lambda r, t: r["left_at"].isna().sum(),
        champions_present=lambda r, t: len(there(r, "champion")),
        sponsors_present=lambda r, t: len(there(r, "sponsor")),
        champions_gone_quarter=lambda r, t: gone(r, t, 90, "champion"),
        champions_gone=lambda r, t: gone(r, t, 180, "champion"),
        sponsors_gone=lambda r, t: gone(r, t, 180, "sponsor"),
        people_gone=lambda r, t: gone(r, t, 365),
        days_since_champion_gone=lambda r, t: ago(r["left_at"][r["role"] == "champion"], t),
    ),
    **over("surveys", 180, csat_mean=lambda r, t: scores(r, "csat").mean()),
    **over("surveys", 180, 365, surveys_unanswered=lambda r, t: share(r["answered_at"].isna())),
    **over(
        "surveys",
        365,
        nps_mean=lambda r, t: scores(r, "nps").mean(),
        nps_lowest=lambda r, t: scores(r, "nps").min(),
        detractors=lambda r, t: (scores(r, "nps") <= 6).sum(),
        ces_mean=lambda r, t: scores(r, "ces").mean(),
        answers_given=lambda r, t: r["answered_at"].count(),
        people_asked=lambda r, t: r["contact_id"].nunique(),
        people_answering=lambda r, t: r["contact_id"][r["answered_at"].notna()].nunique(),
        survey_hours=lambda r, t: wait(r, "sent_at", "answered_at").median(),
    ),
    **over(
        "surveys",
        nps_last=lambda r, t: last(r[r["kind"] == "nps"], "score", "sent_at"),
        csat_last=lambda r, t: last(r[r["kind"] == "csat"], "score", "sent_at"),
        ces_last=lambda r, t: last(r[r["kind"] == "ces"], "score", "sent_at"),
        csat_usual=lambda r, t: scores(r, "csat").mean(),
        days_since_answer=lambda r, t: ago(r["answered_at"], t),
        days_since_asked=lambda r, t: ago(r["sent_at"], t),
        days_since_detractor=lambda r, t: ago(
            r["answered_at"][(r["kind"] == "nps") & (r["score"] <= 6)], t
        ),
    ),
    **over("pulses", 365, pulse_mean=lambda r, t: r["score"].mean()),
    **over(
        "pulses",
        pulse_last=lambda r, t: last(r, "score", "given_at"),
        days_since_pulse=lambda r, t: ago(r["given_at"], t),
    ),
    **over(
        "milestones",
        milestones_reached=lambda r, t: r["reached_at"].count(),
        milestones_share=lambda r, t: share(r["reached_at"].notna()),
        milestones_behind=lambda r, t: len(overdue(r, t)),
        milestones_due=lambda r, t: (r["planned_on"] < t).sum(),
        milestones_late=lambda r, t: share(wait(r, "planned_on", "reached_at") > 0),
        days_behind=lambda r, t: ago(overdue(r, t)["planned_on"], t, "min"),
        milestone_slip=lambda r, t: wait(r, "planned_on", "reached_at").median() / 24,
        days_since_value=lambda r, t: ago(value(r)["reached_at"], t),
        days_since_start=lambda r, t: ago(r["started_at"], t, "min"),
        days_since_milestone=lambda r, t: ago(r["reached_at"], t),
        time_to_value=lambda r, t: wait(value(r), "started_at", "reached_at").min() / 24,
        waiting_for_value=lambda r, t: ago(open_value(r)["started_at"], t, "min"),
    ),
}
