"""Single accounts over time: what could be seen of them, and what could not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reporting import formats
from reporting.charts.bars import bars
from reporting.charts.trend import Line, trend
from reporting.company.facts import Company
from reporting.figure import Caption
from reporting.notes import absent
from reporting.shown import Shown
from warehouse.simulate.reveal import reveal

_GONE = """
    SELECT account_id FROM contract_lines GROUP BY account_id
    HAVING count(*) FILTER (end_reason = '{reason}'
             AND coalesce(ended_on, ends_on) BETWEEN {edge} - INTERVAL 1 YEAR AND {edge}) > 0
       AND account_id NOT IN (SELECT account_id FROM held)
       AND min(starts_on) < {edge} - INTERVAL 18 MONTH
    ORDER BY sum(arr) DESC, account_id LIMIT 1"""
CHOSEN = {
    "steady": """
        SELECT account_id FROM (
          SELECT account_id, day::DATE - INTERVAL 1 MONTH AS m, sum(active_users) AS people
          FROM usage WHERE day >= {edge} - INTERVAL 18 MONTH GROUP BY 1, 2)
        WHERE account_id IN (SELECT account_id FROM held WHERE starts_on < {edge} GROUP BY 1)
        GROUP BY 1 HAVING avg(people) >= 8 AND count(*) > 350
        ORDER BY stddev_pop(people) / avg(people), account_id LIMIT 1""",
    "grew": """
        SELECT account_id FROM (SELECT account_id, sum(arr) AS now FROM held GROUP BY 1)
        JOIN (SELECT account_id, sum(arr) AS before FROM contract_lines
              WHERE starts_on < {edge} - INTERVAL 1 YEAR AND (coalesce(ended_on, ends_on) IS NULL
                 OR coalesce(ended_on, ends_on) >= {edge} - INTERVAL 1 YEAR) GROUP BY 1)
          USING (account_id)
        WHERE before > 0 ORDER BY now - before DESC, account_id LIMIT 1""",
    "chose to leave": _GONE.replace("{reason}", "voluntary"),
    "went unpaid": _GONE.replace("{reason}", "payment_failure"),
}
"""How each kind of life is chosen: by a rule, the same for everybody who looks."""
_TOLD = {
    "steady": "the customer whose use is steadiest",
    "grew": "the customer that grew most in a year",
    "chose to leave": "the largest customer of long standing that chose to leave this year",
    "went unpaid": "the largest customer of long standing lost to an unpaid invoice this year",
}
_EVENTS = {
    "contacts": "SELECT strftime(left_at, '%Y-%m') AS month, role || ' left' AS what FROM contacts "
    "WHERE account_id = '{account}' AND left_at IS NOT NULL AND role IN ('champion', 'sponsor')",
    "incidents": "SELECT strftime(started_at, '%Y-%m') AS month, 'incident' AS what FROM incidents "
    "WHERE account_id = '{account}' AND severity = 'critical'",
}
_MONTHS = 24
_PRESSURES = 3
_APART = 3
"""Months between two events whose words can stand side by side; the earlier kind goes first."""


def account_of(company: Company, kind: str) -> str:
    """The id of the account that stands for a ``kind`` of life, empty where there is none."""
    if kind == "steady" and not company.has("usage", "active_users"):
        return ""
    if "end_reason" in CHOSEN[kind] and not company.has("contract_lines", "end_reason"):
        return ""
    found = company.ask(CHOSEN[kind])
    return str(found["account_id"].iloc[0]) if len(found) else ""


def life(company: Company, kind: str) -> Shown:
    """Two years of one account: its use, or else its ARR, with what befell it."""
    account = account_of(company, kind)
    if not account:
        return absent(f"{_TOLD[kind]}.", "No account fits the rule, or no table tells.")
    safe = account.replace("'", "''")
    if company.has("usage", "active_users"):
        frame = _use(company, safe)
        what, unit = "People active on a working day, by month", "count"
    else:
        frame = _arr(company, safe)
        what, unit = f"ARR by month, {company.currency}", "money"
    name = company.ask(f"SELECT max(name) AS name FROM accounts WHERE account_id = '{safe}'")
    called = name["name"].iloc[0]
    title = str(called) if isinstance(called, str) else account
    caption = Caption(f"{title}: {_TOLD[kind]}", f"{what}.")
    line = Line("value", "People" if unit == "count" else "ARR")
    events = _events(company, safe, list(frame["month"]))
    currency = company.currency if unit == "money" else ""
    if unit == "money":
        return trend(frame, [line], caption, "money", currency, events, zero=True)
    return trend(frame, [line], caption, "count", "", events, zero=True)


def _use(company: Company, account: str) -> pd.DataFrame:
    """People active on a working day, by month."""
    frame = company.ask(
        f"""SELECT strftime(day, '%Y-%m') AS month, sum(people)::DOUBLE / count(*) AS value
            FROM (SELECT day::DATE AS day, max(active_users) AS people FROM usage
                  WHERE account_id = '{account}' AND dayofweek(day) BETWEEN 1 AND 5 GROUP BY 1)
            GROUP BY 1 ORDER BY 1"""
    )
    return frame.tail(_MONTHS).reset_index(drop=True)


def _arr(company: Company, account: str) -> pd.DataFrame:
    """ARR in each month in which a line starts or stops."""
    frame = company.ask(
        f"""SELECT strftime(moment, '%Y-%m') AS month,
                   sum(sum(arr)) OVER (ORDER BY month)::DOUBLE AS value
            FROM (SELECT starts_on AS moment, arr FROM contract_lines WHERE account_id = '{account}'
                  UNION ALL SELECT coalesce(ended_on, ends_on), -arr FROM contract_lines
                  WHERE account_id = '{account}' AND coalesce(ended_on, ends_on) < {{edge}})
            WHERE moment < {{edge}} GROUP BY 1 ORDER BY 1"""
    )
    return frame.tail(_MONTHS).reset_index(drop=True)


def _events(company: Company, account: str, months: list[str]) -> dict[str, str]:
    """What befell the account in ``months``: people who left, incidents, renewals."""
    told = [
        company.ask(sql.replace("{account}", account))
        for table, sql in _EVENTS.items()
        if company.has(table)
    ]
    renewed = (
        "SELECT DISTINCT strftime(b.starts_on, '%Y-%m') AS month, 'renewed' AS what "
        "FROM contract_lines AS a JOIN contract_lines AS b "
        "ON a.account_id = b.account_id AND a.product = b.product AND b.starts_on = a.ends_on "
        f"WHERE a.account_id = '{account}' ORDER BY 1"
    )
    rows = pd.concat([*told, company.ask(renewed)]).dropna()
    chosen: dict[str, str] = {}
    for month, what in zip(rows["month"], rows["what"], strict=True):
        if month in months and all(
            abs(months.index(month) - months.index(other)) >= _APART for other in chosen
        ):
            chosen[month] = what
    return chosen


def behind(company: Company, source: Path, kind: str) -> Shown:
    """The pressures nobody could see behind a life, the strongest at its end first."""
    account = account_of(company, kind)
    hidden = reveal(source, account)
    if hidden is None or hidden.stress.empty:
        return absent("what nobody could see.", "Only a simulated company keeps its truth.")
    frame = hidden.stress.tail(_MONTHS).reset_index(drop=True)
    last = frame.drop(columns="month").tail(3).mean().sort_values(ascending=False)
    names = list(last.index[:_PRESSURES])
    if hidden.cause in frame and hidden.cause not in names:
        names[-1] = hidden.cause
    why = f"it left because of {hidden.cause}" if hidden.cause else "it stayed"
    caption = Caption(
        f"Behind it: {why}", "Hidden pressures by month; above about half, they begin to weigh."
    )
    return trend(frame, [Line(name, name) for name in names], caption, "number")


def causes(company: Company, source: Path) -> Shown:
    """Why customers really left, with what the recorded reasons say as a tick."""
    hidden = reveal(source, "")
    if hidden is None:
        return absent("why customers really left.", "Only a simulated company keeps its truth.")
    true = hidden.causes / hidden.causes.sum()
    said = pd.Series(dtype="float64")
    if company.has("contract_lines", "exit_reason"):
        told = company.ask(
            "SELECT exit_reason AS label, count(DISTINCT account_id) AS n FROM contract_lines "
            "WHERE exit_reason IS NOT NULL GROUP BY 1"
        ).set_index("label")["n"]
        said = told / told.sum()
    frame = pd.DataFrame({"value": true, "previous": said.reindex(true.index)}).reset_index()
    frame = frame.rename(columns={"cause": "label"})
    caption = Caption(
        f"{formats.pct(true.iloc[0], 0)} of departures have the cause {true.index[0]}",
        "Share of departures by true cause; the tick is what the recorded reasons say.",
    )
    return bars(frame, caption, "pct", previous="previous")
