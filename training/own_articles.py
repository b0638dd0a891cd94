"""The user's own articles, from the store, beside the seed corpus. Second source of training.

Labelled ones train the classifiers; the rest are background, from which themes and the region fallback learn. An
article that says what a seed article says is left out, and a label that the taxonomy lacks is passed over. An article
counts as much as the seed articles that count most, but all those of one topic not more than those of the largest
topic of the seeds: however many there are, the other topics are still told from them.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dateline.articles import ArticleStore, StoredArticle
from dateline.taxonomy import Taxonomy
from dateline.text import read
from training.corpus import Article, Corpus
from training.heldout import content_key


@dataclass(frozen=True)
class OwnArticles:
    """What the store gave: how many articles are labelled, background, left out, and which labels nobody knows."""

    labelled: int = 0
    background: int = 0
    duplicates: int = 0
    unknown_labels: tuple[str, ...] = ()


def add_own(corpus: Corpus, database_url: str, taxonomy: Taxonomy) -> tuple[Corpus, OwnArticles]:
    """Return a corpus with the store's articles after its own, the labelled ones first, and what they are.

    Raises StoreUnavailable if the database does not answer.
    """
    store = ArticleStore(database_url)
    try:
        labelled, background, duplicates, unknown = _sorted(store, corpus, taxonomy)
    finally:
        store.close()
    labelled = _weighed(labelled, corpus.articles)
    added = labelled + background
    documents = tuple(read(article.text, article.title) for article in added)
    whole = replace(
        corpus,
        articles=corpus.articles + tuple(added),
        documents=corpus.documents + documents,
        n_background=len(background),
    )
    return whole, OwnArticles(len(labelled), len(background), duplicates, tuple(sorted(unknown)))


def _sorted(
    store: ArticleStore, corpus: Corpus, taxonomy: Taxonomy
) -> tuple[list[Article], list[Article], int, set[str]]:
    seen = {content_key(article) for article in corpus.articles}
    known = {topic.code for topic in taxonomy.topics} | set(taxonomy.topic_of) | set(taxonomy.country_names)
    labelled, background = list[Article](), list[Article]()
    duplicates, unknown = 0, set[str]()
    for stored in store.for_training():
        article = _article(stored, known, unknown, any_country=not taxonomy.regions)
        if (key := content_key(article)) in seen:
            duplicates += 1
            continue
        seen.add(key)
        (background if article.topics is None and article.countries is None else labelled).append(article)
    return labelled, background, duplicates, unknown


def _weighed(labelled: Sequence[Article], seeds: Sequence[Article]) -> list[Article]:
    """Return the labelled articles with the weight that each has in learning."""
    mass: defaultdict[str, float] = defaultdict(float)
    for article in seeds:
        if article.topics:
            mass[article.topics[0]] += article.weight
    most = max((article.weight for article in seeds), default=1.0)
    largest = max(mass.values(), default=most)
    number = Counter(article.topics[0] for article in labelled if article.topics)
    return [
        article.model_copy(
            update={"weight": min(most, largest / number[article.topics[0]]) if article.topics else most}
        )
        for article in labelled
    ]


def _article(
    stored: StoredArticle, known: set[str], unknown: set[str], *, any_country: bool
) -> Article:  # fmt: skip
    """Return a stored article for training; one whose labels are all unknown counts as not labelled."""

    def kept(codes: Sequence[str] | None) -> tuple[str, ...] | None:
        unknown.update(set(codes or ()) - known)
        those = tuple(code for code in codes or () if code in known)
        return those if codes is not None and (those or not codes) else None

    return Article(
        id=stored.id,
        title=stored.title,
        text=stored.text,
        topics=kept(stored.topics),
        subtopics=kept(stored.subtopics) or (),
        countries=stored.countries if any_country else kept(stored.countries),
        date=stored.date.isoformat() if stored.date else None,
    )
