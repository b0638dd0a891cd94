"""Measure what each part of the topic classifier is worth, on labelled packs given on the command line.

    python -m training.ablate_topics --pack DIR [--seeds seeds]

DIR holds `*.jsonl` in the form that `python -m training evaluate` reads; sets without topics are left out. Prints
the table of docs/topics.md. Development only: neither the build nor the tests need a pack.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from scipy.sparse import csr_matrix, diags

from dateline.taxonomy import Taxonomy, read_taxonomy
from dateline.text import Document, read
from dateline.topics import TopicClassifier
from training.corpus import Corpus, read_corpus
from training.duplicates import near_duplicate_groups
from training.evaluation import Expected, figures, read_pack
from training.features import Features, count, extract
from training.topics import WITH_SEED_WORDS, Blend, fit_topics
from training.word_vectors import read_word_vectors

Pack = tuple[list[Document], list[Expected]]
_SHOWN = ("primary@1", "topics@1", "topicsF1", "ece")


def _same(features: Features) -> Features:
    return features


def _single_words(features: Features) -> Features:
    return _keep(features, np.arange(features.index.n_terms) < len(features.index.stems))


def _no_vectors(features: Features) -> Features:
    return replace(features, lent=features.lent and replace(features.lent, vectors=0.0 * features.lent.vectors))


def _keep(features: Features, kept: np.ndarray) -> Features:
    return replace(features, counts=csr_matrix(features.counts @ diags(kept.astype(np.float64))))


_VARIANTS: Sequence[tuple[str, Blend, Callable[[Features], Features]]] = [
    ("as shipped", WITH_SEED_WORDS, _same),
    ("articles only, no seed words", replace(WITH_SEED_WORDS, seeds=0.0), _same),
    ("seed words weigh half", replace(WITH_SEED_WORDS, seeds=WITH_SEED_WORDS.seeds / 2), _same),
    ("seed words weigh double", replace(WITH_SEED_WORDS, seeds=WITH_SEED_WORDS.seeds * 2), _same),
    ("seed words nearly alone", replace(WITH_SEED_WORDS, seeds=20.0), _same),
    ("no naive Bayes", replace(WITH_SEED_WORDS, bayes=0.0), _same),
    ("naive Bayes weighs double", replace(WITH_SEED_WORDS, bayes=WITH_SEED_WORDS.bayes * 2), _same),
    ("classes not balanced", replace(WITH_SEED_WORDS, balance=0.0), _same),
    ("classes fully balanced", replace(WITH_SEED_WORDS, balance=1.0), _same),
    ("second topics count in full", replace(WITH_SEED_WORDS, second=1.0), _same),
    ("C = 0.03", replace(WITH_SEED_WORDS, penalty=0.03), _same),
    ("C = 0.5", replace(WITH_SEED_WORDS, penalty=0.5), _same),
    ("each topic its own threshold", replace(WITH_SEED_WORDS, few=10.0), _same),
    ("no word vectors", WITH_SEED_WORDS, _no_vectors),
    ("no phrases in the articles", WITH_SEED_WORDS, _single_words),
]


@click.command()
@click.option("--pack", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("seeds"))
def main(pack: Path, seeds: Path) -> None:
    """Print a table: one line per variant, one column per set with its figures."""
    taxonomy = read_taxonomy(seeds)
    corpus = read_corpus(seeds, taxonomy)
    groups = near_duplicate_groups(corpus.documents)
    features = extract(corpus.documents, taxonomy, word_vectors=read_word_vectors(seeds))
    packs = {path.stem: _pack(path) for path in sorted(pack.glob("*.jsonl"))}
    packs = {name: rows for name, rows in packs.items() if any("topics" in e for e in rows[1])}
    click.echo(f"| variant | {' | '.join(packs)} |\n|{'---|' * (len(packs) + 1)}")
    for name, blend, change in _VARIANTS:
        classifier = _classifier(corpus, change(features), groups, taxonomy, blend)
        cells = [_cell(classifier, features, *rows) for rows in packs.values()]
        click.echo(f"| {name} | {' | '.join(cells)} |")


def _classifier(
    corpus: Corpus, features: Features, groups: np.ndarray, taxonomy: Taxonomy, blend: Blend
) -> TopicClassifier:
    return fit_topics(corpus.articles, features, groups, taxonomy, lengths=corpus.lengths, blend=blend).classifier


def _pack(path: Path) -> Pack:
    rows = read_pack(path)
    return [read(text, title) for text, title, _ in rows], [expected for _, _, expected in rows]


def _cell(classifier: TopicClassifier, features: Features, documents: list[Document], expected: list[Expected]) -> str:
    counts = count(features.index, documents)
    answers = [_answer(classifier, counts[row], document.n_words) for row, document in enumerate(documents)]
    result = figures(expected, answers)
    return " ".join(f"{name} {result[name]:.3f}" for name in _SHOWN if name in result)


def _answer(classifier: TopicClassifier, row: csr_matrix, n_words: int) -> dict[str, Any]:
    topics, _ = classifier.classify(row.indices, row.data, n_words=n_words)
    return {"topics": [{"code": topic.code, "score": topic.score} for topic in topics]}


if __name__ == "__main__":
    main(prog_name="python -m training.ablate_topics")
