"""What became of each term that ended: renewed on time or not, for how much, or lost.

A line is counted in the period in which its contracted term *ends*, whenever its renewal
was signed. Who is due is the rule of ``metrics.renewals``; which line carries on which, and
how a cent is counted once, that of ``metrics.renewal_following``. The ARR due is divided
into seven parts, the first four by the day the money kept was signed:

- ``early``       before the period began;
- ``on_time``     in the period, on or before the due date;
- ``late``        after it, by ``grace_days`` days of 24 hours or fewer;
- ``reversed``    later still: until then it was counted as lost, and it is restated;
- ``contracted``  given up by what was renewed for less;
- ``lost``        not carried on, and notice is recorded or the grace has passed;
- ``open``        not carried on, and neither: before its end, or within the grace.

What is carried on beyond the ARR due is ``uplift`` and belongs to no part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from metrics.identities import fault
from metrics.policy import Policy
from metrics.renewal_following import LINE, following
from metrics.renewals import due

GRACE_DAYS = 30
RENEWED = ["early", "on_time", "late", "reversed"]
PARTS = [*RENEWED, "contracted", "lost", "open"]
MONEY = ["arr", *PARTS, "kept", "uplift"]
NOT_DUE = "not due"


def outcomes(
    lines: pd.DataFrame,
    start: datetime,
    end: datetime,
    as_of: datetime,
    gap_days: int = Policy().gap_days,
    grace_days: int = GRACE_DAYS,
    keys: Sequence[str] = LINE,
) -> pd.DataFrame:
    """What became of each line due in ``[start, end)``, ordered by end, account, line.

    ``lines`` are those known before ``as_of``. Columns: account_id, line_id, product,
    ends_on; in cents arr, the seven parts, which add up to arr, kept (the first four of
    them) and uplift; and outcome, one word: where its ending was carried on, the part most
    of the money is in (the earliest of equals), otherwise lost or open. Lines of one
    product that end together share what carries them on in proportion to their ARR.

    With ``keys=LINE`` an account that moves to another product shows the old line as lost.
    With ``keys=ACCOUNT`` whatever starts at the due instant (within ``gap_days``) carries it
    on: the account's view, in which a product bought by chance just then also makes good
    for one given up.
    """
    table = due(lines, start, end, gap_days)
    flow = following(lines, table["line_id"], gap_days, keys)
    grace = pd.Timedelta(days=grace_days)
    ends_on, signed = flow.pairs["ends_on"], flow.pairs["signed_at"]
    part = np.select(
        [signed < pd.Timestamp(start), signed <= ends_on, signed <= ends_on + grace],
        RENEWED[:3],
        RENEWED[3],
    )
    given = pd.DataFrame({name: flow.pairs["kept"].where(part == name, 0) for name in RENEWED})
    given["uplift"] = flow.pairs["uplift"]
    given = given.groupby(flow.pairs["ending"]).sum()
    given = given.reindex(flow.endings["ending"], fill_value=0).astype("int64")
    found = table[["account_id", "line_id", "product", "ends_on", "arr"]].merge(
        _shared(flow.members, given), on="line_id", how="left", validate="one_to_one"
    )
    told = lines.loc[lines["cancelled_at"].notna(), "line_id"]
    over = found["line_id"].isin(told) | (found["ends_on"] + grace < pd.Timestamp(as_of))
    carried, rest = found["outcome"].ne(""), found["arr"] - found["kept"]
    found["contracted"] = rest.where(carried, 0)
    found["lost"] = rest.where(~carried & over, 0)
    found["open"] = rest.where(~carried & ~over, 0)
    found["outcome"] = found["outcome"].mask(~carried & over, "lost").mask(~carried & ~over, "open")
    if found[PARTS].sum(axis=1).ne(found["arr"]).any() or found[MONEY].lt(0).any(axis=None):
        raise fault("the parts of an ARR due do not add up to it")
    return found[["account_id", "line_id", "product", "ends_on", *MONEY, "outcome"]]


def restated(
    now: pd.DataFrame,
    then: pd.DataFrame,
    start: datetime,
    end: datetime,
    as_of: datetime,
    earlier: datetime,
    gap_days: int = Policy().gap_days,
    grace_days: int = GRACE_DAYS,
    keys: Sequence[str] = LINE,
) -> pd.DataFrame:
    """What is said otherwise of the terms that ended in ``[start, end)``, and the money.

    ``now`` are the lines known before ``as_of``, ``then`` those known before ``earlier``.
    Columns: account_id, line_id, product, ends_on, was, now (outcomes; ``not due`` for a
    line not on that list), and in cents due_change, kept_change, uplift_change. Only lines
    of which any of these differs: a late renewal of a line once given up is ``was ==
    "lost"``. Ordered by end, account, line.
    """
    said = [
        outcomes(rows, start, end, at, gap_days, grace_days, keys)
        for rows, at in ((then, earlier), (now, as_of))
    ]
    both = said[0].merge(
        said[1], on="line_id", how="outer", suffixes=("_was", "_now"), validate="one_to_one"
    )
    found = both[["line_id"]].copy()
    for name in ("account_id", "product", "ends_on"):
        found[name] = both[f"{name}_now"].fillna(both[f"{name}_was"])
    for name in ("was", "now"):
        found[name] = both[f"outcome_{name}"].astype("str").fillna(NOT_DUE)
    for name, column in (("due", "arr"), ("kept", "kept"), ("uplift", "uplift")):
        change = both[f"{column}_now"].fillna(0) - both[f"{column}_was"].fillna(0)
        found[f"{name}_change"] = change.astype("int64")
    changed = found.filter(like="_change").ne(0).any(axis=1) | found["was"].ne(found["now"])
    order = ["ends_on", "account_id", "line_id"]
    columns = ["account_id", "line_id", "product", "ends_on", "was", "now"]
    found = found[[*columns, "due_change", "kept_change", "uplift_change"]]
    return found[changed].sort_values(order, ignore_index=True)


def main_part(money: pd.DataFrame) -> pd.Series[str]:
    """The renewed part in which most of each row's money is; ``""`` where there is none.

    Of equals, the earliest. ``money`` has a column for each of ``RENEWED``.
    """
    most = np.array(RENEWED)[money[RENEWED].to_numpy().argmax(axis=1)]
    return pd.Series(most, index=money.index, dtype="str").where(money[RENEWED].sum(axis=1) > 0, "")


def _shared(members: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """What each line gets of what its ending was ``given``: whole cents that add up."""
    ending, left = members["ending"], members["arr"]
    shares = members[["line_id"]].copy()
    for name in RENEWED:
        shares[name] = _dealt(given[name], left, ending)
        left = left - shares[name]
    shares["kept"] = members["arr"] - left
    shares["uplift"] = _dealt(given["uplift"], members["arr"], ending)
    shares["outcome"] = main_part(given).reindex(ending).to_numpy()
    return shares.astype({"outcome": "str"})


def _dealt(given: pd.Series[int], weight: pd.Series[int], ending: pd.Series[int]) -> pd.Series[int]:
    """``given`` an ending, divided by ``weight``; rounding the running sum keeps the total.

    No part exceeds its weight where ``given`` does not exceed their sum.
    """
    whole = weight.groupby(ending).transform("sum")
    rate = given.reindex(ending).to_numpy() / whole.where(whole > 0, 1)
    edge = (weight.groupby(ending).cumsum() * rate).round().astype("int64")
    dealt: pd.Series[int] = edge - edge.groupby(ending).shift(fill_value=0)
    return dealt
