"""What a company looks like: each function answers one question about it with one picture."""

from __future__ import annotations

import numpy as np
import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, Sheet
from reporting.cells import Column
from reporting.charts.bars import bars
from reporting.charts.trend import Line, trend
from reporting.company.facts import Company
from reporting.figure import Caption, figure
from reporting.notes import absent, bullets, prose
from reporting.shown import Shown
from reporting.tables import table
from reporting.theme import light
from warehouse.months import as_of, shift
from warehouse.signs import signs

YEARS = 3
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EACH = "SELECT account_id, sum(arr)::DOUBLE AS arr FROM held GROUP BY 1 HAVING sum(arr) > 0"


def opening(company: Company) -> Shown:
    """Who the company's customers are, in a paragraph."""
    held = company.ask(_EACH)
    if held.empty:
        return prose("No account was under contract at the close of {month}.", month=company.month)
    total, largest = held["arr"].sum(), held["arr"].nlargest(-(-len(held) // 10)).sum()
    return prose(
        "At the close of {month} **{name} has {n} customers who pay {arr} a year**; the middle one "
        "pays {middle}, and the largest tenth holds {share} of it. Its tables tell of {tables}.",
        month=formats.month(company.month),
        name=company.snapshot.company.name,
        n=formats.count(len(held)),
        arr=formats.money(round(total), company.currency),
        middle=formats.money(round(held["arr"].median()), company.currency),
        share=formats.pct(largest / total, 0),
        tables=", ".join(sorted(company.snapshot.tables)).replace("_", " "),
    )


def who(company: Company) -> Shown:
    """Accounts and ARR by segment."""
    frame = company.ask(
        f"SELECT coalesce(segment, 'not recorded') AS label, count(*) AS n, sum(arr) AS arr, "
        f"median(arr) AS middle FROM ({_EACH}) LEFT JOIN accounts USING (account_id) "
        "GROUP BY 1 ORDER BY arr DESC, label"
    )
    frame["share"] = frame["arr"] / frame["arr"].sum()
    columns = [
        Column("label", "Segment", "name"),
        Column("n", "Customers", "count"),
        Column("arr", "ARR", "money", unit=company.currency),
        Column("share", "Share of ARR", "pct", bar=True),
        Column("middle", "Middle account", "money", unit=company.currency),
    ]
    return table(frame, columns, "Customers by segment", "Segments are those of today.")


def size(company: Company) -> Shown:
    """How ARR is spread over accounts: the share of each tenth, largest first."""
    held = company.ask(_EACH)["arr"].sort_values(ascending=False).to_numpy()
    parts = np.array_split(held, min(10, len(held)))
    share = [float(part.sum() / held.sum()) for part in parts]
    frame = pd.DataFrame(
        {"label": [f"Tenth {i}" for i in range(1, len(parts) + 1)], "value": share}
    )
    caption = Caption(
        f"The largest tenth of customers holds {formats.pct(share[0], 0)} of ARR",
        "Share of ARR of each tenth of customers, largest first.",
        f"{len(held):,} customers at the close of {formats.month(company.month)}.",
    )
    return bars(frame, caption, "pct", sort=False)


def contracts(company: Company) -> Shown:
    """How customers are bound: term, renewal, notice, currency."""
    frame = company.ask(
        """SELECT CASE WHEN ends_on IS NULL THEN 'open-ended'
                 ELSE CAST(round(date_diff('day', starts_on, ends_on) / 365.25) AS INTEGER)
                      || ' year' END AS label,
                  count(DISTINCT account_id) AS n, sum(arr)::DOUBLE AS arr,
                  avg(auto_renew::INTEGER) AS renews, median(notice_days) AS notice,
                  avg((coalesce(uplift, 0) > 0)::INTEGER) AS rises,
                  avg((currency IS NOT NULL AND currency <> '{home}')::INTEGER) AS abroad
           FROM held WHERE arr > 0 AND (ends_on IS NULL
                OR date_diff('day', starts_on, ends_on) > 200)
           GROUP BY 1 ORDER BY arr DESC, label""".replace("{home}", company.currency)
    )
    columns = [
        Column("label", "Term"),
        Column("n", "Customers", "count"),
        Column("arr", "ARR", "money", unit=company.currency),
        Column("renews", "Renews by itself", "pct"),
        Column("notice", "Notice, days", "count"),
        Column("rises", "Contracted rise", "pct"),
        Column("abroad", "Billed abroad", "pct"),
    ]
    kept = [c for c in columns if frame[c.name].notna().any()]
    return table(frame, kept, "How customers are bound", "Lines of 200 days or more.")


def arr(company: Company) -> Shown:
    """ARR at each month's close, as known now."""
    months = [shift(company.month, -n) for n in range(12 * YEARS - 1, -1, -1)]
    zone = company.snapshot.company.timezone
    closes = ", ".join(
        f"('{month}', TIMESTAMP '{as_of(month, zone):%Y-%m-%d %H:%M:%S}')" for month in months
    )
    frame = company.ask(
        f"""SELECT month, coalesce(sum(arr), 0)::DOUBLE AS arr, count(DISTINCT account_id) AS n
            FROM (VALUES {closes}) AS closes(month, edge) LEFT JOIN contract_lines
              ON starts_on < edge
             AND (coalesce(ended_on, ends_on) IS NULL OR coalesce(ended_on, ends_on) >= edge)
            GROUP BY 1 ORDER BY 1"""
    )
    frame = frame[frame["n"].cumsum() > 0].reset_index(drop=True)
    first, last = frame["arr"].iloc[0], frame["arr"].iloc[-1]
    said = formats.pct(last / first - 1, 0, signed=True) if first else "from nothing"
    caption = Caption(
        f"ARR {said} since {formats.month(frame['month'].iloc[0])}",
        f"ARR at each month's close, {company.currency}, as known now.",
    )
    return trend(frame, [Line("arr", "ARR")], caption, "money", company.currency)


def rhythm(company: Company) -> Shown:
    """A year of use, weekday by week: holidays and season are to be seen."""
    if not company.has("usage", "day", "active_users"):
        return absent("the rhythm of use.", "Daily use by account and product would show it.")
    frame = company.ask(
        """SELECT day::DATE AS date, sum(active_users)::DOUBLE AS people FROM usage
           WHERE day >= {edge} - INTERVAL 52 WEEK GROUP BY 1 ORDER BY 1"""
    )
    date = pd.to_datetime(frame["date"])
    week = (date - date.min().to_period("W").start_time).dt.days // 7
    grid = np.full((7, int(week.max()) + 1), np.nan)
    grid[date.dt.day_of_week, week] = frame["people"]
    by_day = frame.groupby(date.dt.day_of_week)["people"].mean()
    quiet = by_day.reindex([5, 6]).mean() / by_day.reindex(range(5)).mean()
    mondays = [str(date.min().to_period("W").start_time + pd.Timedelta(weeks=w))[:7] for w in
               range(grid.shape[1])]  # fmt: skip

    def paint(sheet: Sheet) -> None:
        sheet.margins(58 if not sheet.phone else 30, 4, 4, 22)
        ax = sheet.ax
        ax.pcolormesh(grid, cmap="BuGn", edgecolors=light("paper"), linewidth=0.6)
        ax.set_ylim(7, 0)
        ax.grid(visible=False)
        names = [name[:3] if sheet.phone else name for name in WEEKDAYS]
        ax.set_yticks([i + 0.5 for i in range(7)], names, fontsize=SMALL)
        starts = [i for i, m in enumerate(mondays) if i == 0 or m != mondays[i - 1]][1:]
        shown = starts[:: 3 if sheet.phone else 1]
        ax.set_xticks(shown, [formats.month(mondays[i], short=True)[:3] for i in shown],
                      fontsize=SMALL, color=light("soft"))  # fmt: skip

    told = pd.DataFrame({"label": [WEEKDAYS[i] for i in by_day.index], "people": by_day.to_numpy()})
    caption = Caption(
        f"A weekend day has {formats.pct(quiet, 0)} of a working day's use",
        "People active each day of the last year, darker is more; a week is a column.",
    )
    columns = [Column("label", "Day"), Column("people", "People active, mean", "count")]
    return figure(paint, caption, told, columns, wide=150, phone=150)


def products(company: Company) -> Shown:
    """Which products customers hold."""
    frame = company.ask(
        """SELECT product AS label, count(DISTINCT account_id)::DOUBLE
                  / (SELECT count(DISTINCT account_id) FROM held) AS value
           FROM held GROUP BY 1 ORDER BY value DESC, label LIMIT 12"""
    )
    caption = Caption(
        f"A customer holds {formats.number(frame['value'].sum(), 1)} products on average",
        "Share of customers that hold each product.",
    )
    return bars(frame, caption, "pct")


def service(company: Company) -> Shown:
    """Tickets of the last year by priority, and whether the promised reply was kept."""
    if not company.has("tickets"):
        return absent("how customers are served.", "Tickets would show it.")
    frame = company.ask(
        """SELECT coalesce(priority, 'not recorded') AS label, count(*) AS n,
                  avg((replied_at <= reply_due_at)::INTEGER) AS kept,
                  median(date_diff('minute', opened_at, replied_at)) / 60.0 AS reply,
                  median(date_diff('minute', opened_at, resolved_at)) / 1440.0 AS solved,
                  avg((reopened_at IS NOT NULL)::INTEGER) AS again, avg(rating) AS rating
           FROM tickets WHERE opened_at >= {edge} - INTERVAL 1 YEAR GROUP BY 1 ORDER BY n DESC"""
    )
    columns = [
        Column("label", "Priority"),
        Column("n", "Tickets", "count"),
        Column("kept", "Replied as promised", "pct"),
        Column("reply", "First reply, hours", "number", digits=1),
        Column("solved", "Solved, days", "number", digits=1),
        Column("again", "Opened again", "pct"),
        Column("rating", "Rating, 1 to 5", "number", digits=1),
    ]
    kept = [c for c in columns if frame[c.name].notna().any()]
    return table(frame, kept, "Tickets of the last year", "Medians; rating is a mean.")


def voice(company: Company) -> Shown:
    """NPS of the last year by segment, with who stayed silent."""
    if not company.has("surveys"):
        return absent("what customers say.", "Surveys, with those not answered, would show it.")
    frame = company.ask(
        """SELECT coalesce(segment, 'not recorded') AS label, count(*) AS asked,
                  avg((score IS NOT NULL)::INTEGER) AS answered,
                  100.0 * (avg((score >= 9)::INTEGER) - avg((score <= 6)::INTEGER)) AS nps
           FROM surveys LEFT JOIN accounts USING (account_id)
           WHERE kind = 'nps' AND sent_at >= {edge} - INTERVAL 1 YEAR GROUP BY 1 ORDER BY 1"""
    )
    columns = [
        Column("label", "Segment", "name"),
        Column("asked", "Asked", "count"),
        Column("answered", "Answered", "pct"),
        Column("nps", "NPS of those who did", "number"),
    ]
    note = "Silence is not contentment: whoever is unhappy answers less."
    return table(frame, columns, "NPS of the last year", note)


def onboarding(company: Company) -> Shown:
    """How long the way to first value is, by segment, for accounts of the last two years."""
    if not company.has("milestones"):
        return absent("how onboarding goes.", "Milestones would show the way to first value.")
    frame = company.ask(
        """SELECT coalesce(segment, 'not recorded') AS label, count(*) AS n,
                  quantile_cont(days, 0.25) AS fast, median(days) AS middle,
                  avg((days <= 30)::INTEGER) AS month, avg((days > 400)::INTEGER) AS never
           FROM (SELECT account_id, coalesce(date_diff('hour', started_at, reached_at) / 24.0, 9999)
                        AS days FROM milestones WHERE milestone = 'first_value'
                    AND started_at >= {edge} - INTERVAL 2 YEAR
                    AND started_at < {edge} - INTERVAL 90 DAY)
           LEFT JOIN accounts USING (account_id) GROUP BY 1 ORDER BY middle, label"""
    )
    columns = [
        Column("label", "Segment", "name"),
        Column("n", "Started", "count"),
        Column("fast", "A quarter by day", "number"),
        Column("middle", "Half by day", "number"),
        Column("month", "Within 30 days", "pct"),
        Column("never", "Not yet", "pct"),
    ]
    note = "Accounts that started three months to two years ago; those not there yet count."
    return table(frame, columns, "The way to first value", note)


def billing(company: Company) -> Shown:
    """What each attempt to collect a failed invoice recovers."""
    if not company.has("payments", "outcome", "invoice_id"):
        return absent("what dunning recovers.", "Each attempt to collect would show it.")
    frame = company.ask(
        """WITH tried AS (SELECT invoice_id, outcome, row_number() OVER (PARTITION BY invoice_id
                           ORDER BY attempted_at, payment_id) AS attempt FROM payments),
                failed AS (SELECT DISTINCT invoice_id FROM tried WHERE outcome = 'failed')
           SELECT CASE WHEN attempt IS NULL THEN 'never' ELSE 'attempt ' || attempt END AS label,
                  count(*) AS n FROM failed LEFT JOIN
                  (SELECT invoice_id, attempt FROM tried WHERE outcome = 'paid') USING (invoice_id)
           GROUP BY 1 ORDER BY 1"""
    )
    if frame.empty:
        return prose("No attempt to collect an invoice failed.")
    frame["value"] = frame["n"] / frame["n"].sum()
    never = frame.loc[frame["label"] == "never", "value"].sum()
    caption = Caption(
        f"{formats.pct(1 - never, 0)} of failed invoices are paid after all",
        f"When an invoice whose first attempt failed was paid; n = {frame['n'].sum():,}.",
    )
    return bars(frame, caption, "pct", sort=False)


def doubt(company: Company) -> Shown:
    """What in the admitted tables is not what it seems."""
    found = list(signs(company.snapshot))
    if not found:
        return prose(
            "No sign of dirt was found in what was admitted; perennial check looks for it."
        )
    values = {f"k{i}": sign.kind.capitalize() for i, sign in enumerate(found)}
    values |= {f"n{i}": f"{sign.found:,} {sign.unit}. {sign.does}" for i, sign in enumerate(found)}
    return bullets(*((f"{{k{i}}}:", f"{{n{i}}}") for i in range(len(found))), **values)
