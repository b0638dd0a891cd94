"""Themes: which of the corpus's running themes (LDA topics) a text belongs to, and how much.

Serving half of the theme model: the variational E-step of online LDA over the fitted topic-word matrix, started from
the same point for every text, so that a text has one answer. Source: Hoffman, Blei, Bach 2010, "Online learning for
latent Dirichlet allocation", algorithm 1. `training/themes.py` fits the matrix with gensim. Imports no gensim.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.compiled import compiled
from dateline.errors import UnknownTheme
from dateline.results import Theme
from dateline.terms import Ids

Floats = NDArray[np.floating[Any]]

_PLAIN_STEPS = 10
_CYCLES_OF_TOPICS, _MAX_CYCLES = 2, 200
"""After so many cycles, topics that were left behind are dropped again."""
_BLOCK = 16
"""Words are taken so many at a time; whole blocks leave the compiler no remainder."""
_FIRST_LEAP, _LEAP_GROWTH = 2.0, 2.0
_TOLERANCE = 3e-5
"""How far from the fixed point a text's theme weights may be, by their root sum of squares times root n_themes."""
_LEFT_BEHIND = 1e-6
"""A theme that has less than this part of the text after the plain steps does not come back."""
_TINY = 1e-20
_SHIFT = 6
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
        words, of_words = _known(self._word_of_term, term_ids, counts)
        n_words = int(of_words.sum())
        if n_words < _MIN_WORDS:
            return ()
        weights = _inferred(self._exp_elog_beta, words, of_words, self._alpha)[: len(self.entries)].tolist()
        least = max(_MIN_WEIGHT, _MIN_EVIDENCE / n_words)
        best = sorted((-weight, number) for number, weight in enumerate(weights) if weight >= least)[:_MAX_THEMES]
        entries = ((self.entries[number], -minus) for minus, number in best)
        return tuple(Theme(entry.id, entry.name, weight, entry.terms) for entry, weight in entries)


def infer(exp_elog_beta: Floats, counts: Floats, alpha: Floats) -> Floats:
    """Return the topic weights of one text (n_topics,), summing to 1: the fixed point of the variational E-step.

    `exp_elog_beta`: (n_distinct_words, n_topics) rows of the text's words; `counts`: (n_distinct_words,). Some plain
    steps from the start that treats all themes alike; then cycles of two steps and a leap along them (SQUAREM), which
    needs a fifth of the steps; topics that the text has left behind are dropped on the way. Leaps start late and short,
    so that the text stays on the plain steps' way to their optimum. It ends where the last step, times the number of
    such steps still to come, is below _TOLERANCE of the text.
    Source: Varadhan and Roland 2008, doi:10.1111/j.1467-9469.2007.00585.x, scheme S3.
    """
    words = np.arange(len(counts))
    return _inferred(np.asarray(exp_elog_beta, np.float32), words, np.asarray(counts, np.float32), alpha)


