"""What a corpus is made of: counts, breadth of vocabulary, repetition. Printed by `python -m training validate`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from dateline.taxonomy import Taxonomy
from training.corpus import Article, Corpus
from training.duplicates import near_duplicate_groups

HEADLINE_WORDS = 25
_SHINGLE = 5


@dataclass(frozen=True)
class Breadth:
    """Articles, words and distinct words of a corpus; the share of its five-word runs that are distinct; copies."""

    articles: int
    headlines: int
    words: int
    vocabulary: int
    distinct_runs: float
    near_duplicates: int


def breadth(corpus: Corpus) -> Breadth:
    """Measure a corpus."""
    texts = [document.title_words + document.body_words for document in corpus.documents]
    runs = Counter(tuple(words[i : i + _SHINGLE]) for words in texts for i in range(len(words) - _SHINGLE + 1))
    groups = near_duplicate_groups(corpus.documents)
    return Breadth(
        articles=len(texts),
        headlines=sum(len(words) < HEADLINE_WORDS for words in texts),
        words=sum(map(len, texts)),
        vocabulary=len({word for words in texts for word in words}),
        distinct_runs=len(runs) / max(1, runs.total()),
        near_duplicates=len(texts) - len(np.unique(groups)),
    )


def topic_table(articles: Iterable[Article], taxonomy: Taxonomy) -> Table:
    """Return a row for each topic: articles as main and as further topic, seed words, and its thinnest sub-topic."""
    articles = list(articles)
    first = Counter(article.topics[0] for article in articles if article.topics)
    further = Counter(code for article in articles for code in (article.topics or ())[1:])
    of_subtopic = Counter(code for article in articles for code in article.subtopics)
    table = Table("topic", "main", "further", "seed words", "sub-topics", "thinnest", show_edge=False)
    for topic in taxonomy.topics:
        thinnest = min(topic.subtopics, key=lambda entry: of_subtopic[entry.code], default=None)
        table.add_row(
            topic.name,
            *map(str, (first[topic.code], further[topic.code], len(set(topic.all_words())), len(topic.subtopics))),
            f"{thinnest.name}: {of_subtopic[thinnest.code]}" if thinnest else "",
        )
    return table


def region_table(articles: Iterable[Article], taxonomy: Taxonomy) -> Table:
    """Return a row for each region: articles about it, and how many of its countries occur."""
    countries = Counter(code for article in articles for code in article.countries or ())
    table = Table("region", "articles", "countries", "of", show_edge=False)
    for region in taxonomy.regions:
        counts = [countries[code] for code in region.countries]
        table.add_row(region.name, *map(str, (sum(counts), sum(map(bool, counts)), len(counts))))
    return table
