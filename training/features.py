"""Documents to term counts: chooses the terms that the models may use and counts them as serving will.

Second step of training. The counting is `dateline.terms`' own, so that a text has the same features in both.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from dateline.taxonomy import Taxonomy, TopicEntry
from dateline.terms import MAX_TERM_WORDS, TermIndex, document_segments, document_word_ids, term_of
from dateline.text import Document, normalise, stem, tokenise
from dateline.topics import LEAST_LENGTH
from training.stop_words import STOP_STEMS
from training.word_vectors import WordVectors

_NAME_PARTS = re.compile(r"\s*(?:[,;:/&()]|\band\b|\bor\b)\s*")
_MIN_DOCUMENTS, _DOCUMENTS_EACH = 2, 2000
"""A term must occur in one document of so many, and in at least so many: rarer ones teach a large corpus only noise."""
_MIN_BACKGROUND, _BACKGROUND_EACH = 4, 1000
"""The same for stems that only background documents have."""


@dataclass(frozen=True)
class Lent:
    """What word vectors add: `which` (n_terms,) of the terms only they know, how often those occur (n_docs, n_terms).

    `vectors` (n_terms, n_dimensions) are those of all terms, zero for a term that has none.
    """

    which: np.ndarray
    counts: csr_matrix
    vectors: np.ndarray


@dataclass(frozen=True)
class Features:
    """The terms of a corpus: `counts` is (n_docs, n_terms), term frequencies, titles weighted, without `lent` terms.

    `min_documents`: in how many documents a term had to be found to become one.
    """

    index: TermIndex
    counts: csr_matrix
    min_documents: int
    lent: Lent | None = None

    def of(self, rows: np.ndarray) -> "Features":
        """Return the features of some documents."""
        lent = self.lent and replace(self.lent, counts=self.lent.counts[rows])
        return replace(self, counts=self.counts[rows], lent=lent)

    def vectors(self, idf: np.ndarray) -> csr_matrix:
        """Return the TF-IDF vectors (n_docs, n_terms) of the documents, given the IDF (n_terms,)."""
        return tfidf_with(idf, self.counts, self.lent and self.lent.counts)


def seed_terms(words: Iterable[str]) -> list[str]:
    """Return the distinct terms that seed words stand for, in order; words longer than a term can be are left out."""
    split = (tokenise(normalise(word)) for word in words)
    return list(dict.fromkeys(term_of(parts) for parts in split if 0 < len(parts) <= MAX_TERM_WORDS))


def label_words(topic: TopicEntry) -> list[str]:
    """Return the seed words of a topic and its sub-topics, or the parts of its name if it has none."""
    words = list(topic.all_words())
    return words or [part for part in _NAME_PARTS.split(topic.name) if part]


def extract(
    documents: Sequence[Document],
    taxonomy: Taxonomy,
    *,
    min_documents: int | None = None,
    background: Sequence[Document] = (),
    word_vectors: WordVectors | None = None,
) -> Features:
    """Choose terms and count them: stems and pairs of stems in at least `min_documents` documents, and all seed words.

    `min_documents` grows with the corpus unless given. Stop words are no terms by themselves; a pair has none, but a
    seed phrase may. Where a topic has no seed words, the parts of its name stand in for them. `background` documents
    lend single stems only, and are counted after the others. `word_vectors` lend their stems.
    """
    least = max(_MIN_DOCUMENTS, len(documents) // _DOCUMENTS_EACH) if min_documents is None else min_documents
    seeds = {term for topic in taxonomy.topics for term in seed_terms(label_words(topic))}
    frequency: Counter[str] = Counter()
    surfaces: set[str] = set()
    for document in documents:
        frequency.update(set(_candidates(document)))
        surfaces.update(document.title_words, document.body_words)
    chosen = {term for term, n in frequency.items() if n >= least}
    chosen |= _common_stems(background)
    index = TermIndex.build(chosen | seeds, surfaces)
    if word_vectors is None:
        return Features(index, count(index, [*documents, *background]), least)
    own = set(index.terms())
    index = TermIndex.build(own | set(word_vectors.stems), surfaces.union(word_vectors.words))
    terms = index.terms()
    counts = count(index, [*documents, *background])
    only_lent = np.array([term not in own for term in terms])
    lent, taught = diags(only_lent.astype(np.float64)), diags((~only_lent).astype(np.float64))
    return Features(
        index, _nonzero(counts @ taught), least, Lent(only_lent, _nonzero(counts @ lent), word_vectors.of_terms(terms))
    )


def _common_stems(background: Sequence[Document]) -> set[str]:
    """Return the stems in so many background documents that themes and regions may rest on them."""
    frequency = Counter(word for d in background for word in {*d.title_words, *d.body_words})
    of_stem: Counter[str] = Counter()
    for word, n in frequency.items():
        of_stem[stem(word)] += n
    least = max(_MIN_BACKGROUND, len(background) // _BACKGROUND_EACH)
    return {s for s, n in of_stem.items() if n >= least and s not in STOP_STEMS and not s.isdigit()}


def count(index: TermIndex, documents: Sequence[Document]) -> csr_matrix:
    """Return the term counts (n_docs, n_terms) of documents."""
    rows = [index.counts(document_word_ids(index, document)) for document in documents]
    lengths = np.cumsum([0, *(len(ids) for ids, _ in rows)])
    ids = np.concatenate([ids for ids, _ in rows]) if rows else np.array([], dtype=np.int64)
    counts = np.concatenate([counts for _, counts in rows]) if rows else np.array([], dtype=np.int64)
    return csr_matrix((counts.astype(np.float64), ids, lengths), shape=(len(rows), index.n_terms))


def idf_of(counts: csr_matrix) -> np.ndarray:
    """Return the IDF (n_terms,) of term counts (n_docs, n_terms), smoothed as scikit-learn does by default."""
    return np.asarray(TfidfTransformer().fit(counts).idf_, dtype=np.float64)


def tfidf_with(idf: np.ndarray, counts: csr_matrix, lent: csr_matrix | None = None) -> csr_matrix:
    """Return the TF-IDF vectors of term counts (n_docs, n_terms) with a given IDF (n_terms,), as serving weighs them.

    They are unit vectors, but that `lent` terms are added to them which have no part in their length
    (`dateline.topics.vector`).
    """
    weighted = _weighted(idf, counts)
    if lent is None:
        return normalize(weighted)
    added = _weighted(idf, lent)
    squares, more = (np.asarray(x.multiply(x).sum(axis=1)).ravel() for x in (weighted, added))
    lengths = np.maximum(np.sqrt(squares), LEAST_LENGTH * np.sqrt(squares + more))
    return csr_matrix(diags(1.0 / np.where(lengths > 0.0, lengths, 1.0)) @ (weighted + added))


def _weighted(idf: np.ndarray, counts: csr_matrix) -> csr_matrix:
    weighted = counts.astype(np.float64).tocsr(copy=True)
    weighted.data = (1.0 + np.log(weighted.data)) * idf[weighted.indices]
    return weighted


def _nonzero(counts: csr_matrix) -> csr_matrix:
    counts = csr_matrix(counts)
    counts.eliminate_zeros()
    return counts


def _candidates(document: Document) -> Iterator[str]:
    for words in document_segments(document):
        stems = [stem(word) for word in words]
        content = [s not in STOP_STEMS and not s.isdigit() for s in stems]
        yield from (s for s, keep in zip(stems, content, strict=True) if keep)
        yield from (f"{stems[i]} {stems[i + 1]}" for i in range(len(stems) - 1) if content[i] and content[i + 1])
