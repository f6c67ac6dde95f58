"""The terms ahead: every renewal of the next half year, and what is likely to become of it.

A term that is signed or cancelled is settled, and counts as such, for as much as was signed.
An open one has the probability of the renewal model: that of its account's next decision.
Where there is no model, the share lost of last year's decisions stands in for it, the same for
all. How many renew for less or for more, and by how much, is what last year's decisions say,
since too few do either to tell the accounts apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.renewal_following import ACCOUNT
from metrics.renewal_outcomes import outcomes
from models import decisions
from models.outcomes import FLOOR
from models.trained import Trained
from warehouse.months import as_of, shift

AHEAD = 6  # months
YEAR = 12
PRIOR = 20  # decisions at the prior's rates, added to what was seen
BEFORE = {decisions.LOST: 0.1, decisions.UNPAID: 0.01, decisions.CONTRACTED: 0.1}
BEFORE |= {decisions.EXPANDED: 0.2, decisions.RENEWED: 0.59}
LATE = 0.03  # lost of terms that nobody cancelled in time
SIZES = {decisions.CONTRACTED: 0.2, decisions.EXPANDED: 0.1}


@dataclass(frozen=True)
class Past:
    """What last year's ``n`` decisions became: shares of them that add up to 1, and by how much.

    ``late`` is the share lost of those that were open still when the notice deadline had passed.
    ``contraction`` and ``expansion`` are shares of the ARR of those that did either. A few
    decisions at rates of a usual company (``BEFORE``, ``SIZES``) are counted with them, so that
    a company with none has an estimate too.
    """

    n: int
    lost: float
    late: float
    unpaid: float
    contracted: float
    expanded: float
    contraction: float
    expansion: float

    @classmethod
    def of(cls, decided: pd.DataFrame) -> Past:
        """The rates of ``decided`` (see `decisions.decided`), a row a decision."""
        every = decided[decided["became"] != ""]
        late, told = every[every["lead"] <= 0], every[every["lead"] > 0]
        seen = told["became"].value_counts()
        rate = {
            kind: (int(seen.get(kind, 0)) + PRIOR * before) / (len(told) + PRIOR)
            for kind, before in BEFORE.items()
        }
        size = {}
        for kind, before in SIZES.items():
            rows = told[told["became"] == kind]
            moved, base = abs(int(rows["change"].sum())), int(rows["base"].sum())
            typical = float(told["base"].mean()) if len(told) else 1.0
            usual = PRIOR * BEFORE[kind] * typical
            size[kind] = (moved + before * usual) / (base + usual)
        return cls(
            len(told),
            rate[decisions.LOST],
            (int((late["became"] == decisions.LOST).sum()) + PRIOR * LATE) / (len(late) + PRIOR),
            rate[decisions.UNPAID],
            rate[decisions.CONTRACTED],
            rate[decisions.EXPANDED],
            size[decisions.CONTRACTED],
            size[decisions.EXPANDED],
        )


def past(
    lines: pd.DataFrame, month: str, timezone: str, gap_days: int, months: int = YEAR
) -> pd.DataFrame:
    """The decisions of the ``months`` before ``month`` that were certain at its close.

    A row a term, as it stood at the last close before its notice deadline (lead 1), and one as it
    stood at the first after it (lead 0), where it was open then; in the columns of
    `decisions.decided`, from the contract ``lines`` known at the close of ``month``.
    """
    now = as_of(month, timezone)
    terms = pd.concat(
        [
            decisions.upcoming(_then(lines, each, timezone), each, timezone, gap_days)
            for each in (shift(month, -n) for n in range(1, months + 1))
        ],
        ignore_index=True,
    )
    asked = terms[(terms["state"] == "open") & terms["lead"].isin([0, 1])]
    found = decisions.decided(asked, lines, now, timezone, gap_days)
    return found[found["became"] != ""].reset_index(drop=True)


def _then(lines: pd.DataFrame, month: str, timezone: str) -> pd.DataFrame:
    """``lines`` as they were known at the close of ``month``."""
    cutoff = pd.Timestamp(as_of(month, timezone))
    seen = lines[lines["signed_at"] < cutoff].copy()
    later = seen["cancelled_at"] >= cutoff
    for name in ("cancelled_at", "ended_on", "end_reason"):
        seen[name] = seen[name].mask(later)
    return seen


def ahead(
    terms: pd.DataFrame,
    trained: Trained | None,
    matrix: pd.DataFrame,
    before: Past,
    lines: pd.DataFrame,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """The terms that end in the next ``AHEAD`` months, each with its chances.

    ``terms`` are those `decisions.upcoming` at the close of a month, ``matrix`` the features
    then (index account_id), ``lines`` the contract lines known then. Columns: account_id,
    ends_on, decide_by, due_in, arr (cents), state, p_lost (payment failures among it),
    p_contracted, p_expanded, contraction and expansion (shares of ARR), model ("month" the
    model was trained at, "last year" without).
    """
    month = str(terms["month"].iloc[0]) if len(terms) else ""
    until = pd.Timestamp(as_of(shift(month, AHEAD), timezone)) if month else pd.Timestamp(0)
    found = terms[terms["ends_on"] < until].reset_index(drop=True)
    voluntary = pd.Series(before.lost, index=found.index)
    if trained is not None and len(found):
        told = trained.predict(matrix)
        voluntary = found["account_id"].map(told).astype("float64").fillna(before.lost)
    # Who has not cancelled in time has mostly decided to stay, and is no longer asked about.
    voluntary = voluntary.mask(found["lead"] <= 0, before.late)
    unpaid = before.unpaid * (1 - voluntary)
    lost = (voluntary + unpaid).clip(upper=1.0)
    settled = found["state"].map({"signed": 0.0, "cancelled": 1.0}).astype("float64")
    lost = settled.where(settled.notna(), lost)
    stays = 1 - before.lost - before.unpaid
    for name, share in (("p_contracted", before.contracted), ("p_expanded", before.expanded)):
        found[name] = np.where(settled.notna(), 0.0, (1 - lost) * share / stays)
    found["p_lost"] = lost
    found["contraction"], found["expansion"] = before.contraction, before.expansion
    signed = found["state"] == "signed"
    if signed.any():
        moved = _signed(found[signed], lines, as_of(month, timezone), gap_days)
        for p, size, change in (
            ("p_contracted", "contraction", -moved),
            ("p_expanded", "expansion", moved),
        ):
            found.loc[signed, p] = (change > 0).astype("float64")
            found.loc[signed, size] = change.clip(min=0)
    found["model"] = trained.month if trained is not None else "last year"
    columns = ["account_id", "ends_on", "decide_by", "due_in", "arr", "state", "p_lost"]
    columns += ["p_contracted", "p_expanded", "contraction", "expansion", "model"]
    return found[columns].astype({"model": "str"})


def _signed(
    terms: pd.DataFrame, lines: pd.DataFrame, now: datetime, gap_days: int
) -> npt.NDArray[np.float64]:
    """By how much of its ARR each signed term is carried on for more or less; 0 within `FLOOR`."""
    last = terms["ends_on"].max() + pd.Timedelta(microseconds=1)
    money = outcomes(lines, now, last.to_pydatetime(), now, gap_days, gap_days, ACCOUNT)
    ends = money.groupby(["account_id", "ends_on"])[["arr", "kept", "uplift"]].sum()
    due = ends.reindex(pd.MultiIndex.from_frame(terms[["account_id", "ends_on"]]))
    after = (due["kept"] + due["uplift"]) / due["arr"]
    same = after.isna() | after.between(1 / FLOOR, FLOOR)
    return (after - 1).mask(same, 0.0).to_numpy(np.float64)


def naive(
    lines: pd.DataFrame, month: str, timezone: str, gap_days: int, months: int = YEAR
) -> dict[str, float]:
    """Of the ARR due in the last ``months``, the share lost, contracted, expanded and renewed.

    What a forecast has to beat: last year's rates. From the contract ``lines`` known at the
    close of ``month``; the terms are those that ended a gap before it at the latest, so that
    nothing is open any more. NaN where none ended.
    """
    now, gap = as_of(month, timezone), pd.Timedelta(days=gap_days)
    since = as_of(shift(month, -months), timezone) - gap
    money = outcomes(lines, since, now - gap, now, gap_days, gap_days, ACCOUNT)
    due = int(money["arr"].sum())
    share = {
        "lost": int(money["lost"].sum()),
        "contracted": int(money["contracted"].sum()),
        "expanded": int(money["uplift"].sum()),
        "renewed": int(money["kept"].sum()),
    }
    return {what: cents / due if due else float("nan") for what, cents in share.items()}
