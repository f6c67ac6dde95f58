"""Asking and silence: who was asked, who answered, and whom we heard nothing from.

``surveys`` as in ``metrics.answers``. An invitation is given ``RIPE`` days before its silence
counts, so nobody is called silent for yesterday's question.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from metrics import intervals
from metrics.answers import worth

RIPE = 30


def ripe(surveys: pd.DataFrame, start: datetime, as_of: datetime, days: int = RIPE) -> pd.DataFrame:
    """The invitations sent from ``start`` on and at least ``days`` days before ``as_of``.

    With ``answered``: whether within ``days`` days of being sent, a score given or not. All of
    it was known before ``as_of``, so a month's rate never changes later.
    """
    sent = surveys["sent_at"]
    rows = surveys[(sent >= start) & (sent <= as_of - timedelta(days=days))]
    waited = rows["answered_at"].astype("datetime64[us]") - rows["sent_at"]
    return rows.assign(answered=waited < pd.Timedelta(days=days))


def response(invited: pd.DataFrame, labels: pd.Series[str] | None = None) -> pd.DataFrame:
    """Response rates of ``ripe`` invitations: kind, asked, answered, rate, low, high.

    ``labels`` has a label an invitation (a segment, a role, a ``weekday``), on its index; then
    a column group comes second, ``not known`` where there is none. Wilson's interval takes
    invitations as independent; people asked twice make it a little narrow.
    """
    keys: list[pd.Series[str]] = [invited["kind"]]
    if labels is not None:
        keys.append(labels.fillna("not known").rename("group"))
    by = invited.groupby(keys, sort=True)["answered"]
    table = pd.DataFrame({"asked": by.size(), "answered": by.sum().astype("int64")}).reset_index()
    return rated(table, "answered", "asked")


def rated(table: pd.DataFrame, hits: str, of: str) -> pd.DataFrame:
    """``table`` with rate = hits / of, low and high (Wilson, 95 %); NaN where ``of`` is 0."""
    pairs = list(zip(table[hits].tolist(), table[of].tolist(), strict=True))
    ends = [intervals.proportion(hit, n) for hit, n in pairs]
    return table.assign(
        rate=pd.Series([hit / n if n else None for hit, n in pairs], table.index, "float64"),
        low=pd.Series([low for low, _ in ends], table.index, "float64"),
        high=pd.Series([high for _, high in ends], table.index, "float64"),
    )


def weekday(surveys: pd.DataFrame, zone: str = "UTC") -> pd.Series[str]:
    """The day of the week each survey was sent on, by the clock of ``zone``: ``1 Monday``..."""
    local = surveys["sent_at"].dt.tz_localize("UTC").dt.tz_convert(zone)
    names = (local.dt.day_of_week + 1).astype("str") + " " + local.dt.day_name()
    named: pd.Series[str] = names.astype("str").rename("weekday")
    return named


def asked(
    surveys: pd.DataFrame, arr: pd.Series[int], start: datetime, as_of: datetime, days: int = RIPE
) -> pd.DataFrame:
    """The customers asked from ``start`` on: account_id, asked, answered, last_asked, arr.

    A customer is in ``arr`` (cents, as from ``metrics.arr.at``) and was asked at least once
    ``days`` days or more before ``as_of``. ``asked`` counts its invitations of any kind since
    ``start``, ``answered`` those with an answer, however late. It is silent where ``answered``
    is 0. Rows by ARR, largest first, then account_id.
    """
    rows = surveys[(surveys["sent_at"] >= start) & surveys["account_id"].isin(arr.index)]
    by = rows.groupby("account_id", sort=True)
    table = by.agg(
        asked=("sent_at", "size"),
        answered=("answered_at", "count"),
        first_asked=("sent_at", "min"),
        last_asked=("sent_at", "max"),
    ).reset_index()
    table = table[table["first_asked"] <= as_of - timedelta(days=days)]
    table = table.drop(columns="first_asked").assign(arr=worth(table["account_id"], arr))
    return table.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def last_asked(surveys: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The fatigue guard: contact_id, account_id, last_sent, days (from it to ``as_of``), asks.

    ``asks`` counts the invitations of the 365 days before ``as_of``. One row a named contact,
    those asked most recently first, then contact_id.
    """
    rows = surveys[surveys["contact_id"].notna()].sort_values(["sent_at", "survey_id"])
    recent = rows["sent_at"] >= as_of - timedelta(days=365)
    by = rows.assign(recent=recent).groupby("contact_id", sort=True)
    table = by.agg(
        account_id=("account_id", "last"), last_sent=("sent_at", "max"), asks=("recent", "sum")
    ).reset_index()
    days = (pd.Timestamp(as_of) - table["last_sent"]).dt.total_seconds() / 86_400
    ranked = table.assign(days=days).sort_values(["days", "contact_id"], ignore_index=True)
    return ranked[["contact_id", "account_id", "last_sent", "days", "asks"]]


def answered_back(
    unhappy: pd.DataFrame, touches: pd.DataFrame, as_of: datetime, days: int = 7
) -> pd.DataFrame:
    """The closed loop: of ``metrics.answers.unhappy``, those at least ``days`` days old.

    With ``back_at``, the first touch the vendor began after the answer and within ``days``
    days of it, NaT if none; and ``closed``. A touch is with the account: that it was about the
    answer is not known. The closed-loop rate is the mean of ``closed``. Ordered by
    answered_at, survey_id.
    """
    due = unhappy[unhappy["answered_at"] <= as_of - timedelta(days=days)]
    due = due.sort_values(["answered_at", "survey_id"], ignore_index=True)
    ours = touches.loc[touches["started_by"] == "vendor", ["account_id", "touched_at"]]
    found = pd.merge_asof(
        due,
        ours.rename(columns={"touched_at": "back_at"}).sort_values(["back_at", "account_id"]),
        left_on="answered_at",
        right_on="back_at",
        by="account_id",
        direction="forward",
        allow_exact_matches=False,
        tolerance=pd.Timedelta(days=days),
    )
    return found.assign(closed=found["back_at"].notna())
