"""How the texts that come in differ from those that a model was trained on, in numbers that can be added up.

A `Tally` counts what a model says of many texts. Training keeps one of its corpus with the version, the service keeps
one of each day; `drift` compares them by the population stability index. Knows no files and no HTTP.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dateline import language
from dateline.results import Analysis

NONE = "none"
BINS = 10
MIN_TEXTS = 200
"""Fewer texts than this raise no alarm."""
WATCH, ALARM = 0.1, 0.25
"""The usual bands of the population stability index. Source: Siddiqi 2006, "Credit risk scorecards"."""
_NOTHING_SEEN = 0.5
"""A category that one side never saw counts as if it had seen it half a time."""

MEASURES = ("topics", "regions", "confidence", "unknown_words", "languages")
_WORSE = {"confidence": -1, "unknown_words": 1}
"""The direction in which a change is for the worse; nobody need worry about fewer unknown words."""


@dataclass
class Tally:
    """Counts of what was said of `texts` texts: for each measure, how many fell into each category.

    `topics` and `regions` count the best label, or NONE; `confidence` the score of the best topic and `unknown_words`
    the share of content words that the model does not know, in BINS equal bins; `languages` all texts, the other
    measures those in English. `sums` add up the numbers behind the bins.
    """

    texts: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {measure: Counter() for measure in MEASURES})
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_WORSE, 0.0))

    def add(self, analysis: Analysis) -> None:
        """Count an analysis."""
        topic = analysis.topics[0] if analysis.topics else None
        self.count(
            topic=topic.code if topic else None,
            confidence=topic.score if topic else None,
            region=analysis.regions[0].code if analysis.regions else None,
            unknown_words=analysis.unknown_words,
            spoken=analysis.language.code,
        )

    def count(
        self, *, topic: str | None, confidence: float | None, region: str | None, unknown_words: float | None,
        spoken: str = language.ENGLISH,
    ) -> None:  # fmt: skip
        """Count a text by its best topic with its score, its best region, its unknown words and its language."""
        counts = self.counts
        self.texts += 1
        counts["languages"][spoken] += 1
        if unknown_words is None:  # not analysed: another language, or nothing in it
            return
        counts["topics"][topic or NONE] += 1
        counts["regions"][region or NONE] += 1
        self._bin("unknown_words", unknown_words)
        if confidence is not None:
            self._bin("confidence", confidence)

    def merge(self, other: "Tally") -> None:
        """Add the counts of another tally to this one."""
        self.texts += other.texts
        for measure, counts in other.counts.items():
            self.counts[measure].update(counts)
        for measure, total in other.sums.items():
            self.sums[measure] += total

    def mean(self, measure: str) -> float | None:
        """Return the mean of `confidence` or `unknown_words`, None if nothing was counted."""
        n = self.counts[measure].total()
        return self.sums[measure] / n if n else None

    def shares(self, measure: str) -> dict[str, float]:
        """Return the share of each category of a measure."""
        n = self.counts[measure].total()
        return {name: round(count / n, 4) for name, count in sorted(self.counts[measure].items())}

    @property
    def abstained(self) -> float | None:
        """The share of analysed texts that got no topic, None if there were none."""
        n = self.counts["topics"].total()
        return self.counts["topics"][NONE] / n if n else None

    def to_dict(self) -> dict[str, Any]:
        """Return the tally as JSON-ready data."""
        counts = {measure: dict(sorted(counter.items())) for measure, counter in self.counts.items()}
        return {"texts": self.texts, "counts": counts, "sums": self.sums}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Tally":
        """Return the tally that `to_dict` wrote. Raises KeyError, TypeError or ValueError if it is none."""
        tally = cls(texts=int(data["texts"]))
        for measure in MEASURES:
            tally.counts[measure].update({str(name): int(n) for name, n in data["counts"][measure].items()})
        tally.sums.update({measure: float(data["sums"][measure]) for measure in _WORSE})
        return tally

    def _bin(self, measure: str, value: float) -> None:
        number = min(int(value * BINS), BINS - 1)
        self.counts[measure][f"{number / BINS:.1f}-{(number + 1) / BINS:.1f}"] += 1
        self.sums[measure] += value


@dataclass(frozen=True, slots=True)
class Drift:
    """A measure's drift: `psi` less what chance alone would give, a status, and shares expected and seen."""

    measure: str
    psi: float
    status: str
    expected: dict[str, float]
    seen: dict[str, float]


def drift(expected: Tally, seen: Tally) -> list[Drift]:
    """Return how `seen` differs from `expected` in each measure."""
    return [_drift(measure, expected, seen) for measure in MEASURES]


def _drift(measure: str, expected: Tally, seen: Tally) -> Drift:
    before, after = expected.counts[measure], seen.counts[measure]
    n, m = before.total(), after.total()
    found = max(0.0, population_stability(before, after)) if n and m else 0.0
    status = next((name for name, least in (("alarm", ALARM), ("watch", WATCH)) if found >= least), "stable")
    if measure in _WORSE and _WORSE[measure] * ((seen.mean(measure) or 0.0) - (expected.mean(measure) or 0.0)) <= 0:
        status = "stable"
    return Drift(
        measure,
        round(found, 4),
        status if n and m >= MIN_TEXTS else "too few texts",
        expected.shares(measure),
        seen.shares(measure),
    )


def population_stability(expected: Counter[str], seen: Counter[str]) -> float:
    """Return the population stability index of two sets of counts, less its mean where both come from one population.

    That mean is (k - 1)(1/n + 1/m) for k categories and n and m texts. Source: Yurdakul 2018, "Statistical properties
    of population stability index".
    """
    names = sorted(expected.keys() | seen.keys())
    n, m = expected.total(), seen.total()
    before = {name: (expected[name] or _NOTHING_SEEN) / n for name in names}
    after = {name: (seen[name] or _NOTHING_SEEN) / m for name in names}
    index = sum((after[name] - before[name]) * math.log(after[name] / before[name]) for name in names)
    return index - (len(names) - 1) * (1.0 / n + 1.0 / m)
