"""Which answers to surveys count, and what each account's add up to.

``surveys`` is everywhere the contract's table as known at ``as_of``: survey_id, account_id,
kind, contact_id, sent_at, answered_at (NaT: silence), score, comment. Windows are half-open,
instants naive UTC. One person counts once a wave: of a contact's answers to one kind of
question in one calendar quarter of the company's time zone, the last.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
LOW = {"nps": 6, "csat": 2, "ces": 3}
"""The best answer of each kind that still says somebody is unhappy."""
PROMOTER = 9
COUNTED, STRANGER, EARLIER, OFF, WORDLESS = FATES = (
    "counted",
    "not a contact",
    "earlier in its wave",
    "off its scale",
    "without a score",
)


def judged(
    surveys: pd.DataFrame,
    start: datetime,
    end: datetime,
    contacts: pd.DataFrame | None = None,
    zone: str = "UTC",
) -> pd.DataFrame:
    """The surveys answered in ``[start, end)``, each with its ``fate``, one of ``FATES``.

    ``contacts`` has contact_id; without it whoever has an id is a contact. Where no survey of
    the whole table is a contact's, nobody can be told apart: all count, and an answer without
    an id is its account's. A quarter begins by the clock of ``zone``, and a wave cut by
    ``start`` or ``end`` is what lies within. Rows are ordered by answered_at, survey_id.
    """
    known = surveys["contact_id"].notna()
    if contacts is not None:
        known &= surveys["contact_id"].isin(contacts["contact_id"])
    rows = surveys.assign(
        person=surveys["contact_id"].fillna("account " + surveys["account_id"].astype("str")),
        named=known | (not known.any()),
        score=surveys["score"].astype("float64"),
        answered_at=surveys["answered_at"].astype("datetime64[us]"),
    )
    rows = rows[(rows["answered_at"] >= start) & (rows["answered_at"] < end)]
    rows = rows.sort_values(["answered_at", "survey_id"], ignore_index=True)
    local = rows["answered_at"].dt.tz_localize("UTC").dt.tz_convert(zone)
    rows["wave"] = local.dt.year * 4 + local.dt.quarter
    least, most = (
        rows["kind"].map({k: scale[side] for k, scale in SCALES.items()}).astype("float64")
        for side in (0, 1)
    )
    fits = (rows["score"] >= least) & (rows["score"] <= most)
    usable = rows[fits & rows["named"]]
    again = usable.duplicated(["person", "kind", "wave"], keep="last")
    earlier = rows.index.isin(usable.index[again])
    fate = np.select(
        [rows["score"].isna(), ~fits, ~rows["named"], earlier],
        [WORDLESS, OFF, STRANGER, EARLIER],
        default=COUNTED,
    )
    return rows.drop(columns=["person", "named", "wave"]).assign(fate=pd.Series(fate, dtype="str"))


def answers(
    surveys: pd.DataFrame,
    start: datetime,
    end: datetime,
    contacts: pd.DataFrame | None = None,
    zone: str = "UTC",
) -> pd.DataFrame:
    """The answers that count: those of ``judged`` whose fate is ``counted``, without the fate."""
    rows = judged(surveys, start, end, contacts, zone)
    return rows[rows["fate"] == COUNTED].drop(columns="fate").reset_index(drop=True)


def fates(judged: pd.DataFrame) -> pd.DataFrame:
    """What became of all answers: kind, fate, answers, accounts; the answers sum to the rows.

    Each of ``FATES`` of nps, csat and ces, then of any other kind, which has no scale.
    """
    kinds = [*SCALES, *sorted(set(judged["kind"].dropna()) - set(SCALES))]
    every = pd.MultiIndex.from_product([kinds, FATES], names=["kind", "fate"])
    by = judged.groupby(["kind", "fate"])["account_id"]
    table = pd.DataFrame({"answers": by.size(), "accounts": by.nunique()})
    return table.reindex(every, fill_value=0).reset_index()


def accounts(answers: pd.DataFrame, arr: pd.Series[int]) -> pd.DataFrame:
    """NPS answers by account: account_id, answers, detractors, mean, band, arr; by account_id.

    ``band`` (promoter, passive, detractor) is that of the mean: 9 or more, 6 or less, between.
    ``arr`` in cents as from ``metrics.arr.at``; who is not in it is no customer and has 0.
    Detractor ARR is the sum where ``detractors`` is above 0: one voice is enough, and each
    account counts once.
    """
    rows = answers[answers["kind"] == "nps"]
    by = rows.assign(low=rows["score"] <= LOW["nps"]).groupby("account_id", sort=True)
    table = by.agg(answers=("score", "size"), detractors=("low", "sum"), mean=("score", "mean"))
    band = np.select(
        [table["mean"] >= PROMOTER, table["mean"] <= LOW["nps"]],
        ["promoter", "detractor"],
        default="passive",
    )
    table = table.assign(band=pd.Series(band, index=table.index, dtype="str")).reset_index()
    return table.assign(arr=worth(table["account_id"], arr))


def unhappy(answers: pd.DataFrame, arr: pd.Series[int], as_of: datetime) -> pd.DataFrame:
    """Whom to answer: the answers at or below ``LOW`` of their kind, largest ARR first.

    Columns: account_id, contact_id, survey_id, kind, score, comment, answered_at, hours (from
    the answer to ``as_of``), arr (cents). Ties by account_id, answered_at, survey_id.
    """
    rows = answers[low(answers)]
    table = rows.assign(
        hours=(pd.Timestamp(as_of) - rows["answered_at"]).dt.total_seconds() / 3600,
        arr=worth(rows["account_id"], arr),
    )
    columns = ["account_id", "contact_id", "survey_id", "kind", "score", "comment", "answered_at"]
    order = ["arr", "account_id", "answered_at", "survey_id"]
    ranked = table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
    return ranked[[*columns, "hours", "arr"]]


def low(answers: pd.DataFrame) -> pd.Series[bool]:
    """Whether each answer is at or below ``LOW`` of its kind; one without a score is not."""
    return answers["score"].astype("float64") <= answers["kind"].map(LOW).astype("float64")


def worth(account_id: pd.Series[str], arr: pd.Series[int]) -> pd.Series[int]:
    """The ARR in cents of each of ``account_id``, 0 where ``arr`` has none; same index."""
    # Not `map`, which changes its type where there is nobody.
    found = arr.fillna(0).reindex(account_id.to_numpy(), fill_value=0)
    return found.astype("int64").set_axis(account_id.index)
