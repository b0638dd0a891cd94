"""Fits the themes: gensim LDA over the corpus, its counts drawn by a Gibbs sampler, with names that people can read."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import tomotopy
from gensim.models import LdaModel
from scipy.sparse import csr_matrix

from dateline.terms import TermIndex
from dateline.text import Document, stem
from dateline.themes import ThemeEntry, ThemeModel, infer
from training.features import STOP_STEMS

_ALPHA, _ETA = 0.1, 0.01
_MIN_DOCUMENTS = 4
_MAX_DOCUMENT_SHARE = 0.12
_TERMS_SHOWN = 10
_NAME_TERMS = 3


def fit_themes(
    documents: Sequence[Document], counts: csr_matrix, index: TermIndex, *, n_themes: int, sweeps: int, seed: int
) -> ThemeModel:
    """Return a theme model of `n_themes` themes for documents with term counts (n_docs, n_terms).

    A corpus with fewer theme words than themes has no themes.
    """
    words = theme_words(counts, index)
    if len(words) < n_themes:
        nothing = np.full(index.n_terms, -1, dtype=np.int64)
        return ThemeModel(nothing, np.zeros((0, 0)), np.zeros(0), [])
    stems = [index.stems[word] for word in words]
    corpus = counts[:, words]
    lda = fit_lda(corpus, stems, n_themes=n_themes, sweeps=sweeps, seed=seed)
    word_of_term = np.full(index.n_terms, -1, dtype=np.int64)
    word_of_term[words] = np.arange(len(words))
    exp_elog_beta = np.ascontiguousarray(lda.expElogbeta.T)
    shares = _shares(corpus, exp_elog_beta, lda.alpha)
    entries = _entries(lda.get_topics(), stems, _surface_forms(documents), shares)
    return ThemeModel(word_of_term, exp_elog_beta, lda.alpha, entries)


def fit_lda(corpus: csr_matrix, stems: Sequence[str], *, n_themes: int, sweeps: int, seed: int) -> LdaModel:
    """Return gensim's LDA model of a corpus (n_docs, n_words), its topic-word counts drawn by collapsed Gibbs sampling.

    On corpora of this size sampling finds more coherent topics than online variational Bayes in the same time;
    inference and further training are gensim's. The same seed gives the same model.
    Source: Griffiths and Steyvers 2004, "Finding scientific topics", doi:10.1073/pnas.0307752101.
    """
    sampler = tomotopy.LDAModel(k=n_themes, alpha=_ALPHA, eta=_ETA, seed=seed)
    for row in corpus:
        drawn = [stems[word] for word, n in zip(row.indices, row.data, strict=True) for _ in range(int(n))]
        if drawn:
            sampler.add_doc(drawn)
    sampler.train(sweeps, workers=1, parallel=tomotopy.ParallelScheme.NONE)
    lda = LdaModel(
        num_topics=n_themes, id2word=dict(enumerate(stems)), alpha=sampler.alpha.astype(np.float64), eta=_ETA,
        random_state=seed, dtype=np.float64,
    )  # fmt: skip
    columns = {stem: column for column, stem in enumerate(stems)}
    order = [columns[stem] for stem in sampler.used_vocabs]
    counts = np.zeros((n_themes, len(stems)))
    sizes = sampler.get_count_by_topics()
    for topic in range(n_themes):
        distribution = np.asarray(sampler.get_topic_word_dist(topic), dtype=np.float64)
        counts[topic, order] = distribution * sizes[topic]
    lda.state.sstats = counts
    lda.sync_state()
    return lda


def theme_words(counts: csr_matrix, index: TermIndex) -> np.ndarray:
    """Return the term ids that themes are made of: single stems, neither rare nor everywhere."""
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
