"""Whitespace as a person reads it: who could own what, how likely, and how well that is told."""

from __future__ import annotations

import pandas as pd

from models.whitespace import METHODS, TOP, Whitespace
from reporting import formats
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

MOST = 15


def answer(found: Whitespace, currency: str) -> Shown:
    """How much is owned, how much is open, and what ranks the gaps."""
    rows = found.table
    gaps = rows[rows["state"] == "gap"]
    worth = (
        (gaps["chance"] * gaps["expected"].astype("float64")).sum()
        if found.by == "chance"
        else float("nan")
    )
    return prose(
        "Of {cells} pairs of account and product **{gaps}** are gaps. {worth} of first ARR is to "
        "be expected from them, by the chance of each. Ranked by {said}.",
        cells=formats.count(len(rows)),
        gaps=formats.count(len(gaps)),
        worth=formats.MISSING if pd.isna(worth) else formats.money(round(worth), currency),
        said=found.said,
    )


def products(found: Whitespace, currency: str) -> Shown:
    """Each product: who owns it, who lacks it, and what the gaps are worth by their chances."""
    rows = found.table
    rows = rows.assign(worth=rows["chance"] * rows["expected"].astype("float64"))
    by = rows.groupby("product", sort=True)
    told = pd.DataFrame(
        {
            "accounts": by.size(),
            "owners": by["state"].agg(lambda s: int((s == "owned").sum())),
            "gaps": by["state"].agg(lambda s: int((s == "gap").sum())),
            "arr": by["owned"].sum().astype("int64"),
            "worth": by["worth"].sum().round().astype("int64"),
        }
    ).reset_index()
    told["share"] = told["owners"] / told["accounts"]
    columns = [
        Column("product", "Product", "name"),
        Column("owners", "Owners", "count"),
        Column("share", "Of accounts", "pct"),
        Column("arr", f"ARR, {currency}", "money", unit=currency),
        Column("gaps", "Gaps", "count"),
        Column("worth", f"Expected of gaps, {currency}", "money", unit=currency, bar=True),
    ]
    return table(told, columns, "Owned and open, by product")


def likeliest(found: Whitespace, currency: str) -> Shown:
    """The gaps with most to expect: chance times first ARR, or look-alikes without a model."""
    gaps = found.table[found.table["state"] == "gap"]
    gaps = gaps.assign(worth=gaps[found.by].astype("float64") * gaps["expected"].astype("float64"))
    order = gaps.sort_values(["worth", "account_id", "product"], ascending=[False, True, True])
    columns = [
        Column("account_id", "Account", "name"),
        Column("product", "Product", "name"),
        Column("chance", "Chance in half a year", "pct"),
        Column("expected", f"First ARR, {currency}", "money", unit=currency),
        Column("reason", "Why"),
    ]
    return table(
        order.reset_index(drop=True),
        columns,
        "The gaps with most to expect",
        "Similar accounts are of like ARR and age and own the same products otherwise.",
        limit=MOST,
    )


def rehearsed(found: Whitespace) -> Shown:
    """How well each method ranked what was bought later, mean over the months tested."""
    if found.chance is None:
        return prose("{said}.", said=found.said)
    by = found.chance.rehearsed.groupby("method")
    names = ["auc", "recall", "ndcg", "capture", "recall_list", "capture_list"]
    rows = by[names].mean().reindex(list(METHODS)).rename_axis("method").reset_index()
    columns = [Column("method", "Method"), Column("auc", "AUC", "number", digits=3)]
    columns += [
        Column("recall", f"Bought, of an account's first {TOP}", "pct"),
        Column("ndcg", "Rank (NDCG)", "number", digits=3),
        Column("capture", "Their ARR", "pct"),
        Column("recall_list", "Bought, of the first tenth of all", "pct"),
        Column("capture_list", "Their ARR", "pct"),
    ]
    return table(
        rows,
        columns,
        f"On what was bought later: {found.chance.method} ships",
        "The simplest within one paired standard error of the best ships.",
    )
