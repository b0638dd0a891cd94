"""One article as its users give it, with what they say about it. Values and checks only: no database, no HTTP.

The format is that of a line of `seeds/articles/*.jsonl` with a few fields more, so that the same line can go into the
seeds, into the article store by HTTP or by import.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from dateline.errors import UnknownLabel
from dateline.taxonomy import Taxonomy
from dateline.text import normalise

KINDS = {"topics": "topic", "subtopics": "subtopic", "countries": "country"}
"""Field of an article -> kind of its labels."""
MAX_CODES = 100
_ID_DIGITS = 32


def _no_nul(text: str) -> str:
    """Return the text without NUL characters, which PostgreSQL cannot hold and no article means."""
    return text.replace("\0", "")


def _not_blank(text: str) -> str:
    if not normalise(text).strip():
        raise ValueError("nothing in it but white space")
    return text


def _not_reserved(id: str) -> str:
    if id in {".", "..", "suggestions"}:
        raise ValueError(f"{id!r} is no id: it means something else in an address")
    return id


def _distinct(codes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return codes if codes is None else tuple(dict.fromkeys(codes))


def to_moment(given: Any) -> datetime:
    """Return a date, a time or ISO 8601 text as a time in UTC; what has no zone is taken as UTC.

    Raises ValueError for anything else.
    """
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given.strip())
        except ValueError:
            raise ValueError(f"{given[:40]!r} is no ISO 8601 date such as 2026-03-01 or 2026-03-01T09:30:00Z") from None
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime.combine(given, time())
    if not isinstance(given, datetime):
        raise ValueError("a date is ISO 8601 text such as 2026-03-01")  # noqa: TRY004 - Pydantic expects this one
    try:
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except OverflowError:
        raise ValueError("a date beyond what a calendar holds") from None


Moment = Annotated[datetime, BeforeValidator(to_moment)]
Code = Annotated[str, Field(min_length=1, max_length=200)]
Codes = Annotated[tuple[Code, ...], Field(max_length=MAX_CODES), AfterValidator(_distinct)]
Id = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f/][^\x00-\x1f\x7f/]*$"),
    AfterValidator(_not_reserved),
]
Title = Annotated[str, AfterValidator(_no_nul)]
Text = Annotated[str, AfterValidator(_no_nul), AfterValidator(_not_blank)]
Source = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=200)]
Url = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=2000)]
Who = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=200)]


class Codings(BaseModel):
    """Codes by kind of label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: Annotated[Codes | None, Field(description="Topics, the main one first; empty: none.")] = None
    subtopics: Annotated[Codes | None, Field(description="Sub-topics.")] = None
    countries: Annotated[Codes | None, Field(description="Countries, ISO 3166-1 alpha-2.")] = None

    @property
    def said(self) -> dict[str, tuple[str, ...]]:
        """Kind -> codes, for the kinds of label about which something is said."""
        return {kind: codes for field, kind in KINDS.items() if (codes := getattr(self, field)) is not None}


class NewArticle(Codings):
    """An article to add. Where labels are given they are all there are: an empty list says that there is none."""

    id: Annotated[Id | None, Field(description="Your id; made from the content if you give none. No slashes.")] = None
    title: Annotated[Title, Field(description="The headline.")] = ""
    text: Annotated[Text, Field(description="The article's text.")]
    date: Annotated[Moment | None, Field(description="When it was published, ISO 8601; UTC if no zone is given.")] = (
        None
    )
    source: Annotated[Source | None, Field(description="Who published it.")] = None
    url: Annotated[Url | None, Field(description="Where it was published.")] = None
    by: Annotated[Who | None, Field(description="Who says so of the labels.")] = None
    provenance: Annotated[Source | None, Field(description="How it came here, such as a file and a line.")] = None


class LabelChange(BaseModel):
    """What someone says about an article's labels. Applied in the order of the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unset: Annotated[Codings, Field(description="Take back whatever was said of these.")] = Codings()
    correct: Annotated[
        Codings,
        Field(description="These and no others, the main one first: others accepted before are rejected. Empty: none."),
    ] = Codings()
    accept: Annotated[Codings, Field(description="These are right.")] = Codings()
    reject: Annotated[Codings, Field(description="These are wrong.")] = Codings()
    by: Annotated[Who | None, Field(description="Who says so.")] = None

    @property
    def codes(self) -> dict[str, set[str]]:
        """Kind -> every code that has to be in the taxonomy; what is taken back need not be."""
        given = [codings.said for codings in (self.correct, self.accept, self.reject)]
        return {kind: {code for said in given for code in said.get(kind, ())} for kind in KINDS.values()}


class ArticleChange(BaseModel):
    """New values of an article's fields; what is not given stays. Labels have a way of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title = ""
    text: Text = ""
    date: Moment | None = None
    source: Source | None = None
    url: Url | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Field -> value, for the fields that are given."""
        return {field: getattr(self, field) for field in self.model_fields_set}


def content_hash(title: str, text: str) -> str:
    """Return the SHA-256 of what an article says, as hexadecimal digits; white space and quote marks do not count."""
    content = "\n".join(" ".join(normalise(part).split()) for part in (title, text))
    return hashlib.sha256(content.encode()).hexdigest()


def id_of(digest: str) -> str:
    """Return the id of an article that was given none, from its content hash."""
    return digest[:_ID_DIGITS]


def check_codes(said: Mapping[str, Iterable[str]], taxonomy: Taxonomy) -> None:
    """Raise UnknownLabel if a code (by kind: topic, subtopic, country) is not in the taxonomy.

    A taxonomy without regions has no list of countries, and takes any.
    """
    known: dict[str, Iterable[str]] = {"topic": {t.code for t in taxonomy.topics}, "subtopic": taxonomy.topic_of}
    if taxonomy.country_names:
        known["country"] = taxonomy.country_names
    for kind, codes in said.items():
        for code in codes:
            if code not in known.get(kind, codes):
                raise UnknownLabel(f"{kind} {code!r} is not in the taxonomy of the current model")
