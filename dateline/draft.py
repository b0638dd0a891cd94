"""A text on its way through the stages of `dateline/analyser.py`: what is given, and what is known of it so far.

Must not import the analyser.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dateline.errors import EmptyText, UnknownCountry
from dateline.language import UNDETERMINED
from dateline.regions import RegionAnswer
from dateline.results import Analysis, Language, Theme, Topic
from dateline.terms import Ids
from dateline.text import Document

InputError = EmptyText | UnknownCountry
_NOWHERE = RegionAnswer()


def _no_ids() -> Ids:
    return np.zeros(0, dtype=np.int64)


class Text(NamedTuple):
    """A text to analyse with its title, the country that it is about if it names none, and whether to say why."""

    text: str
    title: str = ""
    home_country: str | None = None
    explain: bool = False


@dataclass(slots=True)
class Draft:
    """A text on its way through the stages; `answer` as soon as there is no more to ask."""

    text: Text
    document: Document
    answer: Analysis | InputError | None = None
    language: Language = UNDETERMINED
    terms: Ids = field(default_factory=_no_ids)
    counts: Ids = field(default_factory=_no_ids)
    n_words: int = 0
    is_prose: bool = False
    is_nothing: bool = False
    places: RegionAnswer = _NOWHERE
    topics: tuple[Topic, ...] = ()
    themes: tuple[Theme, ...] = ()
    unknown_words: float = 0.0

    def warnings(self) -> tuple[str, ...]:
        """Return why something is missing from the answer."""
        warnings = []
        if not len(self.terms):
            warnings.append("no known words: the text has no word that the model knows")
        elif not self.is_prose:
            warnings.append(
                "no running text: the text lacks the function words of English reporting; no topics or themes"
            )
        elif self.is_nothing:
            warnings.append("no article: the text reads like a notice, a form or a program; no topics or themes")
        elif not self.topics:
            warnings.append("no topic: the text says too little of any topic that the model knows")
        if self.is_prose and not self.is_nothing and not self.themes:
            warnings.append("no theme: the text shares too few words with the themes of the corpus")
        if not self.places.countries:
            warnings.append("no country: the text names no place that decides where it happens")
        return tuple(warnings)
