"""The main path: texts in, an Analysis of each out. Read this first.

text -> document (normalised, tokenised once) -> language -> terms (looked up once) -> regions, topics, themes. `load`
makes an Analyser from a model version on disk. Imports every model of the package, no web framework, no scikit-learn,
no gensim.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dateline import bundle, language
from dateline.draft import Draft, InputError, Text
from dateline.errors import EmptyText, InvalidModel, NoModel, UnknownCountry
from dateline.explain import Locator, explain_places, explain_topics
from dateline.prose import Prose
from dateline.regions import RegionClassifier
from dateline.results import Analysis, Language
from dateline.signature import UNSIGNED, Signing
from dateline.similar import Neighbour, SimilarIndex
from dateline.taxonomy import Taxonomy
from dateline.terms import TermIndex, document_word_ids, joined_ids, unknown_share
from dateline.text import read
from dateline.themes import ThemeModel
from dateline.topics import TopicClassifier

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
        (answer,) = self.analyse_many([Text(text, title, home_country, explain)])
        if isinstance(answer, InputError):
            raise answer
        return answer

    def analyse_many(self, texts: Sequence[Text]) -> list[Analysis | InputError]:
        """Return for each text what `analyse` returns or raises.

        Stage by stage and not text by text, so that what a stage looks things up in stays close to the processor.
        """
        drafts = [self._read(text) for text in texts]
        going = _unanswered(drafts)
        for draft in going:
            spoken = language.detect(draft.document.joined)
            if spoken.code in (language.ENGLISH, language.UNDETERMINED.code):
                draft.language = spoken
            else:
                draft.answer = self._foreign(spoken)
        going = _unanswered(going)
        for draft in going:
            self._look_up(draft)
        for draft in going:
            draft.places = self.regions.classify(
                draft.document,
                term_ids=draft.terms,
                term_counts=draft.counts,
                home_country=draft.text.home_country,
                with_mentions=draft.text.explain,
            )
        for draft in going:
            if draft.is_prose:
                draft.topics, draft.is_nothing = self.topics.classify(draft.terms, draft.counts, n_words=draft.n_words)
        for draft in going:
            if draft.is_prose and not draft.is_nothing:
                draft.themes = self.themes.themes(draft.terms, draft.counts)
        return [draft.answer or self._answer(draft) for draft in drafts]

    def _read(self, text: Text) -> Draft:
        document = read(text.text, text.title)
        draft = Draft(text, document)
        if text.home_country is not None and text.home_country not in self.taxonomy.country_names:
            country = text.home_country
            draft.answer = UnknownCountry(f"home_country: {country!r} is no country of this model; see the regions")
        elif not (document.body.strip() or document.title.strip()):
            draft.answer = EmptyText("text: nothing in it but white space")
        return draft

    def _foreign(self, spoken: Language) -> Analysis:
        warning = f"not English: the text is in {language.name(spoken.code)} ({spoken.code}); nothing was assigned"
        return Analysis(self.version, spoken, warnings=(warning,))

    def _look_up(self, draft: Draft) -> None:
        document = draft.document
        title, body = self.index.look_up(document.title), self.index.look_up(document.body)
        draft.terms, draft.counts = self.index.counts(joined_ids(title.ids, body.ids))
        draft.n_words = len(title.ids) + len(body.ids)
        draft.unknown_words, n_function_words = unknown_share(body.ids, self._function_words.among(body))
        draft.is_prose = self.prose.holds(document, n_function_words, len(body.ids))
        if not len(body.ids):
            draft.unknown_words, _ = unknown_share(title.ids, self._function_words.among(title))

    def _answer(self, draft: Draft) -> Analysis:
        text, document, places = draft.text, draft.document, draft.places
        explanation = None
        if text.explain:
            locator = Locator(document, text=text.text, title=text.title)
            explanation = {
                "topics": explain_topics(
                    document, locator, index=self.index, classifier=self.topics, topics=draft.topics
                ),
                "places": explain_places(places.mentions, locator, self.taxonomy),
            }
        return Analysis(
            model=self.version,
            language=draft.language,
            regions=places.regions,
            countries=places.countries,
            topics=draft.topics,
            themes=draft.themes,
            warnings=draft.warnings(),
            explanation=explanation,
            unknown_words=draft.unknown_words,
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


def _unanswered(drafts: Iterable[Draft]) -> list[Draft]:
    return [draft for draft in drafts if draft.answer is None]


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) <= _CANARY_TOLERANCE
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)
