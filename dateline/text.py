"""Text to tokens: the first step of every analysis and of all training, so that both see the same words.

`normalise` cleans, `tokenise` splits; nothing else in Dateline splits text into words. Must not import other
modules of the project but `compiled`: everything else builds on this one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock
from typing import NamedTuple

import numpy as np
import Stemmer
from numpy.typing import NDArray

from dateline.compiled import compiled

NORMALISER_VERSION = 1
"""Part of a model's manifest: a model only serves texts that are normalised as its training texts were."""

_WORD = re.compile(r"[^\W_]{2,}")
_BEYOND_LATIN = re.compile(r"[^\W\x00-\xff]")
_FOREIGN = "\x01"
"""Stands for a letter beyond Latin-1; `normalise` leaves none in a text."""
_FOREIGN_BYTE, _SPACE = ord(_FOREIGN), ord(" ")
_LATIN_WORDS = "".join(
    c.lower() if re.match(r"[^\W_]", c) or c == _FOREIGN else " " for c in map(chr, range(256))
).encode("latin-1")
_SPACES = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x200B),
                         0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0xD800, 0xE000)], " ")  # fmt: skip
_REMOVED = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF], "")
_ONE_FOR_ONE = {"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"',
                "»": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "İ": "I"}  # fmt: skip
_TABLE = {**_SPACES, **_REMOVED, **{ord(k): v for k, v in _ONE_FOR_ONE.items()}}
_NEEDS_TABLE = re.compile("[" + "".join(re.escape(chr(c)) for c in _TABLE) + "]")
_FEW_KINDS = 12
"""Up to so many kinds of characters, replacing one kind after the other is quicker than looking at each character."""
_STAYS = bytes(c for c in range(128) if c not in _TABLE)


def normalise(text: str) -> str:
    """Return the text as every model sees it: NFC, plain quotes, dashes and spaces, no invisible characters.

    Case, line breaks and tabs stay. Idempotent: `normalise(normalise(t)) == normalise(t)`.
    """
    if text.isascii():
        return text.translate(_TABLE) if text.encode("ascii").translate(None, _STAYS) else text
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    found = set(_NEEDS_TABLE.findall(text))
    if found:
        # Taking out an invisible character can bring two halves of a composed character together.
        text = unicodedata.normalize("NFC", _replaced(text, found))
    return text


def _replaced(text: str, characters: Iterable[str]) -> str:
    characters = list(characters)
    if len(characters) > _FEW_KINDS:
        return text.translate(_TABLE)
    for character in characters:
        text = text.replace(character, _TABLE[ord(character)])
    return text


def alignment(text: str) -> list[int] | None:
    """Return, for each character of `normalise(text)` and its end, the offset in `text` that it came from.

    None where nothing moved, which is nearly always. Only explanations need it, so it may be slow.
    """
    normalised = normalise(text)
    if len(normalised) == len(text):
        return None
    offsets: list[int] = []
    start = 0
    for end in range(1, len(text) + 1):
        # A cluster ends where what follows does not change how it normalises.
        if end == len(text) or normalise(text[start : end + 1]) == normalise(text[start:end]) + normalise(text[end]):
            offsets += [start] * len(normalise(text[start:end]))
            start = end
    offsets.append(len(text))
    return offsets if len(offsets) == len(normalised) + 1 else None


def tokenise(normalised: str) -> list[str]:
    """Return the words of a normalised text in lower case: runs of two or more letters and digits."""
    latin = _latin(normalised)
    if latin is None:
        return _WORD.findall(normalised.lower())
    # What the pattern says, at half its cost.
    return [word for word in latin.decode("latin-1").split() if len(word) > 1]


class Scan(NamedTuple):
    """The words of a text as numbers: what `tokenise` returns, without making a string of each.

    `codes`: (n_words,) uint64, equal for equal words, different for different ones but for a chance of 2**-64; 0 for
    words that have no code, being of more than MAX_CODED letters or having one beyond Latin-1. `starts` and `lengths`:
    (n_words,), where each stands in `letters`.
    """

    codes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    letters: bytes | str

    def word(self, number: int) -> str:
        """Return a word as `tokenise` does."""
        start = int(self.starts[number])
        word = self.letters[start : start + int(self.lengths[number])]
        return word if isinstance(word, str) else word.decode("latin-1")


