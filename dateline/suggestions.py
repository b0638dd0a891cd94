"""Which unlabelled articles are most worth a label: those that the model is unsure of, and unlike one another.

Used by the service; `training/simulate_labelling.py` measures what it saves. Imports SciPy, so import it when needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dateline.analyser import Analyser
from dateline.articles import StoredArticle
from dateline.results import Topic
from dateline.terms import Ids, document_word_ids
from dateline.text import read
from dateline.topics import Floats

N_GUESSES = 3
_STEEPNESS = 3.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article to label, how unsure the model is of it (0 to 1), and its best guesses, likely or not."""

    article: StoredArticle
    uncertainty: float
    guesses: tuple[Topic, ...]


def suggest(analyser: Analyser, candidates: Sequence[StoredArticle], *, limit: int) -> list[Suggestion]:
    """Return up to `limit` of the candidates, the most worthwhile first; none that has no words the model knows."""
    documents = [read(article.text, article.title) for article in candidates]
    terms = [analyser.index.counts(document_word_ids(analyser.index, document)) for document in documents]
    known = [number for number, (ids, _) in enumerate(terms) if len(ids)]
    if not known:
        return []
    lengths = np.cumsum([0, *(len(terms[number][0]) for number in known)])
    ids, weights = (
        np.concatenate(parts)
        for parts in zip(*((terms[n][0], analyser.topics.vector(*terms[n])) for n in known), strict=True)
    )
    vectors = csr_matrix((weights, ids, lengths), shape=(len(known), analyser.index.n_terms))
    unsure = uncertainty(np.array([analyser.topics.scores(*terms[number]) for number in known]))
    return [
        Suggestion(candidates[known[row]], float(unsure[row]), _guesses(analyser, *terms[known[row]]))
        for row in choose(unsure, vectors, limit=limit)
    ]


def uncertainty(scores: Floats) -> NDArray[np.float64]:
    """Return how unsure the best guess is, in (0, 1), for topic scores (n_docs, n_topics).

    By the score and not the calibrated probability: of a model that has few labels yet, calibration is no more than a
    guess, while a score of 0 is the boundary that learning has drawn.
    """
    return np.asarray(1.0 / (1.0 + np.exp(_STEEPNESS * scores.max(axis=1))), dtype=np.float64)


def choose(unsure: NDArray[np.float64], vectors: Any, *, limit: int) -> list[int]:
    """Return the rows to label, best first: each unsure, typical of the rest, and unlike those before it.

    `vectors`: unit TF-IDF vectors (n_docs, n_terms), sparse. The worth of a row is its uncertainty, times its mean
    cosine to all rows (a freak teaches little about others), times one minus its cosine to the nearest chosen row.
    Source: Settles and Craven 2008, "An analysis of active learning strategies for sequence labeling tasks"
    (information density), with the diversity of Shen and Zhai 2005, "Active feedback in ad hoc information retrieval".
    """
    unsure = unsure * (vectors @ np.asarray(vectors.mean(axis=0)).ravel())
    nearest = np.zeros(len(unsure))
    left = np.ones(len(unsure), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(limit, len(unsure)):
        worth = np.where(left, unsure * (1.0 - nearest), -1.0)
        best = int(worth.argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, (vectors @ vectors[best].T).toarray().ravel())
    return chosen


def _guesses(analyser: Analyser, term_ids: Ids, counts: Ids) -> tuple[Topic, ...]:
    entries, probabilities = analyser.taxonomy.topics, analyser.topics.confidences(term_ids, counts)
    best = np.argsort(-probabilities, kind="stable")[:N_GUESSES]
    return tuple(Topic(entries[n].code, entries[n].name, float(probabilities[n])) for n in best.tolist())
