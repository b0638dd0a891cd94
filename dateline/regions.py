"""Where: mentions of places -> the countries that the text is about -> its regions.

Second half of "where"; `dateline/gazetteer.py` is the first. Each country's evidence is what its mentions weigh (kind,
position, title, dateline), with less for each repetition; a logistic model turns evidence, share and position into a
calibrated score; a text without any mention is answered by the home country or by a linear model over its terms, where
that is sure. `training/regions.py` fits both. Must not import topics, themes or training.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.gazetteer import CUE, DEMONYM, KINDS, REGION, Found, Gazetteer
from dateline.results import Country, Region
from dateline.taxonomy import Taxonomy
from dateline.terms import Ids
from dateline.text import Document

KIND_WEIGHTS = (1.0, 0.8, 0.95, 0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.2, 0.5, 0.0)
"""What a mention weighs by kind, in the order of gazetteer.KINDS."""
REPEAT = 0.5
"""The n-th mention of a country counts n ** -REPEAT."""
LEAD_CHARS, OPENING_CHARS = 120, 600
LEAD_BONUS, OPENING_BONUS, DATELINE_BONUS = 2.0, 0.6, 1.0
"""What a mention in the title or the first LEAD_CHARS, in the first OPENING_CHARS, or in a dateline weighs more."""
FEATURES = ("bias", "share", "log weight", "best", "in lead", "in opening", "dateline", "dateline only", "named",
            "rivals", "cues only", "spread", "late", "density")  # fmt: skip
AREA_SHARE, AREA_RIVAL = 0.5, 1.0
"""A region named as such ("East Africa") is assigned if its mentions have this share of all the evidence, and outweigh
the best country this many times."""

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in the text and what it resolved to; `share` is its part of its country's evidence, in [0, 1]."""

    start: int
    end: int
    in_title: bool
    surface: str
    country: str
    kind: str
    share: float


@dataclass(frozen=True, slots=True)
class RegionAnswer:
    """Countries and regions assigned, best first, and all resolved mentions where they were asked for."""

    countries: tuple[Country, ...] = ()
    regions: tuple[Region, ...] = ()
    mentions: tuple[Mention, ...] = ()


@dataclass(slots=True)
class Evidence:
    """What the text says for one place code."""

    weight: float = 0.0
    mentions: int = 0
    lead: float = 0.0
    opening: float = 0.0
    dateline: float = 0.0
    body: float = 0.0
    named: float = 0.0
    cues: float = 0.0
    thirds: int = 0
    first: int = 1 << 20


