"""Drivers: what a feature is a sign of, finer than its family.

A family groups features by who would look at them; a driver by what may be going on. A
reason is said by driver, or three reasons out of three would be three ways to say that use
fell. A feature that is listed nowhere stands for its family.
"""

from __future__ import annotations

from features.declare import Feature

DRIVERS: dict[str, tuple[str, ...]] = {
    "depth of use": (
        "events_a_person",
        "minutes_a_person",
        "depth_lately",
        "depth_trend",
        "depth_against_year",
        "depth_against_peers",
        "minutes_trend",
        "minutes_against_year",
    ),
    "breadth of use": (
        "products_used",
        "products_unused",
        "products_dropped",
        "products_taken_up",
        "products_against_peers",
        "products_given_up",
    ),
    "reliability": (
        "errors_met",
        "error_rate",
        "error_trend",
        "errors_against_year",
        "errors_against_peers",
        "incidents_suffered",
        "grave_incidents",
        "critical_incidents",
        "outage_minutes",
        "longest_outage",
        "days_since_incident",
        "incidents_against_year",
    ),
    "product quality": (
        "tickets_opened",
        "urgent_tickets",
        "urgent_share",
        "urgent_share_change",
        "ticket_surge",
        "tickets_against_year",
        "tickets_against_peers",
        "tickets_a_seat",
        "tickets_reopened",
        "products_asked_about",
        "products_troubled",
    ),
    "support response": (
        "tickets_unresolved",
        "urgent_unresolved",
        "oldest_open_ticket",
        "tickets_unanswered",
        "reply_hours",
        "reply_slower",
        "resolution_hours",
        "resolution_slower",
        "promises_broken",
        "promises_broken_change",
        "backlog_growth",
        "ticket_rating",
        "rating_last",
        "rating_change",
        "tickets_rated_bad",
    ),
    "champion": (
        "champions_present",
        "champions_gone_quarter",
        "champions_gone",
        "days_since_champion_gone",
        "champion_missing",
        "touches_answered",
        "mails_answered",
        "mails_answered_change",
        "answer_hours",
        "answer_trend",
        "answers_slower",
        "days_since_reply",
    ),
    "sponsor": (
        "sponsors_present",
        "sponsors_gone",
        "sponsor_missing",
        "reviews",
        "days_since_review",
    ),
    "the customer's own inquiries": (
        "touches_from_customer",
        "days_since_customer_began",
        "customer_begins",
        "customer_begins_change",
    ),
    "price": (
        "discount",
        "discount_mean",
        "discount_change",
        "discount_against_peers",
        "uplift_agreed",
        "price_change",
        "price_against_peers",
    ),
    "late payment": (
        "invoices_overdue",
        "amount_overdue",
        "oldest_overdue",
        "overdue_share",
        "paid_late",
        "paid_late_change",
        "days_to_pay",
        "days_to_pay_change",
        "days_to_pay_against_peers",
        "longest_delay",
    ),
    "appetite for more": (
        "opportunities_found",
        "opportunities_won",
        "opportunities_lost",
        "opportunities_declined",
        "opportunities_open",
        "opportunities_against_year",
        "oldest_opportunity",
        "win_rate",
        "arr_won",
        "days_since_won",
        "days_since_lost",
    ),
    "value not reached": (
        "time_to_value",
        "waiting_for_value",
        "value_missing",
        "value_against_peers",
    ),
}

_OF = {idea: driver for driver, ideas in DRIVERS.items() for idea in ideas}


def driver(feature: Feature) -> str:
    """What ``feature`` is a sign of: one of `DRIVERS`, otherwise its family."""
    return _OF.get(feature.idea, feature.family)
