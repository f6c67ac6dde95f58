"""When renewals are talked about: first touches, the untouched, deadlines, and what haste costs.

A *renewal touch* is a contact the vendor began in the 180 days before the due date. Touches
say nothing of their subject, so any counts, unless ``kinds`` names those that do: a company
that writes to everyone each month wants calls, meetings and reviews only. The first of them
starts the conversation: 90 days ahead there is time to change something, at 30 there is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from metrics.facts import Facts
from metrics.intervals import mean
from metrics.policy import Policy
from metrics.registry import Figure, figure
from metrics.renewal_following import following
from metrics.renewals import due
from warehouse.months import as_of as closes
from warehouse.months import shift

WINDOW_DAYS = 180
NONE = "none"
BANDS = ["120 days or more", "90 to 119", "60 to 89", "30 to 59", "under 30", NONE]
_LEAST = [120, 90, 60, 30]


def first_touches(
    table: pd.DataFrame, touches: pd.DataFrame, kinds: Sequence[str] | None = None
) -> pd.DataFrame:
    """``table`` (account_id, ends_on, ...) with first_touch, days_ahead and band.

    ``first_touch`` is the first touch started by the vendor in ``[ends_on - 180 days,
    ends_on)``, NaT where there is none; ``days_ahead`` how many days of 24 hours before
    ``ends_on`` it came, with its fraction; ``band`` one of ``BANDS``, half-open: "90 to
    119" is 90 days and more, and less than 120. Only touches known are there, so "none" of
    a term still running means none yet. ``kinds``: only touches of these kinds; None: of any.
    Rows and order are those of ``table``.
    """
    ends = table[["account_id", "ends_on"]].drop_duplicates()
    counts = touches["started_by"] == "vendor"
    if kinds is not None:
        counts &= touches["kind"].isin(kinds)
    begun = touches.loc[counts, ["account_id", "touched_at"]]
    begun = begun.astype({"account_id": "str", "touched_at": "datetime64[us]"})
    pairs = ends.merge(begun[begun["account_id"].isin(ends["account_id"])], on="account_id")
    opens = pairs["ends_on"] - pd.Timedelta(days=WINDOW_DAYS)
    within = (pairs["touched_at"] >= opens) & (pairs["touched_at"] < pairs["ends_on"])
    first = pairs[within].groupby(["account_id", "ends_on"])["touched_at"].min()
    found = table.merge(
        first.rename("first_touch").reset_index(), on=["account_id", "ends_on"], how="left"
    )
    ahead = (found["ends_on"] - found["first_touch"]).dt.total_seconds() / 86_400
    steps = [ahead.isna(), *(ahead >= least for least in _LEAST)]
    found["days_ahead"] = ahead
    found["band"] = pd.Series(
        np.select(steps, [NONE, *BANDS[:4]], BANDS[4]), index=found.index, dtype="str"
    )
    return found


def touch_bands(table: pd.DataFrame) -> pd.DataFrame:
    """ARR due by how early its first touch came; ``table`` is of ``first_touches``.

    The index is ``BANDS``, all of them. Columns: renewals, arr (cents), share of the ARR
    due (NaN where nothing is due).
    """
    each = table.drop_duplicates(["account_id", "ends_on"]).groupby("band").size()
    money = table.groupby("band")["arr"].sum()
    found = pd.DataFrame({"renewals": each, "arr": money}).reindex(BANDS).fillna(0)
    found = found.astype("int64").rename_axis("band")
    whole = int(found["arr"].sum())
    return found.assign(share=found["arr"] / whole if whole else np.nan)


def unattended(
    lines: pd.DataFrame,
    touches: pd.DataFrame,
    today: pd.DataFrame,
    as_of: datetime,
    days: int = WINDOW_DAYS,
    gap_days: int = Policy().gap_days,
) -> pd.DataFrame:
    """Renewals due in the ``days`` days from ``as_of``, undecided, that nobody has in hand.

    A row a line of ``renewals.due`` that is still open, and without a vendor touch in the
    180 days before its end so far, or without an owner (``csm`` in ``today``). Columns:
    those of ``due``, csm, first_touch, no_touch, no_owner. Ordered by end, account, line.
    """
    table = due(lines, as_of, as_of + timedelta(days=days), gap_days)
    found = first_touches(table[table["state"] == "open"], touches)
    owner = today.drop_duplicates("account_id").set_index("account_id")["csm"]
    found["csm"] = owner.astype("str").reindex(found["account_id"]).to_numpy()
    found["no_touch"] = found["first_touch"].isna()
    found["no_owner"] = found["csm"].isna() | found["csm"].eq("")
    listed = found[found["no_touch"] | found["no_owner"]]
    columns = [*table.columns, "csm", "first_touch", "no_touch", "no_owner"]
    return listed[columns].reset_index(drop=True)


def auto_renewals(table: pd.DataFrame, touches: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The lines of ``table`` (of ``renewals.due``) that renew unless someone says no.

    Columns: those of ``table``, days_to_notice (from ``as_of`` to ``notice_by``, days with
    their fraction; negative: passed) and last_touch, by either side. Only lines still open,
    ordered by deadline, account, line; a line whose notice period is not recorded is last.
    """
    kept = table[table["auto_renew"].fillna(False).astype(bool) & (table["state"] == "open")]
    touched_at = touches["touched_at"].astype("datetime64[us]")
    last = touched_at.groupby(touches["account_id"].astype("str")).max()
    found = kept.assign(
        days_to_notice=(kept["notice_by"] - pd.Timestamp(as_of)).dt.total_seconds() / 86_400,
        last_touch=last.reindex(kept["account_id"]).to_numpy(),
    )
    return found.sort_values(["notice_by", "account_id", "line_id"], ignore_index=True)


