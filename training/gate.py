"""Decides whether a candidate may serve: it may not if it is worse than the serving version beyond noise.

Both answer the same articles, the labelled ones of the candidate's corpus, and neither has learned from the article
that it answers. The candidate's answers are cross-validated. The serving version's are its own cross-validated ones,
kept with it by content hash; an article it never saw, nor a near-duplicate of, it answers afresh. Truth is what the
candidate's corpus says now. Where labels have changed since, each version is also held against the labels that it was
trained with, for labels that no model can learn are a fault too.

Regions have no cross-validation; both versions answer the articles that both were trained on.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.errors import DatelineError, NoModel
from dateline.registry import Registry
from dateline.signature import UNSIGNED, Signing
from dateline.taxonomy import Taxonomy
from dateline.terms import document_word_ids
from dateline.text import Document
from training.corpus import NO_TOPIC, Article
from training.heldout import ATTACHMENT, HeldOut

LEVEL = 0.05
"""Chance of refusing a candidate that is as good, for the sums of all labels; all single labels share another."""
MIN_ARTICLES = 10
"""A label with fewer articles is shown and not judged."""
_RESAMPLES, _CHUNK = 4000, 250
SAME, OWN = "same labels", "own labels"


@dataclass(frozen=True)
class Row:
    """One figure before and after, with the interval that holds its change but for noise."""

    kind: str
    name: str
    n: int
    before: float
    after: float
    low: float
    high: float
    worse: bool


@dataclass(frozen=True)
class Comparison:
    """What the gate found. `note` says why nothing could be compared; `relabelled`, `new` and `gone` count articles."""

    version: str
    rows: tuple[Row, ...] = ()
    articles: int = 0
    relabelled: int = 0
    new: int = 0
    gone: int = 0
    note: str | None = None

    @property
    def worse(self) -> list[Row]:
        """The figures in which the candidate is worse beyond noise."""
        return [row for row in self.rows if row.worse]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready data."""
        return {**asdict(self), "rows": [asdict(row) for row in self.rows]}


@dataclass(frozen=True)
class Subject:
    """A candidate: its labelled articles with their documents and near-duplicate groups, and what it says of them."""

    analyser: Analyser
    held_out: HeldOut
    articles: Sequence[Article]
    documents: Sequence[Document]
    groups: np.ndarray


@dataclass(frozen=True)
class _Figure:
    """Sums over articles whose ratio is a figure: numerators and denominators (n_articles,), before and after."""

    kind: str
    name: str
    n: int
    before: tuple[np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray]
    is_sum: bool = False


def load_serving(registry: Registry, *, signing: Signing = UNSIGNED) -> tuple[Analyser, HeldOut] | Comparison | None:
    """Return the serving version with its held-out answers, or why it cannot be compared with; None if none serves."""
    try:
        version = registry.current()
    except NoModel:
        return None
    try:
        folder = registry.folder(version)
        serving = load(folder, signing=signing)
        kept = bundle.attachment(folder, ATTACHMENT)
    except DatelineError as error:
        return Comparison(version, note=f"the serving version cannot be loaded: {error}")
    if kept is None:
        return Comparison(version, note="the serving version has kept no held-out answers to compare with")
    return serving, HeldOut.from_bytes(kept)


def compare(candidate: Subject, serving: Analyser, known: HeldOut, *, seed: int) -> Comparison:
    """Return how a candidate compares with the serving version, whose held-out answers are `known`."""
    there = np.array([key in known.row_of for key in candidate.held_out.keys])
    row_of = np.array([known.row_of.get(key, -1) for key in candidate.held_out.keys])
    # Near-duplicates of articles that the serving version has learned from would flatter it.
    fresh = ~there & ~np.isin(candidate.groups, candidate.groups[there])
    codes = [code for code in candidate.held_out.codes if code in known.codes]
    ours = [candidate.held_out.codes.index(code) for code in codes]
    theirs = [known.codes.index(code) for code in codes]
    truth, after = candidate.held_out.truth[:, ours], candidate.held_out.assigned[:, ours]
    before = np.zeros_like(truth)
    before[there] = known.assigned[np.ix_(row_of[there], theirs)]
    for row in np.flatnonzero(fresh).tolist():
        before[row] = _topics(serving, candidate.documents[row], codes)
    own = np.zeros_like(truth)
    own[there] = known.truth[np.ix_(row_of[there], theirs)]
    relabelled = there & (own != truth).any(axis=1)
    names = {topic.code: topic.name for topic in candidate.analyser.taxonomy.topics}
    rows = there | fresh
    figures = _figures(SAME, "topics", [names[c] for c in codes], (truth, before), (truth, after), rows)
    figures += _abstentions(candidate.held_out.first == NO_TOPIC, before, after, rows)
    if relabelled.any():
        figures += _figures(OWN, "topics", [names[c] for c in codes], (own, before), (truth, after), there)
    figures += _region_figures(candidate, serving, there)
    return Comparison(
        version=serving.version,
        rows=tuple(_judge(figures, candidate.groups, seed=seed)),
        articles=int(rows.sum()),
        relabelled=int(relabelled.sum()),
        new=int((~there).sum()),
        gone=len(known.keys) - int(there.sum()),
    )


def _topics(analyser: Analyser, document: Document, codes: Sequence[str]) -> list[bool]:
    terms, counts = analyser.index.counts(document_word_ids(analyser.index, document))
    found = {topic.code for topic in analyser.topics.classify(terms, counts, n_words=document.n_words).topics}
    return [code in found for code in codes]


