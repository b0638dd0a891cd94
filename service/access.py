"""Who may change things: once DATELINE_API_KEY is set, requests that write have to carry it. Reading is open."""

import hmac
from typing import Any

from flask import Response, current_app, request
from flask_openapi3 import SecurityScheme

from dateline.settings import Settings
from service.problems import Problem

SECURITY_SCHEMES: dict[str, SecurityScheme | dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "DATELINE_API_KEY, where the server has one."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same, in a header of its own."},
}
WRITES: list[dict[str, list[Any]]] = [{"bearer": []}, {"key": []}]
"""The security of a route that writes, for the OpenAPI document."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def require_key_to_write() -> Response | None:
    """Answer a request that writes without the key with a 401. Runs before each request of a blueprint that writes."""
    settings: Settings = current_app.extensions["dateline.settings"]
    if settings.api_key is None or request.method in _READING:
        return None
    bearer = request.authorization.token if request.authorization and request.authorization.type == "bearer" else None
    given = bearer or request.headers.get("X-API-Key") or ""
    if hmac.compare_digest(given.encode(), settings.api_key.get_secret_value().encode()):
        return None
    request.get_data()  # a client still sending its body would lose the answer to a connection reset
    response = Problem(401, "this server takes changes only with its key: Authorization: Bearer KEY").response()
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
