"""Where the sampler starts from: topics that non-negative matrix factorisation finds, or those of an earlier version.

Sampling from a random state finds other topics with every seed. Guided by a fixed start, given as a weak prior, it
finds the same ones, and more coherent ones (`docs/themes.md` has the figures). The factorisation has no random part
that matters: its start is a singular value decomposition.
"""

import warnings

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer

FRESH, WARM = 0.025, 0.1
"""Weight of the start against the corpus: 0.1 says that it stands for one tenth of the corpus's words."""
_ITERATIONS = 40
_DIGITS = 3
_LEAST_IDF = 0.5


def factorised(corpus: csr_matrix, n_topics: int) -> np.ndarray:
    """Return prior counts (at most n_topics, n_words) of topics found by factorising TF-IDF of (n_docs, n_words).

    Source: Boutsidis and Gallopoulos 2008, "SVD based initialization", doi:10.1016/j.patcog.2007.09.010.
    """
    n_topics = min(n_topics, *corpus.shape)
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(corpus)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a start need not be exact
        found = NMF(n_topics, init="nndsvd", random_state=0, max_iter=_ITERATIONS).fit(weighted).components_
    frequency = np.maximum(1, np.asarray((corpus > 0).sum(axis=0)).ravel())
    counts = found / np.maximum(np.log(corpus.shape[0] / frequency), _LEAST_IDF)
    counts = counts[counts.any(axis=1)]
    size = FRESH * corpus.sum() / n_topics
    # Rounded, so that the last digits of a processor's arithmetic do not decide what is drawn.
    prior: np.ndarray = np.round(size * counts / counts.sum(axis=1, keepdims=True), _DIGITS)
    return prior


def continued(counts: np.ndarray) -> np.ndarray:
    """Return prior counts of topics that an earlier version has learned, given its counts (n_topics, n_words)."""
    prior: np.ndarray = np.round(WARM * counts.astype(np.float64), _DIGITS)
    return prior
