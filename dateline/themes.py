"""Themes: which of the corpus's running themes (LDA topics) a text belongs to, and how much.

Serving half of the theme model: the variational E-step of online LDA over the fitted topic-word matrix, started from
the same point for every text, so that a text has one answer. Source: Hoffman, Blei, Bach 2010, "Online learning for
latent Dirichlet allocation", algorithm 1. `training/themes.py` fits the matrix with gensim. Imports no gensim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import psi

from dateline.results import Theme
from dateline.terms import Ids

Floats = NDArray[np.float64]

_MAX_STEPS = 200
_TOLERANCE = 1e-4
_MIN_WORDS = 6
"""A text with fewer theme words than this has no theme: LDA would still name one with confidence."""
_MIN_EVIDENCE = 3.0
"""How many of a text's words must belong to a theme, as LDA expects, for the theme to be named."""
_MIN_WEIGHT = 0.08
_MAX_THEMES = 5


@dataclass(frozen=True, slots=True)
class ThemeEntry:
    """What a theme is called: stable id, short name, its ten strongest terms and its share of the corpus."""

    id: str
    name: str
    terms: tuple[str, ...]
    share: float


class ThemeModel:
    """LDA topic-word weights with the themes' names.

    `word_of_term`: (n_terms,) theme word id of a term id or -1; `exp_elog_beta`: (n_words, n_themes), exp(E[log beta]);
    `alpha`: (n_themes,), the document-theme prior.
    """

    def __init__(self, word_of_term: Ids, exp_elog_beta: Floats, alpha: Floats, entries: Sequence[ThemeEntry]) -> None:
        self.entries = tuple(entries)
        self._word_of_term = word_of_term
        self._exp_elog_beta = exp_elog_beta
        self._alpha = alpha

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "ThemeModel":
        """Return the model that `state` was taken from."""
        entries = [ThemeEntry(**{**entry, "terms": tuple(entry["terms"])}) for entry in state["entries"]]
        return cls(state["word_of_term"], state["exp_elog_beta"], state["alpha"], entries)

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the model."""
        entries = [{"id": e.id, "name": e.name, "terms": list(e.terms), "share": e.share} for e in self.entries]
        return {
            "word_of_term": self._word_of_term,
            "exp_elog_beta": self._exp_elog_beta,
            "alpha": self._alpha,
            "entries": entries,
        }

    def themes(self, term_ids: Ids, counts: Ids) -> tuple[Theme, ...]:
        """Return the themes of a text given its terms, heaviest first; none where the text has too few known words."""
        words = self._word_of_term[term_ids]
        known = words >= 0
        if counts[known].sum() < _MIN_WORDS:
            return ()
        weights = infer(self._exp_elog_beta[words[known]], counts[known].astype(np.float64), self._alpha)
        least = max(_MIN_WEIGHT, _MIN_EVIDENCE / counts[known].sum())
        best = np.argsort(-weights, kind="stable")[:_MAX_THEMES]
        entries = ((self.entries[i], float(weights[i])) for i in best if weights[i] >= least)
        return tuple(Theme(entry.id, entry.name, weight, entry.terms) for entry, weight in entries)


def infer(exp_elog_beta: Floats, counts: Floats, alpha: Floats) -> Floats:
    """Return the theme weights of one text (n_themes,), summing to 1.

    `exp_elog_beta`: (n_distinct_words, n_themes) rows of the text's words; `counts`: (n_distinct_words,).
    """
    gamma = alpha + counts.sum() / len(alpha)
    for _ in range(_MAX_STEPS):
        exp_elog_theta = np.exp(psi(gamma) - psi(gamma.sum()))
        norm = exp_elog_beta @ exp_elog_theta + 1e-100
        updated = alpha + exp_elog_theta * ((counts / norm) @ exp_elog_beta)
        change = np.abs(updated - gamma).mean()
        gamma = updated
        if change < _TOLERANCE:
            break
    weights: Floats = gamma / gamma.sum()
    return weights
