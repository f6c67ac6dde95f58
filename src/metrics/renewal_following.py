"""Which line carries on which: every cent of a following line is counted once.

A line follows another of the same account and product, as in ``metrics.renewals``: it
starts within ``gap_days`` of the other's stop and lasts beyond it. Several may follow one,
and one may follow several (terms brought to one end), so money is dealt out:

1. lines that stop alike are one *ending*, and lines that start, stop and were signed alike
   are one *beginning*: cutting a line in two changes nothing;
2. pairs are settled from the nearest start to the farthest, each giving what the beginning
   has left, up to what the ending still lacks: that is *kept*;
3. what a beginning has left at last is *uplift* of its nearest ending.

More bought within ``gap_days`` of the stop is thus uplift of the renewal; bought later it
is expansion within the term. All endings compete, due or not, so no reading of one
period takes what belongs to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.arr import stops

LINE = ("account_id", "product")
ACCOUNT = ("account_id",)
_SUMS = ["arr", "seats", "known_arr", "off"]


@dataclass(frozen=True)
class Following:
    """Endings, the lines in each, and what each was given. Money in cents.

    ``members``: line_id, ending, arr; ordered by ending, then line. ``endings``: ending (a
    number), the keys, stops_on, ends_on, arr, seats, discount. ``pairs``: ending and its
    ends_on, starts_on, signed_at, kept, uplift, seats (as many as the money given buys),
    discount; only where money was given. Seats are missing where a line has none recorded,
    discount (a share, weighted by ARR) where no line has.
    """

    members: pd.DataFrame
    endings: pd.DataFrame
    pairs: pd.DataFrame


def following(
    lines: pd.DataFrame, line_ids: pd.Series[str], gap_days: int, keys: Sequence[str] = LINE
) -> Following:
    """How the lines named by ``line_ids``, and all they compete with, are carried on.

    ``lines`` are the contract lines as known at some ``as_of``. With ``keys=ACCOUNT`` any
    product of the account may follow. A line without ``signed_at`` counts as signed when
    it starts. The order of rows does not matter.
    """
    paid = lines[lines["arr"] > 0]
    whose = paid.loc[paid["line_id"].isin(line_ids), "account_id"]
    held = _held(paid[paid["account_id"].isin(whose)])
    stopping = held[held["stops_on"].notna()]
    endings, number = _pooled(stopping, [*keys, "stops_on", "ends_on"])
    members = pd.DataFrame(
        {"line_id": stopping["line_id"], "ending": number, "arr": stopping["arr"]}
    ).sort_values(["ending", "line_id"], ignore_index=True)
    served = held[held["stops_on"].isna() | (held["stops_on"] > held["starts_on"])]
    beginnings, _ = _pooled(served, [*keys, "starts_on", "signed_at", "stops_on"])
    pairs = _pairs(endings, beginnings, pd.Timedelta(days=gap_days), list(keys))
    return Following(
        members,
        endings.rename_axis("ending").reset_index().drop(columns=["known_arr", "off"]),
        _dealt(pairs, endings, beginnings),
    )


def _held(lines: pd.DataFrame) -> pd.DataFrame:
    """The columns used here, typed; ``known_arr`` is the ARR of lines with a discount known."""
    arr, starts = lines["arr"].astype("int64"), lines["starts_on"].astype("datetime64[us]")
    discount = _number(lines, "discount")
    signed = starts
    if "signed_at" in lines:
        signed = lines["signed_at"].astype("datetime64[us]").fillna(starts)
    return pd.DataFrame(
        {
            "line_id": lines["line_id"].astype("str"),
            "account_id": lines["account_id"].astype("str"),
            "product": lines["product"].astype("str"),
            "starts_on": starts,
            "stops_on": stops(lines),
            "ends_on": lines["ends_on"].astype("datetime64[us]"),
            "signed_at": signed,
            "arr": arr,
            "seats": _number(lines, "seats"),
            "known_arr": arr.where(discount.notna(), 0),
            "off": (arr * discount).fillna(0.0),
        }
    )


def _number(lines: pd.DataFrame, name: str) -> pd.Series[float]:
    if name not in lines:
        return pd.Series(np.nan, index=lines.index, dtype="float64")
    return pd.to_numeric(lines[name]).astype("float64")


def _pooled(rows: pd.DataFrame, alike: list[str]) -> tuple[pd.DataFrame, pd.Series[int]]:
    """One row for each combination of ``alike``, and the number of its row for each of ``rows``."""
    # In a fixed order within a pool: a sum of fractions depends on it.
    groups = rows.sort_values("line_id").groupby(alike, sort=True, dropna=False)
    pooled = groups[_SUMS].sum().reset_index()
    complete = groups["seats"].count().to_numpy() == groups.size().to_numpy()
    pooled["seats"] = pooled["seats"].where(complete)
    known = pooled["known_arr"].where(pooled["known_arr"] > 0)
    pooled["discount"] = (pooled["off"] / known).round(9)
    return pooled, groups.ngroup().reindex(rows.index).astype("int64")


def _pairs(
    endings: pd.DataFrame, beginnings: pd.DataFrame, gap: pd.Timedelta, keys: list[str]
) -> pd.DataFrame:
    """ending, beginning, group (the keys, numbered): who may follow whom, nearest first."""
    # Joined by stretches as wide as the gap, each with its two neighbours: joining whole
    # histories would pair every month of a monthly contract with every other.
    width = max(gap, pd.Timedelta(days=1)) // pd.Timedelta(microseconds=1)

    def stretch(instants: pd.Series[pd.Timestamp]) -> npt.NDArray[np.int64]:
        return instants.to_numpy("datetime64[us]").astype(np.int64) // width

    left = endings[[*keys, "stops_on", "ends_on"]].assign(ending=endings.index)
    left["stretch"] = stretch(left["stops_on"])
    right = beginnings[[*keys, "starts_on", "signed_at", "stops_on"]].rename(
        columns={"stops_on": "until"}
    )
    right = right.assign(beginning=right.index, stretch=stretch(right["starts_on"]))
    shifted = [right.assign(stretch=right["stretch"] + by) for by in (-1, 0, 1)]
    pairs = left.merge(pd.concat(shifted, ignore_index=True), on=[*keys, "stretch"])
    pairs["apart"] = (pairs["starts_on"] - pairs["stops_on"]).abs()
    lasts = pairs["until"].isna() | (pairs["until"] > pairs["stops_on"])
    pairs = pairs[(pairs["apart"] <= gap) & lasts]
    order = ["apart", "stops_on", "ends_on", "starts_on", "signed_at", "until"]
    pairs = pairs.sort_values([*keys, *order], ignore_index=True)
    return pairs.assign(group=pairs.groupby(keys, sort=True).ngroup())


def _dealt(pairs: pd.DataFrame, endings: pd.DataFrame, beginnings: pd.DataFrame) -> pd.DataFrame:
    """The money of each pair: ``Following.pairs``."""
    ending, beginning = pairs["ending"].to_numpy(), pairs["beginning"].to_numpy()
    lacks, left = endings["arr"].to_numpy(copy=True), beginnings["arr"].to_numpy(copy=True)
    kept = np.zeros(len(pairs), dtype=np.int64)
    # A round settles the next pair of every account and product at once; no two of a round
    # share an ending or a beginning.
    turn = pairs.groupby("group").cumcount().to_numpy()
    by_turn = np.argsort(turn, kind="stable")
    for rows in np.split(by_turn, np.flatnonzero(np.diff(turn[by_turn])) + 1):
        given = np.minimum(lacks[ending[rows]], left[beginning[rows]])
        lacks[ending[rows]] -= given
        left[beginning[rows]] -= given
        kept[rows] = given
    nearest = ~pairs.duplicated("beginning").to_numpy()
    uplift = np.where(nearest, left[beginning], 0)
    whole = beginnings.iloc[beginning]
    share = (kept + uplift) / whole["arr"].to_numpy()
    dealt = pairs[["ending", "ends_on", "starts_on", "signed_at"]].assign(
        kept=kept,
        uplift=uplift,
        seats=whole["seats"].to_numpy() * share,
        discount=whole["discount"].to_numpy(),
    )
    return dealt[(dealt["kept"] > 0) | (dealt["uplift"] > 0)].reset_index(drop=True)
