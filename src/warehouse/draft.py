"""Draft a mapping: guess which file is which table, and say what was not guessed.

A draft is a beginning. Every guess is written out, so that a person can read
and mend it; a column that looks as if it were filled in afterwards is never
mapped, and is named as such.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connect import SUFFIXES, database, literal
from warehouse.contract import TABLES, Table
from warehouse.errors import InputMissing

SYNONYMS: dict[str, str] = {
    "account_id": "customer_id custorgid organization_id org_id company_id client_id customer",
    "line_id": "subscription_id contract_id invoicelineid order_line_id id",
    "starts_on": "start start_date starts_at valid_from period_start conversion_date started_on",
    "ends_on": "end end_date ends_at valid_to period_end renewal_date expiry_date expires_on",
    "arr": "annual_recurring_revenue annual_amount mrr monthly_recurring_revenue amount value",
    "product": "plan plan_name sku product_name",
    "seats": "licenses licences users quantity_seats computers",
    "cancelled_at": "cancel_date cancellation_date cancelled_on canceled_at",
    "day": "date usage_date event_timestamp event_date",
    "active_users": "users dau active",
    "events": "actions count event_count",
    "ticket_id": "case_id id",
    "opened_at": "created_at opened created created_date",
    "resolved_at": "closed_at solved_at resolved",
    "priority": "severity",
    "rating": "csat csat_score satisfaction",
    "invoice_id": "invoice_no invoice_number id",
    "issued_at": "invoice_date issued issue_date",
    "due_on": "due_date due",
    "paid_at": "payment_date paid_on",
    "created_at": "signup_date created customer_since",
    "region": "country territory",
    "segment": "company_size size",
    "csm": "owner account_manager salesman csm_name",
    "survey_id": "response_id id",
    "sent_at": "sent survey_date",
    "touch_id": "activity_id id",
    "touched_at": "activity_date occurred_at",
    "name": "account_name company company_name",
}
NEEDED = {
    "accounts": ("account_id",),
    "contract_lines": ("account_id", "starts_on", "arr"),
    "usage": ("account_id", "day"),
    "tickets": ("ticket_id", "account_id", "opened_at"),
    "surveys": ("survey_id", "account_id", "sent_at", "score"),
    "invoices": ("invoice_id", "account_id", "issued_at"),
    "touches": ("touch_id", "account_id", "touched_at"),
    "milestones": ("account_id", "milestone", "started_at"),
    "opportunities": ("opportunity_id", "account_id", "identified_at"),
}
TELLING = {
    "contract_lines": "contract subscription line license",
    "usage": "usage event activity",
    "tickets": "ticket case support",
    "surveys": "survey nps csat response",
    "touches": "touch activity csm",
}
AFTERWARDS = re.compile(r"status|renewed|cancel|churn|lost|torenew|outcome|is_active", re.I)
MONTHLY = re.compile(r"mrr|month", re.I)


@dataclass(frozen=True)
class Guess:
    """One file taken for one table: contract column to raw column."""

    table: str
    file: str
    columns: dict[str, str]
    unread: tuple[str, ...]


def found_files(source: Path) -> dict[str, list[str]]:
    """Each readable table of ``source`` with its columns; ``InputMissing`` if there is none."""
    if not source.exists():
        raise InputMissing(f"{source} does not exist; name the folder that holds your tables")
    files: dict[str, list[str]] = {}
    con = database(source if source.is_dir() else source.parent)
    if source.is_file():
        con.execute(f"ATTACH {literal(str(source))} AS source (READ_ONLY)")
        for name, column in con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() "
            "WHERE database_name = 'source' ORDER BY table_name, column_index"
        ).fetchall():
            files.setdefault(name, []).append(column)
    else:
        for file in sorted(p for p in source.iterdir() if p.suffix in SUFFIXES):
            files[file.name] = _columns(con, file)
    con.close()
    if not files:
        raise InputMissing(f"{source} holds no .csv or .parquet file and is no DuckDB file")
    return files


def _columns(con: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    return con.sql(f"SELECT * FROM read_parquet({literal(str(file))}) LIMIT 0").columns


def guesses(files: dict[str, list[str]]) -> list[Guess]:
    """The best file for each table that has its needed columns; a file may serve one table."""
    scored = []
    for name, table in TABLES.items():
        for file, columns in files.items():
            matched = _match(table, columns)
            if all(needed in matched for needed in NEEDED[name]):
                words = [name.rstrip("s"), *TELLING.get(name, "").split()]
                told = any(word in file.lower() for word in words)
                scored.append((told, len(matched), name == "contract_lines", name, file, matched))
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for _, _, _, name, file, matched in sorted(scored, key=lambda s: s[:3], reverse=True):
        if name not in chosen and file not in taken:
            unread = tuple(c for c in files[file] if c not in matched.values())
            chosen[name] = Guess(name, file, matched, unread)
            taken.add(file)
    return [chosen[name] for name in TABLES if name in chosen]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _match(table: Table, columns: list[str]) -> dict[str, str]:
    by_plain = {_plain(column): column for column in columns}
    matched: dict[str, str] = {}
    for name in table.names:
        for word in (name, *SYNONYMS.get(name, "").split()):
            column = by_plain.get(_plain(word))
            if column is not None and column not in matched.values():
                matched[name] = column
                break
    return matched


def toml(name: str, currency: str, source: str, files: dict[str, list[str]]) -> str:
    """The text of a ``perennial.toml`` for ``files`` (columns by file), with what to look at."""
    found = guesses(files)
    orders = _orders(files)
    text = [
        "# Drafted by `perennial init`. Read each line: a wrong mapping is worse than none.",
        "# Then run `perennial check`, which names every row that does not fit.",
        "",
        "[company]",
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f"currency = {json.dumps(currency)}   # the one ARR is reported in",
        'timezone = "UTC"      # where a month begins and ends',
        "fiscal_year_starts = 1",
        "",
        "[data]",
        f"source = {json.dumps(source, ensure_ascii=False)}",
    ]
    for guess in found:
        if not (orders and guess.table == "invoices" and "amount" not in guess.columns):
            text += _section(guess)
    if not any(guess.table == "contract_lines" for guess in found):
        text += orders or [
            "",
            "# No file has an account, a start and an amount: name the one with your contract",
            "# lines here. It is the one table that is always needed.",
            "#[tables.contract_lines]",
            '#from = "…"',
            "#[tables.contract_lines.columns]",
            *(f'#{c} = "…"' for c in ("line_id", "account_id", "starts_on", "ends_on", "arr")),
        ]
    text += [
        "",
        "[policy]",
        "gap_days = 30   # an account without ARR for no longer than this has not left",
        "",
        "[targets]",
        "nrr = 1.10",
        "grr = 0.90",
    ]
    return "\n".join(text) + "\n"


def _orders(files: dict[str, list[str]]) -> list[str]:
    """A company with orders and no contracts: an account is lost by silence."""
    for file, columns in files.items():
        plain = {_plain(column): column for column in columns}
        customer = next((plain[w] for w in ("customerid", "accountid") if w in plain), None)
        day = next((plain[w] for w in ("invoicedate", "orderdate", "date") if w in plain), None)
        price = next((plain[w] for w in ("unitprice", "price") if w in plain), None)
        if customer and day and price and "quantity" in plain:
            return [
                "",
                "# Orders and no contracts: here an order keeps an account for 90 days, and its",
                "# amount spread over them is ARR. Silence for longer is churn. Change the days",
                "# to how often your customers buy.",
                "[tables.contract_lines]",
                f"from = {json.dumps(file, ensure_ascii=False)}",
                'sum_by = ["account_id", "starts_on", "ends_on"]',
                "drop_copies = true",
                "[tables.contract_lines.columns]",
                f"account_id = {json.dumps(customer)}",
                f'starts_on = {{ column = {json.dumps(day)}, trunc = "day" }}',
                f'ends_on = {{ column = {json.dumps(day)}, trunc = "day", plus_days = 90 }}',
                f"arr = {{ column = {json.dumps(plain['quantity'])}, "
                f'times = {json.dumps(price)}, per = "term" }}',
            ]
    return []


def _section(guess: Guess) -> list[str]:
    table = TABLES[guess.table]
    same = all(ours == theirs for ours, theirs in guess.columns.items())
    if same and guess.file.rsplit(".", 1)[0] == guess.table:
        return ["", f"# {guess.file} already has the contract's names: no mapping needed."]
    text = ["", f"[tables.{guess.table}]", f"from = {json.dumps(guess.file, ensure_ascii=False)}"]
    summed = guess.table in ("usage", "accounts") and guess.columns.keys() < set(table.names)
    if guess.table == "usage" and "events" not in guess.columns:
        text.append('sum_by = ["account_id", "product", "day"]   # one row an event')
    elif summed and guess.table == "accounts":
        text.append('#sum_by = ["account_id"]   # if an account has several rows')
    text.append(f"[tables.{guess.table}.columns]")
    for ours, theirs in guess.columns.items():
        quoted = json.dumps(theirs, ensure_ascii=False)
        if table.column(ours).kind == "money" and ours == "arr":
            per = (
                "month" if MONTHLY.search(theirs) else "year" if "arr" in theirs.lower() else "term"
            )
            text.append(
                f'{ours} = {{ column = {quoted}, per = "{per}" }}'
                "   # what the amount covers: year, month, day or term"
            )
        elif ours == "cancelled_at":
            text += [f"{ours} = {quoted}", f"ended_on = {quoted}"]
        elif (clock := table.column(ours).late) not in (None, ours, *guess.columns):
            text.append(f"#{ours} = {quoted}   # known when? map {clock} too, then uncomment")
        else:
            text.append(f"{ours} = {quoted}")
    if guess.table == "usage" and "events" not in guess.columns:
        text += ['product = { value = "app" }', 'events = { value = "1" }']
    later = [c for c in guess.unread if AFTERWARDS.search(c)]
    others = [c for c in guess.unread if not AFTERWARDS.search(c)]
    if later:
        text.append(f"# not read, may be filled in afterwards (the future): {', '.join(later)}")
    if others:
        text.append(f"# not read: {', '.join(others)}")
    return text
