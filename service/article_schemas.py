"""What comes in and goes out at the article routes. What an article may hold is said by `dateline.article`."""

from typing import Annotated, Literal

from flask_openapi3 import RawModel
from pydantic import BaseModel, ConfigDict, Field

from dateline.article import Code, Moment
from service.schemas import ProblemAnswer

JSON_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines")
_MAX_PAGE = 500


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AddBody(RawModel):
    """One article, `{"articles": [...]}`, an array of articles, or JSON Lines with one article a line."""

    mimetypes = ["application/json", *JSON_LINES]  # noqa: RUF012 - the base class has it so


class AddQuery(_Strict):
    """How to add."""

    replace: Annotated[
        bool, Field(description="Put what is given in place of what is there, where an id is there already.")
    ] = False


class ArticlePath(BaseModel):
    """Which article."""

    id: Annotated[str, Field(description="The article's id.")]


class ListQuery(_Strict):
    """Which articles to list: those that fit everything given."""

    topic: Annotated[Code | None, Field(description="Code of a topic.")] = None
    subtopic: Annotated[Code | None, Field(description="Code of a sub-topic.")] = None
    country: Annotated[Code | None, Field(description="Code of a country.")] = None
    verdict: Annotated[
        Literal["accepted", "rejected"], Field(description="What has been said of the label asked for.")
    ] = "accepted"
    labelled: Annotated[bool | None, Field(description="Whether anything has been said of its labels.")] = None
    since: Annotated[Moment | None, Field(description="Published then or later, ISO 8601.")] = None
    until: Annotated[Moment | None, Field(description="Published before then, ISO 8601.")] = None
    source: Annotated[str | None, Field(min_length=1, description="Who published it.")] = None
    text: Annotated[
        str | None,
        Field(
            max_length=1000,
            description='Words that must all occur in title or text; "side by side" in quotes, beginnings as elect*.',
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=_MAX_PAGE, description="Articles on a page.")] = 50
    cursor: Annotated[str | None, Field(max_length=100, description="`next` of the page before.")] = None


class SuggestionsQuery(_Strict):
    """How many to suggest."""

    limit: Annotated[int, Field(ge=1, le=100)] = 10


class SimilarQuery(_Strict):
    """How many similar articles to return."""

    limit: Annotated[int, Field(ge=1, le=100)] = 10


class SimilarRequest(BaseModel):
    """A text to find similar articles to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[str, Field(min_length=1)]
    title: str = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class AddedAnswer(_Strict):
    """What became of an article: kept before this answer was sent, or refused with the reason."""

    index: int | None = None
    id: str | None
    status: Literal["added", "changed", "unchanged", "rejected"]
    same_as: Annotated[str | None, Field(description="An older article that says the same.")] = None
    error: ProblemAnswer | None = None


class AddedManyAnswer(_Strict):
    """How many articles were added, changed, unchanged and rejected, and each one's fate in the order given."""

    added: int
    changed: int
    unchanged: int
    rejected: int
    items: list[AddedAnswer]


class LabelAnswer(_Strict):
    """What someone said of a label; `code` is null for "none of this kind"."""

    kind: Literal["topic", "subtopic", "country"]
    code: str | None
    verdict: Literal["accepted", "rejected"]
    by: str
    at: str


class RejectedAnswer(_Strict):
    """Labels that someone has said are wrong."""

    topics: list[str]
    subtopics: list[str]
    countries: list[str]


class ArticleAnswer(_Strict):
    """An article. Labels are null where nobody has said, and empty where someone has said that there is none."""

    id: str
    title: str
    text: str
    date: str | None
    source: str | None
    url: str | None
    topics: list[str] | None
    subtopics: list[str] | None
    countries: list[str] | None
    rejected: RejectedAnswer
    labels: list[LabelAnswer]
    provenance: str | None
    added: str
    changed: str
    content_hash: str


class PageAnswer(_Strict):
    """Articles, those added last first. `next` is the cursor of the next page, null on the last."""

    articles: list[ArticleAnswer]
    next: str | None


class GuessAnswer(_Strict):
    """A topic that the model holds for likely, assigned or not."""

    code: str
    name: str
    score: float


class SuggestionAnswer(_Strict):
    """An article worth labelling, how unsure the model is of it (0 to 1), and its best guesses."""

    article: ArticleAnswer
    uncertainty: float
    topics: list[GuessAnswer]


class SuggestionsAnswer(_Strict):
    """Articles to label next, the most worthwhile first."""

    model: str
    suggestions: list[SuggestionAnswer]


class NeighbourAnswer(_Strict):
    """A similar article of the seeds or of the store; `score` is the cosine of the two, 1 for the same text."""

    id: str
    origin: Literal["seeds", "store"]
    title: str
    score: float


class SimilarAnswer(_Strict):
    """Similar articles among those that the model was trained on, the most similar first."""

    model: str
    articles: list[NeighbourAnswer]
