"""Themes: which of the corpus's running themes (LDA topics) a text belongs to, and how much.

Serving half of the theme model: the variational E-step of online LDA over the fitted topic-word matrix, started from
the same point for every text, so that a text has one answer. Source: Hoffman, Blei, Bach 2010, "Online learning for
latent Dirichlet allocation", algorithm 1. `training/themes.py` fits the matrix with gensim. Imports no gensim.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import psi

from dateline.errors import UnknownTheme
from dateline.results import Theme
from dateline.terms import Ids

Floats = NDArray[np.floating[Any]]

_PLAIN_STEPS = ((0, 1), (1, 2), (2, 0))
"""From which of three arrays to which."""
_EARLY_CYCLES, _MAX_CYCLES = 4, 200
_FIRST_LEAP, _LEAP_GROWTH = 4.0, 2.0
_TOLERANCE = 3e-5
"""How far from the fixed point a text's theme weights may be, by their root sum of squares times root n_themes."""
_LEFT_BEHIND = 1e-7
"""A theme that has less than this part of the text after the early cycles does not come back."""
_TINY = 1e-20
_STRAIGHT = 1e-6
"""Two steps that differ by less than this, squared, part of the first differ by rounding."""
_MIN_WORDS = 6
"""A text with fewer theme words than this has no theme: LDA would still name one with confidence."""
_MIN_EVIDENCE = 3.0
"""How many of a text's words must belong to a theme, as LDA expects, for the theme to be named."""
_MIN_WEIGHT = 0.08
_MAX_THEMES = 5


@dataclass(frozen=True, slots=True)
class TypicalArticle:
    """An article of the corpus that is mostly about a theme."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class NearLabel:
    """The topic or region nearest to a theme, and the share of the theme's labelled articles that have it."""

    code: str
    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A theme with similar words; `similarity` in [0, 1] is 1 less the Jensen-Shannon distance."""

    id: str
    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Month:
    """A theme's share of the dated articles of a month, "2026-01", of which there are `articles`."""

    month: str
    articles: int
    share: float


@dataclass(frozen=True, slots=True)
class ThemeEntry:
    """What is known of a theme.

    Stable id, short name, its ten most telling terms, its share of the corpus, its place on the map, typical articles,
    nearest topic and region (None without labels), most similar themes, and the months of dated articles.
    """

    id: str
    name: str
    terms: tuple[str, ...]
    share: float
    place: tuple[float, float] = (0.0, 0.0)
    articles: tuple[TypicalArticle, ...] = ()
    topic: NearLabel | None = None
    region: NearLabel | None = None
    neighbours: tuple[Neighbour, ...] = ()
    trend: tuple[Month, ...] = ()

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "ThemeEntry":
        """Return the entry that `asdict` was taken from."""
        x, y = kept["place"]
        return cls(
            id=kept["id"],
            name=kept["name"],
            terms=tuple(kept["terms"]),
            share=kept["share"],
            place=(x, y),
            articles=tuple(TypicalArticle(**article) for article in kept["articles"]),
            topic=kept["topic"] and NearLabel(**kept["topic"]),
            region=kept["region"] and NearLabel(**kept["region"]),
            neighbours=tuple(Neighbour(**neighbour) for neighbour in kept["neighbours"]),
            trend=tuple(Month(**month) for month in kept["trend"]),
        )


