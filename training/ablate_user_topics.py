"""What the user's own labelled articles are worth: topic@1 on the rest of a pack, by how many of each topic there are.

Development only: `python -m training.ablate_user_topics --pack PACK.jsonl`. Plays a user who labels some articles of a
labelled pack, each with the first topic that is expected of it, and trains on them beside the seeds.
"""

import random
from collections import defaultdict
from pathlib import Path

import click
import numpy as np

from dateline.taxonomy import Taxonomy, read_taxonomy
from dateline.text import read
from training.corpus import Article, Corpus, read_corpus
from training.duplicates import near_duplicate_groups
from training.evaluation import Expected, read_pack
from training.features import count, extract
from training.user_topics import fit_with_own
from training.word_vectors import read_word_vectors

_SIZES = (0, 5, 20, 50, 100)
Row = tuple[str, str, Expected]


@click.command()
@click.option("--pack", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("seeds"))
@click.option("--draw", type=int, default=1, show_default=True, help="Which articles are labelled.")
def main(pack: Path, seeds: Path, draw: int) -> None:
    """Print a table: labelled articles of each topic, and topic@1 on the pack and on the built-in articles."""
    taxonomy = read_taxonomy(seeds)
    corpus = read_corpus(seeds, taxonomy)
    by_topic = _by_topic(read_pack(pack), draw)
    most = min(_SIZES[-1], min(map(len, by_topic.values())) // 2)
    rest = [row for rows in by_topic.values() for row in rows[most:]]
    click.echo(f"{pack.name}: {len(rest)} articles to answer, of {len(by_topic)} topics\n")
    click.echo("| labelled of each topic | topic@1 of the pack | topic@1 of the seeds |\n|---|---|---|")
    for size in [size for size in _SIZES if size < most] + [most]:
        own = [row for rows in by_topic.values() for row in rows[:size]]
        of_pack, of_seeds = _measure(corpus, own, rest, taxonomy, seeds)
        click.echo(f"| {size} | {of_pack:.3f} | {of_seeds:.3f} |")


def _by_topic(rows: list[Row], draw: int) -> dict[str, list[Row]]:
    by_topic: defaultdict[str, list[Row]] = defaultdict(list)
    random.Random(draw).shuffle(rows)  # noqa: S311 - a draw that can be repeated
    for row in rows:
        if row[2].get("topics"):
            by_topic[row[2]["topics"][0]].append(row)
    return dict(sorted(by_topic.items()))


def _measure(corpus: Corpus, own: list[Row], rest: list[Row], taxonomy: Taxonomy, folder: Path) -> tuple[float, float]:
    """Return topic@1 of the rest, and cross-validated of the seeds, after training on the seeds and the user's own."""
    articles = [
        Article(id=f"own:{i}", title=title, text=text, topics=(e["topics"][0],))
        for i, (text, title, e) in enumerate(own)
    ]
    documents = [read(text, title) for text, title, _ in own]
    whole = Corpus(corpus.articles + tuple(articles), corpus.documents + tuple(documents), n_seeds=corpus.n_seeds)
    features = extract(whole.documents, taxonomy, word_vectors=read_word_vectors(folder))
    fit, rows = fit_with_own(whole, features, near_duplicate_groups(whole.documents), taxonomy)
    seeds = (rows < corpus.n_seeds) & fit.truth.any(axis=1)
    right = fit.truth[np.arange(len(rows)), fit.confidences.argmax(axis=1)]
    asked = [read(text, title) for text, title, _ in rest]
    counts = count(features.index, asked)
    hits = 0
    for row, (document, (_, _, expected)) in enumerate(zip(asked, rest, strict=True)):
        terms = counts[row]
        found = fit.classifier.classify(terms.indices, terms.data, n_words=document.n_words).topics
        hits += bool(found) and found[0].code in expected["topics"]
    return hits / len(rest), float(right[seeds].mean())


if __name__ == "__main__":
    main(prog_name="python -m training.ablate_user_topics")
