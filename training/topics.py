"""Fits the topic classifier: one linear model for each label, the sum of four.

A linear support vector machine learns from the articles what tells labels apart; complement naive Bayes learns from the
same articles how often each word is said of a label; the seed words add a fixed weight to their own label, which knows
what the corpus never mentions; and word vectors (`training/meanings.py`) carry what was learned of some words over to
others of like meaning.

Calibration and thresholds come from scores that cross-validation gives to articles it did not train on;
near-duplicates stay in one fold. The model that is saved is then fitted on everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from dateline.errors import InvalidSeeds
from dateline.taxonomy import Taxonomy
from dateline.terms import TermIndex
from dateline.topics import PLAIN, LabelModel, Nothing, TopicClassifier
from training.corpus import NO_TOPIC, Article
from training.features import Features, idf_of, label_words, seed_terms
from training.meanings import from_meanings

FOLDS = 5
DUAL = True
"""Left to choose, scikit-learn solves the primal once articles outnumber terms: the same result, ten times as slow."""
NEVER = -50.0
_FALLBACK_SHORT = 0.005
_BAYES_ALPHA = 0.3
_BAYES_FULL = 5600
"""Naive Bayes weighs its full weight from so many articles on, and less in proportion below: it learns slowly."""
_NOTHING_C = 0.3
_MIN_NOTHING = 20
"""Fewer articles without topic than this teach nothing about texts that are no articles."""
_MIN_BEST = 30
"""Fewer labelled texts than this teach the best label no curve of its own."""
_REFUSED = 0.001
"""The share of the articles with topics that may be taken for none, in cross-validation."""


@dataclass(frozen=True)
class Blend:
    """Options of the fit.

    `penalty` (C) and `balance`: the support vector machine's; 0 counts every article alike, 1 those with a label as
    much in all as those without. `second`: what an article counts there for a label that is not its main one. `bayes`:
    what naive Bayes weighs. `seeds`: what a seed word weighs. `few`: the number of positives at which a label's own
    best threshold counts as much as the one that suits all labels; high where texts to come will differ from the
    corpus. `fallback`: the probability that the best label of a text that is not short needs where none reaches its
    threshold.
    """

    penalty: float
    balance: float
    second: float
    bayes: float
    seeds: float
    few: float
    fallback: float


_NAME_WEIGHT, _NAME_FEW = 2.0, 10.0
"""What the words of a topic's name weigh where it has no seed words; half as much once it has so many articles."""

WITH_SEED_WORDS = Blend(penalty=0.2, balance=0.5, second=0.15, bayes=2.4, seeds=0.8, few=500.0, fallback=0.02)
WITHOUT = Blend(penalty=1.0, balance=0.0, second=1.0, bayes=0.0, seeds=0.0, few=10.0, fallback=0.02)


@dataclass(frozen=True)
class TopicFit:
    """A fitted classifier and what cross-validation gave, (n_docs, n_topics); `first`: main topics or NO_TOPIC.

    `scores`: held-out, before calibration, NaN where a fold had no example; `x` (n_docs, n_terms): the documents;
    `lengths` (n_docs,): their words; `refused` (n_docs,): those that the held-out model takes for no article.
    """

    classifier: TopicClassifier
    confidences: np.ndarray
    assigned: np.ndarray
    truth: np.ndarray
    first: np.ndarray
    scores: np.ndarray
    x: csr_matrix
    lengths: np.ndarray
    refused: np.ndarray
    blend: Blend


@dataclass(frozen=True)
class Task:
    """Labels to learn: `truth` (n_docs, n_labels); `seeds` (n_terms, n_labels), 1 where a term is a seed word.

    `names` likewise, for the words in the names of labels without seed words. `main` (n_docs,): the number of the main
    label, NO_TOPIC where there is none. `emphasis` (n_docs,): how much a document counts in learning. `lent` (n_terms,)
    are the terms that only word vectors know; `vectors` (n_terms, n_dimensions), where they are to be learned from.
    """

    truth: np.ndarray
    main: np.ndarray
    seeds: csr_matrix
    names: csr_matrix
    emphasis: np.ndarray
    lent: np.ndarray
    vectors: np.ndarray | None = None


