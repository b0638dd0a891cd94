"""Texts of any JSON Lines file, ready for fitting themes: what `python -m training themes` works on."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from dateline.errors import InvalidSeeds
from dateline.terms import TermIndex
from dateline.text import Document, read, stem
from training.features import count
from training.theme_entries import ArticleFacts
from training.theme_words import theme_words

_MIN_DOCUMENTS = 4


@dataclass(frozen=True)
class ThemeCorpus:
    """Documents with their term counts (n_docs, n_terms); `words`: the terms that themes are made of."""

    documents: list[Document]
    facts: list[ArticleFacts]
    index: TermIndex
    counts: csr_matrix
    words: np.ndarray

    @property
    def stems(self) -> list[str]:
        """The theme words."""
        return [self.index.stems[word] for word in self.words]

    @cached_property
    def matrix(self) -> csr_matrix:
        """Counts of the theme words (n_docs, n_words)."""
        return self.counts[:, self.words].tocsr()


def read_theme_corpus(path: Path) -> ThemeCorpus:
    """Read a corpus of lines {"text", "title"?, "id"?, "date"?}; other fields are ignored.

    Raises InvalidSeeds naming file and line for a line without a text, or if there are not two texts.
    """
    documents, facts = [], []
    for number, row in _rows(path):
        document = read(row["text"], row.get("title") or "")
        documents.append(document)
        facts.append(ArticleFacts(str(row.get("id", number)), document.title, date=row.get("date")))
    if len(documents) < 2:
        raise InvalidSeeds(f"{path}: themes need at least two texts")
    words = [[*document.title_words, *document.body_words] for document in documents]
    stem_of = {word: stem(word) for word in {w for text in words for w in text}}
    frequency = Counter(s for text in words for s in {stem_of[word] for word in text})
    index = TermIndex.build([s for s, n in frequency.items() if n >= _MIN_DOCUMENTS], stem_of)
    counts = count(index, documents)
    return ThemeCorpus(documents, facts, index, counts, theme_words(counts, index))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InvalidSeeds(f"{path}:{number}: not JSON: {error}") from None
            if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                raise InvalidSeeds(f'{path}:{number}: no text; a line is {{"text": "…", "title": "…"}}')
            for field in ("title", "date"):
                if not isinstance(row.get(field), str | None):
                    raise InvalidSeeds(f"{path}:{number}: {field}: not a string")
            yield number, row
