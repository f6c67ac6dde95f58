"""What moved each account's risk since last month, and where its best lever is: ledger rows.

`changes` splits the movement, `levers` finds the lever; here both become a row an account of
the score ledger, and the rows become the bridge of the portfolio's expected loss again.
"""

from __future__ import annotations

import json

import pandas as pd

from features.catalogue import Catalogue
from models import changes, levers
from models.scores import CHANGES
from models.trained import Trained


def moved(
    before: Trained | None,
    after: Trained | None,
    then: pd.DataFrame | None,
    now: pd.DataFrame,
    catalogue: Catalogue,
) -> pd.DataFrame:
    """The rows of ``CHANGES`` for a month: none where no model serves it.

    ``before`` served the month before, of which ``then`` has the features; without either,
    each account of ``now`` is new. ``parts`` is JSON, points of probability by driver family,
    coverage and model, empty for an account that did not stay; ``lever`` the family with the
    largest drop in risk, "" for none, and ``drop`` that drop, a probability.
    """
    if after is None:
        return pd.DataFrame(columns=list(CHANGES.columns))
    if before is None or then is None:
        before, then = after, now[:0]
    table = changes.changed(before, after, then, now, catalogue)
    best = levers.best(levers.levers(after, now, catalogue))
    parts = [name for name in table if name not in changes.TOLD]
    stayed = table["status"] == changes.STAYED
    told = table[parts].astype("float64").round(9).where(stayed, other=float("nan"))
    rows = pd.DataFrame(
        {
            "account_id": table.index.astype("str"),
            "status": table["status"].astype("str"),
            "p_before": table["p_before"].astype("float64"),
            "p_after": table["p_after"].astype("float64"),
            "change": table["change"].astype("float64"),
            "parts": [
                json.dumps(row if same else {}, sort_keys=True)
                for row, same in zip(told.to_dict("records"), stayed, strict=True)
            ],
            "lever": best["family"].reindex(table.index).fillna("").astype("str"),
            "drop": best["drop"].reindex(table.index).fillna(0.0).astype("float64"),
        }
    )
    return rows.reset_index(drop=True).astype({"parts": "str"})


def bridge(rows: pd.DataFrame, arr_then: pd.Series[int], arr_now: pd.Series[int]) -> pd.DataFrame:
    """Part, kind and amount (cents) from the expected loss then to now; see `changes.portfolio`.

    ``rows`` are those of ``CHANGES``, ARR in cents by account; empty where nobody stayed.
    """
    stayed = rows[rows["status"] == changes.STAYED]
    if stayed.empty:
        return pd.DataFrame(columns=["part", "kind", "amount"])
    parts = pd.DataFrame([json.loads(text) for text in rows["parts"]], index=rows.index)
    named = parts[sorted(str(name) for name in parts)]
    table = pd.concat([rows[list(changes.TOLD)], named], axis="columns")
    return changes.portfolio(table.set_index(rows["account_id"]), arr_then, arr_now)
