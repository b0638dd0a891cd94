"""Similar articles: an inverted index over the TF-IDF vectors of the articles that a model was trained on.

Part of a model version, made by `training/similar.py`. A vector keeps its strongest terms only, so that a query costs
a fraction of a millisecond for each thousand articles. Imports no scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dateline.terms import Ids
from dateline.topics import Floats, unit_vector

Origin = Literal["seeds", "store"]
KEPT_TERMS = 100
"""Strongest terms that a vector keeps."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An article of the index: where it is kept, its id there, and its title."""

    origin: Origin
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A similar article; `score` is the cosine between the two vectors, in [0, 1]."""

    origin: Origin
    id: str
    title: str
    score: float


class SimilarIndex:
    """For each term, the articles that have it and its weight in their unit vectors.

    `idf`: (n_terms,), 0 for a term that no article has. The postings of term t are `articles[starts[t]:starts[t + 1]]`
    with `weights` beside them; `starts`: (n_terms + 1,), `articles` numbers `entries`.
    """

    def __init__(
        self,
        *,
        idf: Floats,
        starts: Ids,
        articles: NDArray[np.int32],
        weights: NDArray[np.float32],
        entries: Sequence[Entry],
    ) -> None:
        self._idf = idf
        self._starts = starts
        self._articles = articles
        self._weights = weights
        self._entries = entries

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "SimilarIndex":
        """Return the index that `state` was taken from."""
        arrays = {name: state[name] for name in ("idf", "starts", "articles", "weights")}
        return cls(**arrays, entries=[Entry(*entry) for entry in state["entries"]])

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the index."""
        return {
            "idf": self._idf, "starts": self._starts, "articles": self._articles, "weights": self._weights,
            "entries": [(entry.origin, entry.id, entry.title) for entry in self._entries],
        }  # fmt: skip

    def nearest(self, term_ids: Ids, counts: Ids, *, limit: int) -> list[Neighbour]:
        """Return the articles most similar to a text with these terms, best first; none that shares no term."""
        scores = np.zeros(len(self._entries), dtype=np.float64)
        known = self._idf.take(term_ids) > 0.0
        term_ids, counts = term_ids[known], counts[known]
        if len(term_ids) == 0 or len(scores) == 0:
            return []
        terms, weights = strongest(term_ids, unit_vector(self._idf, term_ids, counts))
        for start, end, weight in zip(self._starts[terms], self._starts[terms + 1], weights, strict=True):
            scores[self._articles[start:end]] += weight * self._weights[start:end]
        limit = min(limit, len(scores))
        best = np.argpartition(-scores, limit - 1)[:limit]
        best = best[np.lexsort((best, -scores[best]))]
        return [self._neighbour(int(number), float(scores[number])) for number in best if scores[number] > 0]

    def _neighbour(self, number: int, score: float) -> Neighbour:
        entry = self._entries[number]
        return Neighbour(entry.origin, entry.id, entry.title, min(1.0, score))


def strongest(term_ids: Ids, weights: Floats) -> tuple[Ids, Floats]:
    """Return the KEPT_TERMS strongest terms of a vector, scaled to length one again. Equal weights: the lower id."""
    if len(weights) > KEPT_TERMS:
        kept = np.sort(np.lexsort((term_ids, -weights))[:KEPT_TERMS])
        term_ids, weights = term_ids[kept], weights[kept]
    length = np.sqrt(weights @ weights)
    return term_ids, weights / length if length else weights
