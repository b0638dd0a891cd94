"""Is it running text? Word lists and filler lack function words ("the", "of"), programs are full of signs.

Asked before topics and themes, which would find something in any bag of words. How few function words and how many
signs the strangest articles of the corpus have is learned in training (`fit_prose`), so that a corpus of tables keeps
its tables.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dateline.text import Document

_MIN_WORDS = 25
"""Headlines have few function words; shorter texts are always taken for running text."""
_RARE = 0.005
_MARGIN = 0.5
_SIGNS = b"{}[]_|\\*@^~+="
_MIN_SIGNS = 8
"""Fewer signs than this say nothing, however short the text."""
_MOST_SIGNS = 0.015
"""Where the corpus has hardly any signs, this share of a text's characters is still taken for running text."""


@dataclass(frozen=True)
class Prose:
    """The function words, the least share of a text's words that they must be, and the most that signs may be."""

    function_words: frozenset[str]
    least: float
    most_signs: float

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Prose":
        """Return the check that `state` was taken from."""
        return cls(frozenset(state["function_words"]), state["least"], state["most_signs"])

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of it."""
        return {"function_words": sorted(self.function_words), "least": self.least, "most_signs": self.most_signs}

    def holds(self, document: Document, n_function_words: int, n_words: int) -> bool:
        """Tell whether a document with so many words in its body is running text, or too short to tell."""
        enough = n_words < _MIN_WORDS or n_function_words / n_words >= self.least
        return enough and _signs(document) <= self.most_signs


def fit_prose(documents: Iterable[Document], function_words: Collection[str]) -> Prose:
    """Return the check that all but the strangest articles of a corpus pass with a wide margin."""
    function_words = frozenset(function_words)
    listed = list(documents)
    texts = [words for document in listed if len(words := document.body_words) >= _MIN_WORDS]
    shares = [sum(map(function_words.__contains__, words)) / len(words) for words in texts]
    signs = [_signs(document) for document in listed]
    return Prose(
        function_words,
        float(np.quantile(shares, _RARE)) * _MARGIN if shares else 0.0,
        max(_MOST_SIGNS, float(np.quantile(signs, 1.0 - _RARE)) / _MARGIN) if signs else 1.0,
    )


def _signs(document: Document) -> float:
    text = document.body
    latin = text.encode("latin-1", "replace")
    signs = len(latin) - len(latin.translate(None, _SIGNS))
    return signs / len(text) if signs >= _MIN_SIGNS else 0.0
