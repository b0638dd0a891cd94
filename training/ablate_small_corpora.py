"""What word vectors are worth to a taxonomy of the user's own, by how many articles there are of each topic.

Development only: `python -m training.ablate_small_corpora --pack PACK.jsonl`. Plays a user who has a labelled pack's
topics under names that say nothing, and a few of its articles of each; prints topic@1 on the rest, with the vectors
and without them, as the mean of some draws.
"""

import random
from collections import defaultdict
from pathlib import Path

import click
import numpy as np

from dateline.taxonomy import Taxonomy
from dateline.text import Document, read
from dateline.topics import TopicClassifier
from training.corpus import Article
from training.evaluation import read_pack
from training.features import Features, count, extract
from training.topics import fit_topics
from training.word_vectors import BUILT_IN, WordVectors, read_word_vectors

_SIZES = (5, 20, 100)
_DRAWS = 3
_ASKED = 600
Labelled = tuple[Document, str]


@click.command()
@click.option("--pack", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
def main(pack: Path) -> None:
    """Print a table: articles of each topic, topic@1 without and with word vectors."""
    rows = [(read(text, title), "+".join(sorted(e["topics"]))) for text, title, e in read_pack(pack) if e.get("topics")]
    codes = sorted({code for _, code in rows})
    taxonomy = Taxonomy.model_validate({"topics": [{"code": c, "name": f"label {i}"} for i, c in enumerate(codes)]})
    vectors = read_word_vectors(BUILT_IN.parent)
    click.echo(
        f"{pack.name}: {len(codes)} topics\n\n| articles of each topic | without | with word vectors |\n|---|---|---|"
    )
    for size in _SIZES:
        draws = [_draw(rows, size, seed) for seed in range(_DRAWS)]
        without, given = (np.mean([_right(*draw, taxonomy, v) for draw in draws]) for v in (None, vectors))
        click.echo(f"| {size} | {without:.3f} | {given:.3f} |")


def _draw(rows: list[Labelled], size: int, seed: int) -> tuple[list[Labelled], list[Labelled]]:
    """Return `size` articles of each topic, and others to ask for."""
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311 - a draw that can be repeated
    by_topic: defaultdict[str, list[Labelled]] = defaultdict(list)
    for row in shuffled:
        by_topic[row[1]].append(row)
    own = [row for of_topic in by_topic.values() for row in of_topic[:size]]
    rest = [row for of_topic in by_topic.values() for row in of_topic[size:]]
    return own, random.Random(seed).sample(rest, min(_ASKED, len(rest)))  # noqa: S311


def _right(own: list[Labelled], asked: list[Labelled], taxonomy: Taxonomy, vectors: WordVectors | None) -> float:
    documents = [document for document, _ in own]
    articles = [Article(id=str(i), title=d.title, text=d.body, topics=(code,)) for i, (d, code) in enumerate(own)]
    features = extract(documents, taxonomy, word_vectors=vectors)
    lengths = np.array([document.n_words for document in documents])
    classifier = fit_topics(articles, features, np.arange(len(own)), taxonomy, lengths=lengths).classifier
    return float(np.mean([_first(classifier, features, document) == code for document, code in asked]))


def _first(classifier: TopicClassifier, features: Features, document: Document) -> str | None:
    row = count(features.index, [document])
    topics, _ = classifier.classify(row.indices, row.data, n_words=document.n_words)
    return topics[0].code if topics else None


if __name__ == "__main__":
    main(prog_name="python -m training.ablate_small_corpora")
