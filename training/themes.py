"""Fits the themes: gensim's LDA over the corpus, with names that people can read."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from gensim.corpora import Dictionary
from gensim.matutils import Sparse2Corpus
from gensim.models import LdaModel
from scipy.sparse import csr_matrix

from dateline.terms import TermIndex
from dateline.text import Document, stem
from dateline.themes import ThemeEntry, ThemeModel, infer
from training.features import STOP_STEMS

_MIN_DOCUMENTS = 4
_MAX_DOCUMENT_SHARE = 0.2
_TERMS_SHOWN = 10
_NAME_TERMS = 3


def fit_themes(
    documents: Sequence[Document], counts: csr_matrix, index: TermIndex, *, n_themes: int, passes: int, seed: int
) -> ThemeModel:
    """Return a theme model of `n_themes` themes for documents with term counts (n_docs, n_terms)."""
    words = theme_words(counts, index)
    corpus = counts[:, words]
    id2word = Dictionary.from_corpus([], id2word=None)
    id2word.id2token = {i: index.stems[w] for i, w in enumerate(words)}
    lda = LdaModel(
        Sparse2Corpus(corpus, documents_columns=False),
        num_topics=n_themes,
        id2word=id2word.id2token,
        alpha="asymmetric",
        eta=0.02,
        chunksize=256,
        passes=passes,
        iterations=100,
        eval_every=None,
        random_state=seed,
        dtype=np.float64,
    )
    topics = lda.get_topics()
    word_of_term = np.full(index.n_terms, -1, dtype=np.int64)
    word_of_term[words] = np.arange(len(words))
    exp_elog_beta = np.ascontiguousarray(lda.expElogbeta.T)
    shares = _shares(corpus, exp_elog_beta, lda.alpha)
    entries = _entries(topics, [index.stems[w] for w in words], _surface_forms(documents), shares)
    return ThemeModel(word_of_term, exp_elog_beta, lda.alpha, entries)


def theme_words(counts: csr_matrix, index: TermIndex) -> np.ndarray:
    """Return the term ids that themes are made of: single stems, neither rare nor in every fifth document."""
    stems = len(index.stems)
    frequency = np.asarray((counts[:, :stems] > 0).sum(axis=0)).ravel()
    most = max(_MIN_DOCUMENTS, _MAX_DOCUMENT_SHARE * counts.shape[0])
    content = np.array([len(s) > 2 and s not in STOP_STEMS and not s.isdigit() for s in index.stems])
    return np.flatnonzero((frequency >= _MIN_DOCUMENTS) & (frequency <= most) & content)


def _shares(corpus: csr_matrix, exp_elog_beta: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    weights = np.zeros(len(alpha))
    for row in corpus:
        weights += infer(exp_elog_beta[row.indices], row.data, alpha)
    return np.asarray(weights / weights.sum())


def _surface_forms(documents: Sequence[Document]) -> dict[str, str]:
    """Return stem -> the word that most often stands for it."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, n in Counter(w for d in documents for w in d.title_words + d.body_words).items():
        seen[stem(word)][word] += n
    return {s: min(words, key=lambda w: (-words[w], w)) for s, words in seen.items()}


def _entries(topics: np.ndarray, stems: Sequence[str], surface: dict[str, str], shares: np.ndarray) -> list[ThemeEntry]:
    overall = shares @ topics
    entries, taken = [], set[str]()
    for number, topic in enumerate(topics):
        # Terms by probability; names by what sets the theme apart. Source: Sievert and Shirley 2014, "LDAvis".
        likely = np.argsort(-topic, kind="stable")[:_TERMS_SHOWN]
        relevance = 0.4 * np.log(topic[likely]) + 0.6 * np.log(topic[likely] / overall[likely])
        ranked = [surface.get(stems[i], stems[i]) for i in likely[np.argsort(-relevance, kind="stable")]]
        name = ", ".join(ranked[:_NAME_TERMS])
        while name in taken:
            name = f"{name}, {ranked[_NAME_TERMS]}"
        taken.add(name)
        terms = tuple(surface.get(stems[i], stems[i]) for i in likely)
        entries.append(ThemeEntry(f"t{number + 1:02d}", name, terms, float(shares[number])))
    return entries
