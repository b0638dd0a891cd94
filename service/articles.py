"""The routes of the article store: add, list, read, change, delete, label, suggest, and find similar ones.

From request to calls of `dateline.articles` to JSON. The store is imported and opened when first asked for, in each
server process by itself.
"""

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag
from pydantic import ValidationError

from dateline.article import ArticleChange, LabelChange, NewArticle, check_codes
from dateline.errors import ArticleConflict, UnknownLabel
from dateline.settings import Settings
from dateline.similar import Neighbour
from service import article_schemas as schemas
from service import problems
from service.access import WRITES, require_key_to_write
from service.problems import Problem
from service.schemas import ProblemAnswer
from service.serving import analyser

if TYPE_CHECKING:
    from dateline.articles import Added, ArticleStore

_ARTICLES = Tag(name="Articles", description="Your own articles and what you say of their labels")
_SIMILAR = Tag(name="Similar", description="Similar articles among those that the model was trained on")
_CANDIDATES = 1000
"""Suggestions are chosen among this many unlabelled articles; more would only make them slower."""
_STORE = "dateline.articles"
_opening = Lock()

_PROBLEMS: Any = {"4XX": ProblemAnswer, "5XX": ProblemAnswer}

api = APIBlueprint("articles", __name__, url_prefix="/v1/articles", abp_responses=_PROBLEMS)
api.before_request(require_key_to_write)
similar_api = APIBlueprint("similar", __name__, url_prefix="/v1/similar", abp_responses=_PROBLEMS)


def _json(data: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, content_type="application/json")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["dateline.settings"]
    return settings


def _store() -> "ArticleStore":
    with _opening:
        if _STORE not in current_app.extensions:
            from dateline.articles import ArticleStore  # noqa: PLC0415 - classifying needs no database

            current_app.extensions[_STORE] = ArticleStore(_settings().database_url)
    store: ArticleStore = current_app.extensions[_STORE]
    return store


@api.post("", tags=[_ARTICLES], security=WRITES, responses={"200": schemas.AddedManyAnswer, "201": schemas.AddedAnswer})
def add(query: schemas.AddQuery, raw: schemas.AddBody) -> Response:
    """Add one article, or many as `{"articles": [...]}`, as an array or as JSON Lines.

    An article is `{"id", "title", "text", "date", "source", "url", "topics", "subtopics", "countries", "by"}`, of which
    only `text` is needed. It is on the disk before the answer is sent. Adding one that is there already changes
    nothing, but for filling in what was not known of it. Among many, a bad one is rejected with the reason and fails
    no other.
    """
    given, single = _given(raw)
    limit = _settings().max_batch_items
    if len(given) > limit:
        message = f"{len(given):,} articles, the limit is {limit:,} (DATELINE_MAX_BATCH_ITEMS)"
        raise Problem(422, f"articles: {message}", [{"field": "articles", "message": message}])
    if single:
        article = _checked(given[0])
        if isinstance(article, Problem):
            raise article
        done = _store().add([article], replace=query.replace)[0]
        if done.status == "conflict":
            raise _conflict(done)
        response = _json(_fate(done), 201 if done.status == "added" else 200)
        response.headers["Location"] = f"/v1/articles/{quote(done.id, safe='')}"
        return response
    return _json(_add_many([_checked(item) for item in given], replace=query.replace))


def _given(raw: Any) -> tuple[list[Any], bool]:
    """Return the articles of a request as parsed JSON (a Problem for a line that is none), and whether it is one."""
    kind, data = raw.mimetype, raw.get_data()
    if kind in schemas.JSON_LINES:
        lines = [line for line in data.split(b"\n") if line.strip()]
        return [_parsed(line) for line in lines], False
    if kind != "application/json":
        raise Problem(415, f"content type {kind or 'none'!r}: send application/json or {schemas.JSON_LINES[0]}")
    body = _parsed(data)
    if isinstance(body, Problem):
        raise body
    if isinstance(body, dict) and "articles" in body:
        unknown = sorted(body.keys() - {"articles"})
        if unknown:
            raise Problem(422, f"{unknown[0]}: Extra inputs are not permitted")
        body = body["articles"]
        if not isinstance(body, list):
            raise Problem(422, "articles: Input should be an array of articles")
    return (body, False) if isinstance(body, list) else ([body], True)


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Problem(400, f"not JSON in UTF-8: {error}")


def _checked(item: Any) -> NewArticle | Problem:
    """Return the article that some JSON holds, or the problem that it has."""
    if isinstance(item, Problem):
        return item
    try:
        article = NewArticle.model_validate(item)
        _check_lengths(article.title, article.text)
        check_codes(article.said, analyser().taxonomy)
    except ValidationError as error:
        return problems.invalid(error)
    except UnknownLabel as error:
        return problems.of_domain(error)
    except Problem as problem:
        return problem
    return article if article.provenance else article.model_copy(update={"provenance": "http"})


def _check_lengths(title: str | None, text: str | None) -> None:
    limit = _settings().max_text_chars
    for field, value in (("title", title), ("text", text)):
        if value is not None and len(value) > limit:
            message = f"{len(value):,} characters, the limit is {limit:,} (DATELINE_MAX_TEXT_CHARS)"
            raise Problem(422, f"{field}: {message}", [{"field": field, "message": message}])


