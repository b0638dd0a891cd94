"""Word vectors: what common English words mean, so that a model knows something of words that its corpus never had.

Read from `word-vectors.npz`, made by `training/build_word_vectors.py`: that of the seeds folder, or else the project's
own, for English is the same under any taxonomy. `training/features.py` gives their stems a place among the terms,
`training/meanings.py` learns from them. Serving knows nothing of them: what is learned is folded into weights of terms.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dateline.errors import InvalidSeeds
from dateline.text import stem
from training.stop_words import STOP_STEMS

FILE = "word-vectors.npz"
BUILT_IN = Path(__file__).parent.parent / "seeds" / FILE
_BROKEN = "not a file that training/build_word_vectors.py made"
_FIRST = 10.0
"""A word's share in the vector of its stem falls as 1 / (_FIRST + rank), as word frequencies do (Zipf's law)."""


@dataclass(frozen=True)
class WordVectors:
    """Words, most frequent first, and the vectors (n_stems, n_dimensions) of their stems, stop words left out."""

    words: tuple[str, ...]
    stems: tuple[str, ...]
    vectors: np.ndarray

    def of_terms(self, terms: list[str]) -> np.ndarray:
        """Return the vectors (n_terms, n_dimensions) of terms, zero for those that have none."""
        numbers = {stem: number for number, stem in enumerate(self.stems)}
        found = np.array([numbers.get(term, -1) for term in terms], dtype=np.int64)
        vectors = np.zeros((len(terms), self.vectors.shape[1]))
        vectors[found >= 0] = self.vectors[found[found >= 0]]
        return vectors


def read_word_vectors(seeds: Path) -> WordVectors:
    """Return the word vectors for a seeds folder. Raises InvalidSeeds if its file breaks the format."""
    path = seeds / FILE if (seeds / FILE).exists() else BUILT_IN
    try:
        with np.load(path, allow_pickle=False) as content:
            words, small = str(content["words"]).split(" "), content["vectors"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InvalidSeeds(f"{path}: {_BROKEN} ({error})") from None
    if small.ndim != 2 or len(words) != len(small):
        raise InvalidSeeds(f"{path}: {_BROKEN} ({len(words)} words, but vectors of shape {small.shape})")
    shares = 1.0 / (_FIRST + np.arange(len(words)))
    numbers: dict[str, int] = {}
    of_word = [numbers.setdefault(stem(word), len(numbers)) for word in words]
    sums, totals = np.zeros((len(numbers), small.shape[1])), np.zeros(len(numbers))
    np.add.at(sums, of_word, shares[:, np.newaxis] * small)
    np.add.at(totals, of_word, shares)
    kept = np.array([stem not in STOP_STEMS for stem in numbers])
    stems = tuple(stem for stem in numbers if stem not in STOP_STEMS)
    return WordVectors(tuple(words), stems, (sums / totals[:, np.newaxis])[kept] / np.abs(small).max())
