"""Words in a model: learnt from its own past, and another word is scored as other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import artefacts, explain
from models.outcomes import Question
from models.train import train
from models.trained import Trained
from perennial.month import unseen
from perennial.training import Serving

NAMES = ("arr_now", "main_product", "usage_trend", "tickets_opened_28d")


@pytest.fixture(scope="module")
def worded(frame: pd.DataFrame) -> pd.DataFrame:
    """Those on ``ent`` leave more, on ``pro`` less; and all of it is said by the word alone."""
    left = frame["outcome"].to_numpy() == 1
    rng = np.random.default_rng(3)
    chosen = np.where(rng.random(len(frame)) < 0.8, np.where(left, "ent", "pro"), "basic")
    return frame.assign(main_product=pd.Series(chosen, index=frame.index, dtype="str"))


def taught(rows: pd.DataFrame) -> Trained:
    told = [catalogue().by_name[name] for name in NAMES]
    return train(Question("churn"), rows, told, "2023-08", rounds=25, seeds=(1, 2))


@pytest.fixture(scope="module")
def learnt(worded: pd.DataFrame) -> Trained:
    return taught(worded)


def on(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    named = rows.tail(40).set_index("account_id")
    return named.assign(main_product=pd.Series(word, index=named.index, dtype="str"))


def test_an_unseen_word_is_no_neighbour(learnt: Trained, worded: pd.DataFrame) -> None:
    """``enterprise`` stands next to ``ent``, and has nothing to do with it."""
    said = {w: learnt.predict(on(worded, w)) for w in ("ent", "pro", "enterprise", "Titan", "")}
    assert said["enterprise"].equals(said["Titan"])
    assert said["enterprise"].equals(said[""])
    assert (said["ent"] > said["pro"]).all()
    assert not np.allclose(said["enterprise"], said["ent"])


def test_it_is_counted_and_said(learnt: Trained, worded: pd.DataFrame) -> None:
    served = {"churn": Serving("churn", learnt, ""), "expansion": Serving("expansion", None, "")}
    assert unseen(served, on(worded, "pro")) == ()
    assert unseen(served, on(worded, "Titan")) == (
        "main_product: 40 accounts have 'Titan', unseen when the churn model was trained; "
        "scored as other",
    )


def test_a_reason_says_the_word(learnt: Trained, worded: pd.DataFrame) -> None:
    now, then = on(worded, "ent"), on(worded, "pro")
    found = explain.reasons(learnt, now, then, catalogue())["reasons"]
    texts = [reason["text"] for told in found for reason in told]
    words = {t.split(";")[0] for t in texts if "paid for: " in t}
    assert words == {f"{catalogue().by_name['main_product'].label}: ent (was pro)"}


def test_a_fold_knows_the_words_of_its_own_past_alone(
    learnt: Trained, worded: pd.DataFrame
) -> None:
    """Changing every word after a fold's origin changes nothing it had learnt."""
    first = learnt.folds["origin"].min()
    later = worded["month"] > first
    renamed = worded.copy()
    renamed.loc[later & (renamed["main_product"] == "pro"), "main_product"] = "premium"
    before, after = learnt.held_out, taught(renamed).held_out
    assert before is not None
    assert after is not None
    fold = before["fold"] == 0
    same = (worded.set_index(["account_id", "month"])["main_product"] != "pro").rename("same")
    kept = before[fold].merge(same.reset_index(), on=["account_id", "month"])["same"].to_numpy()
    fold_after = after["fold"] == 0
    for method in ("model", "logistic"):
        one, other = (t[f][method].to_numpy() for t, f in ((before, fold), (after, fold_after)))
        assert (one[kept] == other[kept]).all()
    assert (one[~kept] != other[~kept]).any()


def test_the_words_are_part_of_the_artefact(learnt: Trained, tmp_path: Path) -> None:
    artefacts.save(learnt, tmp_path)
    assert artefacts.load(tmp_path).vocabulary == learnt.vocabulary
    assert learnt.vocabulary.words == {"main_product": ("pro", "basic", "ent")}
