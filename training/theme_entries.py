"""What people see of themes: names, terms, typical articles, nearest labels, neighbours, trend and map."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.sparse import csr_matrix

from dateline.terms import TermIndex
from dateline.text import Document
from dateline.themes import Month, NearLabel, Neighbour, ThemeEntry, TypicalArticle
from training.theme_quality import TOP_TERMS
from training.theme_words import Spelling, name_of, with_pairs

_NAMED_FROM = 15
_TYPICAL, _TITLE_CHARS = 5, 120
_TYPICAL_WORDS = 40
_NEIGHBOURS = 3
_NEAR_SHARE = 0.1


@dataclass(frozen=True)
class ArticleFacts:
    """What is known of an article besides its words: labels best first, None if nobody has said; ISO 8601 date."""

    id: str
    title: str = ""
    topics: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    date: str | None = None


@dataclass(frozen=True)
class Fitted:
    """Themes before they are described.

    `ids`: of the themes; `tops`: (n_themes, _NAMED_FROM or less) columns of `stems`, most telling first; `weights`:
    (n_docs, n_themes); `distances`: (n_themes, n_themes) Jensen-Shannon; `n_words`: (n_docs,) theme words of each.
    """

    ids: Sequence[str]
    stems: Sequence[str]
    tops: np.ndarray
    weights: np.ndarray
    distances: np.ndarray
    n_words: np.ndarray


def describe(
    themes: Fitted, *, documents: Sequence[Document], facts: Sequence[ArticleFacts], counts: csr_matrix,
    index: TermIndex, label_names: Mapping[str, str], before: Sequence[ThemeEntry] = (),
) -> list[ThemeEntry]:  # fmt: skip
    """Return the entries of themes, in their order; `before` are those of the version before, which the map follows."""
    names, terms = _names(themes, documents, counts, index)
    shares = themes.weights.sum(axis=0) / max(1, len(themes.weights))
    places = turned_like(positions(themes.distances), themes.ids, before)
    near_topics = _nearest(themes.weights, [fact.topics for fact in facts], label_names)
    near_regions = _nearest(themes.weights, [fact.regions for fact in facts], label_names)
    return [
        ThemeEntry(
            id=id,
            name=names[k],
            terms=terms[k],
            share=float(shares[k]),
            place=(round(float(places[k, 0]), 4), round(float(places[k, 1]), 4)),
            articles=_typical(themes.weights[:, k], themes.n_words, documents, facts),
            topic=near_topics[k],
            region=near_regions[k],
            neighbours=_neighbours(k, themes, names),
            trend=_trend(themes.weights[:, k], facts),
        )
        for k, id in enumerate(themes.ids)
    ]


def positions(distances: np.ndarray) -> np.ndarray:
    """Return a place in the plane for each theme (n, 2) by classical scaling of distances (n, n), as pyLDAvis lays it.

    Source: Torgerson 1952, "Multidimensional scaling: I. Theory and method", doi:10.1007/BF02288916.
    """
    n = len(distances)
    if n < 3:
        return np.array([[i - (n - 1) / 2, 0.0] for i in range(n)]).reshape(n, 2)
    centred = np.eye(n) - 1.0 / n
    values, vectors = np.linalg.eigh(-0.5 * centred @ distances**2 @ centred)
    largest = np.argsort(-values, kind="stable")[:2]
    places = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0))
    # An axis has no direction of its own: let its farthest theme lie on the positive side.
    farthest = np.abs(places).argmax(axis=0)
    result: np.ndarray = places * np.where(places[farthest, [0, 1]] < 0, -1.0, 1.0)
    return result


def turned_like(places: np.ndarray, ids: Sequence[str], before: Sequence[ThemeEntry]) -> np.ndarray:
    """Return places (n, 2) turned and mirrored so that themes of before lie as near as can be to where they lay."""
    old = {entry.id: entry.place for entry in before}
    shared = [k for k, id in enumerate(ids) if id in old]
    if len(shared) < 3:
        return places
    turn, _ = orthogonal_procrustes(places[shared], np.array([old[ids[k]] for k in shared]))
    turned: np.ndarray = places @ turn
    return turned


def _names(
    themes: Fitted, documents: Sequence[Document], counts: csr_matrix, index: TermIndex
) -> tuple[list[str], list[tuple[str, ...]]]:
    stem_ids = {stem: i for i, stem in enumerate(index.stems)}
    telling = [[themes.stems[word] for word in row] for row in themes.tops]
    pairs = _pairs(index, {stem for row in telling for stem in row})
    candidates = [with_pairs(row, themes.weights[:, k], counts, pairs, stem_ids) for k, row in enumerate(telling)]
    written = Spelling(documents, {term for row in [*candidates, *telling] for term in row})
    names: list[str] = []
    for row in candidates:
        names.append(name_of(list(dict.fromkeys(row)), written, names))
    return names, [tuple(written(stem) for stem in row[:TOP_TERMS]) for row in telling]


def _pairs(index: TermIndex, stems: set[str]) -> dict[str, list[tuple[int, str]]]:
    """Return stem -> (term id, term) of the pairs of stems that it is part of."""
    pairs: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, term in enumerate(index.terms()):
        parts = term.split(" ")
        if len(parts) == 2:
            for part in set(parts) & stems:
                pairs[part].append((number, term))
    return pairs


def _typical(
    weights: np.ndarray, n_words: np.ndarray, documents: Sequence[Document], facts: Sequence[ArticleFacts]
) -> tuple[TypicalArticle, ...]:
    evidence = weights * np.minimum(1.0, n_words / _TYPICAL_WORDS)
    best = np.argsort(-evidence, kind="stable")[:_TYPICAL]
    return tuple(
        TypicalArticle(facts[row].id, _title(facts[row].title or documents[row].body))
        for row in best
        if evidence[row] > 0
    )


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE_CHARS else line[: _TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def _nearest(
    weights: np.ndarray, labels: Sequence[tuple[str, ...] | None], names: Mapping[str, str]
) -> list[NearLabel | None]:
    """Return for each theme the label whose articles are most like the theme's (cosine of weight and membership)."""
    rows = [row for row, given in enumerate(labels) if given is not None]
    codes = sorted({code for row in rows for code in labels[row] or ()})
    if not codes:
        return [None] * weights.shape[1]
    member = np.array([[code in (labels[row] or ()) for code in codes] for row in rows], dtype=np.float64)
    mass = weights[rows].T @ member
    share = mass / np.maximum(weights[rows].sum(axis=0), 1e-12)[:, None]
    nearest = (mass / np.maximum(np.linalg.norm(member, axis=0), 1e-12)).argmax(axis=1)
    found = [(codes[code], float(share[k, code])) for k, code in enumerate(nearest)]
    return [NearLabel(code, names.get(code, code), round(s, 4)) if s >= _NEAR_SHARE else None for code, s in found]


def _neighbours(theme: int, themes: Fitted, names: Sequence[str]) -> tuple[Neighbour, ...]:
    nearest = [k for k in np.argsort(themes.distances[theme], kind="stable").tolist() if k != theme][:_NEIGHBOURS]
    return tuple(Neighbour(themes.ids[k], names[k], round(float(1 - themes.distances[theme, k]), 4)) for k in nearest)


def _trend(weights: np.ndarray, facts: Sequence[ArticleFacts]) -> tuple[Month, ...]:
    months: defaultdict[str, list[float]] = defaultdict(list)
    for weight, fact in zip(weights.tolist(), facts, strict=True):
        if fact.date:
            months[fact.date[:7]].append(weight)
    return tuple(Month(month, len(found), round(sum(found) / len(found), 4)) for month, found in sorted(months.items()))
