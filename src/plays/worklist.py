"""The work list: the few actions that fit the hours, those that save most an hour first.

What a play saves rests on ``prior_effect``, a stated prior and not a measured
effect: the list orders work sensibly, and proves nothing about what work does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from plays.playbooks import Play, choose
from plays.reasons import raising
from warehouse.errors import DataRefused, Usage

NOBODY = "unassigned"
REASONS = ["reason_1", "reason_2", "reason_3"]
GIVEN = ["days_to_renewal", "days_to_end"]
SLACK = 1e-9  # hours: tenths do not add up exactly in binary


def worklist(
    scores: pd.DataFrame,
    playbooks: Sequence[Play],
    hours: Mapping[str, float] | float,
    as_of: datetime | None = None,
) -> pd.DataFrame:
    """One row an action, those expected to save most ARR an hour first.

    ``scores`` has a row an account: account_id, csm, arr (cents), p_churn, band,
    reasons, and where there are any name, families, days_to_renewal or
    days_to_end. Reasons and families may be told in the ways ``reasons.raising``
    lists. ``hours`` each CSM has, by name or the same for everyone; an account
    without a CSM is in the book of ``NOBODY``, which has none unless it is named.

    The play is chosen by the family of the reason that raises the account's risk
    most, and is worth

        expected_saved = p_churn x arr x prior_effect      (cents)

    Each CSM's book is filled in the order of expected_saved an hour, ties by
    account_id, with every play that still fits the hours left. An account that is
    not scored, or is expected to lose nothing, is not listed.

    Columns: account_id, name, csm, arr, p_churn, band, reason_1, reason_2,
    reason_3, play, first_step, hours, expected_saved, then days_to_renewal,
    days_to_end and do_by (``as_of`` plus the play's deadline) where given, and
    outcome, empty, for the CSM to fill in.

    Raises ``DataRefused`` for an account given twice or a probability outside 0
    to 1, ``Usage`` for a CSM with accounts and no hours named, or wrong hours.
    """
    _check(scores)
    book = _valued(scores.sort_values("account_id", ignore_index=True), playbooks, as_of)
    order = (-book["saved"] / book["hours"]).argsort(kind="stable")
    ranked = book.iloc[order]
    fits = _fits(ranked["csm"].tolist(), ranked["hours"].tolist(), hours)
    given = [column for column in GIVEN if column in scores]
    due = ["do_by"] if as_of is not None else []
    columns = [
        *["account_id", "name", "csm", "arr", "p_churn", "band", *REASONS],
        *["play", "first_step", "hours", "expected_saved", *given, *due, "outcome"],
    ]
    return ranked.loc[fits, columns].reset_index(drop=True)


def _check(scores: pd.DataFrame) -> None:
    twice = scores.loc[scores["account_id"].duplicated(), "account_id"]
    if len(twice):
        raise DataRefused(f"account {twice.iloc[0]} is scored twice; a month has one row for each")
    wrong = scores[(scores["p_churn"] < 0) | (scores["p_churn"] > 1)]
    if len(wrong):
        first = wrong.iloc[0]
        raise DataRefused(
            f"account {first['account_id']} has p_churn {first['p_churn']}; "
            "a probability lies between 0 and 1"
        )


def _valued(
    scores: pd.DataFrame, playbooks: Sequence[Play], as_of: datetime | None
) -> pd.DataFrame:
    """The accounts that can lose something, each with its play and what that is worth."""
    exposed = scores[(scores["p_churn"] > 0) & (scores["arr"] > 0)]
    told = exposed["families"] if "families" in exposed else [None] * len(exposed)
    whys = [raising(r, f) for r, f in zip(exposed["reasons"], told, strict=True)]
    plays = [choose(playbooks, why[0].family if why else "") for why in whys]
    saved = exposed["p_churn"].astype("float64") * exposed["arr"].astype("int64")
    saved = saved * np.array([play.prior_effect for play in plays], dtype=np.float64)
    texts = [[*(why.text for why in each), *[""] * 3][:3] for each in whys]
    names = exposed["name"] if "name" in exposed else exposed["account_id"]
    start = as_of or datetime(1970, 1, 1)
    return pd.DataFrame(
        {
            **{column: exposed[column] for column in GIVEN if column in exposed},
            "account_id": exposed["account_id"].astype("str"),
            "name": names.where(names.notna(), exposed["account_id"]).astype("str"),
            "csm": exposed["csm"].fillna(NOBODY).astype("str"),
            "arr": exposed["arr"].astype("int64"),
            "p_churn": exposed["p_churn"].astype("float64"),
            "band": exposed["band"].astype("str"),
            **{column: _text([t[i] for t in texts], exposed) for i, column in enumerate(REASONS)},
            "play": _text([play.name for play in plays], exposed),
            "first_step": _text([play.steps[0] for play in plays], exposed),
            "hours": np.array([play.hours for play in plays], dtype=np.float64),
            "saved": saved,
            "expected_saved": np.rint(saved).astype("int64"),
            "do_by": np.array(
                [start + timedelta(days=play.deadline_days) for play in plays],
                dtype="datetime64[us]",
            ),
            "outcome": _text([""] * len(exposed), exposed),
        },
        index=exposed.index,
    )


def _text(values: list[str], like: pd.DataFrame) -> pd.Series[str]:
    return pd.Series(values, index=like.index, dtype="str")


def _fits(csms: list[str], needed: list[float], hours: Mapping[str, float] | float) -> list[bool]:
    """Whether each action, in order, still fits what its CSM has left."""
    left = _budgets(csms, hours)
    fits = []
    for csm, need in zip(csms, needed, strict=True):
        fits.append(need <= left[csm] + SLACK)
        left[csm] -= need if fits[-1] else 0
    return fits


def _budgets(csms: list[str], hours: Mapping[str, float] | float) -> dict[str, float]:
    names = sorted(set(csms))
    if not isinstance(hours, Mapping):
        hours = dict.fromkeys(names, hours)
    unnamed = [name for name in names if name not in hours and name != NOBODY]
    if unnamed:
        raise Usage(
            f"no hours are given for {', '.join(unnamed[:5])}, who "
            f"{'has' if len(unnamed) == 1 else 'have'} accounts to look after; "
            "give each CSM's hours, 0 for none"
        )
    budgets = {name: float(hours.get(name, 0)) for name in names}
    for name, budget in budgets.items():
        if not 0 <= budget < float("inf"):
            raise Usage(f"{name} has {budget} hours; give a number of hours, 0 or more")
    return budgets
