"""What words of like meaning say of topics: a classifier over the mean word vector of a text, folded into term weights.

It knows something of words that the corpus never had, which matters most where the corpus is small: with five articles
of each topic most words of a new text are unseen. It counts less as the articles grow in number, for then the words
themselves tell more (docs/topics.md has the figures).
"""

import warnings

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from training.corpus import NO_TOPIC

_PENALTY, _SCALE = 1.0, 0.1
_MOST, _FALLS, _FALLS_FAST = 0.7, 5.0, 100.0
"""What it weighs beside the support vector machine, where n articles have topics: the least of _MOST, _FALLS / sqrt(n),
_FALLS_FAST / n."""


def from_meanings(
    x: csr_matrix, main: np.ndarray, emphasis: np.ndarray, vectors: np.ndarray, *, n_labels: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights (n_terms, n_labels), bias (n_labels,)) that word vectors (n_terms, n_dimensions) give to terms.

    Learned from the main labels of documents `x` (n_docs, n_terms), `emphasis` (n_docs,) being what each counts. Zero
    for labels that are nobody's main one, and where there are fewer than two.
    """
    weights, bias = np.zeros((x.shape[1], n_labels)), np.zeros(n_labels)
    labelled = np.flatnonzero(main != NO_TOPIC)
    if len(np.unique(main[labelled])) < 2:
        return weights, bias
    texts = x[labelled] @ vectors
    mean = texts.mean(axis=0)
    # One scale for all dimensions: with few articles, the spread of a single one may be next to nothing by chance.
    spread = np.sqrt(texts.var(axis=0).mean()) / _SCALE or 1.0
    machine = LogisticRegression(C=_PENALTY, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # scikit-learn wonders at many labels of few articles each
        machine.fit((texts - mean) / spread, main[labelled], sample_weight=emphasis[labelled])
    coefficients = machine.coef_
    if len(machine.classes_) == 2:  # scikit-learn gives one row for two classes
        coefficients = np.vstack([-coefficients, coefficients]) / 2
    of_dimension = (coefficients / spread).T
    share = min(_MOST, _FALLS / np.sqrt(len(labelled)), _FALLS_FAST / len(labelled))
    # Without the intercepts, which only say how common a label is.
    weights[:, machine.classes_] = share * (vectors @ of_dimension)
    bias[machine.classes_] = -share * (mean @ of_dimension)
    return weights, bias
