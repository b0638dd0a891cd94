"""What a version says of its own labelled articles when it has not learned from them, kept with the version.

Cross-validation gives every labelled article an answer by a model that was fitted without it. Kept by content hash, the
answers let the next version be compared with this one on articles that neither has learned from (`gate.py`), and the
report and the drift baseline be drawn (`report.py`, `baseline.py`). Knows nothing of how models are fitted.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.corpus import NO_TOPIC, Article
from training.metrics import calibration_error, f1, macro_f1

ATTACHMENT = "heldout.npz"


@dataclass(frozen=True)
class TopicFigures:
    """Counts of a topic: articles that have it, articles that were given it, and those that are both."""

    code: str
    articles: int
    given: int
    hits: int

    @property
    def precision(self) -> float:
        """Share of the articles given the topic that have it; 0 if none was."""
        return self.hits / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        """Share of the articles with the topic that were given it; 0 if there are none."""
        return self.hits / self.articles if self.articles else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.articles + self.given
        return 2 * self.hits / total if total else 0.0


@dataclass(frozen=True)
class HeldOut:
    """Held-out answers for n articles and L topics.

    `keys` (n,): content hashes; `codes`: of the topics; `truth` and `assigned` (n, L): the labels and the answers;
    `first`, `best` (n,): the main and the likeliest topic's number, NO_TOPIC where there is no main topic; `confidence`
    (n,): the likeliest topic's probability.
    """

    keys: tuple[str, ...]
    codes: tuple[str, ...]
    truth: np.ndarray
    assigned: np.ndarray
    first: np.ndarray
    best: np.ndarray
    confidence: np.ndarray

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Content hash -> row."""
        return {key: row for row, key in enumerate(self.keys)}

    def to_bytes(self) -> bytes:
        """Return the answers as a version keeps them."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            keys=np.array(self.keys, dtype="S16"),
            codes=np.array(self.codes, dtype=str),
            truth=self.truth,
            assigned=self.assigned,
            first=self.first.astype(np.int32),
            best=self.best.astype(np.int32),
            confidence=self.confidence.astype(np.float32),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "HeldOut":
        """Return the answers that `to_bytes` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return cls(
                keys=tuple(key.decode() for key in arrays["keys"].tolist()),
                codes=tuple(arrays["codes"].tolist()),
                **{name: arrays[name] for name in ("truth", "assigned", "first", "best", "confidence")},
            )

    def figures(self) -> dict[str, float]:
        """Return the figures of merit; `abstained` is the share of the articles without topic that got none."""
        news = self.first != NO_TOPIC
        correct = self.correct[news]
        figures = {
            "topic@1": correct.mean(),
            "primary@1": (self.best == self.first)[news].mean(),
            "topicF1": f1(self.truth[news], self.assigned[news]),
            "topicMacroF1": macro_f1(self.truth[news], self.assigned[news]),
            "ece": calibration_error(self.confidence[news], correct),
        }
        if not news.all():
            figures["abstained"] = 1.0 - self.assigned[~news].any(axis=1).mean()
        return {name: round(float(value), 4) for name, value in figures.items()}

    def per_topic(self) -> list[TopicFigures]:
        """Return precision, recall and F1 of each topic, in the taxonomy's order."""
        hits = (self.truth & self.assigned).sum(axis=0).tolist()
        given, there = self.assigned.sum(axis=0).tolist(), self.truth.sum(axis=0).tolist()
        return [TopicFigures(*row) for row in zip(self.codes, there, given, hits, strict=True)]

    @property
    def confusion(self) -> np.ndarray:
        """How often the likeliest topic of an article is which, by its main topic: (n_topics, n_topics)."""
        news = self.first != NO_TOPIC
        table = np.zeros((len(self.codes), len(self.codes)), dtype=np.int64)
        np.add.at(table, (self.first[news], self.best[news]), 1)
        return table

    @property
    def correct(self) -> np.ndarray:
        """Whether the likeliest topic is one of the article's: (n,)."""
        return np.asarray(self.truth[np.arange(len(self.best)), self.best])


def content_key(article: Article) -> str:
    """Return the hash by which an article's title and text are known again, 16 hexadecimal digits."""
    return hashlib.sha256(f"{article.title}\n\n{article.text}".encode()).hexdigest()[:16]


def held_out(
    articles: Sequence[Article], codes: Sequence[str], *, truth: np.ndarray, probabilities: np.ndarray,
    assigned: np.ndarray, first: np.ndarray,
) -> HeldOut:  # fmt: skip
    """Return the held-out answers of cross-validation; its arrays are those of `training.topics.TopicFit`."""
    return HeldOut(
        keys=tuple(content_key(article) for article in articles),
        codes=tuple(codes),
        truth=truth,
        assigned=assigned,
        first=first,
        best=probabilities.argmax(axis=1),
        confidence=probabilities.max(axis=1),
    )
