"""Why: the words and places that decided an analysis, with their weights and where they stand in the text.

Last step of `Analyser.analyse`, taken only on request. The weights of a topic's terms and its bias add up to its score
before calibration. Offsets are those of the text as given, not as normalised.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from dateline.regions import Mention
from dateline.results import Topic
from dateline.taxonomy import Taxonomy
from dateline.terms import TITLE_WEIGHT, Ids, TermIndex, document_word_ids
from dateline.text import Document, alignment, spans
from dateline.topics import TopicClassifier

Place = dict[str, Any]


class Locator:
    """Turns positions in a document into {"field", "start", "end"} of the text and title as given."""

    def __init__(self, document: Document, *, text: str, title: str) -> None:
        self._offsets = {"title": alignment(title), "text": alignment(text)}
        self._words = [("title", span) for span in spans(document.title)], [("text", s) for s in spans(document.body)]

    def at(self, field: str, start: int, end: int) -> Place:
        """Return the place of characters [start, end) of the normalised field."""
        offsets = self._offsets[field]
        if offsets is not None:
            start, end = offsets[start], offsets[end]
        return {"field": field, "start": start, "end": end}

    def words(self) -> list[Place | None]:
        """Return the place of each word id of `document_word_ids`; None at gaps and at the title's repetitions."""
        title, body = ([self.at(field, *span) for field, span in words] for words in self._words)
        repeated: list[Place | None] = [None for _ in range((len(title) + 1) * (TITLE_WEIGHT - 1))]
        return [*title, None, *repeated, *body] if title else [*body]


def explain_topics(
    document: Document, locator: Locator, *, index: TermIndex, classifier: TopicClassifier, topics: Sequence[Topic]
) -> list[dict[str, Any]]:
    """Return for each assigned topic its score before calibration, bias and terms, the weightiest first."""
    word_ids = document_word_ids(index, document)
    places = _places_of_terms(index, word_ids, locator.words())
    term_ids, counts = index.counts(word_ids)
    names = index.terms()
    explained = []
    for topic in topics:
        weights, bias = classifier.contributions(term_ids, counts, topic.code)
        terms = [
            {"term": names[term], "weight": weight, "places": places[term]}
            for term, weight in zip(term_ids.tolist(), weights.tolist(), strict=True)
            if weight
        ]
        terms.sort(key=lambda term: -abs(term["weight"]))
        score = bias + sum(term["weight"] for term in terms)
        explained.append({"code": topic.code, "score": score, "bias": bias, "terms": terms})
    return explained


def explain_places(mentions: Iterable[Mention], locator: Locator, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Return every mention of a place: where it stands, what it resolved to, its share of that country's evidence."""
    return [
        {
            **locator.at("title" if mention.in_title else "text", mention.start, mention.end),
            "surface": mention.surface,
            "country": mention.country,
            "region": taxonomy.region_of.get(mention.country),
            "kind": mention.kind,
            "share": round(mention.share, 4),
        }
        for mention in mentions
    ]


def _places_of_terms(index: TermIndex, word_ids: Ids, words: Sequence[Place | None]) -> dict[int, list[Place]]:
    places: defaultdict[int, list[Place]] = defaultdict(list)
    for position, length, term in zip(*(array.tolist() for array in index.occurrences(word_ids)), strict=True):
        first, last = words[position], words[position + length - 1]
        if first is not None and last is not None:
            places[term].append({"field": first["field"], "start": first["start"], "end": last["end"]})
    return places
