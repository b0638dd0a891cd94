"""The routes under /v1 and /health: from request to calls of `dateline` to JSON. No logic here."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag
from pydantic import ValidationError

from dateline import bundle
from dateline.drift import Tally
from dateline.errors import InvalidModel, NoModel, UnknownVersion
from dateline.settings import Settings
from service import classifying, problems, schemas
from service.drift import counters, summary
from service.pages import locked_down
from service.problems import Problem
from service.serving import analyser, serving

_CLASSIFY = Tag(name="Classify", description="Region, topic and themes of a text")
_LABELS = Tag(name="Labels", description="What can be assigned")
_MODELS = Tag(name="Models", description="Model versions")
_HEALTH = Tag(name="Health")

api = APIBlueprint("v1", __name__, url_prefix="/v1", abp_responses={"4XX": schemas.ProblemAnswer})
health = APIBlueprint("health", __name__, url_prefix="/health")


def _json(data: Any) -> Response:
    return Response(orjson.dumps(data), content_type="application/json")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["dateline.settings"]
    return settings


@api.post("/classify", tags=[_CLASSIFY], responses={"200": schemas.ClassifyAnswer})
def classify(body: schemas.ClassifyRequest) -> Response:
    """Classify one text."""
    return _json(classifying.classify(body, analyser=analyser(), counters=counters(), settings=_settings()))


@api.post("/classify/batch", tags=[_CLASSIFY], responses={"200": schemas.BatchAnswer})
def classify_batch(body: schemas.BatchRequest) -> Response:
    """Classify many texts; a bad item gets its own error and fails no other."""
    limit = _settings().max_batch_items
    if len(body.items) > limit:
        message = f"{len(body.items):,} items, the limit is {limit:,} (DATELINE_MAX_BATCH_ITEMS)"
        raise Problem(422, f"items: {message}", [{"field": "items", "message": message}])
    items = [_item(item) for item in body.items]
    sound = [item for item in items if isinstance(item, schemas.ClassifyRequest)]
    model = analyser()
    answers = iter(classifying.classify_many(sound, analyser=model, counters=counters(), settings=_settings()))
    results = [item if isinstance(item, Problem) else next(answers) for item in items]
    told = [{"error": result.body()} if isinstance(result, Problem) else {"result": result} for result in results]
    return _json({"model": model.version, "items": [{"index": i, **item} for i, item in enumerate(told)]})


def _item(item: Any) -> schemas.ClassifyRequest | Problem:
    try:
        return schemas.ClassifyRequest.model_validate(item)
    except ValidationError as error:
        return problems.invalid(error)


@api.get("/topics", tags=[_LABELS], responses={"200": schemas.TopicsAnswer})
def topics() -> Response:
    """List the topics with their sub-topics."""
    entries = [
        {"code": t.code, "name": t.name, "subtopics": [{"code": s.code, "name": s.name} for s in t.subtopics]}
        for t in analyser().taxonomy.topics
    ]
    return _json({"model": analyser().version, "topics": entries})


@api.get("/regions", tags=[_LABELS], responses={"200": schemas.RegionsAnswer})
def regions() -> Response:
    """List the regions with their countries."""
    entries = [{"code": r.code, "name": r.name, "countries": r.countries} for r in analyser().taxonomy.regions]
    return _json({"model": analyser().version, "regions": entries})


@api.get("/models", tags=[_MODELS], responses={"200": schemas.ModelsAnswer})
def models() -> Response:
    """List the model versions, oldest first; `refused` says why one does not serve that was meant to."""
    entries = []
    for version in serving().registry.versions():
        try:
            entries.append(_model(version))
        except (UnknownVersion, NoModel):  # pruned meanwhile
            continue
        except InvalidModel as error:
            entries.append({"version": version, "current": False, "refused": str(error)})
    return _json({"models": entries})


@api.get("/models/current", tags=[_MODELS], responses={"200": schemas.ModelAnswer})
def current_model() -> Response:
    """Describe the version that answers."""
    return _json(_model(analyser().version))


@api.get("/models/<version>/report", tags=[_MODELS], responses={"200": {"content": {"text/html": {}}}})
def report(path: schemas.VersionPath) -> Response:
    """Show the report of a version: figures, plots, and what changed since the one before."""
    page = bundle.attachment(serving().registry.folder(path.version), "report.html")
    if page is None:
        raise Problem(404, f"model {path.version} has no report")
    return Response(page, content_type="text/html; charset=utf-8", headers=locked_down(page))


def _model(version: str) -> dict[str, Any]:
    manifest = bundle.read_manifest(serving().registry.folder(version))
    refusal = serving().refusal
    return {
        "version": version,
        "current": version == analyser().version,
        "created": manifest["created"],
        "articles": manifest["articles"],
        "evaluation": manifest["evaluation"],
        "refused": refusal.reason if refusal and refusal.version == version else None,
    }


@api.get("/drift", tags=[_MODELS], responses={"200": schemas.DriftAnswer})
def drift(query: schemas.DriftQuery) -> Response:
    """Compare the texts that came in with the corpus that the current version was trained on."""
    model = analyser()
    expected = Tally.from_dict(bundle.read_manifest(serving().registry.folder(model.version))["baseline"])
    counted = counters().tallies(since=datetime.now(UTC).date() - timedelta(days=query.days - 1))
    kept = "data folder" if counters().writable else "memory of the process that answers"
    return _json({**summary(counted, expected=expected, version=model.version), "kept": kept})


@health.get("/live", tags=[_HEALTH], responses={"200": schemas.HealthAnswer})
def live() -> Response:
    """Tell that the process answers."""
    return _json({"status": "ok"})


@health.get("/ready", tags=[_HEALTH], responses={"200": schemas.HealthAnswer})
def ready() -> Response:
    """Tell that a model is loaded and classifies; `refused` names a version that was to serve and failed its checks."""
    refusal = serving().refusal
    return _json({"status": "ok", "model": analyser().version, "refused": refusal and asdict(refusal)})
