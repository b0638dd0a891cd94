"""A training run from corpus to published version: the main path of training, read this first.

seeds -> corpus -> near-duplicate groups -> features -> topics, regions, themes (each cross-validated where it can be)
-> staged version, read back and checked -> published -> promoted if it passes the gate.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.errors import NoModel
from dateline.prose import fit_prose
from dateline.registry import Registry, new_version, version_of
from dateline.signature import UNSIGNED, Signing
from dateline.taxonomy import read_taxonomy
from training.corpus import Article, read_corpus
from training.duplicates import near_duplicate_groups
from training.features import extract
from training.metrics import calibration_error, f1, macro_f1
from training.regions import fit_regions
from training.themes import fit_themes
from training.topics import FOLDS, NO_TOPIC, TopicFit, fit_topics

MIN_TERM_DOCUMENTS = 2
N_THEMES = 40
THEME_SWEEPS = 300
N_CANARIES = 12
GATE_TOLERANCE = 0.02
"""A candidate is not promoted if a cross-validated figure falls by more than this below the serving version's."""

Report = Callable[[str], object]
STEPS = (
    "reading the corpus",
    "counting terms",
    *["fitting topics"] * (FOLDS + 3),
    "fitting regions",
    "fitting themes",
    "writing",
)


def train(
    *, seeds: Path, registry: Registry, seed: int, n_themes: int, report: Report, signing: Signing = UNSIGNED
) -> str:
    """Train a version from a seeds folder, publish it and return its name; it is not promoted yet.

    `report` is called with the name of each step in STEPS as it begins. A failure leaves `models/` as it was.
    Raises InvalidSeeds if the corpus or the taxonomy breaks its format, Busy if another training is at work.
    """
    with registry.stage(new_version()) as staged:
        _fit(staged, seeds=seeds, seed=seed, n_themes=n_themes, report=report, signing=signing)
        load(staged, signing=signing)  # read back, hashes and canaries checked, before anyone else can see it
        return registry.publish(staged)


def _fit(staged: Path, *, seeds: Path, seed: int, n_themes: int, report: Report, signing: Signing) -> None:
    """Fit all models and write them into a staged folder."""
    report("reading the corpus")
    taxonomy = read_taxonomy(seeds)
    corpus = read_corpus(seeds, taxonomy)
    groups = near_duplicate_groups(corpus.documents)
    report("counting terms")
    features = extract(corpus.documents, taxonomy, min_documents=MIN_TERM_DOCUMENTS)
    prose = fit_prose(
        (d for a, d in zip(corpus.articles, corpus.documents, strict=True) if a.topics != ()), ENGLISH_STOP_WORDS
    )
    report("fitting topics")
    topics = fit_topics(
        corpus.articles, features, groups, taxonomy, lengths=corpus.lengths, progress=lambda: report("fitting topics")
    )  # fmt: skip
    report("fitting regions")
    regions = fit_regions(
        taxonomy=taxonomy,
        places_dir=seeds,
        corpus_documents=corpus.documents,
        corpus_countries=[article.countries for article in corpus.articles],
        index=features.index,
        counts=features.counts,
        seed=seed,
    )
    report("fitting themes")
    themes = fit_themes(
        corpus.documents, features.counts, features.index, n_themes=n_themes, sweeps=THEME_SWEEPS, seed=seed
    )
    report("writing")
    version = version_of(staged)
    analyser = Analyser(
        version=version,
        taxonomy=taxonomy,
        index=features.index,
        prose=prose,
        topics=topics.classifier,
        regions=regions,
        themes=themes,
    )
    facts = {
        "version": version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "articles": len(corpus.articles),
        "corpus_sha256": corpus.sha256,
        "seed": seed,
        "canaries": analyser.canaries(_canary_texts(corpus.articles)),
        "evaluation": topic_figures(topics),
    }
    bundle.write(staged, taxonomy=taxonomy, parts=analyser.parts(), facts=facts, signing=signing)


def topic_figures(fit: TopicFit) -> dict[str, Any]:
    """Return the cross-validated figures of a topic fit; `abstained` is the share of non-news that got no topic."""
    news = fit.first != NO_TOPIC
    probabilities, truth, assigned = fit.probabilities[news], fit.truth[news], fit.assigned[news]
    best = probabilities.argmax(axis=1)
    correct = truth[np.arange(len(best)), best]
    figures = {
        "topic@1": correct.mean(),
        "primary@1": (best == fit.first[news]).mean(),
        "topicF1": f1(truth, assigned),
        "topicMacroF1": macro_f1(truth, assigned),
        "ece": calibration_error(probabilities.max(axis=1), correct),
    }
    if not news.all():
        figures["abstained"] = 1.0 - fit.assigned[~news].any(axis=1).mean()
    return {name: round(float(value), 4) for name, value in figures.items()}


def gate(registry: Registry, candidate: str) -> list[str]:
    """Return why a published candidate should not serve: the figures in which it falls behind the current version."""
    try:
        current = registry.current()
    except NoModel:
        return []
    before, after = (bundle.read_manifest(registry.folder(v))["evaluation"] for v in (current, candidate))
    return [
        f"{name} {after[name]:.3f}, but {before[name]:.3f} in {current}"
        for name in before
        if name != "ece" and name in after and after[name] < before[name] - GATE_TOLERANCE
    ]


def _canary_texts(articles: Sequence[Article]) -> list[str]:
    step = max(1, len(articles) // N_CANARIES)
    return [article.text for article in articles[::step][:N_CANARIES]]
