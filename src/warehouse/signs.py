"""Signs of dirt in admitted tables: what is readable, and yet not what it seems.

Admission refuses what cannot be read. This looks at what can: rows that came late, days
on which nothing was measured, stamps of another time zone, records edited after the fact.
Each sign says what it found, where, an example, what it does to the numbers and what to
do. A sign is a query over the snapshot and works on any company's data; a table or column
that is not kept is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse import layout
from warehouse.checks import REPEATED
from warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Look:
    """One thing to look for: ``rows`` is SQL whose rows are the stained ones, ``shown`` of each.

    ``needs`` are the columns it reads, by table; ``unit`` is what is counted.
    """

    kind: str
    needs: dict[str, tuple[str, ...]]
    unit: str
    rows: str
    shown: str
    does: str
    remedy: str


@dataclass(frozen=True)
class Sign:
    """What a look found: how many, in which column, and the first of them."""

    kind: str
    where: str
    found: int
    unit: str
    example: str
    does: str
    remedy: str


LOOKS = (
    Look(
        "late usage",
        {"usage": ("known_at",)},
        "rows",
        "SELECT * FROM usage WHERE epoch(known_at) - epoch(day) > 43200 + "
        "(SELECT approx_quantile(epoch(known_at) - epoch(day), 0.5) FROM usage)",
        "account_id || ', ' || product || ', ' || strftime(day, '%Y-%m-%d')",
        "The newest days look quieter than they were.",
        "Keep known_at in the export; features then count only what had come.",
    ),
    Look(
        "telemetry outages",
        {"usage": ("product",)},
        "product days",
        """SELECT * FROM (
             SELECT product, date, n, median(n) OVER (
               PARTITION BY product, dayofweek(date) ORDER BY date
               ROWS BETWEEN 4 PRECEDING AND 4 FOLLOWING EXCLUDE CURRENT ROW) AS usual
             FROM (SELECT product, unnest(generate_series(min(day)::DATE, max(day)::DATE,
                     INTERVAL 1 DAY))::DATE AS date FROM usage GROUP BY product)
             LEFT JOIN (SELECT product, day::DATE AS date, count(*) AS m FROM usage GROUP BY ALL)
               USING (product, date), LATERAL (SELECT coalesce(m, 0) AS n))
           WHERE usual >= 20 AND n < 0.05 * usual""",
        "product || ', ' || strftime(date, '%Y-%m-%d')",
        "Use seems to fall for every account at once.",
        "Ask for the days to be sent again, or leave them out of trends.",
    ),
    Look(
        "stamps of another zone",
        {"usage": ("day",)},
        "rows",
        "SELECT * FROM usage WHERE day::TIME <> (SELECT mode(day::TIME) FROM usage)",
        "account_id || ', ' || strftime(day, '%Y-%m-%d %H:%M')",
        "A day's use is counted on its neighbour.",
        "Export days in one time zone; [company] timezone names yours.",
    ),
    Look(
        "industry missing",
        {"accounts": ("industry",)},
        "accounts",
        "SELECT * FROM accounts WHERE industry IS NULL",
        "account_id",
        "Segments by industry leave these accounts out.",
        "Fill it in; until then they are shown as not recorded.",
    ),
    Look(
        "accounts with two records",
        {"accounts": ("name",), "contract_lines": ()},
        "accounts",
        "SELECT * FROM accounts AS a "
        "WHERE account_id NOT IN (SELECT account_id FROM contract_lines)"
        " AND EXISTS (SELECT 1 FROM accounts AS b WHERE lower(trim(b.name)) = lower(trim(a.name))"
        " AND b.account_id <> a.account_id)",
        "account_id || ', ' || name",
        "Tickets and touches are booked to a record that pays nothing; the other looks silent.",
        "Merge the records at the source.",
    ),
    Look(
        "test and internal accounts",
        {"accounts": ("name",), "contract_lines": ()},
        "accounts",
        r"SELECT * FROM accounts WHERE regexp_matches(lower(name), "
        r"'\b(test|sandbox|demo|internal|dummy|qa)\b') AND account_id NOT IN "
        "(SELECT account_id FROM contract_lines WHERE arr > 0)",
        "account_id || ', ' || name",
        "Use by your own people counts as customers'.",
        "Leave them out with [tables.accounts] where, or at the source.",
    ),
    Look(
        "close dates edited",
        {"opportunities": ("closed_at", "accepted_at")},
        "opportunities",
        "SELECT * FROM opportunities WHERE closed_at < accepted_at",
        "opportunity_id || ', closed ' || strftime(closed_at, '%Y-%m-%d') || ', accepted ' "
        "|| strftime(accepted_at, '%Y-%m-%d')",
        "Deals count in a period that did not win them.",
        "Read the date from the field's history instead of its current value.",
    ),
    Look(
        "answers by strangers",
        {"surveys": ("contact_id", "score"), "contacts": ()},
        "answers",
        "SELECT * FROM surveys WHERE score IS NOT NULL AND contact_id IS NOT NULL "
        "AND contact_id NOT IN (SELECT contact_id FROM contacts)",
        "survey_id || ', ' || contact_id",
        "NPS counts people who may never have used the product.",
        "Ask only known contacts, or report both.",
    ),
    Look(
        "exit reasons missing",
        {"contract_lines": ("exit_reason", "end_reason")},
        "lines",
        "SELECT * FROM contract_lines WHERE end_reason IS NOT NULL AND exit_reason IS NULL",
        "line_id",
        "Reasons of leaving are those of the talkative.",
        "Ask at notice; read reasons as a sample.",
    ),
    Look(
        "exit reasons wrong",
        {"contract_lines": ("exit_reason", "end_reason")},
        "lines at least",
        "SELECT * FROM contract_lines WHERE exit_reason IS NOT NULL AND end_reason IS NOT NULL AND "
        "(end_reason = 'payment_failure') <> (exit_reason IN ('payment', 'payment_failure'))",
        "line_id || ', ended by ' || end_reason || ', said ' || exit_reason",
        "What customers say contradicts what happened; other wrong reasons cannot be seen.",
        "Trust the drivers of the model before the recorded reason.",
    ),
    Look(
        "contracts booked late",
        {"contract_lines": ("known_at", "signed_at")},
        "lines",
        "SELECT * FROM contract_lines WHERE known_at > signed_at + INTERVAL 7 DAY",
        "line_id || ', signed ' || strftime(signed_at, '%Y-%m-%d') || ', booked ' "
        "|| strftime(known_at, '%Y-%m-%d')",
        "Renewals look open, and ARR too low, until they are booked; closed months are restated.",
        "Book at signature; read the newest month as provisional.",
    ),
    Look(
        "touches logged in bulk",
        {"touches": ("known_at",)},
        "touches",
        "SELECT * FROM touches WHERE known_at IN "
        "(SELECT known_at FROM touches GROUP BY known_at HAVING count(*) >= 10)",
        "touch_id || ', logged ' || strftime(known_at, '%Y-%m-%d %H:%M')",
        "Accounts look untouched all month and then all at once.",
        "Log as it happens; until then do not alarm on silence within a month.",
    ),
)


def signs(snapshot: Snapshot) -> Iterator[Sign]:
    """Each sign found in ``snapshot``, in the order of ``LOOKS``; what is sent twice, last."""
    con = snapshot.connection.cursor()
    for table in sorted(snapshot.tables):
        rows = layout.rows(snapshot.files(table))
        con.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM {rows}")
    for look in LOOKS:
        kept = all(
            snapshot.has(table) and set(columns) <= snapshot.recorded(table)
            for table, columns in look.needs.items()
        )
        if not kept:
            continue
        answer = con.execute(
            f"SELECT count(*), min({look.shown}) FROM ({look.rows}) AS stained"
        ).fetchone()
        if answer is not None and answer[0]:
            table = next(iter(look.needs))
            column = next(iter(look.needs[table]), "")
            where = f"{table}.{column}" if column else table
            yield Sign(look.kind, where, answer[0], look.unit, answer[1], look.does, look.remedy)
    twice = [
        (entry.table, reason.rows)
        for entry in snapshot.ledger
        for reason in entry.reasons
        if reason.rule == REPEATED
    ]
    if twice:
        yield Sign(
            "rows sent twice",
            ", ".join(table for table, _ in twice),
            sum(rows for _, rows in twice),
            "rows",
            "; ".join(f"{rows:,} of {table}" for table, rows in twice),
            "Nothing: one of each was kept.",
            "Have the feed send each row once.",
        )