def price_changes(
    lines: pd.DataFrame, start: datetime, end: datetime, gap_days: int = Policy().gap_days
) -> pd.DataFrame:
    """What was asked of each product renewed, of those due in ``[start, end)``.

    A row an ending (the lines of one account and product that end together) that is
    carried on. Columns: account_id, product, ends_on, arr (cents due), price_before and
    price_after (cents a seat and year; NaN where seats are not known), price_change (share:
    -0.1 is a tenth less a seat), discount_before, discount_after (shares off the list
    price, weighted by ARR) and discount_change. Ordered by account, product, end.
    """
    wanted = due(lines, start, end, gap_days)["line_id"]
    flow = following(lines, wanted, gap_days)
    mine = flow.members.loc[flow.members["line_id"].isin(wanted), "ending"]
    pairs = flow.pairs[flow.pairs["ending"].isin(mine)]
    money = pairs["kept"] + pairs["uplift"]
    parts = pd.DataFrame(
        {
            "ending": pairs["ending"],
            "after": money,
            "seats_after": pairs["seats"],
            "known": money.where(pairs["discount"].notna(), 0),
            "off": (money * pairs["discount"]).fillna(0.0),
        }
    )
    sums = parts.groupby("ending").sum()
    complete = parts["seats_after"].notna().groupby(parts["ending"]).all()
    found = flow.endings.merge(sums, left_on="ending", right_index=True)
    seats_after = found["seats_after"].where(found["ending"].map(complete))
    before = found["arr"] / found["seats"].where(found["seats"] > 0)
    after = found["after"] / seats_after.where(seats_after > 0)
    off = (found["off"] / found["known"].where(found["known"] > 0)).round(9)
    changed = found[["account_id", "product", "ends_on", "arr"]].assign(
        price_before=before,
        price_after=after,
        price_change=after / before - 1.0,
        discount_before=found["discount"],
        discount_after=off,
        discount_change=(off - found["discount"]).round(9),
    )
    return changed.sort_values(["account_id", "product", "ends_on"], ignore_index=True)


def price_by_touch(changes: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """What renewals gave away, by how early their first touch came: the cost of haste.

    ``changes`` is of ``price_changes``. The index is ``BANDS``. For price_change and
    discount_change and discount_after: ``<name>_n``, ``<name>`` (mean over endings, each
    counting once), ``<name>_low`` and ``<name>_high`` (95 %, Student's t; NaN for fewer
    than two).
    """
    found = first_touches(changes, touches)
    names = ("price_change", "discount_change", "discount_after")
    rows = [
        {
            key: value
            for name in names
            for key, value in _average(found.loc[found["band"] == band, name], name).items()
        }
        for band in BANDS
    ]
    return pd.DataFrame(rows, index=pd.Index(BANDS, name="band"), dtype="float64").astype(
        {f"{name}_n": "int64" for name in names}
    )


def _average(values: pd.Series[float], name: str) -> dict[str, float | None]:
    known = np.asarray(values.dropna(), dtype=np.float64)
    low, high = mean(known)
    middle = float(known.mean()) if len(known) else None
    return {f"{name}_n": len(known), name: middle, f"{name}_low": low, f"{name}_high": high}


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of renewal touches; {} where the company keeps none."""
    if not facts.has("touches"):
        return {}
    lines, touches, policy, now = facts.lines, facts.tables["touches"], facts.policy, facts.as_of
    ahead = due(lines, now, closes(shift(facts.month, 3), facts.zone), policy.gap_days)
    kinds = facts.policy.conversations(touches)
    bands = touch_bands(first_touches(ahead, touches, kinds))
    early = int(bands.loc[BANDS[:2], "arr"].sum())
    whole, n = int(bands["arr"].sum()), int(bands["renewals"].sum())
    half = due(lines, now, now + timedelta(days=WINDOW_DAYS), policy.gap_days)
    still = first_touches(half[half["state"] == "open"], touches, kinds)
    quiet = int(still.loc[still["band"] == NONE, "arr"].sum())
    count = len(still[["account_id", "ends_on"]].drop_duplicates())
    return {
        "due_touched_early_share": figure(
            "due_touched_early_share", early / whole if whole else None, n, policy=policy
        ),
        "arr_due_untouched": figure("arr_due_untouched", quiet, count, policy=policy),
    }
