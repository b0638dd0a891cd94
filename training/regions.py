"""Fits the "where" half of a model: the focus model over mentions, and the fallback for texts without any.

Both learn from the labelled articles of the corpus; articles without country labels lend the fallback their texts,
labelled by the gazetteer where it is sure and with every place name masked, so that the model learns what else is said
of a country. Source: Watanabe 2018, "Newsmap", doi:10.1080/21670811.2017.1293487.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from dateline.evidence import CODE, features, gather, table
from dateline.gazetteer import COMMON, CUE, IGNORED, Gazetteer, GazetteerState
from dateline.regions import Fallback, Floats, Focus, RegionClassifier
from dateline.taxonomy import Taxonomy
from dateline.terms import TermIndex, term_of
from dateline.text import Document, tokenise
from training.features import tfidf_with
from training.places import read_places

DEFAULT_WEIGHTS = (-2.14, 3.39, 0.37, 1.47, -0.47, -0.21, 1.07, 0.8, 0.14, 0.05, -1.08, 0.05, -1.27, 0.37)
"""Focus weights measured on real newswire with country labels (docs/regions.md). They are DEFAULT_SHARE of every fitted
model, and all of it where the corpus has fewer than MIN_LABELLED labelled articles: briefs alone teach a narrower world
than the news has."""
DEFAULT_SHARE = 0.7
MIN_LABELLED = 200
FOCUS_C = 1.0
THRESHOLD, ALONE = 0.34, 0.25
MIN_TERM_DOCUMENTS, MIN_COUNTRY_DOCUMENTS = 4, 20
FALLBACK_C, FALLBACK_FOLDS, FALLBACK_ITERATIONS = 10.0, 3, 60
FALLBACK_PRECISION = 0.9
"""The fallback answers from the probability on at which it is right this often in cross-validation."""
LIKELIER_THAN_NOT = 0.5
SURE = 0.9
"""An article without country labels is labelled by the gazetteer if its best country scores this much."""

Countries = Sequence[str] | None
"""The labels of an article: its countries, main one first; empty if it is about none; None if nobody said."""


def fit_regions(
    *,
    taxonomy: Taxonomy,
    places_dir: Path,
    corpus_documents: Sequence[Document],
    corpus_countries: Sequence[Countries],
    index: TermIndex,
    counts: csr_matrix,
    seed: int,
) -> RegionClassifier:
    """Return the region classifier of a corpus.

    `places_dir` is the seeds folder, with `places/`, `places.yaml` and the user's `places.own.yaml`; `counts` is
    (n_docs, index.n_terms). Raises InvalidSeeds if a place file breaks its format.
    """
    places = read_places(places_dir)
    gazetteer = Gazetteer(places.state)
    focus = fit_focus(gazetteer, corpus_documents, corpus_countries)
    classifier = RegionClassifier(
        taxonomy, gazetteer=gazetteer, country_names=places.country_names, focus=focus, fallback=None
    )
    labels = [
        _label(classifier, document, countries)
        for document, countries in zip(corpus_documents, corpus_countries, strict=True)
    ]
    fallback = fit_fallback(index, counts, labels, places.state, seed=seed)
    return RegionClassifier(
        taxonomy, gazetteer=gazetteer, country_names=places.country_names, focus=focus, fallback=fallback
    )


def fit_focus(gazetteer: Gazetteer, documents: Sequence[Document], countries: Sequence[Countries]) -> Focus:
    """Return the focus model: logistic regression over every country that a labelled article mentions.

    Each article is seen twice, with its title and with the title run into the text, as callers send either.
    """
    rows: list[Floats] = []
    truth: list[bool] = []
    labelled = 0
    for document, wanted in zip(documents, countries, strict=True):
        if wanted is None:
            continue
        labelled += 1
        for title, body in {(document.title, document.body), ("", f"{document.title}. {document.body}")}:
            in_title = gazetteer.find(title, dateline=False) if title else []
            mentions = table(in_title, gazetteer.find(body))
            evidence, _ = gather(mentions, len(in_title), len(body), False)
            rows.append(features(evidence, len(body)))
            truth += [gazetteer.codes[int(code)] in wanted for code in evidence[:, CODE].tolist()]
    if labelled < MIN_LABELLED or len(set(truth)) < 2:
        return Focus(weights=DEFAULT_WEIGHTS, threshold=THRESHOLD, alone=ALONE)
    model = LogisticRegression(C=FOCUS_C, fit_intercept=False, max_iter=1000).fit(np.vstack(rows), np.array(truth))
    fitted = DEFAULT_SHARE * np.array(DEFAULT_WEIGHTS) + (1.0 - DEFAULT_SHARE) * model.coef_[0]
    weights = tuple(round(float(w), 6) for w in fitted)
    return Focus(weights=weights, threshold=THRESHOLD, alone=ALONE)


def _label(classifier: RegionClassifier, document: Document, countries: Countries) -> str | None:
    """Return the country that the fallback should learn from a text: "" for none, None to leave the text out."""
    if countries is not None:
        return countries[0] if countries else ""
    nothing = np.array([], dtype=np.int64)
    found = classifier.classify(document, term_ids=nothing, term_counts=nothing).countries
    return found[0].code if found and found[0].score >= SURE else None


def fit_fallback(
    index: TermIndex, counts: csr_matrix, labels: Sequence[str | None], state: GazetteerState, *, seed: int
) -> Fallback | None:
    """Return the model for texts without a mention, or None if it is never sure enough to be worth having.

    Its classes are the countries of at least MIN_COUNTRY_DOCUMENTS articles, and "" for any other and for none; its
    terms are those that no place name is part of.
    """
    enough = {c for c, n in Counter(labels).items() if c and n >= MIN_COUNTRY_DOCUMENTS}
    kept = [i for i, label in enumerate(labels) if label is not None]
    y = np.array([label if label in enough else "" for label in labels if label is not None])
    if not enough or Counter(y.tolist())[""] < FALLBACK_FOLDS:
        return None
    terms = _usable_terms(index, counts[kept], state)
    if not len(terms):
        return None
    x, idf = _tfidf(counts[kept][:, terms])
    model = LogisticRegression(C=FALLBACK_C, max_iter=FALLBACK_ITERATIONS, tol=1e-2)
    folds = StratifiedKFold(FALLBACK_FOLDS, shuffle=True, random_state=seed)
    cross = cross_val_predict(model, x, y, cv=folds, method="predict_proba")
    threshold = _threshold(cross, np.unique(y), y)
    if threshold is None:
        return None
    model.fit(x, y)
    rows = np.zeros(index.n_terms, dtype=np.int32)
    rows[terms] = np.arange(1, len(terms) + 1)
    weights, bias = _both_classes(model)
    return Fallback(
        rows=rows,
        idf=np.concatenate([[0.0], idf]).astype(np.float32),
        weights=np.vstack([np.zeros((1, len(bias))), weights]).astype(np.float32),
        bias=bias.astype(np.float32),
        countries=[str(c) for c in model.classes_],
        threshold=threshold,
    )


def _both_classes(model: LogisticRegression) -> tuple[Floats, Floats]:
    """Return weights (n_terms, n_classes) and bias (n_classes,); scikit-learn gives one column for two classes."""
    weights, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:
        return np.hstack([np.zeros_like(weights), weights]), np.concatenate([[0.0], bias])
    return weights, bias


def _usable_terms(index: TermIndex, counts: csr_matrix, state: GazetteerState) -> np.ndarray:
    masked_stems: set[str] = set()
    masked_terms: set[str] = set()
    for name, kind, flags in zip(state["names"].split("\n"), state["kinds"], state["flags"], strict=True):
        if kind in (CUE, IGNORED) or flags & COMMON:
            continue
        words = tokenise(name)
        if len(words) == 1:
            masked_stems.add(term_of(words))
        elif words:
            masked_terms.add(term_of(words))
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    return np.array(
        [
            i
            for i, term in enumerate(index.terms())
            if frequency[i] >= MIN_TERM_DOCUMENTS
            and term not in masked_terms
            and not any(part in masked_stems for part in term.split(" "))
        ],
        dtype=np.int64,
    )


def _tfidf(counts: csr_matrix) -> tuple[csr_matrix, Floats]:
    """Return unit rows (1 + log tf) * idf, and idf = log(n / df) + 1, as dateline.regions.Fallback weighs a text."""
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf: Floats = np.log(counts.shape[0] / np.maximum(frequency, 1)) + 1.0
    return tfidf_with(idf, counts), idf


def _threshold(probabilities: Floats, classes: np.ndarray, truth: np.ndarray) -> float | None:
    """Return the lowest probability from which on answers are right FALLBACK_PRECISION of the time, or None."""
    best = probabilities.max(axis=1)
    answers = classes[probabilities.argmax(axis=1)]
    order = np.argsort(-best, kind="stable")
    order = order[answers[order] != ""]
    if not len(order):
        return None
    right = np.cumsum(answers[order] == truth[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero((right >= FALLBACK_PRECISION) & (np.arange(len(order)) >= 9))
    if not len(good):
        return None
    always = good[-1] == len(order) - 1
    return LIKELIER_THAN_NOT if always else float(best[order][good[-1]])
