"""The training corpus: labelled articles read from a seeds folder. First step of training; a broken line stops it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dateline.errors import InvalidSeeds
from dateline.taxonomy import Taxonomy
from dateline.text import Document, read

NO_TOPIC = -1
"""Stands for the number of a topic where an article has none."""


class Article(BaseModel):
    """One article, as a line of `articles/*.jsonl`.

    The first topic is the main one. An empty list of topics or countries says that there is none; None, that nobody
    has said. `weight`: how much the article counts in learning topics.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    text: str
    topics: tuple[str, ...] | None = None
    subtopics: tuple[str, ...] = ()
    countries: tuple[str, ...] | None = None
    date: Annotated[str | None, Field(exclude=True, description="Of publication, as in ISO 8601.")] = None
    weight: Annotated[float, Field(gt=0, le=10)] = 1.0


@dataclass(frozen=True)
class Corpus:
    """The articles of a training run and their tokenised form, in the same order.

    The first `n_seeds` are those of the seeds, the last `n_background` bear no label and teach no classifier.
    """

    articles: tuple[Article, ...]
    documents: tuple[Document, ...]
    n_seeds: int
    n_background: int = 0

    @property
    def n_taught(self) -> int:
        """How many articles, from the first on, may teach a classifier."""
        return len(self.articles) - self.n_background

    @property
    def lengths(self) -> np.ndarray:
        """Words of each article, title and text: (n_docs,)."""
        return np.array([document.n_words for document in self.documents])

    @property
    def sha256(self) -> str:
        """Hash over every article."""
        digest = hashlib.sha256()
        for article in self.articles:
            digest.update(article.model_dump_json().encode())
        return digest.hexdigest()


def read_corpus(seeds: Path, taxonomy: Taxonomy) -> Corpus:
    """Read `articles/*.jsonl` of a seeds folder.

    Raises InvalidSeeds naming file and line for a line that is no article, a label that the taxonomy lacks, or an
    id given twice.
    """
    paths = sorted((seeds / "articles").glob("*.jsonl"))
    if not paths:
        raise InvalidSeeds(f"{seeds / 'articles'}: no *.jsonl files; see seeds/README.md for the format")
    articles: dict[str, Article] = {}
    for path in paths:
        for where, article in _read_articles(path):
            if article.id in articles:
                raise InvalidSeeds(f"{where}: id {article.id!r} is given twice")
            _check_labels(where, article, taxonomy)
            articles[article.id] = article
    kept = tuple(articles.values())
    return Corpus(kept, tuple(read(article.text, article.title) for article in kept), n_seeds=len(kept))


def _read_articles(path: Path) -> Iterator[tuple[str, Article]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                yield where, Article.model_validate(json.loads(line))
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(map(str, first["loc"])) or "line"
                raise InvalidSeeds(f"{where}: {field}: {first['msg']}") from None
            except ValueError as error:
                raise InvalidSeeds(f"{where}: not JSON: {error}") from None


def _check_labels(where: str, article: Article, taxonomy: Taxonomy) -> None:
    known: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("topic", article.topics or (), {topic.code for topic in taxonomy.topics}),
        ("sub-topic", article.subtopics, taxonomy.topic_of),
    ]
    if taxonomy.regions:
        known.append(("country", article.countries or (), taxonomy.country_names))
    for kind, given, allowed in known:
        unknown = sorted(set(given) - set(allowed))
        if unknown:
            raise InvalidSeeds(f"{where}: {kind} {unknown[0]!r} is not in the taxonomy")