MAX_CODED = 24
_CHUNK = 8
_MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def scan(normalised: str) -> Scan:
    """Return the words of a normalised text as numbers.

    A word is read as up to three integers of eight letters each, which are multiplied by odd constants and added.
    """
    latin, lower = _latin(normalised), None
    if latin is None:
        lower = normalised.lower()
        latin = _BEYOND_LATIN.sub(_FOREIGN, lower).encode("latin-1", "replace").translate(_LATIN_WORDS)
    return Scan(*_words(latin), latin if lower is None else lower)


@compiled
def _words(latin: bytes) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (codes, starts, lengths) of the words of what `_latin` returns."""
    most = len(latin) // 3 + 1
    codes, starts, lengths = np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64)
    n_words = start = 0
    code, chunk, foreign = np.uint64(0), np.uint64(0), False
    for at in range(len(latin) + 1):
        letter = latin[at] if at < len(latin) else _SPACE
        length = at - start
        if letter != _SPACE:
            if length and length % _CHUNK == 0:
                code += chunk * _MIXERS[min(length // _CHUNK, len(_MIXERS)) - 1]
                chunk = np.uint64(0)
            chunk |= np.uint64(letter) << np.uint64(8 * (length % _CHUNK))
            foreign |= letter == _FOREIGN_BYTE
            continue
        if length > 1:
            code += chunk * _MIXERS[min((length - 1) // _CHUNK, len(_MIXERS) - 1)]
            codes[n_words] = np.uint64(0) if foreign or length > MAX_CODED else code
            starts[n_words], lengths[n_words] = start, length
            n_words += 1
        start, code, chunk, foreign = at + 1, np.uint64(0), np.uint64(0), False
    return codes[:n_words], starts[:n_words], lengths[:n_words]


def codes(words: Iterable[str]) -> dict[int, str]:
    """Return the words that have a code, by code, in an order of their own."""
    text = " ".join(sorted(set(words)))
    return {code: word for code, word in zip(scan(text).codes.tolist(), tokenise(text), strict=True) if code}


def _latin(normalised: str) -> bytes | None:
    """Return the text in Latin-1, a byte being a letter or digit in lower case or else a space, or None."""
    try:
        latin = normalised.encode("latin-1")
    except UnicodeEncodeError:
        if _BEYOND_LATIN.search(normalised):
            return None
        latin = normalised.encode("latin-1", "replace")
    return latin.translate(_LATIN_WORDS)


def spans(normalised: str) -> list[tuple[int, int]]:
    """Return (start, end) of each word that `tokenise` returns, in the same order."""
    return [match.span() for match in _WORD.finditer(normalised.lower())]


_stem_lock = Lock()


@cache
def _stemmer() -> "Stemmer.Stemmer":
    return Stemmer.Stemmer("english")


def stem(word: str) -> str:
    """Return the Snowball English ("Porter 2") stem of a lower-case word. Source: snowballstem.org."""
    with _stem_lock:  # a Stemmer keeps its working buffer between calls
        return str(_stemmer().stemWord(word))


@dataclass(frozen=True)
class Document:
    """A text made ready for every model: normalised once."""

    title: str
    body: str

    @cached_property
    def title_words(self) -> list[str]:
        """The title's words. Training wants strings; serving reads the text with `scan`."""
        return tokenise(self.title)

    @cached_property
    def body_words(self) -> list[str]:
        """The text's words."""
        return tokenise(self.body)

    @property
    def n_words(self) -> int:
        """Number of words of title and body."""
        return len(self.title_words) + len(self.body_words)

    @property
    def joined(self) -> str:
        """Title, line break, body: the text as one string."""
        return f"{self.title}\n{self.body}" if self.title else self.body


def read(text: str, title: str = "") -> Document:
    """Return the document of a text and its title, which may be empty."""
    return Document(normalise(title), normalise(text))
