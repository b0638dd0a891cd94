"""The words that themes are made of, how people write them, and short names made of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from dateline.terms import TermIndex
from dateline.text import Document, spans, stem
from training.stop_words import STOP_STEMS

NAME_TERMS = 3
_MIN_DOCUMENTS, _DOCUMENTS_EACH = 4, 1000
"""A word must be in so many documents, and in one of so many."""
_MAX_DOCUMENT_SHARE, _MAX_BURSTY_SHARE = 0.12, 0.3
_BURSTY = 2.6
"""Words that, where they occur, occur so often are about something, and may be in more of the articles."""
_CAPITALISED_SHARE = 0.75
_PAIR_SHARE = 0.4
_SAME_PREFIX, _SAME_PREFIX_SHARE = 4, 0.6
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n\"])[\s\"'(\-]*$")
_NO_SUBJECT_WORDS = """
ain aren couldn didn doesn don hadn hasn haven isn mustn shouldn wasn weren won wouldn ll re ve yes no said says
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun today http
https www com org html permalink tomorrow yesterday tonight january february march april may june july august
september october november december jan feb mar apr jun jul aug sep sept oct nov dec morning afternoon evening
1st 2nd 3rd 4th 5th mr mrs ms
"""
_NO_SUBJECT = frozenset(map(stem, _NO_SUBJECT_WORDS.split()))
"""Words of news that are about nothing: halves of contractions, days, months, ordinals."""


def theme_words(counts: csr_matrix, index: TermIndex) -> np.ndarray:
    """Return the term ids that themes are made of: single stems, neither rare nor everywhere in (n_docs, n_terms).

    Source for burstiness: Church and Gale 1995, "Poisson mixtures", doi:10.1017/S1351324900000139.
    """
    singles = counts[:, : len(index.stems)]
    frequency = np.asarray((singles > 0).sum(axis=0)).ravel()
    bursty = np.asarray(singles.sum(axis=0)).ravel() >= _BURSTY * np.maximum(1, frequency)
    share = np.where(bursty, _MAX_BURSTY_SHARE, _MAX_DOCUMENT_SHARE)
    most = np.maximum(_MIN_DOCUMENTS, share * counts.shape[0])
    content = np.array(
        [len(s) > 2 and s not in STOP_STEMS and s not in _NO_SUBJECT and not s.isdigit() for s in index.stems]
    )
    least = max(_MIN_DOCUMENTS, counts.shape[0] // _DOCUMENTS_EACH)
    return np.flatnonzero((frequency >= least) & (frequency <= most) & content)


class Spelling:
    """How a corpus writes its words: the usual form of a stem or a pair of stems, capitals where they are usual."""

    def __init__(self, documents: Iterable[Document], wanted: Collection[str]) -> None:
        """Count the forms of the `wanted` terms: stems, and pairs of stems joined by a space."""
        self._forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._capitals: defaultdict[str, Counter[bool]] = defaultdict(Counter)
        pairs = {term for term in wanted if " " in term}
        stems = {part for term in wanted for part in term.split(" ")}
        known: dict[str, str | None] = {}
        for document in documents:
            before, last = "", ""
            for word, inside in _words(document.body):
                low = word.lower()
                if low not in known:
                    found = stem(low)
                    known[low] = found if found in stems else None
                this = known[low] or ""
                if this:
                    self._count(this, word, inside=inside)
                    if before and f"{before} {this}" in pairs:
                        self._forms[f"{before} {this}"][f"{last} {word}".lower()] += 1
                before, last = this, word

    def __call__(self, term: str) -> str:
        """Return the usual form of a term, the term itself where the corpus has none."""
        if " " in term and term in self._forms:
            return " ".join(self._cased(word) for word in self._commonest(term).split(" "))
        return self._cased(self._commonest(term)) if " " not in term else term

    def _count(self, found: str, word: str, *, inside: bool) -> None:
        low = word.lower()
        self._forms[found][low] += 1
        if inside:
            self._capitals[low][word != low] += 1
            self._forms["= " + low][word] += 1

    def _commonest(self, term: str) -> str:
        forms = self._forms.get(term)
        return min(forms, key=lambda form: (-forms[form], form)) if forms else term

    def _cased(self, low: str) -> str:
        capitals = self._capitals[low]
        if capitals[True] < _CAPITALISED_SHARE * capitals.total() or not capitals:
            return low
        written = {form: n for form, n in self._forms["= " + low].items() if form != low}
        return min(written, key=lambda form: (-written[form], form))


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the words of a text as written, and whether each stands inside a sentence, where capitals say something."""
    end = 0
    for start, stop in spans(text):
        yield text[start:stop], not _SENTENCE_START.search(text[max(0, end - 1) : start] if end else "")
        end = stop


def with_pairs(
    stems: Sequence[str], weights: np.ndarray, counts: csr_matrix, pair_ids: dict[str, list[tuple[int, str]]],
    stem_ids: dict[str, int],
) -> list[str]:  # fmt: skip
    """Return the stems of a theme, each as the pair that it mostly stands in within the theme, if there is one.

    `weights`: (n_docs,) of the theme; `counts`: (n_docs, n_terms); `pair_ids`: stem -> the pairs with it.
    """
    named = []
    for word in stems:
        columns = [column for column, _ in pair_ids.get(word, [])]
        if not columns:
            named.append(word)
            continue
        of_pairs = np.asarray(counts[:, columns].T @ weights).ravel()
        best = int(of_pairs.argmax())
        alone = float((counts[:, [stem_ids[word]]].T @ weights)[0])
        named.append(pair_ids[word][best][1] if of_pairs[best] >= _PAIR_SHARE * alone else word)
    return named


def name_of(terms: Sequence[str], written: Spelling, taken: Collection[str]) -> str:
    """Return a name of NAME_TERMS of a theme's terms, most telling first, that is none of those `taken`.

    Terms that say the same twice, such as a country and its adjective, are left out.
    """
    chosen: list[str] = []
    for term in terms:
        name = ", ".join(written(t) for t in chosen)
        if len(chosen) >= NAME_TERMS and name not in taken:
            return name
        if not any(_alike(term, other) for other in chosen):
            chosen.append(term)
    name = ", ".join(written(t) for t in chosen)
    number = 2
    while name in taken:
        name = f"{name.split(' (')[0]} ({number})"
        number += 1
    return name


def _alike(term: str, other: str) -> bool:
    """Whether two terms share a stem, or stems that begin alike, as syria and syrian do."""
    return any(_same_word(a, b) for a in term.split(" ") for b in other.split(" "))


def _same_word(a: str, b: str) -> bool:
    shorter = min(len(a), len(b))
    common = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    return common >= min(_SAME_PREFIX, shorter) and common >= _SAME_PREFIX_SHARE * shorter
