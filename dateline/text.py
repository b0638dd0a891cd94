"""Text to tokens: the first step of every analysis and of all training, so that both see the same words.

`normalise` cleans, `tokenise` splits; nothing else in Dateline splits text into words. Must not import other
modules of the project: everything else builds on this one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from threading import Lock

import Stemmer

NORMALISER_VERSION = 1
"""Part of a model's manifest: a model only serves texts that are normalised as its training texts were."""

_WORD = re.compile(r"[^\W_]{2,}")
_SPACES = dict.fromkeys([*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x200B),
                         0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0xD800, 0xE000)], " ")  # fmt: skip
_REMOVED = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF], "")
_ONE_FOR_ONE = {"‘": "'", "’": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"',
                "»": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-", "İ": "I"}  # fmt: skip
_TABLE = {**_SPACES, **_REMOVED, **{ord(k): v for k, v in _ONE_FOR_ONE.items()}}
_NEEDS_TABLE = re.compile("[" + "".join(re.escape(chr(c)) for c in _TABLE) + "]")


def normalise(text: str) -> str:
    """Return the text as every model sees it: NFC, plain quotes, dashes and spaces, no invisible characters.

    Case, line breaks and tabs stay. Idempotent: `normalise(normalise(t)) == normalise(t)`.
    """
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    if _NEEDS_TABLE.search(text):
        # Taking out an invisible character can bring two halves of a composed character together.
        text = unicodedata.normalize("NFC", text.translate(_TABLE))
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
    return _WORD.findall(normalised.lower())


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


@dataclass(frozen=True, slots=True)
class Document:
    """A text made ready for every model: normalised once, tokenised once."""

    title: str
    body: str
    title_words: list[str]
    body_words: list[str]

    @property
    def joined(self) -> str:
        """Title, line break, body: the text as one string."""
        return f"{self.title}\n{self.body}" if self.title else self.body

    @property
    def n_words(self) -> int:
        """Number of words of title and body."""
        return len(self.title_words) + len(self.body_words)


def read(text: str, title: str = "") -> Document:
    """Return the document of a text and its title, which may be empty."""
    title, body = normalise(title), normalise(text)
    return Document(title, body, tokenise(title), tokenise(body))
