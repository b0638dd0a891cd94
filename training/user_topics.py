"""Fits what the user's own labelled articles say of topics, and folds it into the topic classifier.

A class-balanced model of its own, learned from the user's articles alone, is added to the built-in one: in log space
that multiplies their probabilities, and as both are linear, the sum is one weight matrix. Poured into one corpus with
thousands of built-in articles, a few unbalanced ones of another kind made the model worse; measured in docs/models.md
(`python -m training.ablate_user_topics`).

How much the user's model counts is chosen by cross-validation, so that it takes over as the articles grow in number.
Articles of topics that have no built-in ones, and articles without topic, are not for this module: they join the corpus
of the built-in model (`is_own`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from dateline.taxonomy import Taxonomy
from training.corpus import NO_TOPIC, Article, Corpus
from training.features import Features
from training.topics import DUAL, FOLDS, NEVER, TopicFit, assigned, calibrated, fit_topics, indicator

_C = 1.0
_MIN_ARTICLES = 3
"""A topic needs as many of the user's articles, no two of them near-duplicates, to be in the user's model."""
_MIN_TOPICS = 2
WEIGHTS, USUAL_WEIGHT = (0.5, 0.0, 0.25, 1.0, 2.0, 4.0), 0.5
_GAIN = 0.005
"""Another weight than the usual one is chosen only if it raises the share of right answers by this."""
_MOST_LOST = 0.01


@dataclass(frozen=True)
class _Scores:
    """Held-out scores (n, n_topics) of both models, with the truth: of built-in articles, or of the user's own."""

    built_in: np.ndarray
    own: np.ndarray
    truth: np.ndarray

    def right(self, weight: float) -> float:
        """Return the share of articles with topics whose best topic is one of theirs."""
        best = np.nan_to_num(self.built_in + weight * self.own, nan=NEVER).argmax(axis=1)
        news = self.truth.any(axis=1)
        return float(self.truth[np.arange(len(best)), best][news].mean())


def fit_with_own(
    corpus: Corpus,
    features: Features,
    groups: np.ndarray,
    taxonomy: Taxonomy,
    *,
    progress: Callable[[], object] = lambda: None,
) -> tuple[TopicFit, np.ndarray]:
    """Return the topic fit of a corpus, and which articles its rows are: the built-in model's, then the user's own."""
    articles, lengths = corpus.articles, corpus.lengths
    own = is_own(articles, groups, n_seeds=corpus.n_seeds)
    mine = np.flatnonzero(own)
    built_in = [a.model_copy(update={"topics": None}) if own[row] else a for row, a in enumerate(articles)]
    fit = fit_topics(built_in, features, groups, taxonomy, lengths=lengths, progress=progress)
    rows = np.array([row for row, article in enumerate(built_in) if article.topics is not None])
    if not len(mine):
        return fit, rows
    labelled = [articles[row] for row in mine]
    folded = fold_in(
        fit, features.of(mine), labelled, groups[mine], taxonomy, lengths=lengths[mine]
    )  # fmt: skip
    return folded, np.concatenate([rows, mine])


def is_own(articles: Sequence[Article], groups: np.ndarray, *, n_seeds: int) -> np.ndarray:
    """Return which articles (n,) the user's model learns from: those after `n_seeds` whose topics have built-in ones.

    `groups`: near-duplicates. None are if they are of fewer than two topics with enough articles each.
    """
    built_in = {code for article in articles[:n_seeds] for code in article.topics or ()}
    own = np.array(
        [i >= n_seeds and bool(a.topics) and built_in.issuperset(a.topics or ()) for i, a in enumerate(articles)]
    )
    own &= ~np.isin(groups, groups[:n_seeds])
    groups_of: dict[str, set[int]] = {}
    for i in np.flatnonzero(own).tolist():
        for code in articles[i].topics or ():
            groups_of.setdefault(code, set()).add(int(groups[i]))
    enough = [code for code, found in groups_of.items() if len(found) >= _MIN_ARTICLES]
    return own if len(enough) >= _MIN_TOPICS else np.zeros(len(articles), dtype=bool)


