"""What a simulated company measures: its rates, and how well anybody could know who leaves.

What decides is measured at the notice deadline: how well the true chance sorts those who
choose, how well it could be told some months ahead with all that is hidden known (by
twins), and with only what could be seen: a model taught the *true* chance on companies of
other seeds, so that no luck is learnt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from warehouse.simulate.calendar import Calendar
from warehouse.simulate.columns import Columns, Text
from warehouse.simulate.life import Life
from warehouse.simulate.observed import Seen, decisions, observed
from warehouse.simulate.observer import fitted, told
from warehouse.simulate.shocks import shocks
from warehouse.simulate.state import Kind
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.tables import Company, lived, written
from warehouse.simulate.teach import lessons
from warehouse.simulate.twins import LEADS, ceilings, plays
from warehouse.simulate.worlds import named

MONTHS, LEAD = 36, 3
CALENDAR = ("term", "segment", "auto_renew", "card", "notice", "tenure", "month")
FIVE = {"used_3": 0.30, "tickets_3": -0.20, "mood_12": 0.20, "late_6": -0.15, "replies_3": 0.15}
"""The usual health score: five factors a committee would choose, and their weights."""
LINEAR = 10
"""The blocks that logistic regression learns from: a company of 10,240 accounts."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Teacher:
    """What was learnt elsewhere: the best use of what is seen, and two plainer ones."""

    booster: bytes
    linear: Any
    calendar: Any


def default(seed: int, blocks: int) -> Company:
    """The default company of ``seed`` with ``blocks`` blocks of accounts."""
    world = named("default")
    calendar = Calendar("2023-01", MONTHS, world.history)
    return Company(world, calendar, shocks(world, seed, calendar), blocks * BLOCK, seed)


def _blocks(company: Company) -> Iterable[tuple[Life, Streams, dict[str, Columns]]]:
    """Each block of ``company``: its life, its streams and its written tables."""
    for block in range(company.blocks):
        life, streams = lived(company, block), Streams(company.seed, block)
        yield life, streams, written(company, life, streams)


def taught(blocks: int) -> Teacher:
    """A teacher of ``blocks`` blocks of other companies."""
    learnt = list(lessons(default(0, 1), (LEAD,), blocks, workers=2))
    names = learnt[0].names
    values = np.concatenate([each.seen[LEAD] for each in learnt])
    chance = np.concatenate([each.chance for each in learnt])
    few = np.concatenate([each.seen[LEAD] for each in learnt[:LINEAR]])
    left = np.concatenate([each.left for each in learnt[:LINEAR]])
    linear = _linear().fit(few, left)
    calendar = _linear().fit(few[:, [names.index(name) for name in CALENDAR]], left)
    return Teacher(fitted(values, chance, threads=2), linear, calendar)


def _linear() -> Any:
    filled = SimpleImputer(keep_empty_features=True)
    return make_pipeline(filled, StandardScaler(), LogisticRegression(C=0.05))


_teacher: Teacher


def begin(teacher: Teacher) -> None:
    """Ready a process that measures."""
    global _teacher
    _teacher = teacher


def measure(task: tuple[int, int, int]) -> dict[str, float]:
    """Every figure of one seed, over ``blocks`` blocks; what twins tell, over ``told`` of them."""
    seed, blocks, told = task
    lives: list[Life] = []
    seen, chose, now, number, answers = [], [], [], [], []
    hidden, chances = [], []
    company = default(seed, blocks)
    for index, (life, streams, tables) in enumerate(_blocks(company)):
        lives.append(life)
        answers.append(_answered(tables["surveys"]))
        at = decisions(life)
        seen.append(observed(life, tables, (LEAD,))[LEAD])
        chose.append(life.events.choices.quits[at])
        now.append(life.events.choices.probability[at])
        number.append(life.people.number[at[1]])
        if index < told:
            hidden.append(ceilings(life, company.shocks, streams))
            chances.append(plays(life, company.shocks, streams))
    figures = _rates(lives) | {"nps": _nps(np.concatenate(answers))}
    left = np.concatenate(chose)
    figures["deciding"] = _auc(left, np.concatenate(now))
    figures["ids"] = _auc(left, np.concatenate(number))
    found = np.concatenate([each.left for each in hidden])
    ahead = np.concatenate([each.ahead for each in hidden], axis=1)
    for row, lead in enumerate(LEADS):
        known = ~np.isnan(ahead[row])
        figures[f"ahead_{lead}"] = _auc(found[known], ahead[row][known])
    return figures | _sorted(seen, left) | _played(chances)


