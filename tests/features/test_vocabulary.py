"""Words as numbers of our own: an unseen one is other, whichever it resembles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.vocabulary import MOST, Vocabulary

WORDS = ["basic", "pro", "pro", "ent", None, "basic", "basic"]


def matrix(words: list[str | None]) -> pd.DataFrame:
    index = pd.Index([f"A{i}" for i in range(len(words))], name="account_id")
    plan = pd.Series(words, index=index, dtype="str")
    return pd.DataFrame({"main_product": plan, "arr_now": np.arange(float(len(words)))})


def test_a_word_is_its_place_among_those_learnt() -> None:
    learnt = Vocabulary.learn(matrix(WORDS))
    assert learnt.words == {"main_product": ("basic", "pro", "ent")}
    coded = learnt.encode(matrix(["pro", "basic", None, "ent"]))
    assert coded["main_product"].fillna(-1).tolist() == [2, 1, -1, 3]
    assert set(coded.dtypes.astype("str")) == {"float64"}
    assert [learnt.word("main_product", code) for code in (1.0, 3.0, 0.0)] == [
        "basic",
        "ent",
        "other",
    ]
    assert learnt.word("arr_now", 3.0) == 3.0


def test_an_unseen_word_is_other_and_counted() -> None:
    """Not its alphabetical neighbour, nor what differs in case, nor nothing at all."""
    learnt = Vocabulary.learn(matrix(WORDS))
    new = matrix(["enterprise", "Pro", "", "basic", "enterprise", None])
    assert learnt.encode(new)["main_product"].fillna(-1).tolist() == [0, 0, 0, 1, 0, -1]
    assert learnt.unseen(new) == {"main_product": {"": 1, "Pro": 1, "enterprise": 2}}
    assert learnt.unseen(matrix(WORDS)) == {}


def test_the_rarest_of_very_many_are_other() -> None:
    many = [f"p{i:03d}" for i in range(MOST + 3)] + ["p062"]
    learnt = Vocabulary.learn(matrix(many))  # type: ignore[arg-type]
    assert len(learnt.words["main_product"]) == MOST
    assert learnt.words["main_product"][:2] == ("p062", "p000")
    assert learnt.encode(matrix(["p061"]))["main_product"].tolist() == [0]


def test_what_is_no_word_is_left_alone_and_nothing_is_changed_in_place() -> None:
    whole = matrix(WORDS)
    coded = Vocabulary.learn(whole).encode(whole)
    assert coded["arr_now"].equals(whole["arr_now"])
    assert whole["main_product"].dtype == "str"
    assert Vocabulary().encode(whole[["arr_now"]]).equals(whole[["arr_now"]])
