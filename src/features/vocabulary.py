"""The words a model knows, as numbers of our own.

A library that codes categories by itself may take an unseen word for a neighbour in its
list. Here a word is its place among those a model learnt from, the most common first;
every other word is ``OTHER``, and is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

MOST = 60
OTHER = "other"


@dataclass(frozen=True)
class Vocabulary:
    """The known words of each feature that is one, in the order of their codes from 1."""

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def learn(cls, matrix: pd.DataFrame) -> Vocabulary:
        """The words of every text column of ``matrix``: the ``MOST`` most common, ties by name."""
        found = {}
        for name in matrix:
            if isinstance(matrix[name].dtype, pd.StringDtype):
                counts = matrix[name].dropna().value_counts()
                ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
                found[str(name)] = tuple(str(word) for word, _ in ranked[:MOST])
        return cls(found)

    def encode(self, matrix: pd.DataFrame) -> pd.DataFrame:
        """``matrix`` with each word as its code: from 1; 0 for other; NaN where unknown."""
        coded = matrix.copy(deep=False)
        for name, words in self.words.items():
            if name in matrix:
                codes = matrix[name].map({word: float(i) for i, word in enumerate(words, 1)})
                codes = codes.astype("float64")
                coded[name] = codes.mask(codes.isna() & matrix[name].notna(), 0.0)
        return coded

    def unseen(self, matrix: pd.DataFrame) -> dict[str, dict[str, int]]:
        """For each feature the words it has and the model does not know, each with its accounts."""
        found = {}
        for name, words in self.words.items():
            if name in matrix:
                other = matrix[name].dropna()
                counts = other[~other.isin(words)].value_counts().sort_index()
                if len(counts):
                    found[name] = {str(word): int(count) for word, count in counts.items()}
        return found

    def word(self, name: str, code: float) -> str | float:
        """The word behind a code; the number itself where the feature is none, or is unknown."""
        if name not in self.words or code != code:
            return code
        return self.words[name][int(code) - 1] if code >= 1 else OTHER
