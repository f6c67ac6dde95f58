"""Scoring: one month's row for every account, as the score ledger keeps it.

Money follows from probabilities by multiplication and nothing else::

    expected_loss   = p_churn x ARR
    expected_gain   = (1 - p_churn) x p_expansion x growth x ARR
    expected_change = expected_gain - expected_loss

``p_expansion`` is the probability of growing *if it stays*, which is how it was
learned; ``growth`` is how much such an account grows if it does (`models.amounts`).
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from models import artefacts, explain, health, subscores
from models.experts import Experts
from models.trained import Trained


def score(
    arr: pd.Series[int],
    now: pd.DataFrame,
    then: pd.DataFrame,
    catalogue: Catalogue,
    churn: Trained | None,
    expansion: Trained | None,
    experts: Experts | None = None,
) -> pd.DataFrame:
    """The ledger's rows for the accounts of ``now``, ordered by account_id.

    ``arr``: ARR at the close, cents, by account; ``now`` and ``then``: features (index
    account_id) at the close and three months before. Without a churn model an account is
    "not scored" and its money unknown; without an expansion model no gain is expected.

    Columns: account_id; arr, expected_loss, expected_gain, expected_change (integer cents);
    p_churn, p_expansion (NaN without a model); p_drivers, that of churn by models that hear no
    opinion, from which the reasons are; score (0 to 100), band; subscores (JSON, see
    `models.subscores`); expert (the score of
    ``experts``, 0 to 100, NaN without); reasons,
    expansion_reasons (JSON lists, see `explain.reasons`), families (JSON, log-odds of churn by
    driver family); churn_model, expansion_model ("month digest", empty without a model).
    """
    now = now.sort_index()
    money = arr.reindex(now.index).astype("int64")
    p_churn, reasons, p_drivers = _answer(churn, now, then, catalogue)
    p_expansion, expansion_reasons, _ = _answer(expansion, now, then, catalogue)
    by_family = ["{}"] * len(now)
    if churn is not None:
        told = explain.families(churn, churn.contributions(now), catalogue).round(4)
        by_family = [json.dumps(row, sort_keys=True) for row in told.to_dict("records")]
    loss = p_churn * money
    amounts = expansion.amounts if expansion is not None else None
    growth = 0.0 if amounts is None else amounts.growth(now)
    gain = (1 - p_churn) * p_expansion * growth * money
    expected_loss = _cents(loss)
    expected_gain = _cents(gain.fillna(0.0).where(p_churn.notna()))
    base = churn.base_rate if churn is not None else 0.0
    known = pd.DataFrame({"p_churn": p_churn.to_numpy(), "families": by_family})
    groups = subscores.subscores(known, base)
    by_group = [
        json.dumps(row)
        for row in groups.astype("object").where(groups.notna(), None).to_dict("records")
    ]
    return pd.DataFrame(
        {
            "account_id": now.index.astype("str"),
            "arr": money.to_numpy(),
            "p_churn": p_churn.to_numpy(),
            "p_expansion": p_expansion.to_numpy(),
            "p_drivers": p_drivers.to_numpy(),
            "expected_loss": expected_loss.array,
            "expected_gain": expected_gain.array,
            "expected_change": (expected_gain - expected_loss).array,
            "score": health.score(p_churn, base).array,
            "band": health.bands(p_churn, base).array,
            "subscores": by_group,
            "expert": np.nan if experts is None else experts.score(now).to_numpy(),
            "reasons": reasons,
            "expansion_reasons": expansion_reasons,
            "families": by_family,
            "churn_model": signature(churn),
            "expansion_model": signature(expansion),
        }
    ).astype(dict.fromkeys(TEXTS, "str"))


TEXTS = (
    "account_id",
    "band",
    "reasons",
    "expansion_reasons",
    "families",
    "subscores",
    "churn_model",
    "expansion_model",
)


def signature(trained: Trained | None) -> str:
    """What made a score: the month a model was trained at and its digest; empty for none."""
    return "" if trained is None else f"{trained.month} {artefacts.digest(trained)}"


def _answer(
    trained: Trained | None,
    now: pd.DataFrame,
    then: pd.DataFrame,
    catalogue: Catalogue,
) -> tuple[pd.Series[float], list[str], pd.Series[float]]:
    """Of each account probability, reasons (JSON text), and probability by drivers alone."""
    if trained is None:
        unknown = pd.Series(np.nan, index=now.index)
        return unknown, ["[]"] * len(now), unknown
    told = explain.reasons(trained, now, then, catalogue)
    texts = [json.dumps(reasons, ensure_ascii=False) for reasons in told["reasons"]]
    return trained.predict(now), texts, told["p"]


def _cents(money: pd.Series[float]) -> pd.Series[int]:
    return money.round().astype("Int64")