def fit_topics(
    articles: Sequence[Article],
    features: Features,
    groups: np.ndarray,
    taxonomy: Taxonomy,
    *,
    lengths: np.ndarray,
    blend: Blend | None = None,
    progress: Callable[[], object] = lambda: None,
) -> TopicFit:
    """Return the classifier for articles with `features`; `groups` (n_docs,) keeps near-duplicates in one fold.

    `lengths` (n_docs,): their words. `blend` is chosen by whether the taxonomy has seed words, unless given. Articles
    whose topics nobody has said are left out; those that have none teach what is no topic. Raises InvalidSeeds if too
    few are left to learn from.
    """
    rows = np.array([i for i, article in enumerate(articles) if article.topics is not None], dtype=np.int64)
    if len(set(groups[rows].tolist())) < 2:
        raise InvalidSeeds("articles: at least two different articles with topics are needed to train")
    labelled, features, groups = [articles[i] for i in rows], features.of(rows), groups[rows]
    topics = topic_task(labelled, taxonomy, features)
    entries = [subtopic for topic in taxonomy.topics for subtopic in topic.subtopics]
    subtopics = Task(
        truth=indicator([article.subtopics for article in labelled], [entry.code for entry in entries]),
        main=np.full(len(rows), NO_TOPIC),
        seeds=seed_matrix([list(entry.words) for entry in entries], features.index),
        names=seed_matrix([[] for _ in entries], features.index),
        emphasis=topics.emphasis,
        lent=topics.lent,
    )
    blend = blend or (WITH_SEED_WORDS if topics.seeds.nnz else WITHOUT)
    empty = np.asarray(~topics.truth.any(axis=1))
    empty_scores = np.zeros(len(rows))
    # What a fold had no example of stays NaN: nothing can be learned from its scores.
    held_out = [np.full(task.truth.shape, np.nan) for task in (topics, subtopics)]
    for train, test in GroupKFold(min(FOLDS, len(set(groups)))).split(rows, groups=groups):
        x = features.vectors(idf_of(features.counts[train]))
        for task, scores in zip((topics, subtopics), held_out, strict=True):
            weights, bias = fit_labels(x, train, task, blend)
            seen = task.truth[train].any(axis=0) & ~task.truth[train].all(axis=0)
            scores[np.ix_(test, seen)] = (x[test] @ weights + bias)[:, seen]
        if empty.sum() >= _MIN_NOTHING:
            machine = _nothing_machine(_taught(x[train], topics.lent), empty[train])
            empty_scores[test] = machine.decision_function(x[test])
        progress()
    everything = np.arange(len(rows))
    idf = idf_of(features.counts)
    x = features.vectors(idf)
    models = []
    for task, scores in zip((topics, subtopics), held_out, strict=True):
        models.append(calibrated(*fit_labels(x, everything, task, blend), scores, task.truth, blend))
        progress()
    scores = np.nan_to_num(held_out[0], nan=NEVER)
    nothing = _nothing(_taught(x, topics.lent), empty, empty_scores)
    refused = empty_scores >= nothing.threshold if nothing is not None else np.zeros(len(rows), dtype=bool)
    return TopicFit(
        classifier=TopicClassifier(
            taxonomy, idf=idf, lent=topics.lent, topics=models[0], subtopics=models[1], nothing=nothing
        ),
        confidences=models[0].confidences(scores),
        assigned=assigned(models[0], scores, lengths[rows], refused),
        truth=topics.truth,
        first=topics.main,
        scores=held_out[0],
        x=x,
        lengths=lengths[rows],
        refused=refused,
        blend=blend,
    )


def assigned(model: LabelModel, scores: np.ndarray, lengths: np.ndarray, refused: np.ndarray) -> np.ndarray:
    """Return which labels (n_docs, n_labels) texts with these scores get, as serving decides it."""
    probabilities = model.probabilities(scores)
    silent = refused & (probabilities.max(axis=1) < PLAIN)
    return np.asarray(model.assigned(probabilities, lengths) & ~silent[:, np.newaxis])


