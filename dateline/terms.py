"""Words to terms: the one table by which every model looks up what it knows.

A term is a stem or a run of two or three stems ("oil", "oil price", "supreme court ruling"). Training numbers the terms
that any model needs (`TermIndex.build`) and resolves the stem of every word of the corpus; serving maps the words of a
text to term ids with one table of words and two of runs, so that topics, themes and the region fallback share a single
look-up of each text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.compiled import compiled
from dateline.table import EMPTY, Arrays, Table, place
from dateline.text import Document, codes, scan, stem

Ids = NDArray[np.int64]
Bools = NDArray[np.bool_]
MAX_TERM_WORDS = 3
UNKNOWN = -1
TITLE_WEIGHT = 2
"""A title counts as if it stood this many times in the text."""
_CACHED_WORDS = 20_000
_NO_IDS = np.zeros(0, dtype=np.int64)
_GAP = np.array([UNKNOWN])
_DIGIT = 8
_DIGITS = (1 << _DIGIT) - 1


class _Unseen(dict[str, int]):
    """Word -> stem id, for words that training did not see. Each is stemmed once and remembered, up to a bound."""

    def __init__(self, stem_ids: Mapping[str, int]) -> None:
        super().__init__()
        self._stem_ids = stem_ids

    def __missing__(self, word: str) -> int:
        stem_id = self._stem_ids.get(stem(word), UNKNOWN)
        if len(self) < _CACHED_WORDS:
            self[word] = stem_id
        return stem_id


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text looked up: `ids` (n_words,) of their stems, UNKNOWN where no model knows one.

    `slots` (n_words,) are their places in the table of words, one past its end for words that are not in it; those are
    `unseen`, and stand at `unseen_at`.
    """

    ids: Ids
    slots: Ids
    unseen: list[str]
    unseen_at: Ids


_NO_WORDS = Words(_NO_IDS, _NO_IDS, [], _NO_IDS)


@dataclass(frozen=True, slots=True)
class WordList:
    """Words to recognise in texts; `flags` says which slots of the table of words hold one, (n_slots + 1,)."""

    words: frozenset[str]
    flags: Bools

    def among(self, words: Words) -> Bools:
        """Return which of a text's words are in the list, (n_words,)."""
        listed: Bools = self.flags.take(words.slots)
        for word, at in zip(words.unseen, words.unseen_at.tolist(), strict=True):
            if word in self.words:
                listed[at] = True
        return listed


class TermIndex:
    """Maps words to term ids: ids below `n_stems` are single stems, in the order given; the rest are runs of stems.

    `surfaces` maps the code of a word (`text.scan`) to the id of its stem plus one, 0 for a stem that is no term;
    `runs`, for runs of two stems and of three, the id of all but the last stem and that of the last to the run's id.
    """

    def __init__(self, stems: Sequence[str], surfaces: Table, runs: Sequence[Table]) -> None:
        self.stems = stems
        self._surfaces = surfaces
        self._tables = list(runs)
        self._runs = [table.arrays for table in runs]
        self.n_terms = len(stems) + sum(len(table.items()[0]) for table in runs)
        self._unseen = _Unseen({s: i for i, s in enumerate(stems)})

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
            keys = [ids[p[:-1]] << 32 | stem_ids[p[-1]] for p in of_length]
            runs.append(Table.build(keys, [ids[p] for p in of_length]))
        coded = codes(surfaces)
        known = [stem_ids.get(stem(word), UNKNOWN) + 1 for word in coded.values()]
        return cls(stems, Table.build(list(coded), known), runs)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "TermIndex":
        """Return the index that `state` was taken from."""
        stems = state["stems"].split("\n") if state["stems"] else []
        return cls(stems, Table(**state["surfaces"]), [Table(**run) for run in state["runs"]])

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the index."""
        runs = [table.state() for table in self._tables]
        return {"stems": "\n".join(self.stems), "surfaces": self._surfaces.state(), "runs": runs}

    def terms(self) -> list[str]:
        """Return every term, stems joined by spaces, at its id."""
        terms = list(self.stems)
        for run in self._tables:
            keys, ids = run.items()
            level = dict(zip(ids.tolist(), keys.tolist(), strict=True))
            terms += [f"{terms[level[i] >> 32]} {self.stems[level[i] & 0xFFFFFFFF]}" for i in sorted(level)]
        return terms

    def word_ids(self, words: Sequence[str]) -> Ids:
        """Return the stem id of each word (n_words,), UNKNOWN for a word that no model knows."""
        return np.fromiter(map(self._unseen.__getitem__, words), dtype=np.int64, count=len(words))

    def look_up(self, normalised: str) -> Words:
        """Return the words of a normalised text, looked up."""
        if not normalised:
            return _NO_WORDS
        scanned = scan(normalised)
        ids, slots, at = _looked_up(scanned.codes, self._surfaces.arrays)
        unseen = [scanned.word(i) for i in at.tolist()]
        if unseen:
            ids[at] = self.word_ids(unseen)
        return Words(ids, slots, unseen, at)

    def word_list(self, words: Collection[str]) -> WordList:
        """Return a list of words to recognise."""
        flags = np.zeros(len(self._surfaces.values) + 1, dtype=bool)
        slots, there = self._surfaces.locate(np.array(list(codes(words)), dtype=np.uint64))
        flags[slots[there]] = True
        return WordList(frozenset(words), flags)

    def occurrences(self, word_ids: Ids) -> tuple[Ids, Ids, Ids]:
        """Return (positions, lengths in words, ids) of the known terms in a text, in order of position."""
        return _occurrences(word_ids, *self._runs)

    def counts(self, word_ids: Ids) -> tuple[Ids, Ids]:
        """Return (term ids ascending, how often each occurs) for a text's word ids."""
        return _counted(self.occurrences(word_ids)[2])


