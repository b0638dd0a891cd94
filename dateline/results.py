"""What an analysis consists of: plain immutable values, no NumPy, ready for JSON.

`Analysis.to_dict` is the output contract of the command line and of HTTP alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SCORE_DIGITS = 4
"""Scores are probabilities; digits beyond the fourth are noise."""


@dataclass(frozen=True, slots=True)
class Language:
    """Detected language: ISO 639 code, or `und` where the text is too short or too mixed to tell."""

    code: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Region:
    """A world region that the text is about."""

    code: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Country:
    """A country that the text is about; `mentions` counts the places in the text that resolved to it."""

    code: str
    name: str
    score: float
    mentions: int


@dataclass(frozen=True, slots=True)
class Subtopic:
    """A sub-topic under an assigned topic."""

    code: str
    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Topic:
    """An assigned topic with those of its sub-topics that apply, best first."""

    code: str
    name: str
    score: float
    subtopics: tuple[Subtopic, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of the corpus with its weight in the text, in [0, 1]."""

    id: str
    name: str
    weight: float
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that Dateline says about one text. Every list is best first; an empty list means "don't know".

    `unknown_words`, the share of its content words that the model does not know, is no part of the answer; None if the
    text was not analysed.
    """

    model: str
    language: Language
    regions: tuple[Region, ...] = ()
    countries: tuple[Country, ...] = ()
    topics: tuple[Topic, ...] = ()
    themes: tuple[Theme, ...] = ()
    warnings: tuple[str, ...] = ()
    explanation: dict[str, Any] | None = field(default=None, hash=False)
    unknown_words: float | None = None

    def to_dict(self, *, id: str | None = None) -> dict[str, Any]:
        """Return the answer as JSON-ready data, in the order of the contract."""
        answer: dict[str, Any] = {} if id is None else {"id": id}
        answer |= {
            "model": self.model,
            "language": {"code": self.language.code, "confidence": _rounded(self.language.confidence)},
            "regions": _scored(self.regions),
            "countries": [
                {"code": c.code, "name": c.name, "score": _rounded(c.score), "mentions": c.mentions}
                for c in self.countries
            ],
            "topics": [
                {"code": t.code, "name": t.name, "score": _rounded(t.score), "subtopics": _scored(t.subtopics)}
                for t in self.topics
            ],
            "themes": [
                {"id": t.id, "name": t.name, "weight": _rounded(t.weight), "terms": list(t.terms)} for t in self.themes
            ],
            "warnings": list(self.warnings),
        }
        if self.explanation is not None:
            answer["explanation"] = self.explanation
        return answer


def _rounded(score: float) -> float:
    return round(float(score), SCORE_DIGITS)


def _scored(items: Iterable[Region | Subtopic]) -> list[dict[str, Any]]:
    return [{"code": item.code, "name": item.name, "score": _rounded(item.score)} for item in items]