def topic_task(articles: Sequence[Article], taxonomy: Taxonomy, features: Features) -> Task:
    """Return the task of telling a taxonomy's topics, for articles whose topics are known."""
    index = features.index
    codes = [topic.code for topic in taxonomy.topics]
    return Task(
        truth=indicator([article.topics or () for article in articles], codes),
        main=np.array([codes.index(article.topics[0]) if article.topics else NO_TOPIC for article in articles]),
        seeds=seed_matrix([list(topic.all_words()) for topic in taxonomy.topics], index),
        names=seed_matrix([[] if any(t.all_words()) else label_words(t) for t in taxonomy.topics], index),
        emphasis=np.array([article.weight for article in articles]),
        lent=np.zeros(index.n_terms, dtype=bool) if features.lent is None else features.lent.which,
        vectors=None if features.lent is None else features.lent.vectors,
    )


def seed_matrix(words: Sequence[Sequence[str]], index: TermIndex) -> csr_matrix:
    """Return (n_terms, n_labels), 1 where a term is a seed word of a label."""
    ids = {term: i for i, term in enumerate(index.terms())}
    pairs = sorted({(ids[term], label) for label, of_label in enumerate(words) for term in seed_terms(of_label)})
    rows, columns = [term for term, _ in pairs], [label for _, label in pairs]
    return csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=(index.n_terms, len(words)))


def fit_labels(x: csr_matrix, rows: np.ndarray, task: Task, blend: Blend) -> tuple[np.ndarray, np.ndarray]:
    """Return (weights (n_terms, n_labels), bias (n_labels,)) of the blend, learned from some rows of `x`."""
    x, truth, main, emphasis = x[rows], task.truth[rows], task.main[rows], task.emphasis[rows]
    taught = _taught(x, task.lent)
    weights = np.zeros((x.shape[1], truth.shape[1]), dtype=np.float32)
    # A label without articles rests on its seed words or name; without those it is never assigned.
    described = np.asarray((task.seeds + task.names).sum(axis=0)).ravel() > 0
    bias = np.where(described, -1.0, NEVER)
    for label in np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0)):
        has = truth[:, label]
        balance = {value: (0.5 / np.mean(has == value)) ** blend.balance for value in (True, False)}
        machine = LinearSVC(C=blend.penalty, class_weight=balance, dual=DUAL, random_state=0)
        is_second = has & (main != label) & (main != NO_TOPIC)
        machine.fit(taught, has, sample_weight=emphasis * np.where(is_second, blend.second, 1.0))
        weights[:, label] = machine.coef_[0]
        bias[label] = machine.intercept_[0]
    if blend.bayes:
        share = min(1.0, (task.main != NO_TOPIC).sum() / _BAYES_FULL)
        known = np.flatnonzero(~task.lent)
        weights[known] += blend.bayes * share * _bayes(taught[:, known], main, emphasis, n_labels=truth.shape[1])
    if task.seeds.nnz:
        weights += blend.seeds * task.seeds.toarray()
    if task.names.nnz:
        weights += task.names.toarray() * (_NAME_WEIGHT / (1.0 + truth.sum(axis=0) / _NAME_FEW))
    if task.vectors is not None:
        of_words, offset = from_meanings(x, main, emphasis, task.vectors, n_labels=truth.shape[1])
        weights += of_words
        bias = bias + offset
    return weights.astype(np.float32), bias


def _taught(x: csr_matrix, lent: np.ndarray) -> csr_matrix:
    """Return documents (n_docs, n_terms) without the terms that only word vectors know."""
    return csr_matrix(x @ diags((~lent).astype(np.float64))) if lent.any() else x


def _bayes(x: csr_matrix, main: np.ndarray, emphasis: np.ndarray, *, n_labels: int) -> np.ndarray:
    """Return the weights (n_terms, n_labels) of naive Bayes over main labels, zero where no document has the label.

    Less the mean over the labels, so that a word which all labels share weighs nothing.
    Source: Rennie et al. 2003, "Tackling the poor assumptions of naive Bayes text classifiers" (complement).
    """
    weights = np.zeros((x.shape[1], n_labels))
    labelled = np.flatnonzero(main != NO_TOPIC)
    if len(np.unique(main[labelled])) < 2:
        return weights
    bayes = ComplementNB(alpha=_BAYES_ALPHA).fit(x[labelled], main[labelled], sample_weight=emphasis[labelled])
    weights[:, bayes.classes_] = bayes.feature_log_prob_.T - bayes.feature_log_prob_.mean(axis=0)[:, np.newaxis]
    return weights


