"""Draws LDA's topic-word counts by collapsed Gibbs sampling and hands them to gensim's LdaModel.

On corpora of up to some hundred thousand articles sampling finds more coherent topics than online variational Bayes in
the same time. The sampler is tomotopy's; the model that is kept, inferred with and trained further is gensim's. The
same corpus, seed and prior give the same counts.
Source: Griffiths and Steyvers 2004, "Finding scientific topics", doi:10.1073/pnas.0307752101.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tomotopy
from gensim.models import LdaModel
from scipy.sparse import csr_matrix

ALPHA, ETA = 0.1, 0.05
"""Start of the document-topic prior, which is then fitted topic by topic, and the topic-word prior."""
_SAMPLES, _BETWEEN = 5, 8
"""The counts are the mean of so many states of the chain, so many sweeps apart."""


@dataclass(frozen=True)
class Draw:
    """Topic-word counts (n_topics, n_words) and the fitted document-topic prior `alpha` (n_topics,)."""

    counts: np.ndarray
    alpha: np.ndarray

    @property
    def topics(self) -> np.ndarray:
        """Word distributions of the topics (n_topics, n_words)."""
        smoothed = self.counts + ETA
        distributions: np.ndarray = smoothed / smoothed.sum(axis=1, keepdims=True)
        return distributions


def draw(corpus: csr_matrix, *, n_topics: int, sweeps: int, seed: int, prior: np.ndarray | None = None) -> Draw:
    """Return topic-word counts of a corpus (n_docs, n_words).

    `prior`: (m, n_words) with m <= n_topics, counts that the first m topics are taken to have from before; they guide
    the sampler and are not in the result.
    """
    sampler = tomotopy.LDAModel(k=n_topics, alpha=ALPHA, eta=ETA, seed=seed)
    names = np.array([str(word) for word in range(corpus.shape[1])])
    for row in corpus:
        if row.nnz:
            sampler.add_doc(np.repeat(names[row.indices], row.data.astype(np.int64)).tolist())
    if prior is not None:
        for word in np.flatnonzero(prior.any(axis=0)):
            weights = {topic: float(prior[topic, word]) + ETA for topic in np.flatnonzero(prior[:, word]).tolist()}
            sampler.set_word_prior(names[word], weights)
    last = _BETWEEN * (_SAMPLES - 1)
    counts = np.zeros((n_topics, corpus.shape[1]))
    for step in [max(1, sweeps - last), *[_BETWEEN] * (_SAMPLES - 1)]:
        sampler.train(step, workers=1, parallel=tomotopy.ParallelScheme.NONE)
        _add_state(sampler, counts)
    return Draw(counts / _SAMPLES, np.asarray(sampler.alpha, dtype=np.float64))


def gensim_model(result: Draw, stems: Sequence[str], *, seed: int) -> LdaModel:
    """Return gensim's LDA model with the topics of a draw; `stems` are its words."""
    lda = LdaModel(
        num_topics=len(result.counts), id2word=dict(enumerate(stems)), alpha=result.alpha, eta=ETA, random_state=seed,
        dtype=np.float64,
    )  # fmt: skip
    lda.state.sstats = result.counts.copy()
    lda.sync_state()
    return lda


def _add_state(sampler: tomotopy.LDAModel, counts: np.ndarray) -> None:
    """Add the present topic of every word in the corpus to `counts` (n_topics, n_words)."""
    words = np.concatenate([np.asarray(document.words) for document in sampler.docs])
    topics = np.concatenate([np.asarray(document.topics) for document in sampler.docs])
    columns = np.array([int(name) for name in sampler.used_vocabs])
    np.add.at(counts, (topics, columns[words]), 1.0)
