"""Reasons: what an account's probability is associated with, in words.

A reason is a driver (`features.drivers`), not a column: the contributions of all it is seen
by are summed before anything is ranked, or "tickets, 28 days" and "tickets, 90 days" would
take two of three places. It is said by the column that weighs most, in the words of the
catalogue: the value now, three months ago, and at similar accounts. What people say, in a
survey or about a customer, is no driver: reasons come from models that cannot hear it. One
that not every seed's model gives is said to be unsteady.

A contribution says what the model associates with the outcome. It is never said
that it happens *because* of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue
from features.declare import FRAMES, Feature
from features.drivers import driver
from models import booster
from models.outcomes import Kind
from models.trained import Trained, listed
from models.typical import Typical, typical
from warehouse.errors import InputMissing

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

FAR = 0.1  # of probability: so far from what drivers tell, a score leans on what people say
SMALLEST = 0.05  # log-odds: less moves the odds by under 5 %, and is no reason
NO_DRIVER = "no clear driver"
NOUNS: dict[Kind, str] = {
    "churn": "risk of churn",
    "expansion": "odds of expansion",
    "renewal": "risk of not renewing",
}


def reasons(
    trained: Trained,
    now: pd.DataFrame,
    then: pd.DataFrame,
    catalogue: Catalogue,
    top: int = 3,
    grounds: Iterable[pd.DataFrame] | None = None,
    usual: Typical | None = None,
) -> pd.DataFrame:
    """Up to ``top`` reasons for each row of ``now``: account_id, reasons, p.

    ``now`` and ``then`` are features (index account_id) at the close and three months
    before it; an account absent from ``then`` has no value then. What is ``usual`` is the
    median of the accounts of similar ARR and age, found among ``now`` if not given.
    ``grounds`` are contributions, a frame a model with the columns of `Trained.contributions`;
    those of `Trained.grounds` if not given.

    A reason is a dict: driver, idea, family, feature (the column that weighs most),
    contribution (log-odds, mean of the models, 4 decimals), seen (in how many of the models it
    points this way, of how many), direction ("raises" or "lowers"), text. Those that point where
    the account stands (above or below the models' average) come first, largest first,
    and among them drivers before ``FRAMES``: when a term ends and how large an account
    is frame its risk, and no one can act on them. Below ``SMALLEST`` there are none, and
    an empty list is an honest answer. ``p`` is the probability by those models alone.
    """
    names = list(trained.names)
    drivers = _told(trained, catalogue, driver)
    told = trained.grounds(now) if grounds is None else grounds
    parts, sides, p, models = _averaged(told, drivers)
    labels, summed = _summed(parts, drivers)
    family = dict(zip(drivers, _told(trained, catalogue, family_of), strict=True))
    ranked = _ranked(summed, np.array([family[label] not in FRAMES for label in labels]))[:, :top]
    rows, nth = np.nonzero(np.abs(np.take_along_axis(summed, ranked, axis=1)) >= SMALLEST)
    places = ranked[rows, nth]
    weights = summed[rows, places]
    strongest = _strongest(parts, drivers, labels, rows, places, weights)
    raised = sides[rows, places]
    seen = np.where(weights > 0, raised, models - raised).astype(np.intp)
    phrases = _phrases(
        trained, now, then, catalogue, rows, strongest, usual or typical(trained, now)
    )
    noun = NOUNS[trained.question.kind]
    found: list[list[dict[str, Any]]] = [[] for _ in range(len(now))]
    said = (each.tolist() for each in (rows, places, strongest, weights.round(4), seen, phrases))
    for row, place, column, weight, of, phrase in zip(*said, strict=True):
        feature = catalogue.by_name[names[column]]
        doubt = "" if of == models else f" (in {of} of {models} models: unsteady)"
        found[row].append(
            {
                "driver": labels[place],
                "idea": feature.idea,
                "family": feature.family,
                "feature": feature.name,
                "contribution": weight,
                "seen": [of, models],
                "direction": "raises" if weight > 0 else "lowers",
                "text": f"{phrase}; associated with {'higher' if weight > 0 else 'lower'} "
                f"{noun}{doubt}",
            }
        )
    return pd.DataFrame({"account_id": now.index.astype("str"), "reasons": found, "p": p})


def _averaged(
    grounds: Iterable[pd.DataFrame], drivers: npt.NDArray[np.object_]
) -> tuple[Floats, Floats, Floats, int]:
    """Of contributions by model: their mean, in how many each driver raises, p, and how many."""
    total, raises, models = np.zeros(()), np.zeros(()), 0
    for each in grounds:
        models += 1
        parts = each.to_numpy(np.float64)
        raises = raises + (_summed(parts[:, :-1], drivers)[1] > 0)
        total = np.add(total, parts, out=total if total.ndim else None)
    total /= models
    return total[:, :-1], raises, booster.probability(total.sum(axis=1)), models


def _ranked(summed: Floats, drives: npt.NDArray[np.bool_]) -> Places:
    """The places of each row's drivers, the one to be said first at the head."""
    side = np.where(summed.sum(axis=1) >= 0, 1.0, -1.0)
    # Head starts no size can make up: the account's side of the average, then being a driver.
    same = (summed * side[:, None] > 0) & (np.abs(summed) >= SMALLEST)
    rank = np.abs(summed) + 1e6 * same * np.where(drives, 2, 1)
    return np.argsort(-rank, axis=1, kind="stable")


def _strongest(
    parts: Floats,
    drivers: npt.NDArray[np.object_],
    labels: list[str],
    rows: Places,
    places: Places,
    weights: Floats,
) -> Places:
    """Of a driver's columns that point the way it does, the one that weighs most."""
    found = np.empty(len(rows), dtype=np.intp)
    for place, label in enumerate(labels):
        here, columns = places == place, np.flatnonzero(drivers == label)
        beside = np.sign(weights[here])[:, None] * parts[np.ix_(rows[here], columns)]
        found[here] = columns[beside.argmax(axis=1)]
    return found


def _phrases(
    trained: Trained,
    now: pd.DataFrame,
    then: pd.DataFrame,
    catalogue: Catalogue,
    rows: Places,
    columns: Places,
    usual: Typical,
) -> npt.NDArray[np.object_]:
    """What the feature ``columns`` says of each of ``rows``: now, then, and what is typical."""
    values = trained.numbers(now).to_numpy(np.float64)
    past = trained.numbers(then.reindex(now.index)).to_numpy(np.float64)
    middle = usual.of(now.index)
    found = np.empty(len(rows), dtype=object)
    for column in np.unique(columns):
        here = np.flatnonzero(columns == column)
        name, which = trained.names[column], rows[here]
        said, was = (
            [trained.vocabulary.word(name, code) for code in at[which, column].tolist()]
            for at in (values, past)
        )
        found[here] = catalogue.phrases(name, said, was, middle[which, column].tolist())
    return found


def acts(reason: Mapping[str, Any]) -> bool:
    """Whether a reason raises what was asked about, and is one that somebody could act on."""
    return bool(reason["direction"] == "raises" and reason["family"] not in FRAMES)


def families(trained: Trained, contributions: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Contributions (log-odds) summed by driver family: index account_id, a column a family.

    With the column ``bias`` of ``contributions`` added, a row sums to its margin.
    """
    told = _told(trained, catalogue, family_of)
    labels, summed = _summed(contributions[list(trained.names)].to_numpy(np.float64), told)
    return pd.DataFrame(summed, index=contributions.index, columns=labels)


def expected_loss(
    by_family: pd.DataFrame, p_churn: pd.Series[float], arr: pd.Series[int]
) -> pd.Series[int]:
    """Expected lost ARR (cents) by driver family, largest first, summing to the whole.

    An account's expected loss, ``p x ARR``, is shared among the families that raise its
    risk, in proportion to how much each raises it; an account that none raises is counted
    under ``NO_DRIVER``. ``p_churn`` and ``arr`` are indexed by account like ``by_family``.
    """
    loss = (p_churn * arr).reindex(by_family.index).fillna(0.0).to_numpy(np.float64)
    raising = by_family.to_numpy(np.float64).clip(min=0)
    total = raising.sum(axis=1)
    share = np.divide(raising, total[:, None], out=np.zeros_like(raising), where=total[:, None] > 0)
    money = np.append(loss @ share, loss[total == 0].sum())
    labels = [*by_family.columns, NO_DRIVER]
    cents = pd.Series(_cents(money), index=labels, name="expected_loss")
    return cents[cents > 0].sort_values(ascending=False, kind="stable")


def _cents(money: Floats) -> npt.NDArray[np.int64]:
    """Whole cents that sum to the rounded whole: the largest remainders are rounded up."""
    whole = np.floor(money).astype(np.int64)
    left = round(float(money.sum())) - int(whole.sum())
    whole[np.argsort(whole - money, kind="stable")[:left]] += 1
    return whole


def _told(
    trained: Trained, catalogue: Catalogue, what: Callable[[Feature], str]
) -> npt.NDArray[np.object_]:
    """``what`` says of each of the model's features: its driver or its family."""
    absent = [name for name in trained.names if name not in catalogue.by_name]
    if absent:
        raise InputMissing(
            f"the {trained.question.kind} model of {trained.month} uses features that are no "
            f"longer declared: {listed(absent)}; train again"
        )
    return np.array([what(catalogue.by_name[name]) for name in trained.names], dtype=object)


def family_of(feature: Feature) -> str:
    """The family a feature was declared in."""
    return feature.family


def _summed(parts: Floats, groups: npt.NDArray[np.object_]) -> tuple[list[str], Floats]:
    """The distinct groups, sorted, and the columns of ``parts`` summed by group."""
    labels, place = np.unique(groups.astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    return labels.tolist(), np.add.reduceat(parts[:, order], starts, axis=1)
