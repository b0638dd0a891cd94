"""Every error of the service as one kind of body: RFC 9457 problem details.

The table maps domain errors to statuses; Werkzeug's own errors (404, 405, 413 …) and anything unforeseen get the same
shape. A 500 never shows what happened inside; the log does.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from dateline.errors import (
    ArticleConflict,
    Busy,
    DatelineError,
    InvalidModel,
    InvalidQuery,
    InvalidText,
    NoModel,
    StoreFull,
    StoreUnavailable,
    UnknownArticle,
    UnknownCountry,
    UnknownLabel,
    UnknownTheme,
    UnknownVersion,
)

STATUS: dict[type[DatelineError], int] = {
    InvalidText: 422,
    UnknownCountry: 422,
    UnknownLabel: 422,
    InvalidQuery: 422,
    UnknownArticle: 404,
    ArticleConflict: 409,
    StoreUnavailable: 503,
    StoreFull: 507,
    UnknownVersion: 404,
    UnknownTheme: 404,
    Busy: 409,
    NoModel: 503,
    InvalidModel: 503,
}

FieldErrors = list[dict[str, str]]
_DRAINED_BYTES = 64 * 1024 * 1024
log = logging.getLogger(__name__)


class Problem(Exception):
    """An error answer in the making: an HTTP status, a sentence for the caller and the fields at fault."""

    def __init__(self, status: int, detail: str, errors: FieldErrors | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors or []

    def body(self) -> dict[str, Any]:
        """Return the problem as JSON-ready data."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return body

    def response(self) -> Response:
        """Return the problem as an HTTP response."""
        return Response(orjson.dumps(self.body()), self.status, content_type="application/problem+json")


def invalid(error: ValidationError, prefix: Sequence[str] = ()) -> Problem:
    """Return the 422 problem of a body or query that does not fit its schema, naming each field."""
    errors = [
        {"field": ".".join([*prefix, *map(str, e["loc"])]) or "body", "message": e["msg"].removeprefix("Value error, ")}
        for e in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return Problem(422, "; ".join(f"{e['field']}: {e['message']}" for e in errors), errors)


def of_domain(error: DatelineError) -> Problem:
    """Return the problem that a domain error stands for."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    return Problem(status, str(error) if status != 500 else "internal error")


def install(app: Flask) -> None:
    """Make every error of the app a problem."""

    @app.errorhandler(Problem)
    def _problem(error: Problem) -> Response:
        return error.response()

    @app.errorhandler(DatelineError)
    def _domain(error: DatelineError) -> Response:
        return of_domain(error).response()

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            _drain()
        response = Problem(error.code or 500, _detail(app, error)).response()
        for name, value in error.get_headers():
            if name.lower() == "allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> Response:
        log.exception("unforeseen error", exc_info=error)
        return Problem(500, "internal error; the server's log has the details").response()


def _drain() -> None:
    """Read on for a while: a client still sending its body would lose the answer to a connection reset."""
    left = _DRAINED_BYTES
    while left > 0 and (chunk := request.environ["wsgi.input"].read(min(left, 65_536))):
        left -= len(chunk)


def _detail(app: Flask, error: HTTPException) -> str:
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        limit = app.config["MAX_CONTENT_LENGTH"]
        return f"the body is larger than {limit:,} bytes, the limit (DATELINE_MAX_BODY_BYTES)"
    return error.description or error.name
