"""What comes in and goes out over HTTP, as Pydantic models: they validate requests and make the OpenAPI document.

Answers are built by `dateline.results`; a test holds the two descriptions equal.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

_SAMPLE = (
    "Rebel troops fought the Syrian army near Aleppo on Monday, killing at least 12 people, a monitoring group said."
)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ClassifyRequest(_Request):
    """A text to classify."""

    text: Annotated[str, Field(min_length=1, description="The article's text.", examples=[_SAMPLE])]
    title: Annotated[str, Field(description="Its headline, if that is not part of the text.")] = ""
    id: Annotated[str | None, Field(max_length=200, description="Given back in the answer.")] = None
    home_country: Annotated[
        str | None,
        Field(
            pattern="^[A-Z]{2}$",
            description="The country that a text is about if it names none, as ISO 3166-1 alpha-2.",
        ),
    ] = None
    explain: Annotated[bool, Field(description="Add the words and places that decided.")] = False


class DriftQuery(BaseModel):
    """Over how many days to compare, today included."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=90, description="How many days, today included.")] = 7


class VersionPath(BaseModel):
    """Which model version."""

    version: Annotated[str, Field(min_length=1, max_length=100, description="A version, as listed.")]


class BatchRequest(_Request):
    """Texts to classify in one request; each is answered, or refused, by itself."""

    items: Annotated[list[SkipValidation[ClassifyRequest]], Field(min_length=1)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LanguageAnswer(_Answer):
    """Detected language; `und` where the text is too short or too mixed to tell."""

    code: str
    confidence: float


class RegionAnswer(_Answer):
    """A world region that the text is about."""

    code: str
    name: str
    score: float


class CountryAnswer(_Answer):
    """A country that the text is about."""

    code: str
    name: str
    score: float
    mentions: int


class SubtopicAnswer(_Answer):
    """A sub-topic under an assigned topic."""

    code: str
    name: str
    score: float


class TopicAnswer(_Answer):
    """An assigned topic."""

    code: str
    name: str
    score: float
    subtopics: list[SubtopicAnswer]


class ThemeAnswer(_Answer):
    """A theme of the corpus with its weight in the text."""

    id: str
    name: str
    weight: float
    terms: list[str]


class SpanAnswer(_Answer):
    """Characters [start, end) of a field as given."""

    field: Literal["title", "text"]
    start: int
    end: int


class TermAnswer(_Answer):
    """What a term (stems joined by spaces) adds to a topic's score, and where it stands."""

    term: str
    weight: float
    places: list[SpanAnswer]


class TopicExplanation(_Answer):
    """A topic's score before calibration: its bias and the weights of its terms add up to it."""

    code: str
    score: float
    bias: float
    terms: list[TermAnswer]


class PlaceExplanation(SpanAnswer):
    """A place in the text, the country it resolved to, and its share of that country's evidence."""

    surface: str
    country: str
    region: str | None
    kind: str
    share: float


class ExplanationAnswer(_Answer):
    """The words and places that decided, on request."""

    topics: list[TopicExplanation]
    places: list[PlaceExplanation]


class ClassifyAnswer(_Answer):
    """What Dateline says about a text. Lists are best first; an empty one means "don't know"."""

    id: str | None = None
    model: str
    language: LanguageAnswer
    regions: list[RegionAnswer]
    countries: list[CountryAnswer]
    topics: list[TopicAnswer]
    themes: list[ThemeAnswer]
    warnings: list[str]
    explanation: ExplanationAnswer | None = None


class FieldProblem(_Answer):
    """A field at fault."""

    field: str
    message: str


class ProblemAnswer(_Answer):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None


class BatchItem(_Answer):
    """The answer to one item of a batch: a result or an error."""

    index: int
    result: ClassifyAnswer | None = None
    error: ProblemAnswer | None = None


class BatchAnswer(_Answer):
    """One entry for each item, in the order given."""

    model: str
    items: list[BatchItem]


class SubtopicEntryAnswer(_Answer):
    """A sub-topic of the taxonomy."""

    code: str
    name: str


class TopicEntryAnswer(_Answer):
    """A topic of the taxonomy."""

    code: str
    name: str
    subtopics: list[SubtopicEntryAnswer]


class TopicsAnswer(_Answer):
    """The topics that the current model assigns."""

    model: str
    topics: list[TopicEntryAnswer]


class RegionEntryAnswer(_Answer):
    """A region with its countries, code -> name."""

    code: str
    name: str
    countries: dict[str, str]


class RegionsAnswer(_Answer):
    """The regions that the current model assigns."""

    model: str
    regions: list[RegionEntryAnswer]


class ThemeEntryAnswer(_Answer):
    """A theme; `share` is its part of the training corpus."""

    id: str
    name: str
    share: float
    terms: list[str]


class ThemesAnswer(_Answer):
    """The themes of the current model, largest first."""

    model: str
    themes: list[ThemeEntryAnswer]


class ThemePath(BaseModel):
    """Which theme."""

    id: Annotated[str, Field(max_length=200, description="The theme's id, such as t07.")]


class ThemePlaceAnswer(ThemeEntryAnswer):
    """A theme on the map, with the code of its nearest topic."""

    x: float
    y: float
    topic: str | None


class ThemeMapAnswer(_Answer):
    """The map of the themes, largest first; distances stand for Jensen-Shannon distances of their words."""

    model: str
    themes: list[ThemePlaceAnswer]


class TypicalArticleAnswer(_Answer):
    """An article of the corpus that is mostly about the theme."""

    id: str
    title: str


class NearLabelAnswer(_Answer):
    """The topic or region nearest to a theme, and its share of the theme's labelled articles."""

    code: str
    name: str
    share: float


class NeighbourAnswer(_Answer):
    """A theme with similar words."""

    id: str
    name: str
    similarity: float


class MonthAnswer(_Answer):
    """The theme's share of the dated articles of a month."""

    month: str
    articles: int
    share: float


class ThemeDetailAnswer(ThemeEntryAnswer):
    """All that is known of a theme. `trend` is empty where no article has a date."""

    model: str
    x: float
    y: float
    articles: list[TypicalArticleAnswer]
    topic: NearLabelAnswer | None
    region: NearLabelAnswer | None
    neighbours: list[NeighbourAnswer]
    trend: list[MonthAnswer]


class ModelAnswer(_Answer):
    """A model version. One whose manifest cannot be read has nothing but the reason, under `refused`."""

    version: str
    current: bool
    created: str | None = None
    articles: int | None = None
    evaluation: dict[str, Any] | None = None
    refused: str | None = None


class ModelsAnswer(_Answer):
    """All model versions, oldest first."""

    models: list[ModelAnswer]


_Shares = dict[str, float]


class DriftMeasure(_Answer):
    """One measure: population stability index less what chance gives; 0.1 is worth a look, 0.25 an alarm."""

    measure: Literal["topics", "regions", "confidence", "unknown_words", "languages"]
    psi: float
    status: Literal["alarm", "watch", "stable", "too few texts"]
    expected: _Shares
    seen: _Shares


class DriftDay(_Answer):
    """What came in on a day: means, shares of the labels, and the status of each measure."""

    day: str
    texts: int
    abstained: float | None
    confidence: float | None
    unknown_words: float | None
    topics: _Shares
    regions: _Shares
    languages: _Shares
    status: dict[str, str]


class DriftAnswer(_Answer):
    """How the texts that the current version answered differ from its corpus; `status` is that of the worst measure."""

    model: str
    texts: int
    status: Literal["alarm", "watch", "stable", "too few texts"]
    measures: list[DriftMeasure]
    days: list[DriftDay]
    kept: str


class RefusalAnswer(_Answer):
    """A version that was to serve and failed its checks."""

    version: str
    reason: str


class HealthAnswer(_Answer):
    """Whether the service lives, or is ready to answer."""

    status: str
    model: str | None = None
    refused: RefusalAnswer | None = None
