"""A training run from corpus to published version: the main path of training, read this first.

seeds -> corpus -> near-duplicate groups -> features -> topics, regions, themes (each cross-validated where it can be)
-> comparison with the serving version -> staged version, read back and checked -> published. Whoever called promotes
it, if it may serve.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.prose import fit_prose
from dateline.registry import Registry, new_version, version_of
from dateline.signature import UNSIGNED, Signing
from dateline.similar import Entry
from dateline.taxonomy import Taxonomy, read_taxonomy
from training import gate, heldout, theme_diff, theme_history
from training import report as reports
from training.baseline import baseline
from training.corpus import Article, Corpus, read_corpus
from training.duplicates import near_duplicate_groups
from training.features import Features, extract
from training.gate import Comparison
from training.heldout import HeldOut, held_out
from training.learning import learning_curve
from training.own_articles import OwnArticles, add_own
from training.regions import fit_regions
from training.report import Contents, render
from training.similar import fit_similar
from training.theme_diff import VersionThemes
from training.theme_versions import article_facts, previous_themes
from training.themes import Previous, ThemeFit, fit_themes
from training.topics import FOLDS, TopicFit
from training.user_topics import fit_with_own
from training.word_vectors import read_word_vectors

N_CANARIES = 12

Progress = Callable[[str], object]
STEPS = (
    "reading the corpus",
    "counting terms",
    *["fitting topics"] * (FOLDS + 3),
    "fitting regions",
    "fitting themes",
    "comparing",
    "reporting",
    "writing",
)


@dataclass(frozen=True)
class Trained:
    """A trained version: its manifest and how it compares with the version that served, None if none did."""

    version: str
    manifest: dict[str, Any]
    comparison: Comparison | None

    @property
    def may_serve(self) -> bool:
        """Whether it is not worse beyond noise, or was forced."""
        return self.comparison is None or not self.comparison.worse or self.manifest["forced"] is not None


@dataclass(frozen=True)
class _Fit:
    """All that fitting gave: the analyser, the corpus it comes from, and the held-out answers of its `rows`."""

    analyser: Analyser
    corpus: Corpus
    own: OwnArticles
    features: Features
    groups: np.ndarray
    topics: TopicFit
    held_out: HeldOut
    rows: np.ndarray
    themes: ThemeFit


def train(
    *, seeds: Path, registry: Registry, seed: int, n_themes: int | None, report: Progress,
    database_url: str | None = None, signing: Signing = UNSIGNED, force: str | None = None, dry_run: bool = False,
) -> Trained:  # fmt: skip
    """Train a version, compare it with the serving one and publish it; it is not promoted yet.

    It learns from a seeds folder and, where `database_url` is given, from the article store. `report` is called with
    the name of each step in STEPS as it begins. `force` is the reason why it may serve even if it is worse, kept with
    the version. A dry run publishes nothing. A failure leaves `models/` as it was.
    Raises InvalidSeeds if the corpus or the taxonomy breaks its format, Busy if another training is at work.
    """
    with registry.stage(new_version()) as staged:
        previous = previous_themes(registry, signing=signing)
        fit = _fit(
            version_of(staged),
            seeds=seeds,
            database_url=database_url,
            seed=seed,
            n_themes=n_themes,
            previous=previous,
            report=report,
        )
        report("comparing")
        comparison = _compare(fit, registry, signing=signing, seed=seed)
        facts = _facts(fit, comparison, seed=seed, force=force)
        report("reporting")
        page = render(_contents(fit, facts, comparison, previous, registry, seed=seed))
        report("writing")
        manifest = bundle.write(
            staged,
            taxonomy=fit.analyser.taxonomy,
            parts=fit.analyser.parts(),
            facts=facts,
            attachments={
                heldout.ATTACHMENT: fit.held_out.to_bytes(),
                reports.ATTACHMENT: page,
                theme_history.ATTACHMENT: fit.themes.history.to_bytes(),
            },
            signing=signing,
        )
        load(staged, signing=signing)  # read back, hashes and canaries checked, before anyone else can see it
        if not dry_run:
            registry.publish(staged)
        return Trained(fit.analyser.version, manifest, comparison)


def _fit(
    version: str, *, seeds: Path, database_url: str | None, seed: int, n_themes: int | None,
    previous: Previous | None, report: Progress,
) -> _Fit:  # fmt: skip
    """Fit all models on a seeds folder and the store of added articles."""
    report("reading the corpus")
    taxonomy = read_taxonomy(seeds)
    corpus, own = read_corpus(seeds, taxonomy), OwnArticles()
    if database_url is not None:
        corpus, own = add_own(corpus, database_url, taxonomy)
    groups = near_duplicate_groups(corpus.documents)
    report("counting terms")
    n = corpus.n_taught
    features = extract(
        corpus.documents[:n], taxonomy, background=corpus.documents[n:], word_vectors=read_word_vectors(seeds)
    )
    prose = fit_prose(
        (d for a, d in zip(corpus.articles[:n], corpus.documents[:n], strict=True) if a.topics != ()),
        ENGLISH_STOP_WORDS,
    )
    report("fitting topics")
    topics, rows = fit_with_own(corpus, features, groups, taxonomy, progress=lambda: report("fitting topics"))
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
        corpus.documents,
        [article_facts(article, taxonomy) for article in corpus.articles],
        features.counts,
        features.index,
        n_themes=n_themes,
        seed=seed,
        label_names=taxonomy.region_names | {topic.code: topic.name for topic in taxonomy.topics},
        previous=previous,
    )
    analyser = Analyser(
        version=version,
        taxonomy=taxonomy,
        index=features.index,
        prose=prose,
        topics=topics.classifier,
        regions=regions,
        themes=themes.model,
        similar=fit_similar(
            features.counts,
            [
                Entry("seeds" if number < corpus.n_seeds else "store", a.id, a.title)
                for number, a in enumerate(corpus.articles)
            ],
        ),
    )
    labelled = [corpus.articles[row] for row in rows]
    return _Fit(analyser, corpus, own, features, groups, topics, _held_out(labelled, topics, taxonomy), rows, themes)


def _held_out(labelled: Sequence[Article], fit: TopicFit, taxonomy: Taxonomy) -> HeldOut:
    return held_out(
        labelled,
        [topic.code for topic in taxonomy.topics],
        truth=fit.truth,
        probabilities=fit.confidences,
        assigned=fit.assigned,
        first=fit.first,
    )


def _compare(fit: _Fit, registry: Registry, *, signing: Signing, seed: int) -> Comparison | None:
    """Return how a fit compares with the serving version, None if none serves."""
    serving = gate.load_serving(registry, signing=signing)
    if serving is None or isinstance(serving, Comparison):
        return serving
    articles, documents = fit.corpus.articles, fit.corpus.documents
    candidate = gate.Subject(
        fit.analyser,
        fit.held_out,
        [articles[row] for row in fit.rows],
        [documents[row] for row in fit.rows],
        fit.groups[fit.rows],
    )
    return gate.compare(candidate, *serving, seed=seed)


def _facts(fit: _Fit, comparison: Comparison | None, *, seed: int, force: str | None) -> dict[str, Any]:
    """Return what a manifest says of a fit."""
    documents = [fit.corpus.documents[row] for row in fit.rows]
    tally = baseline(fit.analyser, fit.held_out, documents, fit.features)
    return {
        "version": fit.analyser.version,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "articles": len(fit.corpus.articles),
        "own_articles": asdict(fit.own),
        "corpus_sha256": fit.corpus.sha256,
        "seed": seed,
        "canaries": fit.analyser.canaries(_canary_texts(fit.corpus.articles[: fit.corpus.n_seeds])),
        "evaluation": fit.held_out.figures(),
        "themes": fit.themes.figures,
        "comparison": comparison and comparison.to_dict(),
        "forced": force,
        "baseline": tally.to_dict(),
    }


def _contents(
    fit: _Fit, facts: dict[str, Any], comparison: Comparison | None, previous: Previous | None, registry: Registry, *,
    seed: int,
) -> Contents:  # fmt: skip
    """Return what the report tells of a fit."""
    before = {}
    if comparison is not None and comparison.note is None:
        before = bundle.read_manifest(registry.folder(comparison.version))["evaluation"]
    rows = fit.rows[: fit.topics.x.shape[0]]  # the built-in model's
    taxonomy = fit.analyser.taxonomy
    curve = learning_curve(
        fit.topics.x,
        [fit.corpus.articles[row] for row in rows],
        fit.groups[rows],
        taxonomy,
        fit.features,
        blend=fit.topics.blend,
        seed=seed,
    )
    themes, changes = fit.analyser.themes.entries, ""
    if previous is not None and previous.model is not None:
        then, now = (previous.model.entries, previous.history), (themes, fit.themes.history)
        changes = theme_diff.render(theme_diff.diff(VersionThemes(*then), VersionThemes(*now)))
    return Contents(facts, taxonomy, fit.held_out, curve, themes, changes, comparison, before)


def _canary_texts(articles: Sequence[Article]) -> list[str]:
    step = max(1, len(articles) // N_CANARIES)
    return [article.text for article in articles[::step][:N_CANARIES]]
