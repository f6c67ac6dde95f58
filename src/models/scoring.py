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
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from models import artefacts, booster, explain, health, subscores
from models.experts import Experts
from models.trained import Trained
from models.typical import typical

ROWS = 8_192  # explained at once: memory used again costs less than memory asked for anew


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
    with ThreadPoolExecutor(booster.THREADS) as pool:
        asked = pool.map(lambda model: _answer(model, now, then, catalogue), (churn, expansion))
        (p_churn, reasons, p_drivers, by_family), (p_expansion, expansion_reasons, *_) = asked
    loss = p_churn * money
    amounts = expansion.amounts if expansion is not None else None
    growth = 0.0 if amounts is None else amounts.growth(now)
    gain = (1 - p_churn) * p_expansion * growth * money
    expected_loss = _cents(loss)
    expected_gain = _cents(gain.fillna(0.0).where(p_churn.notna()))
    base = churn.base_rate if churn is not None else 0.0
    known = pd.DataFrame({"p_churn": p_churn.to_numpy(), "families": by_family})
    by_group = _objects(subscores.subscores(known, base))
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
) -> tuple[pd.Series[float], list[str], pd.Series[float], list[str]]:
    """Of each account probability, reasons, probability by drivers alone, and what families add.

    Reasons and families are JSON text.
    """
    if trained is None:
        unknown = pd.Series(np.nan, index=now.index)
        return unknown, ["[]"] * len(now), unknown, ["{}"] * len(now)
    usual = typical(trained, now)
    text = json.JSONEncoder(ensure_ascii=False).encode
    p, reasons, drivers, families = [], [], [], []
    for first in range(0, len(now), ROWS):
        block = now.iloc[first : first + ROWS]
        told = explain.reasons(trained, block, then, catalogue, usual=usual)
        reasons += [text(each) for each in told["reasons"]]
        drivers.append(told["p"].set_axis(block.index))
        p.append(trained.predict(block))
        if trained.question.kind == "churn":
            parts = explain.families(trained, trained.contributions(block), catalogue)
            families += _objects(parts.round(4))
    return pd.concat(p), reasons, pd.concat(drivers), families


def _objects(rows: pd.DataFrame) -> list[str]:
    """Each row as a JSON object of its columns; unknown is null."""
    return str(rows.to_json(orient="records", lines=True)).splitlines()


def _cents(money: pd.Series[float]) -> pd.Series[int]:
    return money.round().astype("Int64")
