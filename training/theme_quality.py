"""How good themes are, as numbers: coherence, diversity, held-out perplexity. Used by training and by `themes` alike.

Takes topic-word matrices and document-word counts (scipy sparse), whoever fitted them. No figure is ever NaN: words
that a reference corpus lacks, or that stand in all of its documents, tell nothing and count 0.
"""

from collections.abc import Sequence

import numpy as np
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel
from scipy.sparse import csr_matrix

from dateline.text import Document
from dateline.themes import infer

TOP_TERMS = 10
"""Terms of a theme that are judged: as many as people are shown."""
_C_V_DOCUMENTS = 1500
_C_V_WINDOW = 110
_UNLIKELY = 1e-12


def top_terms(topics: np.ndarray, n: int = TOP_TERMS) -> np.ndarray:
    """Return the ids of the `n` likeliest words of each topic (n_topics, n), likeliest first."""
    return np.argsort(-topics, axis=1, kind="stable")[:, :n]


def npmi(tops: np.ndarray, reference: csr_matrix) -> np.ndarray:
    """Return the coherence of each topic (n_topics,), in [-1, 1].

    The mean over all pairs of the topic's words of the normalised pointwise mutual information of occurring in the
    same document of `reference` (n_docs, n_words). A pair that never meets counts -1; a pair of which a word is
    missing, or stands in every document, 0.
    Source: Lau, Newman, Baldwin 2014, "Machine reading tea leaves", doi:10.3115/v1/E14-1056.
    """
    if tops.size == 0 or reference.shape[0] == 0:
        return np.zeros(len(tops))
    words, places = np.unique(tops, return_inverse=True)
    present = (reference[:, words] > 0).astype(np.float64)
    joint = (present.T @ present).toarray() / reference.shape[0]
    single = np.diag(joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(joint / np.outer(single, single)) / -np.log(joint)
    values[joint == 0] = -1.0
    silent = (single == 0) | (single == 1)
    values[silent, :] = values[:, silent] = 0.0
    first, second = np.triu_indices(tops.shape[1], k=1)
    pairs = places.reshape(tops.shape)
    result: np.ndarray = np.nan_to_num(values[pairs[:, first], pairs[:, second]]).mean(axis=1)
    return result


def sample(documents: Sequence[Document]) -> list[Document]:
    """Return at most _C_V_DOCUMENTS of a corpus's documents, evenly spread, to measure C_v on."""
    step = max(1, len(documents) // _C_V_DOCUMENTS)
    return list(documents[::step])[:_C_V_DOCUMENTS]


def c_v(tops: np.ndarray, texts: Sequence[Sequence[str]], stems: Sequence[str]) -> float:
    """Return the mean C_v coherence of topics over tokenised texts, in [0, 1].

    Source: Röder, Both, Hinneburg 2015, "Exploring the space of topic coherence measures",
    doi:10.1145/2684822.2685324, as gensim implements it.
    """
    topics = [[stems[word] for word in row] for row in tops]
    known = {word for text in texts for word in text}
    topics = [[word for word in topic if word in known] for topic in topics]
    topics = [topic for topic in topics if len(topic) > 1]
    if not topics:
        return 0.0
    model = CoherenceModel(
        topics=topics, texts=list(texts), dictionary=Dictionary(texts), coherence="c_v", window_size=_C_V_WINDOW,
        topn=tops.shape[1], processes=1,
    )  # fmt: skip
    return float(np.mean(np.nan_to_num(model.get_coherence_per_topic())))


def diversity(tops: np.ndarray) -> float:
    """Return the share of distinct words among the top words of all topics.

    Source: Dieng, Ruiz, Blei 2020, "Topic modeling in embedding spaces", doi:10.1162/tacl_a_00325.
    """
    return float(len(np.unique(tops)) / tops.size) if tops.size else 0.0


def perplexity(topics: np.ndarray, alpha: np.ndarray, held_out: csr_matrix, *, seed: int) -> float:
    """Return the perplexity of held-out documents (n_docs, n_words), by document completion; lower is better.

    Half of the words of each document, drawn at random, give its theme weights; the other half is predicted from them.
    Source: Wallach et al. 2009, "Evaluation methods for topic models", doi:10.1145/1553374.1553515.
    """
    rng = np.random.default_rng(seed)
    beta = np.ascontiguousarray(topics.T)
    log_likelihood, n_words = 0.0, 0.0
    for row in held_out:
        given = rng.binomial(row.data.astype(np.int64), 0.5).astype(np.float64)
        asked = row.data - given
        if given.sum() == 0 or asked.sum() == 0:
            continue
        known = given > 0
        weights = infer(beta[row.indices[known]], given[known], alpha)
        log_likelihood += float(asked @ np.log(beta[row.indices] @ weights + _UNLIKELY))
        n_words += float(asked.sum())
    return float(np.exp(-log_likelihood / n_words)) if n_words else 0.0
