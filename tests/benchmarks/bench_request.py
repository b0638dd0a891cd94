"""What one request costs inside the process, part by part, without a server: all that is not the analysis.

    python -m tests.benchmarks request [--quick]

Microseconds of CPU per request, each text's best of several rounds, all parts in turn in the same rounds. `request` is
the whole app called by WSGI, `Flask's way` the same with the short way around it left out, `uncounted` without the
drift counters, which are all that the service counts or logs of an answer; `count` is what they take for it, now and
when the pile is counted. `bare route` is a Flask route that does nothing.
"""

import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import orjson

from dateline.settings import load_settings
from service import drift, serving
from service.app import create_app
from service.schemas import ClassifyRequest
from tests.benchmarks.baseline import create_bare_app
from tests.benchmarks.limits import check
from tests.benchmarks.texts import texts

LENGTHS = (130, 500)
PARTS = ("analysis", "parse", "validate", "count", "encode", "request", "uncounted", "Flask's way", "bare route")


def main(*, quick: bool) -> None:
    rounds = 10 if quick else 30
    print(f"{'words':>6}" + "".join(f"{part:>13}" for part in PARTS))
    with tempfile.TemporaryDirectory() as data:
        app = create_app(load_settings().model_copy(update={"data_dir": Path(data)}))
        for length in LENGTHS:
            costs = measured(app, [json.dumps({"text": text}).encode() for text in texts(length)], rounds=rounds)
            print(f"{length:>6}" + "".join(f"{costs[part] * 1e6:>13.1f}" for part in PARTS), flush=True)
            share = costs["count"] / costs["uncounted"]
            check(f"request: % that counting and logging add, {length} words", 100 * share, most=5)


def measured(app: Any, bodies: list[bytes], *, rounds: int) -> dict[str, float]:
    """Return seconds per request of each part."""
    analyser, counters = app.extensions[serving.EXTENSION].analyser, app.extensions[drift.EXTENSION]
    bare = create_bare_app()
    items = [orjson.loads(body) for body in bodies]
    analyses = [analyser.analyse(item["text"]) for item in items]
    fastest: dict[tuple[str, int], float] = {}

    def timed(name: str, number: int, run: Callable[[], object]) -> None:
        begin = time.thread_time()
        run()
        spent = time.thread_time() - begin
        fastest[name, number] = min(fastest.get((name, number), spent), spent)

    for _ in range(rounds):
        for number, body in enumerate(bodies):
            text, analysis = items[number]["text"], analyses[number]
            timed("analysis", number, lambda: analyser.analyse(text))
            timed("parse", number, lambda: orjson.loads(body))
            timed("validate", number, lambda: ClassifyRequest.model_validate(items[number]))
            timed("encode", number, lambda: orjson.dumps(analysis.to_dict()))
        for number, body in enumerate(bodies):
            timed("request", number, lambda: call(app, body))
        timed("count", 0, lambda: _count(counters, analyses))
        with mock.patch.object(counters, "count", return_value=None):
            for number, body in enumerate(bodies):
                timed("uncounted", number, lambda: call(app, body))
        for number, body in enumerate(bodies):
            timed("Flask's way", number, lambda: call(app, body, content_type="application/json; charset=utf-8"))
            timed("bare route", number, lambda: call(bare, body))
    totals: dict[str, float] = {}
    for (name, _), spent in fastest.items():
        totals[name] = totals.get(name, 0.0) + spent / len(bodies)
    return totals


def _count(counters: drift.Counters, analyses: list[Any]) -> None:
    for analysis in analyses:
        counters.count(analysis)
    counters.count_pile()


def call(app: Any, body: bytes, *, content_type: str = "application/json") -> None:
    """Send a request as a server would."""
    environ = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/v1/classify", "QUERY_STRING": "",
        "CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body)), "HTTP_HOST": "bench",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True,
    }  # fmt: skip
    answered = app(environ, _sound)
    b"".join(answered)
    if hasattr(answered, "close"):
        answered.close()


def _sound(status: str, _headers: object, _error: object = None) -> None:
    assert status.startswith("200"), status
