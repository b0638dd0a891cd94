"""Topics: which topics a text is about, and which of their sub-topics.

One linear model over the text's TF-IDF vector x: score_k = bias_k + x · weights_k. Training blends into the
weights what it learned from articles and what the seed words say (`training/topics.py`). A Platt curve turns scores
into calibrated probabilities; a topic is assigned where its probability reaches the topic's threshold, and where none
does, the best one if it is likely enough: a short text has little to show, a long one that shows little of any is
about none. A text that reads like no article at all (a consent notice, a program) gets no topic unless one is plain.
Imports no scikit-learn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dateline.compiled import compiled
from dateline.results import Subtopic, Topic
from dateline.taxonomy import Taxonomy
from dateline.terms import Ids

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]

SHORT_WORDS = 60
LEAST_LENGTH = 0.5
_FARTHEST = 700.0
"""Beyond it, the exponential function of a float overflows."""
PLAIN = 0.6
"""A topic of this probability is assigned even to a text that reads like no article."""


@dataclass(frozen=True)
class LabelModel:
    """A linear model of a set of labels with its calibration.

    `weights`: (n_terms, n_labels); `bias` and `thresholds`: (n_labels,), thresholds being probabilities; `slope` and
    `intercept` of the Platt curve of any label, `best_slope` and `best_intercept` of a text's best one; `fallback` and
    `fallback_short`: the probability that the best label needs where no label reaches its threshold, in texts of
    SHORT_WORDS and more and in shorter ones.
    """

    weights: Floats
    bias: Floats
    slope: float
    intercept: float
    thresholds: Floats
    fallback: float
    fallback_short: float
    best_slope: float
    best_intercept: float

    def scores(self, term_ids: Ids, x: Floats) -> Floats:
        """Return the scores (n_labels,) of a text with vector `x` at `term_ids`."""
        return _scores(self.weights, self.bias, term_ids, x, 0, len(self.bias))

    def scores_of(self, first: int, end: int, term_ids: Ids, x: Floats) -> Floats:
        """Return the scores (end - first,) of some labels that stand together."""
        return _scores(self.weights, self.bias, term_ids, x, first, end)

    def probabilities(self, scores: Floats) -> Floats:
        """Return calibrated probabilities. Source: Platt 1999, "Probabilistic outputs for support vector machines"."""
        return _logistic(self.slope * scores + self.intercept)

    def probability(self, score: float) -> float:
        """Return what `probabilities` does of one score; of few of them, in less time."""
        return _logistic_of(self.slope * score + self.intercept)

    def confidences(self, scores: Floats) -> Floats:
        """Return what is told of each label, for scores (..., n_labels): how likely it is right.

        That a text's best label is right is likelier than its score alone says, so it has a curve of its own, fitted on
        best labels; the others have their probability, but never more than the best.
        """
        best = scores.max(axis=-1, keepdims=True)
        most = _logistic(self.best_slope * best + self.best_intercept)
        return np.where(scores == best, most, np.minimum(self.probabilities(scores), most))

    def confidences_of(
        self, numbers: Sequence[int], scores: Sequence[float], probabilities: Sequence[float]
    ) -> list[float]:
        """Return what `confidences` tells of some labels of one text, given all its scores and probabilities."""
        best = max(scores)
        most = _logistic_of(self.best_slope * best + self.best_intercept)
        return [most if scores[number] == best else min(probabilities[number], most) for number in numbers]

    def assigned(self, probabilities: Floats, n_words: int | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which labels are assigned, for one text (n_labels,) or many (n_texts, n_labels).

        `n_words`: the length of the text, or of each (n_texts,).
        """
        reached = probabilities >= self.thresholds
        if probabilities.shape[-1] == 0:
            return reached
        best = probabilities == probabilities.max(axis=-1, keepdims=True)
        none = ~reached.any(axis=-1, keepdims=True)
        least = np.where(np.asarray(n_words) < SHORT_WORDS, self.fallback_short, self.fallback)
        return np.asarray(reached | (none & best & (probabilities >= least[..., None])))

    def assigned_to_one(self, probabilities: Sequence[float], n_words: int) -> list[int]:
        """Return the numbers of the labels that `assigned` gives to one text, in a tenth of the time."""
        pairs = zip(probabilities, self.least, strict=True)
        numbers = [number for number, (probability, least) in enumerate(pairs) if probability >= least]
        if not numbers and probabilities:
            best = max(probabilities)
            if best >= (self.fallback_short if n_words < SHORT_WORDS else self.fallback):
                numbers = [number for number, probability in enumerate(probabilities) if probability == best]
        return numbers

    @cached_property
    def least(self) -> list[float]:
        """The thresholds as plain numbers."""
        return [float(threshold) for threshold in self.thresholds]


