"""Text to tokens: the first step of every analysis and of all training, so that both see the same words.

`normalise` cleans, `tokenise` splits; nothing else in Dateline splits text into words. Must not import other
modules of the project: everything else builds on this one.
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

NORMALISER_VERSION = 1
"""Part of a model's manifest: a model only serves texts that are normalised as its training texts were."""

_WORD = re.compile(r"[^\W_]{2,}")
_BEYOND_LATIN = re.compile(r"[^\W\x00-\xff]")
_FOREIGN = "\x01"
"""Stands for a letter beyond Latin-1; `normalise` leaves none in a text."""
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
_PADDING = b" " * MAX_CODED
_MASKS = [
    np.array([(1 << 8 * min(max(n - first, 0), _CHUNK)) - 1 for n in range(MAX_CODED + 1)], dtype=np.uint64)
    for first in range(0, MAX_CODED, _CHUNK)
]
_MIXERS = [np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]


def scan(normalised: str) -> Scan:
    """Return the words of a normalised text as numbers.

    A word is read as up to three integers of eight letters each, which are multiplied by odd constants and added.
    """
    latin, lower = _latin(normalised), None
    if latin is None:
        lower = normalised.lower()
        latin = _BEYOND_LATIN.sub(_FOREIGN, lower).encode("latin-1", "replace").translate(_LATIN_WORDS)
    latin = b" %b%b" % (latin, _PADDING)
    letters = np.frombuffer(latin, np.uint8)
    spaces = letters == ord(" ")
    edges = (spaces[1:] != spaces[:-1]).nonzero()[0]
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    words = lengths > 1
    starts, lengths = starts[words], lengths[words]
    starts += 1
    if not len(starts):
        return Scan(np.zeros(0, dtype=np.uint64), starts, lengths, latin)
    longest = int(lengths.max())
    capped = np.minimum(lengths, MAX_CODED) if longest > MAX_CODED else lengths
    codes = _eight_letters(latin, starts, 0) & _MASKS[0].take(capped)
    codes *= _MIXERS[0]
    for chunk in range(1, min(-(-longest // _CHUNK), len(_MASKS))):
        more = _eight_letters(latin, starts, chunk) & _MASKS[chunk].take(capped)
        more *= _MIXERS[chunk]
        codes += more
    if longest > MAX_CODED:
        codes[lengths > MAX_CODED] = 0
    if lower is None:
        return Scan(codes, starts, lengths, latin)
    foreign = (letters == ord(_FOREIGN)).nonzero()[0]
    foreign = foreign[foreign >= starts[0]]
    word = starts.searchsorted(foreign, side="right") - 1
    codes[word[foreign < starts[word] + lengths[word]]] = 0  # else it stood alone and is no word
    return Scan(codes, starts, lengths, f" {lower}")


def codes(words: Iterable[str]) -> dict[int, str]:
    """Return the words that have a code, by code, in an order of their own."""
    text = " ".join(sorted(set(words)))
    return {code: word for code, word in zip(scan(text).codes.tolist(), tokenise(text), strict=True) if code}


def _eight_letters(latin: bytes, starts: NDArray[np.int64], chunk: int) -> NDArray[np.uint64]:
    windows = np.ndarray((len(latin) - MAX_CODED + 1,), "<u8", latin, offset=chunk * _CHUNK, strides=(1,))
    return windows.take(starts)


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
