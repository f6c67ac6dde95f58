"""The audit of a health score: did it see the losses, and did its alarms mean anything.

``accounts`` is everywhere one row an account as it stood when it was scored, with what became of
it since: band, lost (whether it left), intervened (whether anybody acted on its band). An account
whose outcome is not known yet is in no share.
"""

from __future__ import annotations

import pandas as pd

from metrics.shares import UNKNOWN, shares

MEASURES = ("recall", "miss_rate", "precision", "false_alarm_share")


def audit(
    accounts: pd.DataFrame, alarm: str = "red", groups: pd.Series[str] | None = None
) -> pd.DataFrame:
    """How the ``alarm`` band did: group, measure, hits, n, share, low, high.

    - ``recall``: of the lost accounts, those in the band;
    - ``miss_rate``: of the lost accounts, those in any other band or in none; 1 - recall;
    - ``precision``: of the band's accounts, those lost;
    - ``false_alarm_share``: of the band's accounts, those that stayed though nobody is known to
      have acted. One that stayed after somebody acted may have been saved, and may not: it is
      neither a hit of precision nor a false alarm, so the two need not add up to 1.

    Shares have Wilson's 95 % range and are missing over nothing. A row a group (``all`` without
    ``groups``, which shares the index of ``accounts``: a segment, a score's version) and measure,
    in the order above.
    """
    known = accounts[accounts["lost"].notna()]
    group = "all" if groups is None else groups.loc[known.index].fillna(UNKNOWN).astype("str")
    lost = known["lost"].astype("bool")
    told = known["band"].eq(alarm)
    acted = known["intervened"].astype("boolean").fillna(False).astype("bool")
    counts = pd.DataFrame(
        {
            "group": group,
            "recall": lost & told,
            "miss_rate": lost & ~told,
            "precision": lost & told,
            "false_alarm_share": told & ~lost & ~acted,
            "lost": lost,
            "told": told,
        }
    )
    sums = counts.groupby("group", sort=True).sum().astype("int64")
    over = ("lost", "lost", "told", "told")
    table = pd.concat(
        [
            pd.DataFrame({"measure": m, "hits": sums[m], "n": sums[n]})
            for m, n in zip(MEASURES, over, strict=True)
        ]
    ).reset_index()
    return shares(table.sort_values("group", kind="stable", ignore_index=True))
