"""Draft a mapping: guess which file is which table, and say what was not guessed.

A draft is a beginning. Every guess is written out, so that a person can read
and mend it; a column that looks as if it were filled in afterwards is never
mapped, and is named as such.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from warehouse.connect import SUFFIXES, columns_of, tables_in
from warehouse.contract import TABLES, Table
from warehouse.errors import DataRefused, InputMissing
from warehouse.seal import unsealed
from warehouse.text import DELIMITERS

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
    "contacts": ("contact_id", "account_id", "role"),
    "incidents": ("incident_id", "account_id", "started_at"),
    "payments": ("payment_id", "account_id", "attempted_at", "outcome"),
    "pulses": ("account_id", "given_at", "score"),
}
TELLING = {
    "contract_lines": "contract subscription line license",
    "usage": "usage event activity",
    "tickets": "ticket case support",
    "surveys": "survey nps csat response",
    "touches": "touch activity csm",
    "contacts": "contact person people",
    "incidents": "incident outage",
    "payments": "payment attempt charge dunning",
    "pulses": "pulse opinion",
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


class Files(dict[str, list[str]]):
    """The columns of each readable table, by file or table name.

    ``delimiter`` is what separates them in the CSV files, ``schema`` where a server has them.
    """

    delimiter = ","
    schema = "public"


def found_files(source: Path) -> Files:
    """Each readable table of ``source`` with its columns; ``InputMissing`` if there is none.

    Half-written files (``.x``, ``~$x``, ``tmp_x``) are passed over. Raises ``DataRefused``
    for a damaged file, and for CSV files that do not agree on their delimiter.
    """
    if not source.exists():
        raise InputMissing(f"{source} does not exist; name the folder that holds your tables")
    unsealed(source)
    files = Files()
    if source.is_file():
        files.update({name: list(columns) for name, columns in tables_in(source).items()})
    else:
        used: dict[str, str] = {}
        for file in sorted(p for p in source.iterdir() if p.suffix in SUFFIXES and p.is_file()):
            if not file.name.startswith((".", "~", "tmp_")):
                columns = columns_of(file, file.stem)
                if file.suffix == ".csv" and len(columns) == 1:
                    sign = next((d for d in DELIMITERS if d in columns[0]), ",")
                    columns = columns_of(file, file.stem, sign)
                    used[sign] = file.name
                elif file.suffix == ".csv":
                    used[","] = file.name
                files[file.name] = list(columns)
        if len(used) > 1:
            said = " and ".join(f"{DELIMITERS[d]} ({name})" for d, name in sorted(used.items()))
            raise DataRefused(f"{source} holds CSV files separated by {said}; export them alike")
        files.delimiter = next(iter(used), ",")
    if not files:
        raise InputMissing(f"{source} holds no .csv or .parquet file and is no DuckDB file")
    return files


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


def toml(name: str, currency: str, source: str, files: Files) -> str:
    """The text of a ``perennial.toml`` for ``files`` (columns by file), with what to look at."""
    found = guesses(files)
    orders = _orders(files)
    text = [
        "# Drafted by `perennial init`. Read each line: a wrong mapping is worse than none.",
        "# Then run `perennial check`, which names every row that does not fit.",
        "",
        "[company]",
        f"name = {_string(name)}",
        f"currency = {_string(currency)}   # the one ARR is reported in",
        'timezone = "UTC"      # where a month begins and ends',
        "fiscal_year_starts = 1",
        "",
        "[data]",
        f"source = {_string(source)}",
    ]
    if files.schema != "public":
        text.append(f"schema = {_string(files.schema)}")
    if files.delimiter != ",":
        text.append(f"delimiter = {_string(files.delimiter)}")
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
                f"from = {_string(file)}",
                'sum_by = ["account_id", "starts_on", "ends_on"]',
                "drop_copies = true",
                "[tables.contract_lines.columns]",
                f"account_id = {_string(customer)}",
                f'starts_on = {{ column = {_string(day)}, trunc = "day" }}',
                f'ends_on = {{ column = {_string(day)}, trunc = "day", plus_days = 90 }}',
                f"arr = {{ column = {_string(plain['quantity'])}, "
                f'times = {_string(price)}, per = "term" }}',
            ]
    return []


def _section(guess: Guess) -> list[str]:
    table = TABLES[guess.table]
    same = all(ours == theirs for ours, theirs in guess.columns.items())
    if same and guess.file.rsplit(".", 1)[0] == guess.table:
        return ["", f"# {guess.file} already has the contract's names: no mapping needed."]
    text = ["", f"[tables.{guess.table}]", f"from = {_string(guess.file)}"]
    one_an_event = guess.table == "usage" and "events" not in guess.columns
    if one_an_event:
        text.append('sum_by = ["account_id", "product", "day"]   # one row an event')
    elif guess.table == "accounts" and guess.columns.keys() < set(table.names):
        text.append('#sum_by = ["account_id"]   # if an account has several rows')
    text.append(f"[tables.{guess.table}.columns]")
    for ours, theirs in guess.columns.items():
        text += _line(guess, ours, _string(theirs), one_an_event)
    for column in table.columns:
        if column.required and column.name not in guess.columns:
            text.append(f'#{column.name} = "…"   # needed, and not found: {column.meaning}')
    if one_an_event and "product" not in guess.columns:
        text.append('product = { value = "app" }')
    if one_an_event:
        text.append('events = { value = "1" }')
    later = [_plainly(c) for c in guess.unread if AFTERWARDS.search(c)]
    others = [_plainly(c) for c in guess.unread if not AFTERWARDS.search(c)]
    if later:
        text.append(f"# not read, may be filled in afterwards (the future): {', '.join(later)}")
    if others:
        text.append(f"# not read: {', '.join(others)}")
    return text


def _line(guess: Guess, ours: str, theirs: str, one_an_event: bool) -> list[str]:
    """The line, or two, that map one column; ``theirs`` is a TOML string."""
    clock = TABLES[guess.table].column(ours).late
    if ours == "arr":
        per = "month" if MONTHLY.search(theirs) else "year" if "arr" in theirs.lower() else "term"
        return [
            f'arr = {{ column = {theirs}, per = "{per}" }}'
            "   # what the amount covers: year, month, day or term"
        ]
    if ours == "day" and one_an_event:
        return [f'day = {{ column = {theirs}, trunc = "day" }}']
    if ours == "cancelled_at" and "ended_on" not in guess.columns:
        return [f"{ours} = {theirs}", f"ended_on = {theirs}"]
    if clock not in (None, ours, *guess.columns):
        return [f"#{ours} = {theirs}   # known when? map {clock} too, then uncomment"]
    return [f"{ours} = {theirs}"]


def _string(text: str) -> str:
    """``text`` as a TOML string, whatever it holds."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plainly(name: str) -> str:
    """A company's name within a comment, which it cannot end."""
    return name if name.isprintable() else _string(name)
