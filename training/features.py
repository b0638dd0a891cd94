"""Documents to term counts: chooses the terms that the models may use and counts them as serving will.

Second step of training. The counting is `dateline.terms`' own, so that a text has the same features in both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from dateline.taxonomy import Taxonomy
from dateline.terms import MAX_TERM_WORDS, TermIndex, document_segments, document_word_ids, term_of
from dateline.text import Document, normalise, stem, tokenise

STOP_STEMS = frozenset(stem(word) for word in ENGLISH_STOP_WORDS)


@dataclass(frozen=True)
class Features:
    """The terms of a corpus: `counts` is (n_docs, n_terms), term frequencies, titles weighted."""

    index: TermIndex
    counts: csr_matrix


def seed_terms(words: Iterable[str]) -> list[str]:
    """Return the distinct terms that seed words stand for, in order; words longer than a term can be are left out."""
    split = (tokenise(normalise(word)) for word in words)
    return list(dict.fromkeys(term_of(parts) for parts in split if 0 < len(parts) <= MAX_TERM_WORDS))


def extract(documents: Sequence[Document], taxonomy: Taxonomy, *, min_documents: int) -> Features:
    """Choose terms and count them: single stems, pairs in at least `min_documents` documents, and all seed words.

    Stop words are no terms by themselves; a pair has none, but a seed phrase may.
    """
    seeds = {term for topic in taxonomy.topics for term in seed_terms(topic.all_words())}
    frequency: Counter[str] = Counter()
    surfaces: set[str] = set()
    for document in documents:
        frequency.update(set(_candidates(document)))
        surfaces.update(document.title_words, document.body_words)
    chosen = {term for term, n in frequency.items() if n >= min_documents}
    index = TermIndex.build(chosen | seeds, surfaces)
    return Features(index, count(index, documents))


def count(index: TermIndex, documents: Sequence[Document]) -> csr_matrix:
    """Return the term counts (n_docs, n_terms) of documents."""
    rows = [index.counts(document_word_ids(index, document)) for document in documents]
    lengths = np.cumsum([0, *(len(ids) for ids, _ in rows)])
    ids = np.concatenate([ids for ids, _ in rows]) if rows else np.array([], dtype=np.int64)
    counts = np.concatenate([counts for _, counts in rows]) if rows else np.array([], dtype=np.int64)
    return csr_matrix((counts.astype(np.float64), ids, lengths), shape=(len(rows), index.n_terms))


def _candidates(document: Document) -> Iterator[str]:
    for words in document_segments(document):
        stems = [stem(word) for word in words]
        content = [s not in STOP_STEMS and not s.isdigit() for s in stems]
        yield from (s for s, keep in zip(stems, content, strict=True) if keep)
        yield from (f"{stems[i]} {stems[i + 1]}" for i in range(len(stems) - 1) if content[i] and content[i + 1])