class ThemeModel:
    """LDA topic-word weights with what is known of the themes.

    `word_of_term`: (n_terms,) theme word id of a term id or -1; `exp_elog_beta`: (n_words, n_topics), exp(E[log beta]);
    `alpha`: (n_topics,), the document-topic prior. The first topics are the themes of `entries`; the others take up the
    words that speak for no theme.
    """

    def __init__(self, word_of_term: Ids, exp_elog_beta: Floats, alpha: Floats, entries: Sequence[ThemeEntry]) -> None:
        self.entries = tuple(entries)
        self._word_of_term = word_of_term
        # Half the memory to go through; what it costs in precision is a hundredth of _TOLERANCE.
        self._exp_elog_beta = np.asarray(exp_elog_beta, dtype=np.float32)
        self._alpha = np.asarray(alpha, dtype=np.float32)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ThemeModel":
        """Return the model that `state` was taken from."""
        entries = [ThemeEntry.from_dict(entry) for entry in state["entries"]]
        return cls(state["word_of_term"], state["exp_elog_beta"], state["alpha"], entries)

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the model."""
        entries = [asdict(entry) for entry in self.entries]
        return {
            "word_of_term": self._word_of_term,
            "exp_elog_beta": self._exp_elog_beta,
            "alpha": self._alpha,
            "entries": entries,
        }

    def entry(self, id: str) -> ThemeEntry:
        """Return what is known of a theme. Raises UnknownTheme."""
        for entry in self.entries:
            if entry.id == id:
                return entry
        raise UnknownTheme(f"no theme {id!r} in this model; GET /v1/themes lists those there are")

    def themes(self, term_ids: Ids, counts: Ids) -> tuple[Theme, ...]:
        """Return the themes of a text given its terms, heaviest first; none where the text has too few known words."""
        words = self._word_of_term.take(term_ids)
        known = (words >= 0).nonzero()[0]
        counts = counts.take(known)
        n_words = int(counts.sum())
        if n_words < _MIN_WORDS:
            return ()
        rows = self._exp_elog_beta.take(words.take(known), axis=0)
        weights = infer(rows, counts.astype(np.float32), self._alpha)[: len(self.entries)].tolist()
        least = max(_MIN_WEIGHT, _MIN_EVIDENCE / n_words)
        best = sorted((-weight, number) for number, weight in enumerate(weights) if weight >= least)[:_MAX_THEMES]
        entries = ((self.entries[number], -minus) for minus, number in best)
        return tuple(Theme(entry.id, entry.name, weight, entry.terms) for entry, weight in entries)


def infer(exp_elog_beta: Floats, counts: Floats, alpha: Floats) -> Floats:
    """Return the topic weights of one text (n_topics,), summing to 1: the fixed point of the variational E-step.

    `exp_elog_beta`: (n_distinct_words, n_topics) rows of the text's words; `counts`: (n_distinct_words,); all three
    arrays of one type. A few plain steps from the start that treats all themes alike; then cycles of two steps and a
    leap along them (SQUAREM), which needs a fifth of the steps, after the first of them without the topics that the
    text has left behind. Leaps start short, so that the text stays on the plain steps' way to their optimum. It ends
    where the last step, times the number of such steps still to come, is below _TOLERANCE of the text.
    Source: Varadhan and Roland 2008, doi:10.1111/j.1467-9469.2007.00585.x, scheme S3.
    """
    total = float(counts.sum())
    enough = (_TOLERANCE * total) ** 2 / len(alpha)
    # With a floor, no word's norm is zero, and the steps need not look.
    rows: Floats = np.maximum(exp_elog_beta, _TINY)
    gammas = np.empty((3, len(alpha)), dtype=alpha.dtype)
    np.add(alpha, counts.dtype.type(total / len(alpha)), gammas[0])
    step = _e_step(rows, counts, alpha)
    for before, after in _PLAIN_STEPS:
        step(gammas[before], gammas[after])
    gamma, longest = _leaps(step, gammas, alpha, enough, longest=_FIRST_LEAP, cycles=_EARLY_CYCLES)
    if longest:
        alive = (gamma - alpha > _LEFT_BEHIND * total).nonzero()[0]
        least = alpha.take(alive)
        step = _e_step(rows.take(alive, axis=1), counts, least)
        gammas = gammas.take(alive, axis=1)
        gamma[alive], _ = _leaps(step, gammas, least, enough, longest=longest, cycles=_MAX_CYCLES)
    weights: Floats = gamma / gamma.sum()
    return weights


def _leaps(
    step: Callable[[Floats, Floats], object],
    gammas: Floats,
    alpha: Floats,
    enough: float,
    *,
    longest: float,
    cycles: int,
) -> tuple[Floats, float]:
    """Return gamma after some cycles from `gammas[0]`, and how long the next leap may be, 0 if it has arrived.

    `gammas`: (3, n_topics), overwritten; gamma is one of its rows.
    """
    gamma, once, twice = gammas
    steps, leaped, lengths = np.empty_like(gammas[1:]), np.empty_like(alpha), np.empty(2, dtype=alpha.dtype)
    starts, ends, products, combined, turned = gammas[:-1], gammas[1:], steps.dot, lengths.dot, steps.T
    for _ in range(cycles):
        step(gamma, once)
        step(once, twice)
        np.subtract(ends, starts, steps)
        (first, both), (_, second) = products(turned).tolist()
        leap = first / max(first - 2.0 * both + second, _STRAIGHT * first + _TINY)
        if second * max(leap, 1.0) < enough:
            return twice, 0.0
        leap = min(max(math.sqrt(leap), 1.0), longest)
        if leap == longest:
            longest *= _LEAP_GROWTH
        lengths[0], lengths[1] = leap * (2.0 - leap), leap * leap
        combined(steps, leaped)
        np.add(leaped, gamma, leaped)
        np.maximum(leaped, alpha, out=leaped)
        step(leaped, gamma)
    return gamma, longest


def _e_step(exp_elog_beta: Floats, counts: Floats, alpha: Floats) -> Callable[[Floats, Floats], object]:
    """Return the function that writes the next gamma (n_topics,) into another array; its buffers are its own."""
    norm, theta = np.empty_like(counts), np.empty_like(alpha)
    norms, sums = exp_elog_beta.dot, norm.dot

    def step(gamma: Floats, updated: Floats) -> None:
        # Dividing by exp(psi(gamma.sum())), as the E-step is written, would cancel out.
        psi(gamma, theta)
        np.exp(theta, theta)
        norms(theta, norm)
        np.divide(counts, norm, norm)
        sums(exp_elog_beta, updated)
        np.multiply(updated, theta, updated)
        np.add(updated, alpha, updated)

    return step