def _rates(lives: list[Life]) -> dict[str, float]:
    """What the company looks like, over all spans of twelve months between closes."""
    rates: dict[str, list[Any]] = {"lost": [], "kept": [], "net": [], "opening": [], "segment": []}
    kinds, used = [], []
    for life in lives:
        turn, live_ = life.events.turn, life.state.live[life.reported]
        absorbed = turn.left & (turn.kind == Kind.MERGED)
        merged = np.asarray(((turn.merged > 0) | absorbed).any(axis=0))
        arr = life.arr[life.reported][:, ~merged]
        opening, closing = arr[:-12], arr[12:]
        rates["opening"].append(opening)
        rates["lost"].append((opening > 0) & (closing == 0))
        rates["kept"].append(np.minimum(opening, closing))
        rates["net"].append(np.where(opening > 0, closing, 0))
        rates["segment"].append(np.broadcast_to(life.people.segment[~merged], opening.shape))
        kinds.append(turn.kind[life.reported][turn.left[life.reported]])
        used.append(life.signals.used[life.reported][live_])
    opening, lost, kept, net, segment = (
        np.concatenate([part.ravel() for part in rates[name]])
        for name in ("opening", "lost", "kept", "net", "segment")
    )
    there = opening > 0
    kind = np.concatenate(kinds)
    kind = kind[kind != Kind.MERGED]
    by_segment = [float(lost[there & (segment == s)].mean()) for s in range(3)]
    return {
        "logo": float(lost.sum() / there.sum()),
        "grr": float(kept.sum() / opening.sum()),
        "nrr": float(net.sum() / opening.sum()),
        "involuntary": float((kind == Kind.PAYMENT).mean()),
        "used": float(np.concatenate(used).mean()),
        "ordered": min(by_segment[0] - by_segment[1], by_segment[1] - by_segment[2]),
    }


def _answered(table: Columns) -> npt.NDArray[np.int64]:
    """The scores of the NPS questions that were answered."""
    kind, score = table["kind"], table["score"]
    if not isinstance(kind, Text) or not isinstance(score, np.ma.MaskedArray):
        raise TypeError("surveys have a kind in words and a score that may be missing")
    asked = np.array([kind.words[code] == "nps" for code in range(len(kind.words))])[kind.codes]
    return np.asarray(score[asked].compressed(), dtype=np.int64)


def _nps(score: npt.NDArray[np.int64]) -> float:
    return float(100.0 * ((score >= 9).mean() - (score <= 6).mean()))


def _sorted(seen: list[Seen], left: npt.NDArray[np.bool_]) -> dict[str, float]:
    """How well those who left are sorted by what could be seen of them."""
    names = seen[0].names
    values = np.concatenate([each.values for each in seen])
    bayes = _auc(left, told(_teacher.booster, values))
    lr = _auc(left, _teacher.linear.predict_proba(values)[:, 1])
    calendar = _teacher.calendar.predict_proba(values[:, [names.index(n) for n in CALENDAR]])
    single = max(abs(_auc(left, column) - 0.5) for column in _filled(values).T) + 0.5
    health = sum(weight * _ranked(values[:, names.index(name)]) for name, weight in FIVE.items())
    good = np.asarray(health >= np.quantile(health, 0.4))
    return {
        "bayes": bayes,
        "over_lr": bayes - lr,
        "calendar": _auc(left, calendar[:, 1]),
        "single": single,
        "green": float(good[left].mean()),
    }


def _played(chances: list[Any]) -> dict[str, float]:
    """What a save play does, and what it seems to do."""
    spared, played, given = (
        np.concatenate([getattr(each, name) for each in chances])
        for name in ("spared", "played", "given")
    )
    known = ~np.isnan(spared) & ~np.isnan(played)
    came = np.where(given, played, spared)
    return {
        "play": float((played - spared)[known].mean()),
        "naive": float(came[known & given].mean() - came[known & ~given].mean()),
    }


def _auc(left: npt.NDArray[np.bool_], score: Any) -> float:
    return float(roc_auc_score(left, score))


def _filled(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """``values`` with the middle of its column in place of each that is missing."""
    middle = np.array([np.median(c[~np.isnan(c)]) if (~np.isnan(c)).any() else 0 for c in values.T])
    return np.where(np.isnan(values), middle, values)


def _ranked(column: npt.NDArray[np.float32]) -> Floats:
    """Each value's place among all, 0 to 1; a missing one stands in the middle."""
    filled = _filled(column[:, None])[:, 0]
    return np.searchsorted(np.sort(filled), filled) / len(filled)
