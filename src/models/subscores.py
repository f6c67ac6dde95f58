"""Six sub-scores: what the health score would be if one group of reasons alone spoke.

The contributions of the driver families add up, with the bias, to the log-odds of churn. A
sub-score keeps the bias and what frames the account (its calendar and size) and lets one
group speak: the same rule then makes a score of that probability. So a low one points at its
group, and an account that is average in all six has the score of its calendar six times.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from features.declare import CONTEXT
from models import health
from models.booster import probability

GROUPS: dict[str, tuple[str, ...]] = {
    "use": ("adoption",),
    "support": ("support load",),
    "commercial": ("billing", "contract"),
    "relationship": ("relationship", "csm opinion"),
    "voice": ("sentiment",),
    "onboarding": ("onboarding",),
}
EDGE = 1e-9  # a probability this near 0 or 1 counts as this near


def subscores(scores: pd.DataFrame, base_rate: float) -> pd.DataFrame:
    """The sub-scores of each row of the score ledger: Int64, 0 to 100, a column a group.

    ``scores`` has p_churn and families (JSON: log-odds by family). ``<NA>`` where the account is
    not scored, or where no family of the group is in the model.
    """
    told = pd.DataFrame([json.loads(text) for text in scores["families"]], index=scores.index)
    told = told.astype("float64")
    p = scores["p_churn"].clip(EDGE, 1 - EDGE).astype("float64")
    margin = np.log(p / (1 - p))
    frame = margin - told.drop(columns=CONTEXT, errors="ignore").sum(axis=1)
    found = {}
    for group, families in GROUPS.items():
        there = [family for family in families if family in told]
        alone = frame + told[there].sum(axis=1, min_count=1) if there else frame * np.nan
        chance = pd.Series(probability(alone.to_numpy(np.float64)), index=scores.index)
        found[group] = health.score(chance, base_rate)
    return pd.DataFrame(found, index=scores.index)