def fold_in(
    fit: TopicFit, features: Features, articles: Sequence[Article], groups: np.ndarray, taxonomy: Taxonomy, *,
    lengths: np.ndarray,
) -> TopicFit:  # fmt: skip
    """Return `fit` with the user's articles added, after its own rows; `features` and `lengths` are theirs.

    The built-in model has not learned from them, nor the user's model from the built-in articles, so each is held out
    from the other, and calibration and thresholds are chosen anew on the sums.
    """
    classifier = fit.classifier
    x = features.vectors(classifier.idf)
    truth = indicator([article.topics or () for article in articles], [topic.code for topic in taxonomy.topics])
    held_out = np.zeros(truth.shape)
    folds = min(FOLDS, len(set(groups.tolist())))
    for train, test in GroupKFold(folds).split(x, groups=groups):
        weights, bias = _fit(x[train], truth[train])
        held_out[test] = x[test] @ weights + bias
    weights, bias = _fit(x, truth)
    old = classifier.topics
    seeds = _Scores(fit.scores, fit.x @ weights + bias, fit.truth)
    own = _Scores(x @ old.weights + old.bias, held_out, truth)
    weight = choose_weight(seeds, own)
    scores = np.vstack([s.built_in + weight * s.own for s in (seeds, own)])
    all_truth = np.vstack([fit.truth, truth])
    model = calibrated(
        (old.weights + weight * weights).astype(np.float32), old.bias + weight * bias, scores, all_truth, fit.blend
    )
    numbers = {topic.code: i for i, topic in enumerate(taxonomy.topics)}
    first = [numbers[article.topics[0]] if article.topics else NO_TOPIC for article in articles]
    all_lengths = np.concatenate([fit.lengths, lengths])
    refused = np.concatenate([fit.refused, np.zeros(len(articles), dtype=bool)])
    known = np.nan_to_num(scores, nan=NEVER)
    return TopicFit(
        classifier=classifier.with_topics(model),
        confidences=model.confidences(known),
        assigned=assigned(model, known, all_lengths, refused),
        truth=all_truth,
        first=np.concatenate([fit.first, first]),
        scores=scores,
        x=fit.x,
        lengths=all_lengths,
        refused=refused,
        blend=fit.blend,
    )


def choose_weight(seeds: _Scores, own: _Scores) -> float:
    """Return what the user's model weighs beside the built-in one, which weighs 1.

    The share of right answers on the user's articles counts as much as that on the built-in ones, and more once there
    are more of them; until then, no weight is chosen that costs the built-in ones more than _MOST_LOST.
    """
    takes_over = len(own.truth) > len(seeds.truth)
    share = len(own.truth) / (len(own.truth) + len(seeds.truth)) if takes_over else 0.5
    least = 0.0 if takes_over else seeds.right(0.0) - _MOST_LOST
    value = {
        weight: share * own.right(weight) + (1.0 - share) * seeds.right(weight)
        for weight in WEIGHTS
        if weight == 0.0 or seeds.right(weight) >= least
    }
    usual = USUAL_WEIGHT if USUAL_WEIGHT in value else 0.0
    best = max(value, key=lambda weight: value[weight])
    return best if value[best] > value[usual] + _GAIN else usual


def _fit(x: csr_matrix, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights (n_terms, n_topics), bias (n_topics,)) of the user's model.

    Only differences between the topics that the user has labelled count: their mean is taken off, so that the model
    says nothing for or against the topics that the user has not.
    """
    weights, bias = np.zeros((x.shape[1], truth.shape[1])), np.zeros(truth.shape[1])
    labels = np.flatnonzero((truth.sum(axis=0) >= _MIN_ARTICLES - 1) & ~truth.all(axis=0))
    for label in labels:
        machine = LinearSVC(C=_C, class_weight="balanced", dual=DUAL, random_state=0).fit(x, truth[:, label])
        weights[:, label], bias[label] = machine.coef_[0], machine.intercept_[0]
    if len(labels):
        weights[:, labels] -= weights[:, labels].mean(axis=1, keepdims=True)
        bias[labels] -= bias[labels].mean()
    return weights, bias