def _figures(
    kind: str, what: str, names: Sequence[str], before: tuple[np.ndarray, np.ndarray],
    after: tuple[np.ndarray, np.ndarray], rows: np.ndarray,
) -> list[_Figure]:  # fmt: skip
    """Return F1 of all labels and of each; `before` and `after` are (truth, assigned), each (n, n_labels)."""
    tops = [2.0 * (truth & assigned) * rows[:, None] for truth, assigned in (before, after)]
    bottoms = [(truth.astype(float) + assigned) * rows[:, None] for truth, assigned in (before, after)]
    truth = after[0] & rows[:, None]
    figures = [
        _Figure(
            kind, f"all {what}", int(truth.any(axis=1).sum()), (tops[0].sum(axis=1), bottoms[0].sum(axis=1)),
            (tops[1].sum(axis=1), bottoms[1].sum(axis=1)), is_sum=True,
        )
    ]  # fmt: skip
    for k, name in enumerate(names):
        pair = [(top[:, k], bottom[:, k]) for top, bottom in zip(tops, bottoms, strict=True)]
        figures.append(_Figure(kind, name, int(truth[:, k].sum()), pair[0], pair[1]))
    return figures


def _abstentions(none: np.ndarray, before: np.ndarray, after: np.ndarray, rows: np.ndarray) -> list[_Figure]:
    """Return the share of articles without a topic that were given none, if there are such articles."""
    none = none & rows
    if not none.any():
        return []
    silent = [(none & ~assigned.any(axis=1)).astype(float) for assigned in (before, after)]
    total = none.astype(float)
    return [_Figure(SAME, "no topic", int(none.sum()), (silent[0], total), (silent[1], total))]


def _region_figures(candidate: Subject, serving: Analyser, there: np.ndarray) -> list[_Figure]:
    taxonomy = candidate.analyser.taxonomy
    codes = [r.code for r in taxonomy.regions if r.code in serving.taxonomy.region_names]
    labelled = np.array([article.countries is not None for article in candidate.articles]) & there
    if not codes or not labelled.any():
        return []
    truth, before, after = (np.zeros((len(labelled), len(codes)), dtype=bool) for _ in range(3))
    for row in np.flatnonzero(labelled).tolist():
        truth[row] = _region_truth(candidate.articles[row], taxonomy, codes)
        before[row] = _regions(serving, candidate.documents[row], codes)
        after[row] = _regions(candidate.analyser, candidate.documents[row], codes)
    names = [taxonomy.region_names[code] for code in codes]
    return _figures(SAME, "regions", names, (truth, before), (truth, after), labelled)


def _region_truth(article: Article, taxonomy: Taxonomy, codes: Sequence[str]) -> list[bool]:
    wanted = {taxonomy.region_of.get(country) for country in article.countries or ()}
    return [code in wanted for code in codes]


def _regions(analyser: Analyser, document: Document, codes: Sequence[str]) -> list[bool]:
    terms, counts = analyser.index.counts(document_word_ids(analyser.index, document))
    found = {r.code for r in analyser.regions.classify(document, term_ids=terms, term_counts=counts).regions}
    return [code in found for code in codes]


def _judge(figures: Sequence[_Figure], groups: np.ndarray, *, seed: int) -> list[Row]:
    """Return the figures with the intervals of a paired bootstrap over near-duplicate groups.

    Groups are drawn with Poisson weights, which is the bootstrap for many groups. Source: Efron and Tibshirani 1993,
    "An introduction to the bootstrap"; Koehn 2004, "Statistical significance tests for machine translation evaluation".
    """
    parts = np.array([[*figure.before, *figure.after] for figure in figures])
    _, group_of = np.unique(groups, return_inverse=True)
    sums = np.zeros((group_of.max() + 1, len(figures) * 4))
    np.add.at(sums, group_of, parts.reshape(-1, parts.shape[-1]).T)
    rng = np.random.default_rng(seed)
    changes = []
    for _ in range(_RESAMPLES // _CHUNK):
        drawn = rng.poisson(1.0, size=(_CHUNK, len(sums))).astype(float) @ sums
        changes.append(_change(drawn.reshape(_CHUNK, len(figures), 4)))
    change = np.concatenate(changes)
    n_single = sum(not figure.is_sum for figure in figures) or 1
    n_sums = sum(figure.is_sum for figure in figures) or 1
    rows = []
    for k, figure in enumerate(figures):
        tail = LEVEL / (n_sums if figure.is_sum else n_single)
        low, high = np.quantile(change[:, k], [tail, 1.0 - tail])
        before, after = (float(_ratio(top.sum(), bottom.sum())) for top, bottom in (figure.before, figure.after))
        worse = bool(figure.n >= MIN_ARTICLES and high < 0.0)
        figures_of_row = {"before": before, "after": after, "low": float(low), "high": float(high)}
        rounded = {name: round(value, 4) for name, value in figures_of_row.items()}
        rows.append(Row(kind=figure.kind, name=figure.name, n=figure.n, worse=worse, **rounded))
    return rows


def _change(sums: np.ndarray) -> np.ndarray:
    change: np.ndarray = _ratio(sums[..., 2], sums[..., 3]) - _ratio(sums[..., 0], sums[..., 1])
    return change


def _ratio(top: Any, bottom: Any) -> np.ndarray:
    """Return top / bottom, 0 where there is nothing to divide by."""
    return np.asarray(top) / np.where(np.asarray(bottom) == 0.0, 1.0, bottom)
