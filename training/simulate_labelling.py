"""How many labels suggestions save: learns the seed topics from ever more labels, chosen by suggestion or at random.

    python -m training.simulate_labelling

A third of the seed articles, near-duplicates together, is held out for testing; the others start unlabelled but for a
random few. Each round labels a batch, chosen from the rest, and trains anew: on top of the seed words, as Dateline
comes, or with --labels-only without them. What decides is how many labels suggestions need for the accuracy that random
choice has at the end.
"""

import json
from pathlib import Path

import click
import numpy as np

from dateline.settings import load_settings
from dateline.suggestions import choose, uncertainty
from dateline.taxonomy import Taxonomy, TopicEntry, read_taxonomy
from dateline.topics import TopicClassifier
from training.corpus import Article, Corpus, read_corpus
from training.duplicates import near_duplicate_groups
from training.features import extract, idf_of
from training.topics import fit_topics

HELD_OUT = 1 / 3


class Bench:
    """A corpus of which some articles are labelled, some are not yet, and some are held out for testing."""

    def __init__(self, corpus: Corpus, taxonomy: Taxonomy, *, seed_words: bool) -> None:
        self.taxonomy = Taxonomy(
            topics=tuple(
                TopicEntry(code=topic.code, name=topic.name, words=tuple(topic.all_words()) if seed_words else ())
                for topic in taxonomy.topics
            )
        )
        rows = [i for i, article in enumerate(corpus.articles) if article.topics]
        self.articles = [corpus.articles[i].model_copy(update={"subtopics": ()}) for i in rows]
        documents = [corpus.documents[i] for i in rows]
        self.lengths = corpus.lengths[rows]
        self.groups = near_duplicate_groups(documents)
        self.features = extract(documents, self.taxonomy)
        self.vectors = self.features.vectors(idf_of(self.features.counts))

    def fit(self, rows: np.ndarray) -> TopicClassifier:
        """Return a classifier trained on the labels of some rows."""
        features = self.features.of(rows)
        labelled: list[Article] = [self.articles[i] for i in rows]
        fit = fit_topics(labelled, features, self.groups[rows], self.taxonomy, lengths=self.lengths[rows])
        return fit.classifier

    def scores(self, classifier: TopicClassifier, rows: np.ndarray) -> np.ndarray:
        """Return the topic scores (n_rows, n_topics) of some rows."""
        counts = self.features.counts
        parts = [slice(counts.indptr[i], counts.indptr[i + 1]) for i in rows]
        return np.array([classifier.scores(counts.indices[part], counts.data[part]) for part in parts])

    def accuracy(self, classifier: TopicClassifier, rows: np.ndarray) -> float:
        """Return the share of some rows of which the best guess is one of the article's topics."""
        best = self.scores(classifier, rows).argmax(axis=1)
        codes = [topic.code for topic in self.taxonomy.topics]
        return float(np.mean([codes[b] in (self.articles[i].topics or ()) for b, i in zip(best, rows, strict=True)]))

    def curve(self, *, suggested: bool, seed: int, start: int, batch: int, end: int) -> list[float]:
        """Return the accuracy on held-out articles at `start` labels and after every further `batch`, up to `end`."""
        random = np.random.default_rng(seed)
        order = random.permutation(self.groups.max() + 1)
        held_out = np.isin(self.groups, order[: int(len(order) * HELD_OUT)])
        test, pool = np.flatnonzero(held_out), random.permutation(np.flatnonzero(~held_out))
        labelled, rest = pool[:start], pool[start:]
        accuracies = []
        while True:
            classifier = self.fit(labelled)
            accuracies.append(self.accuracy(classifier, test))
            if len(labelled) >= end:
                return accuracies
            if suggested:
                unsure = uncertainty(self.scores(classifier, rest))
                chosen = np.array(choose(unsure, self.vectors[rest], limit=batch))
            else:
                chosen = np.arange(batch)
            labelled, rest = np.concatenate([labelled, rest[chosen]]), np.delete(rest, chosen)


@click.command()
@click.option("--seeds", type=click.Path(path_type=Path), help="Folder of the seeds. [DATELINE_SEEDS_DIR]")
@click.option("--runs", default=5, show_default=True, help="Random splits to repeat it with.")
@click.option("--start", default=34, show_default=True, help="Labels to begin with.")
@click.option("--batch", default=34, show_default=True, help="Labels a round.")
@click.option("--end", default=340, show_default=True, help="Labels at the end.")
@click.option("--labels-only", is_flag=True, help="Learn without the seed words.")
def main(seeds: Path | None, runs: int, start: int, batch: int, end: int, labels_only: bool) -> None:
    """Print the accuracy of both ways of choosing by the number of labels, and what suggestions save."""
    folder = seeds or load_settings().seeds_dir
    taxonomy = read_taxonomy(folder)
    bench = Bench(read_corpus(folder, taxonomy), taxonomy, seed_words=not labels_only)
    curves = {
        name: np.array(
            [bench.curve(suggested=suggested, seed=s, start=start, batch=batch, end=end) for s in range(runs)]
        )
        for name, suggested in (("random", False), ("suggested", True))
    }
    labels = start + batch * np.arange(curves["random"].shape[1])
    click.echo(f"{'labels':>7}" + "".join(f"{name:>11}" for name in curves))
    for row, n in enumerate(labels):
        click.echo(f"{n:>7}" + "".join(f"{curve[:, row].mean():>11.3f}" for curve in curves.values()))
    goal = curves["random"][:, -1].mean()
    reached = np.flatnonzero(curves["suggested"].mean(axis=0) >= goal)
    needed = int(labels[reached[0]]) if len(reached) else None
    found = {"goal": round(float(goal), 3), "random": int(labels[-1]), "suggested": needed, "runs": runs}
    share = f"{needed / labels[-1]:.0%}" if needed else "more than 100%"
    click.echo(f"suggestions need {share} of the labels that random choice needs for {goal:.3f}: {json.dumps(found)}")


if __name__ == "__main__":
    main()
