"""Words to terms: the one table by which every model looks up what it knows.

A term is a stem or a run of two or three stems ("oil", "oil price", "supreme court ruling"). Training numbers the terms
that any model needs (`TermIndex.build`); serving maps words to term ids with one dictionary and two sorted integer
tables, so that topics, themes and the region fallback share a single look-up of each text.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.text import Document, stem

Ids = NDArray[np.int64]
MAX_TERM_WORDS = 3
UNKNOWN = -1
TITLE_WEIGHT = 2
"""A title counts as if it stood this many times in the text."""
_CACHED_SURFACES = 200_000


class _Surfaces(dict[str, int]):
    """Word -> stem id. A word not seen in training is stemmed once and remembered, up to a bound."""

    def __init__(self, known: Mapping[str, int], stem_ids: Mapping[str, int]) -> None:
        super().__init__(known)
        self._stem_ids = stem_ids

    def __missing__(self, word: str) -> int:
        stem_id = self._stem_ids.get(stem(word), UNKNOWN)
        if len(self) < _CACHED_SURFACES:
            self[word] = stem_id
        return stem_id


class TermIndex:
    """Maps words to term ids: ids below `n_stems` are single stems, in the order given; the rest are runs of stems."""

    def __init__(self, stems: Sequence[str], surfaces: Mapping[str, int], runs: Sequence[tuple[Ids, Ids]]) -> None:
        self.stems = stems
        self.n_terms = len(stems) + sum(len(ids) for _, ids in runs)
        self._n_surfaces = len(surfaces)
        self._surfaces = _Surfaces(surfaces, {s: i for i, s in enumerate(stems)})
        self._runs = runs

    @classmethod
    def build(cls, terms: Iterable[str], surfaces: Iterable[str] = ()) -> "TermIndex":
        """Return an index of the given terms (stems joined by single spaces), with every stem and prefix they need.

        `surfaces` are words worth resolving in advance. The result does not depend on the order of either.
        Raises ValueError for a term of more than MAX_TERM_WORDS stems.
        """
        split = {tuple(term.split(" ")) for term in terms}
        if any(len(parts) > MAX_TERM_WORDS for parts in split):
            raise ValueError(f"a term has at most {MAX_TERM_WORDS} words")
        split |= {parts[:2] for parts in split if len(parts) == 3}
        stems = sorted({part for parts in split for part in parts})
        stem_ids = {s: i for i, s in enumerate(stems)}
        next_id, runs = len(stems), []
        ids: dict[tuple[str, ...], int] = {(s,): i for s, i in stem_ids.items()}
        for length in range(2, MAX_TERM_WORDS + 1):
            of_length = sorted(parts for parts in split if len(parts) == length)
            for parts in of_length:
                ids[parts] = next_id
                next_id += 1
            keys = np.array([ids[p[:-1]] << 32 | stem_ids[p[-1]] for p in of_length], dtype=np.int64)
            order = np.argsort(keys)
            runs.append((keys[order], np.array([ids[p] for p in of_length], dtype=np.int64)[order]))
        known = {w: stem_ids[s] for w in sorted(set(surfaces)) if (s := stem(w)) in stem_ids}
        return cls(stems, known, runs)

    def terms(self) -> list[str]:
        """Return every term, stems joined by spaces, at its id."""
        terms = list(self.stems)
        for keys, ids in self._runs:
            level = {int(i): int(k) for k, i in zip(keys, ids, strict=True)}
            terms += [f"{terms[level[i] >> 32]} {self.stems[level[i] & 0xFFFFFFFF]}" for i in sorted(level)]
        return terms

    def word_ids(self, words: Sequence[str]) -> Ids:
        """Return the stem id of each word (n_words,), UNKNOWN for a word that no model knows."""
        return np.fromiter(map(self._surfaces.__getitem__, words), dtype=np.int64, count=len(words))

    def occurrences(self, word_ids: Ids) -> Iterator[tuple[int, Ids, Ids]]:
        """Yield, for runs of 1, 2 and 3 words, (length, positions, term ids) of the known terms in a text."""
        positions = np.flatnonzero(word_ids >= 0)
        current = word_ids[positions]
        yield 1, positions, current
        for length, (keys, ids) in enumerate(self._runs, start=2):
            following = positions + length - 1
            inside = following < len(word_ids)
            positions, current, following = positions[inside], current[inside], word_ids[following[inside]]
            if len(keys) == 0 or len(positions) == 0:
                return
            wanted = current << 32 | following
            at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            found = (keys[at] == wanted) & (following >= 0)
            positions, current = positions[found], ids[at[found]]
            yield length, positions, current

    def counts(self, word_ids: Ids) -> tuple[Ids, Ids]:
        """Return (term ids ascending, how often each occurs) for a text's word ids."""
        found = np.concatenate([ids for _, _, ids in self.occurrences(word_ids)])
        return np.unique(found, return_counts=True)

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the index."""
        resolved_in_training = dict(islice(self._surfaces.items(), self._n_surfaces))
        return {"stems": list(self.stems), "surfaces": resolved_in_training, "runs": list(self._runs)}


def term_of(phrase_words: Sequence[str]) -> str:
    """Return the term that a tokenised phrase stands for: its stems joined by spaces."""
    return " ".join(map(stem, phrase_words))


def document_segments(document: Document) -> list[list[str]]:
    """Return the runs of words that a document counts as: its title TITLE_WEIGHT times, then its body."""
    return [document.title_words] * TITLE_WEIGHT + [document.body_words]


def document_word_ids(index: TermIndex, document: Document) -> Ids:
    """Return the word ids of a document's segments, kept apart by UNKNOWN so that no term spans two of them."""
    title, body = index.word_ids(document.title_words), index.word_ids(document.body_words)
    gap = np.array([UNKNOWN])
    return np.concatenate([*[title, gap] * TITLE_WEIGHT, body]) if len(title) else body


def unknown_share(words: Sequence[str], known: NDArray[np.bool_], function_words: Collection[str]) -> float:
    """Return the share of the content words among `words` that are not `known` (n_words,); 0 if there are none."""
    content = ~np.fromiter(map(function_words.__contains__, words), dtype=bool, count=len(words))
    n = int(np.count_nonzero(content))
    return int(np.count_nonzero(content & ~known)) / n if n else 0.0
