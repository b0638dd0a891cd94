"""What `/v1/classify` does with one text and its batch with many, and a short way to it around the framework.

Flask's way from the request to a view and back takes a quarter of the time of a short text. A request to classify one
text that is as it should be goes the short way; whatever is odd about one, Flask gets it as if nothing had been tried,
so that every error has one home. Must not import the routes.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import orjson

from dateline.analyser import Analyser
from dateline.draft import Text
from dateline.results import Analysis
from dateline.settings import Settings
from service import problems, schemas
from service.drift import Counters
from service.problems import Problem
from service.serving import Serving

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATH = "/v1/classify"
_JSON = "application/json"


def classify(
    item: schemas.ClassifyRequest, *, analyser: Analyser, counters: Counters, settings: Settings
) -> dict[str, Any]:
    """Return the answer to one text, counted. Raises Problem 422."""
    (answer,) = classify_many([item], analyser=analyser, counters=counters, settings=settings)
    if isinstance(answer, Problem):
        raise answer
    return answer


def classify_many(
    items: Sequence[schemas.ClassifyRequest], *, analyser: Analyser, counters: Counters, settings: Settings
) -> list[dict[str, Any] | Problem]:
    """Return for each text its answer, counted, or what is wrong with it."""
    texts = [_text(item, settings) for item in items]
    analyses = iter(analyser.analyse_many([text for text in texts if isinstance(text, Text)]))
    answers: list[dict[str, Any] | Problem] = []
    for item, text in zip(items, texts, strict=True):
        result = text if isinstance(text, Problem) else next(analyses)
        if isinstance(result, Analysis):
            counters.count(result)
            answers.append(result.to_dict(id=item.id))
        else:
            answers.append(result if isinstance(result, Problem) else problems.of_domain(result))
    return answers


def _text(item: schemas.ClassifyRequest, settings: Settings) -> Text | Problem:
    limit = settings.max_text_chars
    for field, value in (("text", item.text), ("title", item.title)):
        if len(value) > limit:
            message = f"{len(value):,} characters, the limit is {limit:,} (DATELINE_MAX_TEXT_CHARS)"
            return Problem(422, f"{field}: {message}", [{"field": field, "message": message}])
    return Text(item.text, item.title, item.home_country or settings.home_country, item.explain)


class ShortWay:
    """WSGI middleware that answers sound requests for one text itself and hands all others on."""

    def __init__(self, app: "WSGIApplication", *, serving: Serving, counters: Counters, settings: Settings) -> None:
        self._app = app
        self._serving = serving
        self._counters = counters
        self._settings = settings

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] == _PATH and environ["REQUEST_METHOD"] == "POST":
            answer = self._answer(environ)
            if answer is not None:
                start_response("200 OK", [("Content-Type", _JSON), ("Content-Length", str(len(answer)))])
                return [answer]
        return self._app(environ, start_response)

    def _answer(self, environ: "WSGIEnvironment") -> bytes | None:
        """Return the answer; None, and the body put back, if there is anything to object to."""
        length = environ.get("CONTENT_LENGTH") or ""
        if not (length.isdecimal() and int(length) <= self._settings.max_body_bytes):
            return None
        if environ.get("CONTENT_TYPE") != _JSON or "HTTP_TRANSFER_ENCODING" in environ:
            return None
        body = environ["wsgi.input"].read(int(length))
        try:
            item = schemas.ClassifyRequest.model_validate(orjson.loads(body))
            answer = classify(item, analyser=self._serving.analyser, counters=self._counters, settings=self._settings)
            return orjson.dumps(answer)
        except Exception:  # noqa: BLE001 - whatever it is, it will happen again where it is reported
            environ["wsgi.input"] = BytesIO(body)
            return None