def _add_many(checked: list[NewArticle | Problem], *, replace: bool) -> dict[str, Any]:
    good = [article for article in checked if not isinstance(article, Problem)]
    fates = iter(_store().add(good, replace=replace))
    items = []
    for index, article in enumerate(checked):
        if isinstance(article, Problem):
            items.append({"index": index, "id": None, "status": "rejected", "error": article.body()})
        else:
            items.append({"index": index, **_fate(next(fates))})
    counts = Counter(item["status"] for item in items)
    return {status: counts[status] for status in ("added", "changed", "unchanged", "rejected")} | {"items": items}


def _fate(done: "Added") -> dict[str, Any]:
    if done.status == "conflict":
        return {"id": done.id, "status": "rejected", "error": _conflict(done).body()}
    return {"id": done.id, "status": done.status, **({"same_as": done.same_as} if done.same_as else {})}


def _conflict(done: "Added") -> Problem:
    hint = "change it with PATCH, or add it with ?replace=true"
    return problems.of_domain(ArticleConflict(f"article {done.id!r} is there and says something else; {hint}"))


@api.get("", tags=[_ARTICLES], responses={"200": schemas.PageAnswer})
def list_articles(query: schemas.ListQuery) -> Response:
    """List articles, those added last first; all filters have to fit. `next` leads to the following page."""
    from dateline.articles import Filter  # noqa: PLC0415

    wanted = Filter(**query.model_dump(exclude={"limit", "cursor"}))
    page = _store().page(wanted, limit=query.limit, cursor=query.cursor)
    return _json({"articles": [article.to_dict() for article in page.articles], "next": page.next})


@api.get("/suggestions", tags=[_ARTICLES], responses={"200": schemas.SuggestionsAnswer})
def suggestions(query: schemas.SuggestionsQuery) -> Response:
    """Suggest what to label next: articles without topics, unlike each other, that the model is unsure of."""
    from dateline.suggestions import suggest  # noqa: PLC0415

    found = suggest(analyser(), _store().unlabelled(limit=_CANDIDATES), limit=query.limit)
    entries = [
        {
            "article": suggestion.article.to_dict(),
            "uncertainty": round(suggestion.uncertainty, 4),
            "topics": [{"code": t.code, "name": t.name, "score": round(t.score, 4)} for t in suggestion.guesses],
        }
        for suggestion in found
    ]
    return _json({"model": analyser().version, "suggestions": entries})


@api.get("/<id>", tags=[_ARTICLES], responses={"200": schemas.ArticleAnswer})
def read(path: schemas.ArticlePath) -> Response:
    """Return an article with all that has been said of its labels."""
    return _json(_store().get(path.id).to_dict())


@api.patch("/<id>", tags=[_ARTICLES], security=WRITES, responses={"200": schemas.ArticleAnswer})
def change(path: schemas.ArticlePath, body: ArticleChange) -> Response:
    """Give fields of an article new values; what is not given stays, and null takes a date, source or URL away."""
    _check_lengths(body.title, body.text)
    return _json(_store().change(path.id, body.given).to_dict())


@api.delete("/<id>", tags=[_ARTICLES], security=WRITES, responses={"204": None})
def delete(path: schemas.ArticlePath) -> Response:
    """Delete an article with its labels."""
    _store().delete(path.id)
    return Response(status=204)


@api.post("/<id>/labels", tags=[_ARTICLES], security=WRITES, responses={"200": schemas.ArticleAnswer})
def label(path: schemas.ArticlePath, body: LabelChange) -> Response:
    """Say which labels are right (`accept`), which are wrong (`reject`), or which ones there are (`correct`).

    Each takes `{"topics": [...], "subtopics": [...], "countries": [...]}`. `correct` with an empty list says that the
    article has none of that kind; `unset` takes back what was said. `by` is remembered with the time.
    """
    check_codes(body.codes, analyser().taxonomy)
    return _json(_store().label(path.id, body).to_dict())


@api.get("/<id>/similar", tags=[_SIMILAR], responses={"200": schemas.SimilarAnswer})
def similar_to(path: schemas.ArticlePath, query: schemas.SimilarQuery) -> Response:
    """Return the articles most similar to one of the store, itself left out."""
    article = _store().get(path.id)
    return _nearest(article.text, article.title, limit=query.limit, but=article.id)


@similar_api.post("", tags=[_SIMILAR], responses={"200": schemas.SimilarAnswer})
def similar(body: schemas.SimilarRequest) -> Response:
    """Return the articles most similar to a text."""
    _check_lengths(body.title, body.text)
    return _nearest(body.text, body.title, limit=body.limit)


def _nearest(text: str, title: str, *, limit: int, but: str | None = None) -> Response:
    """Answer with the nearest articles; those deleted since training, and the one with id `but`, are left out."""
    found = analyser().similar_to(text, title=title, limit=2 * limit + 1)
    stored = [neighbour.id for neighbour in found if neighbour.origin == "store"]
    there = _store().titles(stored) if stored else {}
    answer = [_neighbour(n, there) for n in found if n.origin == "seeds" or (n.id in there and n.id != but)]
    return _json({"model": analyser().version, "articles": answer[:limit]})


def _neighbour(neighbour: Neighbour, there: dict[str, str]) -> dict[str, Any]:
    title = there.get(neighbour.id, neighbour.title) if neighbour.origin == "store" else neighbour.title
    return {"id": neighbour.id, "origin": neighbour.origin, "title": title, "score": round(neighbour.score, 4)}
