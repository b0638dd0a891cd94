"""Which of the drawn topics are themes: twins become one, junk stays in the model but is not shown.

More topics are drawn than themes are wanted. The words that belong to no subject gather in some of them, which must
stay for inference, or the words would be taken for evidence of a theme.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from training.theme_quality import TOP_TERMS, top_terms
from training.theme_sampler import Draw

POOL = 1.32
"""Topics drawn for each theme wanted."""
_RELEVANCE = 0.65
_TWIN_TERMS = 5
_OVERLAP_COST = 0.3
_BACKGROUND_PRIOR, _BACKGROUND_SHARE = 4.0, 2.0
"""A topic whose fitted prior is so many times the median, and that has so many times its share, is background."""


@dataclass(frozen=True)
class Claims:
    """What speaks for topics besides coherence: whether they carry on an earlier theme, and whether they are news."""

    carried: Collection[int] = ()
    novel: Collection[int] = ()

    def bonus(self, topic: int) -> float:
        """Return what a topic's coherence is raised by."""
        return 0.3 if topic in self.novel else 0.2 if topic in self.carried else 0.0


def pool_size(n_themes: int) -> int:
    """Return how many topics to draw for so many themes."""
    return max(n_themes + 1, round(POOL * n_themes))


def telling_terms(draw: Draw, n: int = TOP_TERMS) -> np.ndarray:
    """Return the ids of the `n` words that tell most about each topic (n_topics, n): likely in it, less so elsewhere.

    Source: Sievert and Shirley 2014, "LDAvis", doi:10.3115/v1/W14-3110.
    """
    sizes = draw.counts.sum(axis=1)
    overall = sizes / max(1.0, sizes.sum()) @ draw.topics
    relevance = _RELEVANCE * np.log(draw.topics) + (1 - _RELEVANCE) * np.log(draw.topics / overall)
    return top_terms(relevance, n)


def without_twins(draw: Draw) -> tuple[Draw, np.ndarray]:
    """Return the draw with topics that share half of their ten terms made one, and where each old topic went (n_old,).

    The one that comes first keeps its place.
    """
    into = np.arange(len(draw.counts))
    while True:
        tops = telling_terms(draw)
        shared = np.array([[len(np.intersect1d(a, b)) for b in tops] for a in tops])
        shared[np.tril_indices(len(tops))] = 0
        if shared.size == 0 or shared.max() < _TWIN_TERMS:
            return draw, into
        stays, goes = (int(i) for i in np.unravel_index(shared.argmax(), shared.shape))
        counts, alpha = draw.counts.copy(), draw.alpha.copy()
        counts[stays] += counts[goes]
        alpha[stays] += alpha[goes]
        draw = Draw(np.delete(counts, goes, axis=0), np.delete(alpha, goes))
        into = np.where(into == goes, stays, into)
        into = np.where(into > goes, into - 1, into)


def choose(
    draw: Draw, coherence: np.ndarray, *, n_themes: int, claims: Claims | None = None, floor: float = -1.0
) -> list[int]:
    """Return the topics that are themes, at most `n_themes`, given the coherence of each (n_topics,).

    One at a time the most coherent topic is taken whose terms are new. Topics with next to no words, and those that
    run through all of the corpus, are none, nor is one below `floor` that carries on no earlier theme.
    """
    claims = claims or Claims()
    tops = telling_terms(draw)
    share = draw.counts.sum(axis=1) / max(1.0, draw.counts.sum()) * len(draw.counts)
    waiting = [
        topic
        for topic in range(len(tops))
        if share[topic] >= 0.1 and (coherence[topic] >= floor or topic in claims.carried)
    ]
    background = (draw.alpha > _BACKGROUND_PRIOR * np.median(draw.alpha)) & (share > _BACKGROUND_SHARE)
    # Background comes last: it is taken only if too little else is left.
    merit = coherence + [claims.bonus(topic) for topic in range(len(tops))] - background
    chosen: list[int] = []
    used: set[int] = set()
    while waiting and len(chosen) < n_themes:
        best = max(waiting, key=lambda t: (merit[t] - _OVERLAP_COST * len(used & set(tops[t])) / TOP_TERMS, -t))
        chosen.append(best)
        used |= set(tops[best].tolist())
        waiting.remove(best)
    return chosen