@dataclass(frozen=True)
class Nothing:
    """A linear model of "this is no article": `weights` (n_terms,), `bias`, and the `threshold` of its score."""

    weights: Floats
    bias: float
    threshold: float

    def holds(self, term_ids: Ids, x: Floats) -> bool:
        """Tell whether a text with vector `x` at `term_ids` reads like no article."""
        return float(x @ self.weights.take(term_ids)) + self.bias >= self.threshold


class TopicAnswer(NamedTuple):
    """The topics of a text, best first, and whether there are none because it reads like no article."""

    topics: tuple[Topic, ...] = ()
    is_nothing: bool = False


class TopicClassifier:
    """Assigns topics and sub-topics to a text's terms. `idf`, `lent`: (n_terms,); `nothing` if the corpus taught it."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        idf: Floats,
        topics: LabelModel,
        subtopics: LabelModel,
        lent: Bools | None = None,
        nothing: Nothing | None = None,
    ) -> None:
        self._taxonomy = taxonomy
        self._idf = idf
        self._lent = np.zeros(len(idf), dtype=bool) if lent is None else lent
        self._topics = topics
        self._subtopics = subtopics
        self._nothing = nothing
        self._first_subtopic = np.cumsum([0, *(len(topic.subtopics) for topic in taxonomy.topics)]).tolist()

    @property
    def idf(self) -> Floats:
        """IDF of each term: (n_terms,)."""
        return self._idf

    @property
    def topics(self) -> LabelModel:
        """The model of the topics."""
        return self._topics

    def with_topics(self, topics: LabelModel) -> "TopicClassifier":
        """Return this classifier with another model of the topics."""
        return TopicClassifier(
            self._taxonomy,
            idf=self._idf,
            topics=topics,
            subtopics=self._subtopics,
            lent=self._lent,
            nothing=self._nothing,
        )

    @classmethod
    def from_state(cls, state: dict[str, Any], taxonomy: Taxonomy) -> "TopicClassifier":
        """Return the classifier that `state` was taken from."""
        topics, subtopics = LabelModel(**state["topics"]), LabelModel(**state["subtopics"])
        nothing = Nothing(**state["nothing"]) if state["nothing"] is not None else None
        return cls(taxonomy, idf=state["idf"], topics=topics, subtopics=subtopics, lent=state["lent"], nothing=nothing)

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the classifier."""
        nothing = None if self._nothing is None else _shallow(self._nothing)
        return {
            "idf": self._idf,
            "lent": self._lent,
            "topics": _shallow(self._topics),
            "subtopics": _shallow(self._subtopics),
            "nothing": nothing,
        }

    def classify(self, term_ids: Ids, counts: Ids, *, n_words: int) -> TopicAnswer:
        """Return the assigned topics of a text given its terms and length, best first, each with its sub-topics."""
        if len(term_ids) == 0:
            return TopicAnswer()
        x = vector(self._idf, self._lent, term_ids, counts)
        order = self._topics.scores(term_ids, x).tolist()
        probabilities = [self._topics.probability(score) for score in order]
        assigned = self._topics.assigned_to_one(probabilities, n_words)
        if not assigned:
            return TopicAnswer()
        if self._nothing is not None and max(probabilities) < PLAIN and self._nothing.holds(term_ids, x):
            return TopicAnswer(is_nothing=True)
        assigned.sort(key=lambda number: -order[number])
        told = self._topics.confidences_of(assigned, order, probabilities)
        pairs = zip(assigned, told, strict=True)
        return TopicAnswer(tuple(self._topic(number, score, term_ids, x) for number, score in pairs))

    def vector(self, term_ids: Ids, counts: Ids) -> Floats:
        """Return the unit TF-IDF vector of a text at its terms (n_terms,)."""
        return vector(self._idf, self._lent, term_ids, counts)

    def scores(self, term_ids: Ids, counts: Ids) -> Floats:
        """Return the score of every topic (n_topics,) before calibration: about 1 where it is plain, -1 where not."""
        return self._topics.scores(term_ids, self.vector(term_ids, counts))

    def confidences(self, term_ids: Ids, counts: Ids) -> Floats:
        """Return what is told of every topic (n_topics,), assigned or not, for a text with at least one known term."""
        return self._topics.confidences(self._topics.scores(term_ids, self.vector(term_ids, counts)))

    def contributions(self, term_ids: Ids, counts: Ids, code: str) -> tuple[Floats, float]:
        """Return what each term adds to a topic's score before calibration (n_terms,), and the topic's bias."""
        number = next(i for i, topic in enumerate(self._taxonomy.topics) if topic.code == code)
        x = self.vector(term_ids, counts)
        return x * self._topics.weights[term_ids, number], float(self._topics.bias[number])

    def _topic(self, number: int, score: float, term_ids: Ids, x: Floats) -> Topic:
        entry, model = self._taxonomy.topics[number], self._subtopics
        first, end = self._first_subtopic[number : number + 2]
        scores = model.scores_of(first, end, term_ids, x).tolist()
        subtopics = [
            Subtopic(subtopic.code, subtopic.name, probability)
            for subtopic, raw, least in zip(entry.subtopics, scores, model.least[first:end], strict=True)
            if (probability := model.probability(raw)) >= least
        ]
        subtopics.sort(key=lambda subtopic: -subtopic.score)
        return Topic(entry.code, entry.name, score, tuple(subtopics))


