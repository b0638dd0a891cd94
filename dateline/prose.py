"""Is it running text? Code, word lists and filler lack the function words ("the", "of", "said") that all reporting has.

Asked before topics and themes, which would find something in any bag of words. What share of function words the least
article of the corpus has is learned in training (`fit_prose`), so that a corpus of tables keeps its tables.
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


@dataclass(frozen=True)
class Prose:
    """The function words, and the share of a text's words that they must be at least."""

    function_words: frozenset[str]
    least: float

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Prose":
        """Return the check that `state` was taken from."""
        return cls(frozenset(state["function_words"]), state["least"])

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of it."""
        return {"function_words": sorted(self.function_words), "least": self.least}

    def holds(self, document: Document) -> bool:
        """Tell whether a document is running text, or too short to tell."""
        share = _share(document, self.function_words)
        return share is None or share >= self.least


def fit_prose(documents: Iterable[Document], function_words: Collection[str]) -> Prose:
    """Return the check that all but the strangest articles of a corpus pass with a wide margin."""
    words = frozenset(function_words)
    shares = [share for document in documents if (share := _share(document, words)) is not None]
    return Prose(words, float(np.quantile(shares, _RARE)) * _MARGIN if shares else 0.0)


def _share(document: Document, function_words: frozenset[str]) -> float | None:
    words = document.body_words
    return sum(map(function_words.__contains__, words)) / len(words) if len(words) >= _MIN_WORDS else None
