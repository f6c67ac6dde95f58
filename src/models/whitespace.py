"""Whitespace: which account could own which product, and how likely it is to buy it.

The chance of a gap (`models.lookalikes`) is that of being bought within `HORIZON` months, told
by one model for all accounts and products. It learns from the gaps of months that closed
`HORIZON` months ago or earlier, each as it stood then, and from what was known of them `HORIZON`
months later. They are read every `EVERY` months: read monthly, a gap would give the same answer
six times.

What tells the chance is chosen in rehearsals on later months (`models.folds`): popularity in
the peer group, look-alikes, item-kNN, a logistic regression, trees; the simplest within one
paired standard error of the best ships. An account's segment of today is not used: nobody
wrote down since when it has been so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics import adoption
from metrics.adoption import CELL
from models import booster, history, measures
from models.folds import folds, split
from models.logistic import Logistic
from models.lookalikes import (
    ASKED,
    HORIZON,
    OF_ACCOUNT,
    OF_GAP,
    bought,
    cells,
    reasons,
    several,
)
from models.train import EVENTS, FOLD_EVENTS, TooFewEvents
from warehouse.asof import known
from warehouse.months import as_of, shift
from warehouse.snapshot import Snapshot

Floats = npt.NDArray[np.float64]

EVERY = 3  # months from one close that is learnt from to the next
ROUNDS, DRAWS = 200, 50
TOP, LIST = 3, 0.1  # gaps of an account, and share of all gaps, that somebody would look at
METHODS: dict[str, tuple[str, ...]] = {
    "popularity": ("popularity",),
    "look-alikes": ("lookalike",),
    "item-kNN": ("related",),
    "logistic": OF_GAP + OF_ACCOUNT,
    "trees": OF_GAP + OF_ACCOUNT,
}
"""What each method looks at, the simplest first."""
COLUMNS = ["account_id", "product", "state", "owned", "pipeline", "similar", "lookalike"]
COLUMNS += ["chance", "expected", "reason"]


@dataclass(frozen=True, eq=False)
class Chance:
    """What tells the chance of a gap: the ``method`` that ships, and how all of them did.

    ``rehearsed`` has a row a fold and method (see `measured`).
    """

    method: str
    fitted: Logistic | tuple[bytes, ...]
    rehearsed: pd.DataFrame

    def predict(self, gaps: pd.DataFrame) -> Floats:
        """The chance that each of ``gaps`` is bought within `HORIZON` months."""
        return _predict(self.fitted, _values(gaps, self.method))

    @property
    def said(self) -> str:
        """What ships and how it did in the rehearsals, in words."""
        by = self.rehearsed.groupby("method")[["recall_list", "capture_list"]].mean()
        ours, plain = by.loc[self.method], by.loc["popularity"]
        over = self.rehearsed["fold"].nunique()
        return (
            f"{self.method}: the first {LIST:.0%} of gaps hold {ours['recall_list']:.0%} of what "
            f"was bought within {HORIZON} months, {plain['recall_list']:.0%} by popularity in the "
            f"peer group; ranked by ARR to expect, {ours['capture_list']:.0%} of the ARR bought, "
            f"{plain['capture_list']:.0%} by popularity; over {over} fold{'s' if over > 1 else ''}"
        )


@dataclass(frozen=True, eq=False)
class Whitespace:
    """The whitespace of a month, and what its chances rest on.

    ``table`` has a row an account and product, ordered by both: state (owned, pipeline: agreed
    or just ended, or gap), owned (ARR, cents), pipeline (open opportunities to sell the account
    another product; of which product, and for how much, is not recorded; missing where no kind
    is), similar (accounts most like it), lookalike (share of those that own it), chance (missing
    without a model), expected (first ARR if bought, cents), reason. The last five are of gaps
    alone. Gaps are ranked by ``by``, chance or lookalike; ``said`` tells why, in words.
    """

    table: pd.DataFrame
    chance: Chance | None
    by: str
    said: str


def asked(months: Collection[str], month: str) -> list[str]:
    """Those of ``months`` that ``month`` learns from, and itself: the ones to have features of."""
    back = {shift(month, -n) for n in range(HORIZON, HORIZON + EVERY * len(months), EVERY)}
    return [*sorted(back & set(months)), month]


def whitespace(
    snapshot: Snapshot, month: str, matrices: Mapping[str, pd.DataFrame], gap_days: int = 30
) -> Whitespace:
    """The whitespace of every account live at the close of ``month``.

    ``matrices`` are the features (`history.matrices`) of at least the months that `asked` names.
    Products are those that at least ``LEAST_OWNERS`` accounts owned then. Raises
    ``InputMissing`` where the contract lines name no product, or fewer than two such.
    """
    zone = snapshot.company.timezone
    learnt = asked(matrices, month)[:-1]
    ends = {each: shift(each, HORIZON) for each in learnt}
    lines = {each: _lines(snapshot, each) for each in sorted({month, *learnt, *ends.values()})}
    several(snapshot, adoption.owned(lines[month], as_of(month, zone)), month)
    past = [
        bought(cells(lines[each], each, matrices[each], zone, gap_days), lines[end], each, zone)
        for each, end in ends.items()
    ]
    table = cells(lines[month], month, matrices[month], zone, gap_days)
    gap = table["state"] == "gap"
    table["chance"] = np.nan
    chance, by = None, "lookalike"
    try:
        chance = learn(pd.concat(past, ignore_index=True) if past else None, month, zone)
        by, said = "chance", chance.said
        table.loc[gap, "chance"] = chance.predict(table[gap])
    except TooFewEvents as refusal:
        said = refusal.message
    table["pipeline"] = _open(snapshot, month, table["account_id"])
    table["reason"] = pd.Series(reasons(table), index=table.index, dtype="str")
    for name in ("similar", "lookalike"):
        table[name] = table[name].where(gap)
    table = table.rename(columns={"arr": "owned"}).astype({"similar": "Int64"})
    return Whitespace(table[COLUMNS], chance, by, said)


def learn(gaps: pd.DataFrame | None, month: str, zone: str, rounds: int = ROUNDS) -> Chance:
    """What tells the chances at the close of ``month``, from the ``gaps`` of months before.

    ``gaps`` is what `lookalikes.bought` returned, of all these months; None where there are none.
    Every fold has an origin of its own and knows only what was certain there. Raises
    `TooFewEvents` below ``EVENTS`` purchases, or where none had ``FOLD_EVENTS`` behind it.
    """
    told = pd.DataFrame({"month": [], "outcome": []}) if gaps is None else gaps
    months = sorted(told["month"].unique())
    planned = folds(months, ASKED, as_of(month, zone), 0, zone, every=1)
    outcome = told["outcome"]
    tried = [split(told, fold)[:2] for fold in planned]
    tried = [t for t in tried if outcome[t[0]].sum() >= FOLD_EVENTS and outcome[t[1]].any()]
    events = int(outcome.sum())
    if events < EVENTS or not tried:
        raise TooFewEvents(
            f"{events} products were bought by accounts without them, as seen at {len(months)} "
            f"closes {EVERY} months apart; a chance needs at least {EVENTS}, and an earlier close "
            f"with {FOLD_EVENTS} certain behind it to be tested. Until then, gaps are ranked by "
            "the share of similar accounts that own the product; more months will do"
        )
    parts = []
    for number, (before, after) in enumerate(tried):
        rows = told[after]
        said = {name: _told(name, told[before], rows, rounds) for name in METHODS}
        parts.append(
            rows[[*CELL, "month", "outcome", "amount", "expected"]].assign(fold=number, **said)
        )
    held_out = pd.concat(parts, ignore_index=True)
    rehearsed = measured(held_out)
    method = ships(held_out, rehearsed)
    return Chance(method, _fit(method, told, booster.SEEDS, rounds), rehearsed)


def ships(held_out: pd.DataFrame, rehearsed: pd.DataFrame) -> str:
    """The first of `METHODS` that is within one paired standard error of the best.

    ``held_out`` has account_id, fold, outcome and a column a method, ``rehearsed`` is what it
    `measured`. They are held against each other by AUC, accounts drawn (`measures.compare`).
    """
    best = str(rehearsed.groupby("method")["auc"].mean().idxmax())
    for name in METHODS:
        _, lead = measures.compare(held_out, best, name, DRAWS)
        if lead.value <= lead.error:
            return name
    return best


def measured(held_out: pd.DataFrame) -> pd.DataFrame:
    """How each method ranked what was bought later: a row a fold and method.

    Columns: fold, month, method, gaps, events, arr (cents bought), auc; of accounts that bought,
    their ``TOP`` gaps: recall (share of their purchases among them, mean of accounts), ndcg and
    capture (share of the ARR bought); of the ``LIST`` first of all gaps: recall_list and
    capture_list. Captures are of gaps ranked by what the method says times the ARR expected, or
    whoever ranks large accounts first would seem to know who buys. Ties share places evenly.
    """
    found = []
    for (fold, month), rows in held_out.groupby(["fold", "month"]):
        outcome, arr = (rows[name].to_numpy(np.float64) for name in ("outcome", "amount"))
        events, whole = int(outcome.sum()), pd.Series("all", index=rows.index)
        most = max(1, round(LIST * len(rows)))
        for name in METHODS:
            hit, gain = _places(rows[name], rows["account_id"], TOP)
            listed, _ = _places(rows[name], whole, most)
            worth = rows[name] * rows["expected"].fillna(0).astype("float64")
            dear, _ = _places(worth, rows["account_id"], TOP)
            dearest, _ = _places(worth, whole, most)
            by = pd.DataFrame({"hit": hit * outcome, "gain": gain * outcome, "bought": outcome})
            by = by.groupby(rows["account_id"].to_numpy()).sum().query("bought > 0")
            best = _discounts(TOP)[by["bought"].clip(upper=TOP).to_numpy(np.int64)]
            found.append(
                {
                    "fold": fold,
                    "month": month,
                    "method": name,
                    "gaps": len(rows),
                    "events": events,
                    "arr": int(arr.sum()),
                    "auc": measures.auc(outcome, rows[name].to_numpy(np.float64)),
                    "recall": float((by["hit"] / by["bought"]).mean()),
                    "ndcg": float((by["gain"] / best).mean()),
                    "capture": float(dear @ arr / arr.sum()),
                    "recall_list": float(listed @ outcome / events),
                    "capture_list": float(dearest @ arr / arr.sum()),
                }
            )
    return pd.DataFrame(found)


def _places(score: pd.Series[float], whose: pd.Series[str], top: int) -> tuple[Floats, Floats]:
    """Whether each row is among the ``top`` of ``whose`` it is, and its discount there (NDCG)."""
    above = score.groupby(whose).rank(method="min", ascending=False).to_numpy(np.int64) - 1
    tied = score.groupby([whose, score]).transform("size").to_numpy(np.int64)
    first, last = np.minimum(above, top), np.minimum(above + tied, top)
    discounts = _discounts(top)
    return (last - first) / tied, (discounts[last] - discounts[first]) / tied


def _discounts(top: int) -> Floats:
    """What the first places are worth together, of none to ``top`` of them."""
    return np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(top) + 2))])


def _fit(
    method: str, past: pd.DataFrame, seeds: tuple[int, ...], rounds: int
) -> Logistic | tuple[bytes, ...]:
    """``method`` as learnt from the gaps of the past."""
    values, outcome = _values(past, method), past["outcome"].to_numpy(np.float64)
    if method == "trees":
        return tuple(booster.fit(values, outcome, seed, rounds) for seed in seeds)
    return Logistic.fit(values, outcome)


def _told(method: str, past: pd.DataFrame, rows: pd.DataFrame, rounds: int) -> Floats:
    """How ``method`` ranks ``rows``: a baseline by its column, so that nothing helps it."""
    if len(METHODS[method]) == 1:
        return np.nan_to_num(_values(rows, method)[:, 0])
    return _predict(_fit(method, past, booster.SEEDS[:1], rounds), _values(rows, method))


def _predict(fitted: Logistic | tuple[bytes, ...], values: Floats) -> Floats:
    if isinstance(fitted, Logistic):
        return fitted.predict(values)
    return booster.probability(booster.margins([booster.load(raw) for raw in fitted], values))


def _values(rows: pd.DataFrame, method: str) -> Floats:
    return rows.reindex(columns=list(METHODS[method])).to_numpy(np.float64)


def _lines(snapshot: Snapshot, month: str) -> pd.DataFrame:
    return history.lines(snapshot, month).astype(dict.fromkeys(CELL, "str"))


def _open(snapshot: Snapshot, month: str, accounts: pd.Series[str]) -> pd.Series[int]:
    """The open opportunities to sell another product to each of ``accounts``, as known then."""
    if "kind" not in snapshot.recorded("opportunities"):
        return pd.Series(pd.NA, index=accounts.index, dtype="Int64")
    chances = known(snapshot, "opportunities", as_of(month, snapshot.company.timezone))
    rows: pd.DataFrame = chances.collect("pandas").to_native()
    selling = rows[rows["closed_at"].isna() & rows["kind"].eq("cross_sell")]
    number = selling["account_id"].astype("str").value_counts()
    return accounts.map(number).fillna(0).astype("Int64")
