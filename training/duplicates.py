"""Groups near-duplicate articles, so that a split never has one copy in training and another in test."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer

from dateline.text import Document

_SHINGLE_WORDS = 5
_SHARED = 0.3
"""Two articles are near-duplicates if they share this part of the 5-word sequences of the shorter one."""


def near_duplicate_groups(documents: Sequence[Document]) -> np.ndarray:
    """Return the group number (n_docs,) of each document; near-duplicates share one."""
    shingles = HashingVectorizer(
        analyzer="word", ngram_range=(_SHINGLE_WORDS, _SHINGLE_WORDS), binary=True, norm=None, alternate_sign=False,
        dtype=np.float32, n_features=2**22,
    ).transform(" ".join(d.title_words + d.body_words) for d in documents)  # fmt: skip
    shared = (shingles @ shingles.T).tocoo()
    sizes = np.maximum(1, np.asarray(shingles.sum(axis=1)).ravel())
    close = shared.data >= _SHARED * np.minimum(sizes[shared.row], sizes[shared.col])
    shared.data = close.astype(np.float32)
    shared.eliminate_zeros()
    _, groups = connected_components(shared, directed=False)
    return np.asarray(groups)
