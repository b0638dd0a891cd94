"""The main path: one text in, one Analysis out. Read this first.

text -> document (normalised, tokenised once) -> language -> terms (looked up once) -> regions, topics, themes. `load`
makes an Analyser from a model version on disk. Imports every model of the package, no web framework, no scikit-learn,
no gensim.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from dateline import bundle, language
from dateline.errors import EmptyText, InvalidModel, NoModel, UnknownCountry
from dateline.explain import Locator, explain_places, explain_topics
from dateline.prose import Prose
from dateline.regions import RegionClassifier
from dateline.results import Analysis
from dateline.signature import UNSIGNED, Signing
from dateline.similar import Neighbour, SimilarIndex
from dateline.taxonomy import Taxonomy
from dateline.terms import TermIndex, document_word_ids, joined_ids, unknown_share
from dateline.text import read
from dateline.themes import ThemeModel
from dateline.topics import TopicAnswer, TopicClassifier

_CANARY_TOLERANCE = 1e-3
"""Scores may differ in the last digits between processors; labels and their order may not."""


class Analyser:
    """Everything needed to analyse a text with one model version. Immutable; safe to share between threads."""

    def __init__(
        self,
        *,
        version: str,
        taxonomy: Taxonomy,
        index: TermIndex,
        prose: Prose,
        topics: TopicClassifier,
        regions: RegionClassifier,
        themes: ThemeModel,
        similar: SimilarIndex | None = None,
    ) -> None:
        self.version = version
        self.taxonomy = taxonomy
        self.index = index
        self.prose = prose
        self.topics = topics
        self.regions = regions
        self.themes = themes
        self._function_words = index.word_list(prose.function_words)
        self.similar = similar

    @classmethod
    def from_parts(cls, version: str, taxonomy: Taxonomy, parts: bundle.Parts) -> "Analyser":
        """Return the analyser whose `parts()` these were."""
        return cls(
            version=version,
            taxonomy=taxonomy,
            index=TermIndex.from_state(parts["terms"]),
            prose=Prose.from_state(parts["prose"]),
            topics=TopicClassifier.from_state(parts["topics"], taxonomy),
            regions=RegionClassifier.from_state(parts["regions"], taxonomy),
            themes=ThemeModel.from_state(parts["themes"]),
            similar=SimilarIndex.from_state(parts["similar"]) if "similar" in parts else None,
        )

    def parts(self) -> bundle.Parts:
        """Return the state of every model, as a bundle keeps it."""
        parts = {
            "terms": self.index.state(),
            "prose": self.prose.state(),
            "topics": self.topics.state(),
            "regions": self.regions.state(),
            "themes": self.themes.state(),
        }
        return parts if self.similar is None else parts | {"similar": self.similar.state()}

    def analyse(
        self, text: str, *, title: str = "", home_country: str | None = None, explain: bool = False
    ) -> Analysis:
        """Return what the model says about a text and its title.

        `home_country` (ISO 3166-1 alpha-2) is the country that a text without places is about; `explain` adds the words
        and places that decided.

        Raises UnknownCountry, or EmptyText if there is nothing in either but white space and invisible characters.
        """
        if home_country is not None and home_country not in self.taxonomy.country_names:
            raise UnknownCountry(f"home_country: {home_country!r} is no country of this model; see the regions")
        document = read(text, title)
        if not (document.body.strip() or document.title.strip()):
            raise EmptyText("text: nothing in it but white space")
        spoken = language.detect(document.joined)
        if spoken.code not in (language.ENGLISH, language.UNDETERMINED.code):
            warning = f"not English: the text is in {language.name(spoken.code)} ({spoken.code}); nothing was assigned"
            return Analysis(self.version, spoken, warnings=(warning,))
        title_words, words = self.index.look_up(document.title), self.index.look_up(document.body)
        function_words = self._function_words.among(words)
        terms, counts = self.index.counts(joined_ids(title_words.ids, words.ids))
        answer = self.regions.classify(
            document, term_ids=terms, term_counts=counts, home_country=home_country, with_mentions=explain
        )
        prose = self.prose.holds(document, int(np.count_nonzero(function_words)), len(words.ids))
        n_words = len(title_words.ids) + len(words.ids)
        topics, is_nothing = self.topics.classify(terms, counts, n_words=n_words) if prose else TopicAnswer()
        themes = self.themes.themes(terms, counts) if prose and not is_nothing else ()
        warnings = []
        if not len(terms):
            warnings.append("no known words: the text has no word that the model knows")
        elif not prose:
            warnings.append(
                "no running text: the text lacks the function words of English reporting; no topics or themes"
            )
        elif is_nothing:
            warnings.append("no article: the text reads like a notice, a form or a program; no topics or themes")
        elif not topics:
            warnings.append("no topic: the text says too little of any topic that the model knows")
        if prose and not is_nothing and not themes:
            warnings.append("no theme: the text shares too few words with the themes of the corpus")
        if not answer.countries:
            warnings.append("no country: the text names no place that decides where it happens")
        explanation = None
        if explain:
            locator = Locator(document, text=text, title=title)
            explanation = {
                "topics": explain_topics(document, locator, index=self.index, classifier=self.topics, topics=topics),
                "places": explain_places(answer.mentions, locator, self.taxonomy),
            }
        return Analysis(
            model=self.version,
            language=spoken,
            regions=answer.regions,
            countries=answer.countries,
            topics=topics,
            themes=themes,
            warnings=tuple(warnings),
            explanation=explanation,
            unknown_words=(
                unknown_share(words.ids >= 0, function_words)
                if len(words.ids)
                else unknown_share(title_words.ids >= 0, self._function_words.among(title_words))
            ),
        )

    def similar_to(self, text: str, *, title: str = "", limit: int) -> list[Neighbour]:
        """Return the articles of the training corpus that are most similar to a text, best first.

        Raises NoModel if the version was trained before there was an index of them.
        """
        if self.similar is None:
            raise NoModel(f"model {self.version} has no index of similar articles; retrain: python -m training train")
        return self.similar.nearest(*self.index.counts(document_word_ids(self.index, read(text, title))), limit=limit)

    def no_answer(self, warning: str) -> Analysis:
        """Return the analysis of a text of which nothing can be said, with the reason."""
        return Analysis(self.version, language.UNDETERMINED, warnings=(warning,))

    def canaries(self, texts: Iterable[str]) -> list[dict[str, Any]]:
        """Return texts with their answers, for a manifest."""
        return [{"text": text, "answer": self._canary_answer(text)} for text in texts]

    def check_canaries(self, canaries: Iterable[dict[str, Any]]) -> None:
        """Raise InvalidModel if a canary text is not answered as it was at training time."""
        for canary in canaries:
            if not _same(self._canary_answer(canary["text"]), canary["answer"]):
                raise InvalidModel(
                    f"model {self.version}: answers differ from those at training for the text that begins "
                    f"{canary['text'][:40]!r}; retrain the model"
                )

    def _canary_answer(self, text: str) -> dict[str, Any]:
        answer = self.analyse(text).to_dict()
        del answer["model"]
        return answer


def load(folder: Path, *, signing: Signing = UNSIGNED) -> Analyser:
    """Return the analyser of the model version in a folder, after checking it.

    Raises NoModel if there is none, InvalidModel if it is altered, incomplete, not signed as `signing` wants it, of
    another format, or answers its canaries otherwise than at training time.
    """
    manifest, taxonomy, parts = bundle.read(folder, signing=signing)
    try:
        analyser = Analyser.from_parts(manifest["version"], taxonomy, parts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidModel(f"{folder}: made by another version of Dateline ({error!r}); retrain the model") from error
    analyser.check_canaries(manifest["canaries"])
    return analyser


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= _CANARY_TOLERANCE
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
