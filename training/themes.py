"""Fits the themes: vocabulary -> start -> Gibbs draw -> gensim model -> which topics are themes -> ids -> descriptions.

Read this first of the `theme_*` modules. `docs/themes.md` says what each step is worth.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from gensim.models import LdaModel
from scipy.sparse import csr_matrix

from dateline.terms import TermIndex, document_word_ids
from dateline.text import Document
from dateline.themes import ThemeEntry, ThemeModel, infer
from training import theme_quality as quality
from training.theme_choice import Claims, choose, pool_size, telling_terms, without_twins
from training.theme_entries import ArticleFacts, Fitted, describe
from training.theme_history import (
    ThemeHistory,
    match,
    new_ids,
    similarity,
    strongest,
    word_similarity,
)
from training.theme_sampler import Draw, draw, gensim_model
from training.theme_start import continued, factorised
from training.theme_words import theme_words

SWEEPS = 150
_THEMES_PER_ROOT, _MOST_THEMES = 0.66, 50
"""More would cost every answer time, and are more than a reader surveys."""
_LEAST_COHERENCE = 0.0
"""Where the number of themes is not fixed, topics below this are no themes."""
_NEW_FROM, _NEW_PER_TOPIC = 20, 200
"""New articles from which topics are looked for among them alone, and how many of them for each further topic."""
_NOVEL_SHARE, _GROWTH = 0.5, 1.2
_STABILITY_DOCUMENTS = 2000
_NAMED_FROM = 15
_METHOD = 1
"""Goes into fingerprints: another number makes unchanged corpora be fitted anew."""


@dataclass(frozen=True)
class Previous:
    """The themes of the version that served before.

    `model` is None if it cannot be read any more; `next_number` is the first that no theme of any version has had.
    """

    history: ThemeHistory
    model: ThemeModel | None
    figures: Mapping[str, Any]
    next_number: int

    @property
    def entries(self) -> Sequence[ThemeEntry]:
        """What was known of its themes."""
        return self.model.entries if self.model else ()


@dataclass(frozen=True)
class ThemeFit:
    """Fitted themes: the model that serves, what the next training needs, and the figures for the manifest."""

    model: ThemeModel
    history: ThemeHistory
    figures: dict[str, Any]


@dataclass(frozen=True)
class Learned:
    """Topics of which those in `chosen` are themes. `coherence`: (n_topics,)."""

    draw: Draw
    chosen: Sequence[int]
    coherence: np.ndarray


def themes_for(n_articles: int) -> int:
    """Return how many themes a corpus of so many articles is given unless somebody fixes it."""
    return min(_MOST_THEMES, max(2, round(_THEMES_PER_ROOT * float(np.sqrt(n_articles)))))


def fit_themes(
    documents: Sequence[Document], facts: Sequence[ArticleFacts], counts: csr_matrix, index: TermIndex, *,
    n_themes: int | None, seed: int, label_names: Mapping[str, str], previous: Previous | None = None,
    sweeps: int = SWEEPS,
) -> ThemeFit:  # fmt: skip
    """Return the themes of documents with term counts (n_docs, n_terms); `n_themes` fixes how many.

    With `previous` its topics are continued and its ids kept. Nothing is fitted if all that counts is as it was then.
    A corpus with fewer theme words than topics has no themes.
    """
    fingerprint = _fingerprint(facts, counts, index, n_themes, seed, sweeps)
    if previous and previous.model and previous.history.fingerprint == fingerprint:
        return ThemeFit(previous.model, previous.history, dict(previous.figures))
    words = theme_words(counts, index)
    stems = [index.stems[word] for word in words]
    next_number = previous.next_number if previous else 1
    wanted = n_themes or themes_for(len(documents))
    if len(words) < 2 * pool_size(wanted):
        return _no_themes(index, next_number, fingerprint)
    corpus = counts[:, words].tocsr()
    ids = [fact.id for fact in facts]
    history = previous.history if previous else None
    prior = start(corpus, stems, ids, pool=pool_size(wanted), history=history)
    drawn, _ = without_twins(
        draw(corpus, n_topics=max(pool_size(wanted), len(prior)), sweeps=sweeps, seed=seed, prior=prior)
    )
    lda = gensim_model(drawn, stems, seed=seed)
    weights = document_weights(lda, corpus)
    carried = _carried(drawn, stems, weights, ids, history) if history else {}
    learned = learn(
        drawn, corpus, n_themes=n_themes, wanted=wanted, carried=carried, novel=_novel(weights, ids, history)
    )
    order = _in_order(learned, carried)
    kept = [carried.get(topic) for topic in order[: len(learned.chosen)]]
    given, next_number = new_ids(kept, next_number=next_number)
    ordered = Draw(drawn.counts[order], drawn.alpha[order])
    entries = describe(
        _fitted(given, ordered, stems, weights[:, order], corpus),
        documents=documents,
        facts=facts,
        counts=counts,
        index=index,
        label_names=label_names,
        before=previous.entries if previous else (),
    )
    model = _model(gensim_model(ordered, stems, seed=seed), words, index.n_terms, entries)
    topics, strengths = strongest(weights[:, order])
    found = ThemeHistory(
        stems, ordered.counts.astype(np.float32), ordered.alpha, given, ids, topics, strengths, next_number, fingerprint
    )
    again, _ = without_twins(draw(corpus, n_topics=len(prior), sweeps=sweeps, seed=seed + 1, prior=prior))
    figures = {
        **_quality(learned, documents, index, stems),
        "stability": round(share_found_again(drawn, learned.chosen, again, corpus), 4),
        "coverage": round(_coverage(model, documents, index), 4),
        "next_number": next_number,
    }
    return ThemeFit(model, found, figures)


def start(
    corpus: csr_matrix, stems: Sequence[str], ids: Sequence[str], *, pool: int, history: ThemeHistory | None
) -> np.ndarray:
    """Return the prior counts (n_topics, n_words) from which `pool` topics are drawn.

    The topics of before, if most of the articles are those of before and about as many topics are wanted, with further
    ones found among the new articles; else topics found by factorising the corpus.
    """
    if history is None:
        return factorised(corpus, pool)
    known = np.isin(np.array(ids, dtype=object), np.array(list(history.documents), dtype=object))
    if 2 * known.sum() < len(ids) or abs(len(history.counts) - pool) > 0.2 * pool:
        return factorised(corpus, pool)
    earlier = history.counts_over(stems)
    n_new = int((~known).sum())
    spare = min(1 + n_new // _NEW_PER_TOPIC, pool // 2) if n_new >= _NEW_FROM else 0
    n_themes = len(history.ids)
    others = n_themes + np.argsort(-earlier[n_themes:].sum(axis=1), kind="stable")
    kept = [*range(n_themes), *others[: max(0, pool - spare - n_themes)].tolist()]
    news = factorised(corpus[~known], spare) if spare else np.zeros((0, corpus.shape[1]))
    return np.vstack([continued(earlier[kept]), news])


def learn(
    drawn: Draw, corpus: csr_matrix, *, n_themes: int | None, wanted: int, carried: Mapping[int, str] | None = None,
    novel: Sequence[int] = (),
) -> Learned:  # fmt: skip
    """Return which topics of a draw are themes: `n_themes` if that is fixed, else about `wanted`, junk left out.

    `carried`: topic -> id of the earlier theme that it carries on; `novel`: topics that mostly new articles are about.
    """
    carried = carried or {}
    coherence = quality.npmi(telling_terms(drawn), corpus)
    most = n_themes or wanted
    if carried and not n_themes and wanted <= _GROWTH * len(carried):
        # What was junk before does not become a theme because the corpus has grown a little.
        most = len(carried) + len([topic for topic in novel if topic not in carried])
    floor = -1.0 if n_themes else _LEAST_COHERENCE
    chosen = choose(drawn, coherence, n_themes=most, claims=Claims(carried, novel), floor=floor)
    return Learned(drawn, chosen, coherence)


def document_weights(lda: LdaModel, corpus: csr_matrix) -> np.ndarray:
    """Return the topic weights of the documents of a corpus (n_docs, n_topics), as serving infers them."""
    beta = np.ascontiguousarray(lda.expElogbeta.T)
    even = lda.alpha / lda.alpha.sum()
    return np.array([infer(beta[row.indices], row.data, lda.alpha) if row.nnz else even for row in corpus])


def share_found_again(drawn: Draw, chosen: Sequence[int], again: Draw, corpus: csr_matrix) -> float:
    """Return the share of the `chosen` themes of a draw that another draw has too, by the rule by which ids are kept.

    `again` may be of other documents, but over the words of `corpus` (n_docs, n_words), whose documents are compared.
    """
    if not chosen:
        return 0.0
    sample = corpus[:: max(1, corpus.shape[0] // _STABILITY_DOCUMENTS)]
    words = [str(word) for word in range(corpus.shape[1])]
    first, second = (document_weights(gensim_model(d, words, seed=0), sample) for d in (drawn, again))
    alike = similarity(drawn.topics[list(chosen)], again.topics, first[:, list(chosen)], second)
    return len(match(alike)) / len(chosen)


def _carried(
    drawn: Draw, stems: Sequence[str], weights: np.ndarray, ids: Sequence[str], history: ThemeHistory
) -> dict[int, str]:
    """Return topic -> id of the earlier theme that it carries on."""
    before = replace(history, counts=history.counts_over(stems))
    known, earlier = before.document_weights(ids)
    n_themes = len(history.ids)
    topics = Draw(before.counts[:n_themes], before.alpha[:n_themes]).topics
    alike = similarity(topics, drawn.topics, earlier[:, :n_themes], weights[known])
    return {topic: history.ids[theme] for topic, theme in match(alike).items()}


def _novel(weights: np.ndarray, ids: Sequence[str], history: ThemeHistory | None) -> list[int]:
    """Return the topics that mostly new articles are about."""
    if history is None:
        return []
    known = np.isin(np.array(ids, dtype=object), np.array(list(history.documents), dtype=object))
    if known.all() or not known.any():
        return []
    share = weights[~known].sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12)
    return np.flatnonzero(share > _NOVEL_SHARE).tolist()


def _in_order(learned: Learned, carried: Mapping[int, str]) -> list[int]:
    """Return all topics, themes first: those that carry on by their number, then new ones by size, then the others."""
    size = learned.draw.counts.sum(axis=1)
    earlier = sorted((t for t in learned.chosen if t in carried), key=lambda t: int(carried[t][1:]))
    new = sorted((t for t in learned.chosen if t not in carried), key=lambda t: (-size[t], t))
    rest = [t for t in range(len(size)) if t not in set(learned.chosen)]
    return [*earlier, *new, *rest]


def _fitted(ids: Sequence[str], ordered: Draw, stems: Sequence[str], weights: np.ndarray, corpus: csr_matrix) -> Fitted:
    n = len(ids)
    return Fitted(
        ids=ids,
        stems=stems,
        tops=telling_terms(ordered, _NAMED_FROM)[:n],
        weights=weights[:, :n],
        distances=1.0 - word_similarity(ordered.topics[:n], ordered.topics[:n]),
        n_words=np.asarray(corpus.sum(axis=1)).ravel(),
    )


def _model(lda: LdaModel, words: np.ndarray, n_terms: int, entries: Sequence[ThemeEntry]) -> ThemeModel:
    word_of_term = np.full(n_terms, -1, dtype=np.int64)
    word_of_term[words] = np.arange(len(words))
    return ThemeModel(word_of_term, np.ascontiguousarray(lda.expElogbeta.T), lda.alpha, entries)


def _quality(learned: Learned, documents: Sequence[Document], index: TermIndex, stems: Sequence[str]) -> dict[str, Any]:
    chosen = list(learned.chosen)
    tops = telling_terms(learned.draw)[chosen]
    texts = quality.sample(documents)
    stemmed = [[index.stems[i] for i in document_word_ids(index, text).tolist() if i >= 0] for text in texts]
    return {
        "themes": len(chosen),
        "npmi": round(float(learned.coherence[chosen].mean()), 4) if chosen else 0.0,
        "c_v": round(quality.c_v(tops, stemmed, stems), 4),
        "diversity": round(quality.diversity(tops), 4),
    }


def _coverage(model: ThemeModel, documents: Sequence[Document], index: TermIndex) -> float:
    """Return the share of the articles that are given a theme."""
    terms = (index.counts(document_word_ids(index, document)) for document in documents)
    return sum(bool(model.themes(ids, n)) for ids, n in terms) / len(documents)


def _no_themes(index: TermIndex, next_number: int, fingerprint: str) -> ThemeFit:
    nothing = np.full(index.n_terms, -1, dtype=np.int64)
    empty = np.zeros((0, 0))
    history = ThemeHistory([], empty, np.zeros(0), [], [], empty, empty, next_number, fingerprint)
    figures = {"themes": 0, "npmi": 0.0, "c_v": 0.0, "diversity": 0.0, "stability": 0.0, "coverage": 0.0}
    return ThemeFit(ThemeModel(nothing, empty, np.zeros(0), []), history, {**figures, "next_number": next_number})


def _fingerprint(
    facts: Sequence[ArticleFacts], counts: csr_matrix, index: TermIndex, n_themes: int | None, seed: int, sweeps: int
) -> str:
    digest = hashlib.sha256(repr((_METHOD, n_themes, seed, sweeps, index.stems, list(facts))).encode())
    for part in (counts.data, counts.indices, counts.indptr):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
