"""From one policy's retention to another's: what each setting changes, in money, by account.

The settings that differ are changed one after the other, in a fixed order; what changes at
each step is told account by account. The steps add up to the whole difference, to the cent,
in whatever order they are read.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from metrics.identities import fault
from metrics.policy import RETENTION, Policy

COLUMNS = ["setting", "before", "after", "account_id", "opening", "net", "gross"]
MONEY = ["opening", "net", "gross"]


def bridge(count: Callable[[Policy], pd.DataFrame], one: Policy, other: Policy) -> pd.DataFrame:
    """Why ``other`` counts other money than ``one``: a row a setting changed and account.

    ``count`` gives the `contributions` of a policy. Columns: setting, before, after (its value
    in words), account_id (empty: chaining, which is nobody's), and what changes of the
    opening, net and gross money, in cents. Largest first within a setting. Their sums are the
    differences of the sums of ``count(other)`` and ``count(one)``.
    """
    parts, policy, now = [], one, _money(count(one))
    first = now.sum()
    for setting in RETENTION:
        before, after = getattr(policy, setting), getattr(other, setting)
        if before == after:
            continue
        policy = policy.model_copy(update={setting: after})
        then, now = now, _money(count(policy))
        change = now.sub(then, fill_value=0).astype("int64")
        change = change[(change != 0).any(axis=1)].reset_index()
        change.insert(0, "setting", setting)
        change.insert(1, "before", str(before))
        change.insert(2, "after", str(after))
        size = change[MONEY].abs().max(axis=1)
        parts.append(
            change.assign(size=size).sort_values(["size", "account_id"], ascending=[False, True])
        )
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    table = table[COLUMNS].astype(dict.fromkeys(MONEY, "int64"))
    if not (table[MONEY].sum() == now.sum() - first).all():
        raise fault(f"the bridge from {one.name} to {other.name} does not add up")
    return table


def _money(contributions: pd.DataFrame) -> pd.DataFrame:
    return contributions.set_index("account_id")[MONEY]
