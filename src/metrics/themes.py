"""What comments are about: themes by their words, weighed by the money behind them.

A comment may have several themes. What none matches is ``other``, and ``coverage`` says how
much that is: print it beside every table of themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrics.answers import low, worth
from metrics.wording import OTHER, Catalogue, asks, catalogue, has, plain
from warehouse import months as calendar


def tagged(surveys: pd.DataFrame, themes: Catalogue | None = None) -> pd.DataFrame:
    """Each comment once for each theme it has, or once as ``other``; blank ones are left out.

    ``surveys`` as in ``metrics.answers``, cut to the period wanted. Columns: survey_id,
    account_id, answered_at, kind, score, comment, theme, title, request. Ordered by
    answered_at, survey_id and the themes' order. Comments are personal data.
    """
    told = themes or catalogue()
    rows = surveys[surveys["comment"].notna()].astype({"comment": "str"})
    rows = rows[rows["comment"].str.strip() != ""]
    rows = rows.sort_values(["answered_at", "survey_id"], ignore_index=True)
    said = plain(rows["comment"])
    hits = np.column_stack([has(said, theme).to_numpy(bool) for theme in told.theme])
    hits = np.column_stack([hits, ~hits.any(axis=1)])
    row, theme = np.nonzero(hits)
    named = pd.DataFrame(
        [(theme.name, theme.title) for theme in told.theme] + [(OTHER, "Other")],
        columns=["theme", "title"],
        dtype="str",
    )
    columns = ["survey_id", "account_id", "answered_at", "kind", "score", "comment"]
    table = rows[columns].assign(request=asks(said, told.request)).iloc[row].reset_index(drop=True)
    return pd.concat([table, named.iloc[theme].reset_index(drop=True)], axis=1)


def requests(tagged: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``tagged`` whose comment asks for something."""
    return tagged[tagged["request"]].reset_index(drop=True)


@dataclass(frozen=True)
class Coverage:
    """How many ``comments`` there are, and how many are ``matched`` by some theme."""

    comments: int
    matched: int

    @property
    def share(self) -> float | None:
        return self.matched / self.comments if self.comments else None


def coverage(tagged: pd.DataFrame) -> Coverage:
    """How far the themes reach."""
    matched = tagged.loc[tagged["theme"] != OTHER, "survey_id"]
    return Coverage(int(tagged["survey_id"].nunique()), int(matched.nunique()))


def by_theme(
    tagged: pd.DataFrame, arr: pd.Series[int], at_risk: pd.Series[int] | None = None
) -> pd.DataFrame:
    """Themes by what is behind them, those of most comments first, then by name.

    Columns: theme, title, mentions, share, accounts, arr, arr_at_risk, unhappy, first, last.
    ``mentions`` are comments, ``share`` is of all comments in ``tagged``: a comment with two
    themes counts in both, so shares sum to more than 1. ``arr`` (cents, as from
    ``metrics.arr.at``) counts each account once a theme; so does ``arr_at_risk``, which is
    there only with ``at_risk``. ``unhappy`` are mentions with a low score; ``first`` and
    ``last`` are when it was said.
    """
    by = tagged.assign(low=low(tagged)).groupby(["theme", "title"], sort=True)
    table = by.agg(
        mentions=("survey_id", "size"),
        accounts=("account_id", "nunique"),
        unhappy=("low", "sum"),
        first=("answered_at", "min"),
        last=("answered_at", "max"),
    ).reset_index()
    table["share"] = table["mentions"] / max(coverage(tagged).comments, 1)
    once = tagged[["theme", "account_id"]].drop_duplicates()
    behind = {"arr": arr} if at_risk is None else {"arr": arr, "arr_at_risk": at_risk}
    for name, held in behind.items():
        money = worth(once["account_id"], held).groupby(once["theme"]).sum()
        table[name] = worth(table["theme"], money)
    ranked = table.sort_values(["mentions", "theme"], ascending=[False, True], ignore_index=True)
    heads = ["theme", "title", "mentions", "share", "accounts", *behind]
    return ranked[[*heads, "unhappy", "first", "last"]]


def by_month(tagged: pd.DataFrame, months: Sequence[str], zone: str = "UTC") -> pd.DataFrame:
    """Each theme in each of ``months``: theme, month, mentions, unhappy, comments, share.

    ``months`` are consecutive and cut by the clock of ``zone``; a month without a mention is
    there with 0. ``comments`` are all comments of the month, ``share`` is of them, NaN where
    there are none. Ordered by theme, then month.
    """
    edges = [calendar.opens(month, zone) for month in months]
    edges += [calendar.as_of(month, zone) for month in months[-1:]]
    at = np.searchsorted(
        np.array(edges, dtype="datetime64[us]"),
        tagged["answered_at"].to_numpy("datetime64[us]"),
        side="right",
    )
    inside = (at > 0) & (at < len(edges))
    rows = tagged[inside].assign(low=low(tagged)[inside], month=np.array(months)[at[inside] - 1])
    every = pd.MultiIndex.from_product(
        [sorted(tagged["theme"].unique()), months], names=["theme", "month"]
    )
    by = rows.groupby(["theme", "month"])
    table = pd.DataFrame({"mentions": by.size(), "unhappy": by["low"].sum()})
    table = table.reindex(every, fill_value=0).astype("int64").reset_index()
    comments = rows.groupby("month")["survey_id"].nunique()
    table["comments"] = table["month"].map(comments).fillna(0).astype("int64")
    return table.assign(share=table["mentions"] / table["comments"].where(table["comments"] > 0))


def samples(tagged: pd.DataFrame, each: int = 3, longest: int = 120) -> pd.DataFrame:
    """The newest ``each`` different comments a theme: theme, account_id, answered_at, comment.

    A comment of more than ``longest`` characters is cut and ends in an ellipsis. Ordered by
    theme, newest first.
    """
    newest = tagged.sort_values(["answered_at", "survey_id"], ascending=False)
    text = newest["comment"].str.replace(r"\s+", " ", regex=True).str.strip()
    short = text.str.slice(0, longest - 1).str.rstrip() + "…"
    cut = newest.assign(comment=text.where(text.str.len() <= longest, short))
    chosen = cut.drop_duplicates(["theme", "comment"]).groupby("theme", sort=False).head(each)
    ordered = chosen.sort_values("theme", kind="stable", ignore_index=True)
    return ordered[["theme", "account_id", "answered_at", "comment"]]
