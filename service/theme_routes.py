"""The routes of themes: the list, one theme, and the map as data or as a picture. No logic here but the drawing."""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from dateline.themes import ThemeEntry
from service import schemas
from service.serving import analyser
from service.theme_map import drawn

_THEMES = Tag(name="Themes", description="What the corpus is about")
_DIGITS = 4

themes_api = APIBlueprint("themes", __name__, url_prefix="/v1/themes", abp_responses={"4XX": schemas.ProblemAnswer})


def _json(data: Any) -> Response:
    return Response(orjson.dumps(data), content_type="application/json")


def _largest_first() -> list[ThemeEntry]:
    return sorted(analyser().themes.entries, key=lambda entry: (-entry.share, entry.id))


def _short(entry: ThemeEntry) -> dict[str, Any]:
    return {"id": entry.id, "name": entry.name, "share": round(entry.share, _DIGITS), "terms": entry.terms}


@themes_api.get("", tags=[_THEMES], responses={"200": schemas.ThemesAnswer})
def themes() -> Response:
    """List the themes of the corpus, largest first."""
    return _json({"model": analyser().version, "themes": [_short(entry) for entry in _largest_first()]})


@themes_api.get("/map", tags=[_THEMES], responses={"200": schemas.ThemeMapAnswer})
def theme_map() -> Response:
    """Place the themes in the plane, those with like words near each other; as a picture: /v1/themes/map.svg."""
    places = [
        {**_short(entry), "x": entry.place[0], "y": entry.place[1], "topic": entry.topic and entry.topic.code}
        for entry in _largest_first()
    ]
    return _json({"model": analyser().version, "themes": places})


@themes_api.get("/map.svg", tags=[_THEMES])
def theme_map_picture() -> Response:
    """Draw the map: a disc for each theme, as large as its share, coloured by its nearest topic."""
    return Response(drawn(_largest_first()), content_type="image/svg+xml; charset=utf-8")


@themes_api.get("/<string:id>", tags=[_THEMES], responses={"200": schemas.ThemeDetailAnswer})
def theme(path: schemas.ThemePath) -> Response:
    """Describe a theme: terms, share, trend by month, typical articles, nearest topic and region, neighbours."""
    entry = analyser().themes.entry(path.id)
    details = asdict(entry)
    x, y = details.pop("place")
    return _json({"model": analyser().version, **details, "share": round(entry.share, _DIGITS), "x": x, "y": y})
