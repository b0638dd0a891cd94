"""Builds the index of similar articles from the term counts of any articles. What it is for: `dateline/similar.py`."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from dateline.similar import Entry, SimilarIndex, strongest
from dateline.topics import unit_vector
from training.features import idf_of


def fit_similar(counts: csr_matrix, entries: Sequence[Entry]) -> SimilarIndex:
    """Return the index of articles with term `counts` (n_docs, n_terms), which `entries` name in the same order."""
    idf = np.where(np.bincount(counts.indices, minlength=counts.shape[1]) > 0, idf_of(counts), 0.0)
    rows = [_row(counts, number, idf) for number in range(counts.shape[0])]
    lengths = np.cumsum([0, *(len(terms) for terms, _ in rows)])
    terms, weights = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    by_term = csr_matrix((weights.astype(np.float32), terms, lengths), shape=counts.shape).tocsc()
    return SimilarIndex(
        idf=idf.astype(np.float32),
        starts=by_term.indptr.astype(np.int64),
        articles=by_term.indices.astype(np.int32),
        weights=by_term.data.astype(np.float32),
        entries=entries,
    )


def _row(counts: csr_matrix, number: int, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    part = slice(counts.indptr[number], counts.indptr[number + 1])
    terms, of_terms = counts.indices[part], counts.data[part]
    return strongest(terms, unit_vector(idf, terms, of_terms)) if len(terms) else (terms, of_terms)