@compiled
def _looked_up(codes: NDArray[np.uint64], surfaces: Arrays) -> tuple[Ids, Ids, Ids]:
    """Return the ids and slots of words with these codes, as `Words` has them, and which words are not in the table."""
    ids, slots, unseen_at = (
        np.empty(len(codes), np.int64),
        np.empty(len(codes), np.int64),
        np.empty(len(codes), np.int64),
    )
    n_unseen = 0
    for at, code in enumerate(codes):
        slot = place(code, surfaces)
        if slot == EMPTY:
            ids[at], slots[at] = UNKNOWN, len(surfaces[1])
            unseen_at[n_unseen] = at
            n_unseen += 1
        else:
            ids[at], slots[at] = surfaces[1][slot] - 1, slot
    return ids, slots, unseen_at[:n_unseen]


@compiled
def _occurrences(word_ids: Ids, pairs: Arrays, triples: Arrays) -> tuple[Ids, Ids, Ids]:
    n, n_found = len(word_ids), 0
    most = MAX_TERM_WORDS * n
    positions, lengths, ids = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    for at in range(n):
        term = word_ids[at]
        if term == UNKNOWN:
            continue
        for length in range(1, MAX_TERM_WORDS + 1):
            positions[n_found], lengths[n_found], ids[n_found] = at, length, term
            n_found += 1
            if at + length == n or length == MAX_TERM_WORDS or word_ids[at + length] == UNKNOWN:
                break
            runs = pairs if length == 1 else triples
            slot = place(np.uint64(term << 32 | word_ids[at + length]), runs)
            if slot == EMPTY:
                break
            term = np.int64(runs[1][slot])
    return positions[:n_found], lengths[:n_found], ids[:n_found]


@compiled
def _counted(found: Ids) -> tuple[Ids, Ids]:
    """Return the distinct ids among some, ascending, and how often each occurs. Sorts by digits (LSD radix sort)."""
    n = len(found)
    ids, other = found.copy(), np.empty_like(found)
    largest = ids.max() if n else 0
    for shift in range(0, 64, _DIGIT):
        if largest >> shift == 0:
            break
        ends = np.zeros((1 << _DIGIT) + 1, np.int64)
        for id_ in ids:
            ends[((id_ >> shift) & _DIGITS) + 1] += 1
        for digit in range(1 << _DIGIT):
            ends[digit + 1] += ends[digit]
        for id_ in ids:
            digit = (id_ >> shift) & _DIGITS
            other[ends[digit]] = id_
            ends[digit] += 1
        ids, other = other, ids
    counts = np.empty_like(ids)
    n_distinct = 0
    for at in range(n):
        if at and ids[at] == ids[at - 1]:
            counts[n_distinct - 1] += 1
        else:
            ids[n_distinct], counts[n_distinct] = ids[at], 1
            n_distinct += 1
    return ids[:n_distinct], counts[:n_distinct]


def term_of(phrase_words: Sequence[str]) -> str:
    """Return the term that a tokenised phrase stands for: its stems joined by spaces."""
    return " ".join(map(stem, phrase_words))


def document_segments(document: Document) -> list[list[str]]:
    """Return the runs of words that a document counts as: its title TITLE_WEIGHT times, then its body."""
    return [document.title_words] * TITLE_WEIGHT + [document.body_words]


def document_word_ids(index: TermIndex, document: Document) -> Ids:
    """Return the word ids of a document's segments, kept apart by UNKNOWN so that no term spans two of them."""
    return joined_ids(index.look_up(document.title).ids, index.look_up(document.body).ids)


def joined_ids(title: Ids, body: Ids) -> Ids:
    """Return the word ids of a title and a body as `document_word_ids` does."""
    return np.concatenate([*[title, _GAP] * TITLE_WEIGHT, body]) if len(title) else body


@compiled
def unknown_share(ids: Ids, function_words: Bools) -> tuple[float, int]:
    """Return the share of a text's content words that have no id, 0 if it has none, and how many others it has.

    `ids` and `function_words`: (n_words,).
    """
    n_function_words = n_unknown = 0
    for at in range(len(ids)):
        if function_words[at]:
            n_function_words += 1
        elif ids[at] == UNKNOWN:
            n_unknown += 1
    n_content = len(ids) - n_function_words
    return n_unknown / n_content if n_content else 0.0, n_function_words
