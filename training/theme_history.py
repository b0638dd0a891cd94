"""What a version remembers of its themes for the versions after it, and how themes keep their ids.

A new version's themes are matched one to one with those of the version that served before. What matches keeps its id; a
new theme gets a number that no theme of any version has had. Kept as an attachment of the bundle, a .npz without
pickles, so that it can be read whatever libraries are installed.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

ATTACHMENT = "themes.npz"
SAME_THEME = 0.5
"""Similarity, in [0, 1], from which a theme is held to be the one of before."""
_TOP_TOPICS = 3
_MIN_SHARED_DOCUMENTS = 20


@dataclass(frozen=True)
class ThemeHistory:
    """The topics of a version as training needs them: enough to make gensim's model again and to train on.

    `stems`: the theme words; `counts`: (n_topics, n_words); `alpha`: (n_topics,); `ids`: of the themes, which are the
    first topics; `documents`: ids of the articles, with their `_TOP_TOPICS` strongest `topics` and `weights`
    (n_docs, _TOP_TOPICS); `next_number`: of the next new theme; `fingerprint`: of all that training started from.
    """

    stems: Sequence[str]
    counts: np.ndarray
    alpha: np.ndarray
    ids: Sequence[str]
    documents: Sequence[str]
    topics: np.ndarray
    weights: np.ndarray
    next_number: int
    fingerprint: str

    def to_bytes(self) -> bytes:
        """Return the history as a file."""
        file = io.BytesIO()
        np.savez_compressed(
            file, stems=np.array(self.stems, dtype=str), counts=self.counts, alpha=self.alpha,
            ids=np.array(self.ids, dtype=str), documents=np.array(self.documents, dtype=str), topics=self.topics,
            weights=self.weights, next_number=np.array(self.next_number), fingerprint=np.array(self.fingerprint),
        )  # fmt: skip
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "ThemeHistory":
        """Return the history that a file holds."""
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return cls(
                stems=kept["stems"].tolist(), counts=kept["counts"], alpha=kept["alpha"], ids=kept["ids"].tolist(),
                documents=kept["documents"].tolist(), topics=kept["topics"], weights=kept["weights"],
                next_number=int(kept["next_number"]), fingerprint=str(kept["fingerprint"]),
            )  # fmt: skip

    def counts_over(self, stems: Sequence[str]) -> np.ndarray:
        """Return the counts over another vocabulary (n_topics, len(stems)); words that are new have none."""
        columns = {stem: column for column, stem in enumerate(self.stems)}
        result = np.zeros((len(self.counts), len(stems)))
        shared = [(i, columns[stem]) for i, stem in enumerate(stems) if stem in columns]
        if shared:
            new, old = np.array(shared).T
            result[:, new] = self.counts[:, old]
        return result

    def main_topics(self) -> dict[str, int]:
        """Return article -> its strongest topic."""
        return dict(zip(self.documents, self.topics[:, 0].tolist(), strict=True)) if len(self.documents) else {}

    def document_weights(self, documents: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return which of the given articles were known (n,), and the topic weights of those (n_known, n_topics)."""
        rows = {id: row for row, id in enumerate(self.documents)}
        known = np.array([id in rows for id in documents], dtype=bool)
        old = [rows[id] for id in documents if id in rows]
        weights = np.zeros((len(old), len(self.counts)))
        if old:
            np.put_along_axis(weights, self.topics[old].astype(np.int64), self.weights[old].astype(np.float64), axis=1)
        return known, weights


def strongest(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the strongest topics of articles, and their weights, as a history keeps them: (n_docs, _TOP_TOPICS)."""
    topics = np.argsort(-weights, axis=1, kind="stable")[:, :_TOP_TOPICS]
    return topics.astype(np.int32), np.take_along_axis(weights, topics, axis=1).astype(np.float32)


def similarity(
    before: np.ndarray,
    after: np.ndarray,
    weights_before: np.ndarray | None = None,
    weights_after: np.ndarray | None = None,
) -> np.ndarray:
    """Return how alike topics of two versions are (n_before, n_after), in [0, 1].

    The mean of two likenesses: of their words, one less the Jensen-Shannon distance of the distributions
    (n_topics, n_words), and of the articles that both versions know, the cosine of the weights (n_shared, n_topics).
    Without enough shared articles, the words alone decide.
    """
    words = word_similarity(before, after)
    if weights_before is None or weights_after is None or len(weights_before) < _MIN_SHARED_DOCUMENTS:
        return words
    unit_before = weights_before / np.maximum(np.linalg.norm(weights_before, axis=0), 1e-12)
    unit_after = weights_after / np.maximum(np.linalg.norm(weights_after, axis=0), 1e-12)
    alike: np.ndarray = (words + unit_before.T @ unit_after) / 2
    return alike


def word_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one less the Jensen-Shannon distance of word distributions: (n_first, n_second), in [0, 1].

    Source: Endres and Schindelin 2003, "A new metric for probability distributions", doi:10.1109/TIT.2003.813506.
    """
    entropy_first, entropy_second = _entropy(first), _entropy(second)
    divergence = np.array(
        [
            _entropy((row + second) / 2) - (own + entropy_second) / 2
            for row, own in zip(first, entropy_first, strict=True)
        ]
    ).reshape(len(first), len(second))
    result: np.ndarray = 1.0 - np.sqrt(np.clip(divergence, 0.0, 1.0))
    return result


def match(alike: np.ndarray) -> dict[int, int]:
    """Return column -> row of the best one-to-one matching of a similarity matrix, as far as it is SAME_THEME.

    Source: Kuhn 1955, "The Hungarian method for the assignment problem", as scipy implements it.
    """
    rows, columns = linear_sum_assignment(-alike)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {column: row for row, column in pairs if alike[row, column] >= SAME_THEME}


def theme_id(number: int) -> str:
    """Return the id of the theme with a number: t01, t02, … t100."""
    return f"t{number:02d}"


def new_ids(matched: Sequence[str | None], *, next_number: int) -> tuple[list[str], int]:
    """Return the ids of themes, new ones where there is None, and the number that comes next."""
    missing = [place for place, id in enumerate(matched) if id is None]
    given = dict(zip(missing, range(next_number, next_number + len(missing)), strict=True))
    ids = [id or theme_id(given[place]) for place, id in enumerate(matched)]
    return ids, next_number + len(missing)


def _entropy(p: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy: np.ndarray = -np.nansum(p * np.log2(p), axis=-1)
    return entropy