def gather(title: Sequence[Found], body: Sequence[Found], length: int) -> tuple[dict[int, Evidence], list[float]]:
    """Return evidence by place code, and the weight of each mention, title first."""
    evidence: dict[int, Evidence] = {}
    weights: list[float] = []
    third = length / 3 + 1
    for mentions, in_title in ((title, True), (body, False)):
        for start, _, kind, code, part, _, dateline in mentions:
            one = evidence.get(code)
            if one is None:
                one = evidence[code] = Evidence()
            one.mentions += 1
            bonus = 1.0
            in_lead = in_title or start < LEAD_CHARS
            if in_lead:
                bonus += LEAD_BONUS
            elif start < OPENING_CHARS:
                bonus += OPENING_BONUS
            if kind == CUE:
                one.cues += part
            else:
                if kind <= DEMONYM:
                    one.named += part
                if not dateline:
                    one.body += part
                    if in_lead:
                        one.lead = max(one.lead, part)
                    elif start < OPENING_CHARS:
                        one.opening = max(one.opening, part)
                one.first = min(one.first, 0 if in_title else start)
            if dateline:
                bonus += DATELINE_BONUS
                one.dateline = 1.0
            one.thirds |= 1 << int(start // third)
            weight = KIND_WEIGHTS[kind] * part
            weight *= bonus * one.mentions**-REPEAT
            one.weight += weight
            weights.append(weight)
    return evidence, weights


def features(evidence: Mapping[int, Evidence], length: int) -> list[tuple[float, ...]]:
    """Return the FEATURES of each code, in the order of `evidence`; `length` is the text's, in characters."""
    total = sum(e.weight for e in evidence.values()) or 1.0
    best = max((e.weight for e in evidence.values()), default=1.0)
    rivals = math.log(len(evidence) or 1)
    return [
        (
            1.0,
            one.weight / total,
            math.log(one.weight + 0.1),
            one.weight / best,
            one.lead,
            one.opening,
            one.dateline,
            one.dateline if one.body == 0 else 0.0,
            math.log1p(one.named),
            rivals,
            1.0 if one.cues == one.mentions else 0.0,
            one.thirds.bit_count() / 3,
            math.log1p(min(one.first, length) / 500),
            math.log((one.body + 0.1) * 1000 / (length + 300)),
        )
        for one in evidence.values()
    ]


@dataclass(frozen=True)
class Fallback:
    """A linear model over TF-IDF terms that answers where the text names no place.

    `rows` (n_terms,) gives each term its row in `idf` (n_rows,) and `weights` (n_rows, n_countries), 0 if it has none;
    `bias`: (n_countries,); the country "" stands for no place at all.
    """

    rows: Ids | NDArray[np.int32]
    idf: Floats
    weights: Floats
    bias: Floats
    countries: list[str]
    threshold: float

    def best(self, term_ids: Ids, term_counts: Ids) -> tuple[str, float] | None:
        """Return the likeliest country and its probability, or None if it is not sure enough."""
        if not self.countries or not len(term_ids):
            return None
        rows = self.rows[term_ids]
        x = (1.0 + np.log(term_counts)) * self.idf[rows]
        norm = float(np.sqrt(x @ x))
        if norm == 0.0:
            return None
        logits = self.bias + (x / norm) @ self.weights[rows]
        logits = logits - logits.max()
        probabilities = np.exp(logits)
        probabilities /= probabilities.sum()
        at = int(probabilities.argmax())
        probability = float(probabilities[at])
        if not self.countries[at] or probability < self.threshold:
            return None
        return self.countries[at], probability


@dataclass(frozen=True)
class Focus:
    """The logistic model of "the text is about this country": one weight per FEATURES; and where it assigns."""

    weights: tuple[float, ...]
    threshold: float
    alone: float
    """The best country is assigned from this score on, others from `threshold`."""

    def score(self, row: Iterable[float]) -> float:
        """Return the probability that a text is about the country of a feature row."""
        z = sum(map(mul, self.weights, row))
        return 1.0 / (1.0 + math.exp(-z))


class RegionClassifier:
    """Says which countries and regions a document is about. Immutable; safe to share between threads."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        gazetteer: Gazetteer,
        country_names: Mapping[str, str],
        focus: Focus,
        fallback: Fallback | None,
    ) -> None:
        self._taxonomy = taxonomy
        self._gazetteer = gazetteer
        self._country_names = {**country_names, **taxonomy.country_names}
        self._own_names = dict(country_names)
        self._focus = focus
        self._fallback = fallback

    @classmethod
    def from_state(cls, state: dict[str, Any], taxonomy: Taxonomy) -> "RegionClassifier":
        """Return the classifier whose `state()` this was."""
        fallback = state["fallback"]
        return cls(
            taxonomy,
            gazetteer=Gazetteer(state["gazetteer"]),
            country_names=state["country_names"],
            focus=Focus(**state["focus"]),
            fallback=Fallback(**fallback) if fallback is not None else None,
        )

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps: plain dictionaries, lists, strings and arrays."""
        fallback = self._fallback
        return {
            "gazetteer": dict(self._gazetteer.state()),
            "country_names": self._own_names,
            "focus": {
                "weights": self._focus.weights,
                "threshold": self._focus.threshold,
                "alone": self._focus.alone,
            },
            "fallback": None if fallback is None else dict(vars(fallback)),
        }

    def classify(
        self,
        document: Document,
        *,
        term_ids: Ids,
        term_counts: Ids,
        home_country: str | None = None,
        with_mentions: bool = True,
    ) -> RegionAnswer:
        """Return the countries and regions of a document.

        `term_ids` and `term_counts` are the text's terms, which decide only where the text names no place;
        `home_country` is the code of the country that such a text is about.
        """
        title = self._gazetteer.find(document.title, dateline=False) if document.title else []
        body = self._gazetteer.find(document.body)
        length = len(document.body)
        areas: Mapping[int, Evidence] = {}
        if any(found.kind == REGION for found in body) or any(found.kind == REGION for found in title):
            areas, _ = gather([f for f in title if f.kind == REGION], [f for f in body if f.kind == REGION], length)
            title = [f for f in title if f.kind != REGION]
            body = [f for f in body if f.kind != REGION]
        evidence, weights = gather(title, body, length)
        scored = sorted(
            ((self._focus.score(row), code) for code, row in zip(evidence, features(evidence, length), strict=True)),
            key=lambda pair: (-pair[0], pair[1]),
        )
        countries = self._assigned(scored, evidence)
        if not countries and not areas:
            countries = self._unmentioned(term_ids, term_counts, home_country)
        rival = max((one.weight for one in evidence.values()), default=0.0) if countries else 0.0
        mentions = self._mentions(document, title, body, evidence, weights) if with_mentions else ()
        return RegionAnswer(countries, self._regions(countries, areas, rival), mentions)

    def _assigned(self, scored: Sequence[tuple[float, int]], evidence: Mapping[int, Evidence]) -> tuple[Country, ...]:
        assigned = []
        for rank, (score, code) in enumerate(scored):
            if score < (self._focus.threshold if rank else self._focus.alone):
                break
            assigned.append(self._country(self._gazetteer.codes[code], score, evidence[code].mentions))
        return tuple(assigned)

    def _country(self, code: str, score: float, mentions: int) -> Country:
        return Country(code, self._country_names.get(code, code), score, mentions)

    def _unmentioned(self, term_ids: Ids, term_counts: Ids, home_country: str | None) -> tuple[Country, ...]:
        if home_country is not None:
            return (self._country(home_country, 0.5, 0),)
        answer = self._fallback.best(term_ids, term_counts) if self._fallback is not None else None
        return () if answer is None else (self._country(answer[0], answer[1], 0),)

    def _regions(self, countries: Sequence[Country], areas: Mapping[int, Evidence], rival: float) -> tuple[Region, ...]:
        """Return the regions of the countries, and of areas that outweigh the best country's evidence, `rival`."""
        names = self._taxonomy.region_names
        scores: dict[str, float] = {}
        for country in countries:
            region = self._taxonomy.region_of.get(country.code)
            if region is not None:
                scores[region] = max(scores.get(region, 0.0), country.score)
        named = {code: one.weight for index, one in areas.items() if (code := self._gazetteer.codes[index]) in names}
        total = sum(named.values()) + rival
        for code, weight in named.items():
            if weight >= total * AREA_SHARE and weight > AREA_RIVAL * rival:
                scores[code] = max(scores.get(code, 0.0), weight / (total + 1.0))
        return tuple(Region(c, names[c], s) for c, s in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))

    def _mentions(
        self,
        document: Document,
        title: Sequence[Found],
        body: Sequence[Found],
        evidence: Mapping[int, Evidence],
        weights: Sequence[float],
    ) -> tuple[Mention, ...]:
        mentions = []
        for i, (found, weight) in enumerate(zip([*title, *body], weights, strict=True)):
            in_title = i < len(title)
            text = document.title if in_title else document.body
            whole = evidence[found.code].weight or 1.0
            mentions.append(
                Mention(
                    found.start,
                    found.end,
                    in_title,
                    text[found.start : found.end],
                    self._gazetteer.codes[found.code],
                    KINDS[found.kind],
                    weight / whole,
                )
            )
        return tuple(mentions)
