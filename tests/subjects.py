"""Corpora about invented subjects, each with words of its own, for tests of themes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dateline.terms import TermIndex
from dateline.text import Document, read, stem
from training.features import count
from training.theme_entries import ArticleFacts

_SYLLABLES = [c + v for c in "bdfgklmnprtvz" for v in "aeiou"]
_ENDINGS = ("ron", "lak", "mut", "dosk", "gral", "vint")
WORDS_PER_SUBJECT, WORDS_PER_TEXT, SUBJECT_SHARE = 30, 120, 0.75


def _words(rng: np.random.Generator, n: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < n:
        word = "".join(rng.choice(_SYLLABLES, 2)) + str(rng.choice(_ENDINGS))
        if stem(word) == word:
            made[word] = None
    return list(made)


@dataclass(frozen=True)
class Texts:
    """Documents, what is known of them, and the subject that each is about."""

    documents: list[Document]
    facts: list[ArticleFacts]
    subjects: list[int]

    def __add__(self, other: "Texts") -> "Texts":
        return Texts(self.documents + other.documents, self.facts + other.facts, self.subjects + other.subjects)

    def counted(self) -> tuple[TermIndex, object]:
        stems = {stem(word) for document in self.documents for word in document.body_words}
        index = TermIndex.build(stems)
        return index, count(index, self.documents)


_RNG = np.random.default_rng(5)
_ALL = _words(_RNG, WORDS_PER_SUBJECT * 20 + 200)
VOCABULARY = [_ALL[i * WORDS_PER_SUBJECT : (i + 1) * WORDS_PER_SUBJECT] for i in range(20)]
_COMMON = _ALL[20 * WORDS_PER_SUBJECT :]


def texts(subjects: Sequence[int], *, each: int, seed: int, prefix: str = "a", dated: bool = False) -> Texts:
    """Return `each` texts on each of the subjects; the words of a text are its subject's and common ones."""
    rng = np.random.default_rng(seed)
    documents, facts, about = [], [], []
    for subject in subjects:
        for number in range(each):
            n = int(SUBJECT_SHARE * WORDS_PER_TEXT)
            words = [*rng.choice(VOCABULARY[subject], n), *rng.choice(_COMMON, WORDS_PER_TEXT - n)]
            rng.shuffle(words)
            id = f"{prefix}-{subject}-{number}"
            documents.append(read(" ".join(words)))
            month = 1 + (number % 2)
            facts.append(
                ArticleFacts(id, f"Title {id}", (f"topic{subject}",), None, f"2026-0{month}-05" if dated else None)
            )
            about.append(subject)
    return Texts(documents, facts, about)
