"""What a churn model's reasons come to: drivers, opinions, levers, and the months that are left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.explain import FAR, acts
from models.levers import best
from reporting import formats
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

SOONEST = 10


def answer(reasons: pd.DataFrame, p: pd.Series[float]) -> Shown:
    """What speaks first for leaving, for how many, and how far opinions carry the score away."""
    raised = _raised(reasons)
    first = raised[raised["place"] == 0]["driver"].value_counts()
    far = np.abs(p.to_numpy(np.float64) - reasons["p"].to_numpy(np.float64)) >= FAR
    if first.empty:
        return prose("No driver raises the risk of any account: there is no reason to give.")
    return prose(
        "Of {n} accounts {named} have a driver that raises their risk; the first one is most often "
        "**{driver}** ({share} of them), and {steady} of all reasons are given by every model. "
        "For {far} accounts the score is ten points or more from what drivers alone tell: there "
        "it leans on surveys and the CSM's opinion.",
        n=formats.count(len(reasons)),
        named=formats.count(int(first.sum())),
        driver=str(first.index[0]),
        share=formats.pct(first.iloc[0] / first.sum(), 0),
        steady=formats.pct(raised["steady"].mean(), 0),
        far=formats.count(int(far.sum())),
    )


def drivers(reasons: pd.DataFrame, arr: pd.Series[int], currency: str) -> Shown:
    """Each driver: for how many accounts it speaks first, or among three, and how steadily.

    ``reasons`` as `models.explain.reasons` gives them; ``arr`` in cents by account.
    """
    raised = _raised(reasons)
    raised["arr"] = raised["account_id"].map(arr).fillna(0).astype("int64")
    raised["first"] = raised["place"] == 0
    by = raised.groupby("driver", sort=True)
    rows = by.agg(
        first=("first", "sum"),
        among=("place", "size"),
        steady=("steady", "mean"),
        arr=("arr", "sum"),
    ).reset_index()
    rows = rows.sort_values(["first", "among", "driver"], ascending=[False, False, True])
    return table(
        rows.reset_index(drop=True),
        [
            Column("driver", "Driver"),
            Column("first", "First reason of", "count"),
            Column("among", "Among three of", "count"),
            Column("steady", "Given by every model", "pct"),
            Column("arr", f"Their ARR, {currency}", "money", unit=currency, bar=True),
        ],
        "What raises risk, by driver",
        "An account counts once for each of its reasons. What lowers risk, the calendar and size "
        "are left out. A reason is associated with leaving; nobody has shown that it causes it.",
        empty="No driver raises the risk of any account.",
    )


def levers(drops: pd.DataFrame, arr: pd.Series[int], currency: str) -> Shown:
    """Each family: for how many accounts standing no worse than peers would help most.

    ``drops`` as `models.levers.levers` gives them, probabilities; ``arr`` in cents by account.
    """
    chosen = best(drops)
    chosen = chosen[chosen["family"] != ""]
    worth = (chosen["drop"] * arr.reindex(chosen.index)).round().astype("int64")
    by = chosen.assign(worth=worth).groupby("family", sort=True)
    rows = by.agg(n=("drop", "size"), drop=("drop", "mean"), worth=("worth", "sum")).reset_index()
    rows = rows.sort_values(["worth", "family"], ascending=[False, True], ignore_index=True)
    return table(
        rows,
        [
            Column("family", "Family"),
            Column("n", "Best lever of", "count"),
            Column("drop", "Less risk, mean", "pct"),
            Column("worth", f"Less expected loss, {currency}", "money", unit=currency, bar=True),
        ],
        "What the model would say if an account stood no worse than its peers",
        "The model asked again with other values: where to look first, not what an act would do.",
        empty="No family would lower the risk of any account by half a point.",
    )


def left(said: pd.Series[str], p: pd.Series[float]) -> Shown:
    """In words, how long the accounts at the highest risk have; both by account."""
    first = p.sort_values(ascending=False, kind="stable").head(SOONEST)
    rows = pd.DataFrame(
        {
            "account": first.index,
            "p": first.to_numpy(),
            "said": said.reindex(first.index).to_numpy(),
        }
    )
    columns = [
        Column("account", "Account", "name"),
        Column("p", "Risk of churn", "pct"),
        Column("said", "How long it may have"),
    ]
    return table(rows, columns, "How long the accounts at the highest risk may have")


def held(rehearsed: pd.DataFrame | None, said: str) -> Shown:
    """How the months ahead did at earlier closes, beside a curve that knows the term alone.

    ``rehearsed`` as `models.hazard_rehearsal.rehearse` gives it; without, ``said`` is why.
    """
    if rehearsed is None:
        return prose("Nobody knows yet: {said}.", said=said)
    names = {"model": "Monthly hazards", "kaplan-meier": "Kaplan and Meier, by months to go"}
    rows = rehearsed.assign(method=rehearsed["method"].replace(names))
    return table(
        rows,
        [
            Column("horizon", "Months ahead", "count"),
            Column("method", "Method"),
            Column("n", "Accounts asked", "count"),
            Column("events", "Gone by then", "count"),
            Column("concordance", "First to leave told apart", "number"),
            Column("brier", "Brier score", "number"),
            Column("said", "Said to stay", "pct"),
            Column("seen", "Stayed", "pct"),
        ],
        "Curves drawn at earlier closes, and who then stayed",
        "Concordance: of two accounts, how often the one that left first had been given less; a "
        "half is chance. Brier: mean squared error of the chance of staying, over the months.",
    )


def _raised(reasons: pd.DataFrame) -> pd.DataFrame:
    """The reasons that raise a risk: account_id, driver, place (0 is the first), steady."""
    found = [
        (account, reason["driver"], place, reason["seen"][0] == reason["seen"][1])
        for account, each in zip(reasons["account_id"], reasons["reasons"], strict=True)
        for place, reason in enumerate(filter(acts, each))
    ]
    return pd.DataFrame(found, columns=["account_id", "driver", "place", "steady"])