def _nothing(x: csr_matrix, empty: np.ndarray, scores: np.ndarray) -> Nothing | None:
    """Return the model of texts that are no articles, learned from those without topic; None if they are too few.

    `scores` (n_docs,): held-out; its threshold lies where at most _REFUSED of the others would be refused.
    """
    if empty.sum() < _MIN_NOTHING or empty.all():
        return None
    machine = _nothing_machine(x, empty)
    threshold = max(0.0, float(np.quantile(scores[~empty], 1.0 - _REFUSED)))
    return Nothing(machine.coef_[0].astype(np.float32), float(machine.intercept_[0]), threshold)


def _nothing_machine(x: csr_matrix, empty: np.ndarray) -> LinearSVC:
    return LinearSVC(C=_NOTHING_C, class_weight="balanced", dual=DUAL, random_state=0).fit(x, empty)


def indicator(labels: Sequence[Sequence[str]], codes: Sequence[str]) -> np.ndarray:
    """Return (n_docs, n_codes), whether a document has a label."""
    numbers = {code: i for i, code in enumerate(codes)}
    truth = np.zeros((len(labels), len(codes)), dtype=bool)
    for row, given in enumerate(labels):
        truth[row, [numbers[code] for code in given]] = True
    return truth


def calibrated(
    weights: np.ndarray, bias: np.ndarray, scores: np.ndarray, truth: np.ndarray, blend: Blend
) -> LabelModel:
    """Return the model with a Platt curve and thresholds chosen on held-out scores, NaN where there is none."""
    known = ~np.isnan(scores)
    thresholds = np.full(truth.shape[1], 0.5)
    slope, intercept = _platt(scores[known], truth[known])
    best = _best_of_labelled(scores, truth)
    best_slope, best_intercept = _platt(*best) if len(best[0]) >= _MIN_BEST else (slope, intercept)
    model = LabelModel(
        weights, bias, slope, intercept, thresholds, blend.fallback, _FALLBACK_SHORT, best_slope, best_intercept
    )
    if len(np.unique(truth[known])) < 2:
        return model
    return replace(model, thresholds=_thresholds(model.probabilities(scores), truth, few=blend.few))


def _platt(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the Platt curve of scores (n,); a steep guess where all are right or wrong."""
    if len(np.unique(truth)) < 2:
        return 2.0, 0.0
    curve = LogisticRegression(C=1e6).fit(scores.reshape(-1, 1), truth)
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def _best_of_labelled(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best score of each text that has a label, and whether that label is right."""
    filled = np.where(np.isnan(scores), -np.inf, scores)
    rows = np.flatnonzero(truth.any(axis=1) & ~np.isnan(scores).all(axis=1)) if truth.shape[1] else np.array([], int)
    best = filled[rows].argmax(axis=1) if len(rows) else rows
    return filled[rows, best], truth[rows, best]


def _thresholds(probabilities: np.ndarray, truth: np.ndarray, *, few: float) -> np.ndarray:
    """Return for each label the threshold with the best F1, drawn towards the common one where positives are few.

    Probabilities that are NaN do not count.
    Source: Yang 2001, "A study of thresholding strategies for text categorization" (SCut), with shrinkage.
    """
    known = ~np.isnan(probabilities)
    common = _best_threshold(probabilities[known], truth[known])
    positives = (truth & known).sum(axis=0)
    columns = [(p[k], t[k]) for p, t, k in zip(probabilities.T, truth.T, known.T, strict=True)]
    own = [_best_threshold(p, t) if t.any() else common for p, t in columns]
    return np.asarray((np.array(own) * positives + common * few) / (positives + few))


def _best_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(truth[order])
    best = int(np.argmax(2 * hits / (np.arange(1, len(order) + 1) + truth.sum())))
    return float((probabilities[order[best]] + probabilities[order[min(best + 1, len(order) - 1)]]) / 2)
