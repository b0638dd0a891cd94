"""The app factory. Loads the current model before anything else: without a sound model there is no service."""

from typing import Any

import orjson
from flask import Request
from flask_openapi3 import Info, OpenAPI
from pydantic import ValidationError

from dateline.settings import Settings
from service import access, articles, drift, problems, routes, schemas, serving, theme_routes
from service.classifying import ShortWay
from service.problems import Problem


class JsonRequest(Request):
    """A request whose body must be a JSON object, with an error of its own for each way it can fail to be one."""

    def get_json(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the parsed body. Raises Problem 400, 415 or 422."""
        if self.mimetype != "application/json":
            raise Problem(415, f"content type {self.mimetype or 'none'!r}: send application/json")
        try:
            body = orjson.loads(self.get_data())
        except orjson.JSONDecodeError as error:
            raise Problem(400, f"the body is not JSON in UTF-8: {error}") from None
        if not isinstance(body, dict):
            raise Problem(422, f"body: a JSON object is needed, not {_KIND.get(type(body), 'a number')}")
        return body


_KIND = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def create_app(settings: Settings) -> OpenAPI:
    """Return the WSGI app serving the current model of `settings.models_dir`.

    Raises NoModel or InvalidModel if that cannot be served.
    """
    app = OpenAPI(
        __name__,
        info=Info(title="Dateline", version="1", description="News text to regions, countries, topics and themes."),
        doc_prefix="/docs",
        security_schemes=access.SECURITY_SCHEMES,
        validation_error_model=schemas.ProblemAnswer,
        validation_error_callback=_validation_error,
    )
    app.request_class = JsonRequest
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.extensions["dateline.settings"] = settings
    app.extensions[serving.EXTENSION] = models = serving.Serving.start(settings)
    app.extensions[drift.EXTENSION] = counters = drift.Counters(settings)
    app.before_request(serving.take_analyser)
    problems.install(app)
    app.register_api(routes.api)
    app.register_api(articles.api)
    app.register_api(articles.similar_api)
    app.register_api(theme_routes.themes_api)
    app.register_api(routes.health)
    short = ShortWay(app.wsgi_app, serving=models, counters=counters, settings=settings)
    app.wsgi_app = short  # type: ignore[method-assign]
    return app


def _validation_error(error: ValidationError) -> Any:
    return problems.invalid(error).response()