@compiled
def vector(idf: Floats, lent: Bools, term_ids: Ids, counts: Ids) -> Floats:
    """Return the TF-IDF vector of a text at its terms: (1 + log count) * idf, divided by its length.

    `lent` (n_terms,) terms are those that only word vectors know. They have no part in the length, so that a text's
    other terms weigh what they would without them; but the length is at least LEAST_LENGTH of that of all terms.
    """
    x = np.empty(len(term_ids), np.float64)
    square = more = 0.0
    for i, term in enumerate(term_ids):
        x[i] = (1.0 + math.log(counts[i])) * idf[term]
        if lent[term]:
            more += x[i] * x[i]
        else:
            square += x[i] * x[i]
    weighted: Floats = x / max(math.sqrt(square), LEAST_LENGTH * math.sqrt(square + more))
    return weighted


def unit_vector(idf: Floats, term_ids: Ids, counts: Ids) -> Floats:
    """Return the unit TF-IDF vector of a text at its terms, of which none is lent."""
    return vector(idf, np.zeros(len(idf), dtype=bool), term_ids, counts)


@compiled
def _scores(weights: Floats, bias: Floats, term_ids: Ids, x: Floats, first: int, end: int) -> Floats:
    """Return bias + x · weights of the labels from `first` to before `end`."""
    scores = np.empty(end - first, np.float64)
    scores[:] = bias[first:end]
    for i, term in enumerate(term_ids):
        row = weights[term]
        for label in range(first, end):
            scores[label - first] += x[i] * row[label]
    return scores


def _logistic(z: Floats) -> Floats:
    probabilities: Floats = 1.0 / (1.0 + np.exp(-z))
    return probabilities


def _logistic_of(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z)) if z > -_FARTHEST else 0.0


def _shallow(model: LabelModel | Nothing) -> dict[str, Any]:
    return {field.name: getattr(model, field.name) for field in fields(model)}
