"""Where: mentions of places -> the countries that the text is about -> its regions.

Last of "where", after `dateline/gazetteer.py` and `dateline/evidence.py`. A logistic model turns the evidence for each
country, its share and position into a calibrated score; a text without any mention is answered by the home country or
by a linear model over its terms, where that is sure. `training/regions.py` fits both. Must not import topics, themes or
training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.evidence import CODE, COLUMNS, MENTIONS, WEIGHT, gather, scores, table
from dateline.gazetteer import KINDS, REGION, Found, Gazetteer
from dateline.results import Country, Region
from dateline.taxonomy import Taxonomy
from dateline.terms import Ids
from dateline.text import Document

AREA_SHARE, AREA_RIVAL = 0.5, 1.0
"""A region named as such ("East Africa") is assigned if its mentions have this share of all the evidence, and outweigh
the best country this many times."""

Floats = NDArray[np.floating[Any]]
_NONE = np.zeros((0, len(COLUMNS)))


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
    """The logistic model of "the text is about this country", a weight for each of FEATURES, and where it assigns."""

    weights: tuple[float, ...]
    threshold: float
    alone: float
    """The best country is assigned from this score on, others from `threshold`."""


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
        self._focus_weights = np.array(focus.weights)
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
        mentions = table(title, body)
        evidence, weights = gather(mentions, len(title), length, False)
        areas = gather(mentions, len(title), length, True)[0] if np.count_nonzero(weights) < len(weights) else _NONE
        countries = self._assigned(evidence, scores(evidence, length, self._focus_weights))
        if not countries and not len(areas):
            countries = self._unmentioned(term_ids, term_counts, home_country)
        rival = float(evidence[:, WEIGHT].max()) if countries and len(evidence) else 0.0
        told = self._mentions(document, title, body, evidence, weights) if with_mentions else ()
        return RegionAnswer(countries, self._regions(countries, areas, rival), told)

    def _assigned(self, evidence: Floats, probabilities: Floats) -> tuple[Country, ...]:
        """Return the countries that are likely enough, best first; both arrays by place."""
        ranked = sorted(
            zip((-probabilities).tolist(), evidence[:, CODE].tolist(), evidence[:, MENTIONS].tolist(), strict=True)
        )
        assigned: list[Country] = []
        for minus, code, mentions in ranked:
            if -minus < (self._focus.threshold if assigned else self._focus.alone):
                break
            assigned.append(self._country(self._gazetteer.codes[int(code)], -minus, int(mentions)))
        return tuple(assigned)

    def _country(self, code: str, score: float, mentions: int) -> Country:
        return Country(code, self._country_names.get(code, code), score, mentions)

    def _unmentioned(self, term_ids: Ids, term_counts: Ids, home_country: str | None) -> tuple[Country, ...]:
        if home_country is not None:
            return (self._country(home_country, 0.5, 0),)
        answer = self._fallback.best(term_ids, term_counts) if self._fallback is not None else None
        return () if answer is None else (self._country(answer[0], answer[1], 0),)

    def _regions(self, countries: Sequence[Country], areas: Floats, rival: float) -> tuple[Region, ...]:
        """Return the regions of the countries, and of areas that outweigh the best country's evidence, `rival`.

        `areas`: the evidence for regions that the text names as such, (n_areas, COLUMNS).
        """
        names = self._taxonomy.region_names
        of_region: dict[str, float] = {}
        for country in countries:
            region = self._taxonomy.region_of.get(country.code)
            if region is not None:
                of_region[region] = max(of_region.get(region, 0.0), country.score)
        codes = (self._gazetteer.codes[int(number)] for number in areas[:, CODE].tolist())
        named = {code: weight for code, weight in zip(codes, areas[:, WEIGHT].tolist(), strict=True) if code in names}
        total = sum(named.values()) + rival
        for code, weight in named.items():
            if weight >= total * AREA_SHARE and weight > AREA_RIVAL * rival:
                of_region[code] = max(of_region.get(code, 0.0), weight / (total + 1.0))
        return tuple(Region(c, names[c], s) for c, s in sorted(of_region.items(), key=lambda pair: (-pair[1], pair[0])))

    def _mentions(
        self, document: Document, title: Sequence[Found], body: Sequence[Found], evidence: Floats, weights: Floats
    ) -> tuple[Mention, ...]:
        """Return the mentions that are evidence for countries; `weights` (n_mentions,) by mention, title first."""
        whole = dict(zip(evidence[:, CODE].tolist(), evidence[:, WEIGHT].tolist(), strict=True))
        return tuple(
            Mention(
                found.start,
                found.end,
                number < len(title),
                (document.title if number < len(title) else document.body)[found.start : found.end],
                self._gazetteer.codes[found.code],
                KINDS[found.kind],
                weight / (whole[found.code] or 1.0),
            )
            for number, (found, weight) in enumerate(zip([*title, *body], weights.tolist(), strict=True))
            if found.kind != REGION
        )
