"""What a user types into a search box, in the words of each database's full-text index.

All words must occur, in any order, whatever their case; `"two words"` stand side by side; `elect*` is any word that
begins so.
"""

import re
from dataclasses import dataclass

from dateline.errors import InvalidQuery

_PART = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 20


@dataclass(frozen=True)
class _Phrase:
    words: tuple[str, ...]
    prefix: bool


def to_fts5(query: str) -> str:
    """Return the query for SQLite's FTS5. Raises InvalidQuery if there is no word in it."""
    return " AND ".join(f'"{" ".join(p.words)}"{"*" if p.prefix else ""}' for p in _phrases(query))


def to_tsquery(query: str) -> str:
    """Return the query for PostgreSQL's to_tsquery. Raises InvalidQuery if there is no word in it."""
    return " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in p.words) + (":*)" if p.prefix else ")") for p in _phrases(query)
    )


def _phrases(query: str) -> list[_Phrase]:
    phrases = []
    for quoted, star, bare in _PART.findall(query):
        words = tuple(_WORD.findall((quoted or bare).lower()))
        if words:
            phrases.append(_Phrase(words, prefix=bool(star) or bare.endswith("*")))
    n_words = sum(len(phrase.words) for phrase in phrases)
    if not 0 < n_words <= _MAX_WORDS:
        raise InvalidQuery(f"text: {n_words} words to search for; give 1 to {_MAX_WORDS}")
    return phrases
