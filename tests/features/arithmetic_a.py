"""The arithmetic of contract, usage and billing on finished features, written anew.

``DERIVED`` has for each feature a function of the matrix.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from features.peers import groups

Column = Callable[[pd.DataFrame], "pd.Series[float]"]


def typical(m: pd.DataFrame, name: str) -> pd.Series[float]:
    """The median of the accounts of the same peer group; of all where it is ``all``."""
    group = groups(m["arr_now"], m["tenure"])
    found = [m.loc[(group == own) | (own == "all"), name].median() for own in group]
    return pd.Series(found, index=m.index)


def daily(m: pd.DataFrame, n: int) -> pd.Series[float]:
    """People active on a day with use; a window without one counts as one day."""
    return m[f"person_days_{n}d"] / m[f"days_used_{n}d"].replace(0, 1)


def thousandth(m: pd.DataFrame, n: int) -> pd.Series[float]:
    """Errors for a thousand things done."""
    return 1000 * m[f"errors_met_{n}d"] / m[f"usage_events_{n}d"]


def pace(m: pd.DataFrame, idea: str, short: int, long: int) -> pd.Series[float]:
    """A day of the shorter window over one of the longer, cut to the account's age."""
    lived = m["tenure"].clip(short, long)
    return (m[f"{idea}_{short}d"] / short) / (m[f"{idea}_{long}d"] / lived)


def times(one: str, other: str) -> Column:
    return lambda m: m[one] / m[other]


def less(one: str, other: str) -> Column:
    return lambda m: m[one] - m[other]


def beside(name: str) -> Column:
    return lambda m: m[name] / typical(m, name)


DERIVED: dict[str, Column] = {
    "arr_a_seat": times("arr_now", "seats_entitled"),
    "price_change": lambda m: (
        m["arr_now"] / m["seats_entitled"] / m["arr_year_ago"] * m["seats_year_ago"]
    ).where(m["seats_year_ago"] != 0),
    "price_against_peers": beside("arr_a_seat"),
    "arr_change": times("arr_now", "arr_year_ago"),
    "arr_lately": times("arr_now", "arr_quarter_ago"),
    "seats_change": times("seats_entitled", "seats_year_ago"),
    "discount_change": lambda m: less("discount_mean", "discount_year_ago")(m).round(9),
    "discount_against_peers": lambda m: m["discount_mean"] - typical(m, "discount_mean"),
    "products_given_up": less("products_ever", "products_owned"),
    "largest_share": times("largest_line", "arr_now"),
    "arr_due_share": times("arr_due", "arr_now"),
    "notice_share": times("arr_under_notice", "arr_now"),
    "opportunities_against_year": lambda m: pace(m, "opportunities_found", 90, 365),
    "people_active": lambda m: daily(m, 28),
    "seats_used": times("most_people_28d", "seats_entitled"),
    "seats_used_daily": lambda m: daily(m, 28) / m["seats_entitled"],
    "seats_idle": lambda m: (m["seats_entitled"] - daily(m, 90)).clip(lower=0),
    "events_a_seat": times("usage_events_28d", "seats_entitled"),
    "arr_a_person": lambda m: m["arr_now"] / daily(m, 28),
    "products_unused": lambda m: (m["products_owned"] - m["products_used_28d"]).clip(lower=0),
    "products_dropped": less("products_used_90d", "products_used_28d"),
    "products_taken_up": times("products_used_28d", "products_owned"),
    "weekend_share": times("weekend_days_used_90d", "days_used_90d"),
    "error_rate": lambda m: thousandth(m, 28),
    "usage_trend": lambda m: pace(m, "usage_events", 28, 90),
    "usage_lately": lambda m: 4 * m["usage_events_7d"] / m["usage_events_28d"],
    "usage_against_year": lambda m: pace(m, "usage_events", 90, 365),
    "people_lately": lambda m: daily(m, 7) / daily(m, 28),
    "people_trend": lambda m: daily(m, 28) / daily(m, 90),
    "people_against_year": lambda m: daily(m, 90) / daily(m, 365),
    "days_lately": lambda m: 4 * m["days_used_7d"] / m["days_used_28d"],
    "days_trend": lambda m: pace(m, "days_used", 28, 90),
    "days_against_year": lambda m: pace(m, "days_used", 90, 365),
    "depth_lately": times("events_a_person_7d", "events_a_person_28d"),
    "depth_trend": times("events_a_person_28d", "events_a_person_90d"),
    "depth_against_year": times("events_a_person_90d", "events_a_person_365d"),
    "minutes_trend": times("minutes_a_person_28d", "minutes_a_person_90d"),
    "minutes_against_year": times("minutes_a_person_90d", "minutes_a_person_365d"),
    "people_of_peak": times("most_people_28d", "most_people_365d"),
    "seats_used_change": lambda m: (daily(m, 28) - daily(m, 90)) / m["seats_entitled"],
    "weekend_change": lambda m: (
        m["weekend_days_used_90d"] / m["days_used_90d"]
        - m["weekend_days_used_365d"] / m["days_used_365d"]
    ),
    "gap_against_year": lambda m: ((m["longest_gap_90d"] + 1) / (m["longest_gap_365d"] + 1))[
        m["tenure"] >= 365
    ],
    "silence_against_year": lambda m: (m["days_since_use_90d"] / (m["longest_gap_365d"] + 1))[
        m["tenure"] >= 365
    ],
    "error_trend": lambda m: thousandth(m, 28) / thousandth(m, 90),
    "errors_against_year": lambda m: thousandth(m, 90) / thousandth(m, 365),
    "trend_against_peers": beside("usage_trend"),
    "usage_against_peers": beside("events_a_seat"),
    "seats_used_against_peers": beside("seats_used"),
    "days_against_peers": beside("days_used_28d"),
    "depth_against_peers": beside("events_a_person_28d"),
    "products_against_peers": beside("products_used_28d"),
    "errors_against_peers": beside("error_rate"),
    "overdue_share": times("amount_overdue", "arr_now"),
    "invoice_change": times("last_invoice", "usual_invoice_365d"),
    "paid_late_change": less("paid_late_90d", "paid_late_365d"),
    "days_to_pay_change": less("days_to_pay_90d", "days_to_pay_365d"),
    "days_to_pay_against_peers": lambda m: m["days_to_pay_365d"] - typical(m, "days_to_pay_365d"),
    "attempts_an_invoice": times("attempts_90d", "invoices_tried_90d"),
    "failure_change": less("failure_rate_90d", "failure_rate_365d"),
    "failure_against_peers": lambda m: m["failure_rate_365d"] - typical(m, "failure_rate_365d"),
}