@compiled
def _inferred(exp_elog_beta: Floats, words: Ids, counts: Floats, alpha: Floats) -> Floats:
    """Return what `infer` does for the words of `exp_elog_beta` (n_words, n_topics) at `words`, in single precision."""
    n_topics = len(alpha)
    rows, given = _turned(exp_elog_beta, words, counts)
    shares = np.empty_like(given)
    topics = np.arange(n_topics)
    least, theta = np.empty(n_topics, np.float32), np.empty(n_topics, np.float32)
    gamma, once, twice = np.empty_like(theta), np.empty_like(theta), np.empty_like(theta)
    least[:] = alpha
    total = np.float32(counts.sum())
    gamma[:] = least + total / np.float32(n_topics)
    enough = (_TOLERANCE * total) ** 2 / n_topics
    for _ in range(_PLAIN_STEPS):
        _step(rows, given, least, topics, gamma, once, theta, shares)
        gamma, once = once, gamma
    longest = _FIRST_LEAP
    for cycle in range(_MAX_CYCLES):
        if cycle % _CYCLES_OF_TOPICS == 0:
            topics = topics[gamma[topics] - least[topics] > np.float32(_LEFT_BEHIND) * total]
        _step(rows, given, least, topics, gamma, once, theta, shares)
        _step(rows, given, least, topics, once, twice, theta, shares)
        first = second = change = 0.0
        for topic in topics:
            earlier, later = once[topic] - gamma[topic], twice[topic] - once[topic]
            first += earlier * earlier
            second += later * later
            change += (later - earlier) * (later - earlier)
        leap = first / max(change, _STRAIGHT * first + _TINY)
        if second * max(leap, 1.0) < enough:
            gamma[topics] = twice[topics]
            break
        leap = min(max(math.sqrt(leap), 1.0), longest)
        if leap == longest:
            longest *= _LEAP_GROWTH
        for topic in topics:
            earlier, later = once[topic] - gamma[topic], twice[topic] - once[topic]
            leaped = gamma[topic] + 2.0 * leap * earlier + leap * leap * (later - earlier)
            once[topic] = max(leaped, least[topic])
        _step(rows, given, least, topics, once, gamma, theta, shares)
    weights: Floats = gamma / gamma.sum()
    return weights


@compiled
def _known(word_of_term: Ids, term_ids: Ids, counts: Ids) -> tuple[Ids, Floats]:
    """Return the theme words of a text's terms and their counts, leaving out terms that are none."""
    words, of_word = np.empty(len(term_ids), np.int64), np.empty(len(term_ids), np.float32)
    n_words = 0
    for i, term in enumerate(term_ids):
        if word_of_term[term] >= 0:
            words[n_words], of_word[n_words] = word_of_term[term], counts[i]
            n_words += 1
    return words[:n_words], of_word[:n_words]


@compiled
def _turned(exp_elog_beta: Floats, words: Ids, counts: Floats) -> tuple[Floats, Floats]:
    """Return the rows of a text's words turned, (n_topics, n), and their counts (n,), filled up to whole blocks."""
    n = (len(words) + _BLOCK - 1) // _BLOCK * _BLOCK
    rows, given = np.zeros((exp_elog_beta.shape[1], n), np.float32), np.zeros(n, np.float32)
    for at, word in enumerate(words):
        given[at] = counts[at]
        row = exp_elog_beta[word]
        for topic in range(len(row)):
            rows[topic, at] = row[topic]
    return rows, given


@compiled
def _step(
    rows: Floats,
    counts: Floats,
    alpha: Floats,
    topics: Ids,
    gamma: Floats,
    updated: Floats,
    theta: Floats,
    shares: Floats,
) -> None:
    """Write the gamma that follows one into `updated`, for some topics; `theta` and `shares` are places to work in."""
    # Dividing by exp(psi(gamma.sum())), as the E-step is written, would cancel out.
    shares[:] = np.float32(_TINY)
    for topic in topics:
        expected = np.float32(_exp_digamma(gamma[topic]))
        theta[topic] = expected
        row = rows[topic]
        for word in range(len(shares)):
            shares[word] += expected * row[word]
    for word in range(len(shares)):
        shares[word] = counts[word] / shares[word]
    for topic in topics:
        row = rows[topic]
        responsible = np.float32(0.0)
        for word in range(len(shares)):
            responsible += shares[word] * row[word]
        updated[topic] = responsible * theta[topic] + alpha[topic]


@compiled
def _exp_digamma(x: float) -> float:
    """Return exp(psi(x)) of a positive number to eight digits.

    psi(x) is psi(x + _SHIFT) less 1 / (x + i) for each i below _SHIFT; their sum is kept as one fraction. There, its
    asymptotic series is short. Source: Bernardo 1976, "Algorithm AS 103: Psi (digamma) function".
    """
    y = float(x)
    above, below = 0.0, 1.0
    for _ in range(_SHIFT):
        above = above * y + below
        below *= y
        y += 1.0
    square = 1.0 / (y * y)
    series = square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252)))
    return y * math.exp(-0.5 / y - series - above / below)
