"""Measures our themes beside those of gensim with its default settings and of a plain collapsed Gibbs sampler.

All three see the same training documents and the same words, and are judged on the same reference and held-out
documents by the same inference; the sampler gets as much CPU time as ours took.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tomotopy
from gensim.matutils import Sparse2Corpus
from gensim.models import LdaModel
from rich.table import Table
from scipy.sparse import csr_matrix

from dateline.errors import InvalidSeeds
from dateline.terms import document_word_ids
from training import theme_quality as quality
from training.theme_choice import pool_size, telling_terms, without_twins
from training.theme_corpus import ThemeCorpus
from training.theme_sampler import draw
from training.theme_start import factorised
from training.theme_words import Spelling, name_of
from training.themes import SWEEPS, Learned, learn

HELD_OUT_SHARE = 0.1
_SWEEPS_AT_ONCE = 5
_SMOOTHING = 1e-9
OURS = "Dateline"


@dataclass(frozen=True)
class Rival:
    """A fitted model: topics (n_topics, n_words), their prior, the terms it shows (n_shown, n_terms), CPU seconds."""

    name: str
    topics: np.ndarray
    alpha: np.ndarray
    shown: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Figures:
    """What `themes` prints of a model."""

    name: str
    npmi: float
    c_v: float
    diversity: float
    perplexity: float
    seconds: float


def compare(
    corpus: ThemeCorpus, *, n_themes: int, seed: int, report: Callable[[str], object]
) -> tuple[list[Figures], Learned]:
    """Return the figures of ours, gensim's defaults and plain Gibbs sampling, and our topics.

    Raises InvalidSeeds if the corpus has too few words for so many themes.
    """
    matrix = corpus.matrix
    require_words(matrix, n_themes)
    held_out, training = split(matrix, seed=seed)
    report("fitting Dateline's themes")
    ours, learned = fit_ours(training, n_themes=n_themes, seed=seed)
    report("fitting gensim's defaults")
    plain = _gensim_default(training, n_themes=n_themes, seed=seed)
    report("sampling as long")
    gibbs = _gibbs(training, n_themes=n_themes, seed=seed, seconds=ours.seconds)
    report("measuring")
    by_probability = quality.top_terms(ours.topics[list(learned.chosen)])
    rivals = [
        ours,
        Rival(f"{OURS}, likeliest terms", ours.topics, ours.alpha, by_probability, ours.seconds),
        plain,
        gibbs,
    ]
    texts = quality.sample(corpus.documents)
    stemmed = [[corpus.index.stems[i] for i in document_word_ids(corpus.index, t).tolist() if i >= 0] for t in texts]
    return [_measured(r, corpus.stems, matrix, stemmed, held_out, seed=seed) for r in rivals], learned


def split(matrix: csr_matrix, *, seed: int, share: float = HELD_OUT_SHARE) -> tuple[csr_matrix, csr_matrix]:
    """Return a random `share` of the documents, and the others in their order."""
    order = np.random.default_rng(seed).permutation(matrix.shape[0])
    n = max(1, round(share * len(order)))
    return matrix[order[:n]], matrix[np.sort(order[n:])]


def require_words(matrix: csr_matrix, n_themes: int) -> None:
    """Raise InvalidSeeds if a corpus (n_docs, n_words) has too few words for so many themes."""
    if matrix.shape[1] < 2 * pool_size(n_themes) or matrix.shape[0] < pool_size(n_themes):
        raise InvalidSeeds(
            f"{matrix.shape[0]:,} texts with {matrix.shape[1]:,} words that several of them share are too few for "
            f"{n_themes} themes; give a larger corpus or fewer --themes"
        )


def fit_ours(matrix: csr_matrix, *, n_themes: int, seed: int) -> tuple[Rival, Learned]:
    """Return our themes of a corpus (n_docs, n_words), and the topics they were chosen from."""
    begun = time.process_time()
    prior = factorised(matrix, pool_size(n_themes))
    drawn, _ = without_twins(draw(matrix, n_topics=len(prior), sweeps=SWEEPS, seed=seed, prior=prior))
    learned = learn(drawn, matrix, n_themes=n_themes, wanted=n_themes)
    seconds = time.process_time() - begun
    shown = telling_terms(drawn)[list(learned.chosen)]
    return Rival(OURS, drawn.topics, drawn.alpha, shown, seconds), learned


def table(figures: Sequence[Figures], *, n_themes: int) -> Table:
    """Return the figures as a table."""
    result = Table(title=f"{n_themes} themes, top {quality.TOP_TERMS} terms")
    result.add_column("model")
    for heading in ("NPMI", "C_v", "diversity", "perplexity", "CPU s"):
        result.add_column(heading, justify="right")
    for f in figures:
        result.add_row(
            f.name, f"{f.npmi:.3f}", f"{f.c_v:.3f}", f"{f.diversity:.3f}", f"{f.perplexity:,.0f}", f"{f.seconds:.1f}"
        )
    return result


def listing(corpus: ThemeCorpus, learned: Learned) -> list[str]:
    """Return a line for each theme, most coherent first: coherence, share, name, terms."""
    chosen = sorted(learned.chosen, key=lambda topic: -learned.coherence[topic])
    telling = [[corpus.stems[word] for word in row] for row in telling_terms(learned.draw)[chosen]]
    written = Spelling(corpus.documents, {stem for row in telling for stem in row})
    share = learned.draw.counts.sum(axis=1) / learned.draw.counts.sum()
    names: list[str] = []
    for row in telling:
        names.append(name_of(row, written, names))
    return [
        f"{learned.coherence[topic]:6.3f} {share[topic]:6.1%}  {name}: {' '.join(map(written, row))}"
        for topic, name, row in zip(chosen, names, telling, strict=True)
    ]


def _gensim_default(matrix: csr_matrix, *, n_themes: int, seed: int) -> Rival:
    begun = time.process_time()
    words = {word: str(word) for word in range(matrix.shape[1])}
    corpus = Sparse2Corpus(matrix.T)
    lda = LdaModel(corpus, num_topics=n_themes, id2word=words, random_state=seed)
    topics = lda.get_topics().astype(np.float64)
    seconds = time.process_time() - begun
    return Rival("gensim, default settings", topics, lda.alpha.astype(np.float64), quality.top_terms(topics), seconds)


def _gibbs(matrix: csr_matrix, *, n_themes: int, seed: int, seconds: float) -> Rival:
    """Return plain collapsed Gibbs sampling with tomotopy's own priors, given CPU time."""
    begun = time.process_time()
    sampler = tomotopy.LDAModel(k=n_themes, seed=seed)
    names = np.array([str(word) for word in range(matrix.shape[1])])
    for row in matrix:
        if row.nnz:
            sampler.add_doc(np.repeat(names[row.indices], row.data.astype(np.int64)).tolist())
    sweeps = 0
    while not sweeps or time.process_time() - begun < seconds:
        sampler.train(_SWEEPS_AT_ONCE, workers=1, parallel=tomotopy.ParallelScheme.NONE)
        sweeps += _SWEEPS_AT_ONCE
    used = time.process_time() - begun
    columns = np.array([int(name) for name in sampler.used_vocabs])
    topics = np.full((n_themes, matrix.shape[1]), _SMOOTHING)
    for topic in range(n_themes):
        topics[topic, columns] = sampler.get_topic_word_dist(topic)
    topics /= topics.sum(axis=1, keepdims=True)
    alpha = np.asarray(sampler.alpha, dtype=np.float64)
    return Rival(f"Gibbs sampling, {sweeps} sweeps", topics, alpha, quality.top_terms(topics), used)


def _measured(
    rival: Rival, stems: Sequence[str], reference: csr_matrix, texts: Sequence[Sequence[str]], held_out: csr_matrix, *,
    seed: int,
) -> Figures:  # fmt: skip
    return Figures(
        name=rival.name,
        npmi=float(quality.npmi(rival.shown, reference).mean()),
        c_v=quality.c_v(rival.shown, texts, stems),
        diversity=quality.diversity(rival.shown),
        perplexity=quality.perplexity(rival.topics, rival.alpha, held_out, seed=seed),
        seconds=rival.seconds,
    )
