"""A running server follows `CURRENT`: real processes, real requests, versions that tell themselves apart."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dateline import bundle
from dateline.registry import Registry
from tests.conftest import STORY, Server, publish_variant, run

MakeModels = Callable[[], Path]
WITHIN_SECONDS = 5.0
PATHS = ("/v1/topics", "/v1/regions")


@pytest.fixture
def server(copy_server: Server) -> Server:
    return copy_server


def answering(server: Server, asked: int = 12) -> set[str]:
    """Return the versions that answer a few requests, enough to meet every worker."""
    return {server.get("/health/ready")[1]["model"] for _ in range(asked)}


def wait_for(condition: Callable[[], bool], seconds: float = WITHIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def marks(data: Any) -> set[str]:
    """Return the versions that the topic and region names of an answer carry; "" for unmarked ones."""
    if isinstance(data, list):
        return set().union(*map(marks, data))
    if not isinstance(data, dict):
        return set()
    found = set().union(*(marks(value) for key, value in data.items() if key not in ("subtopics", "countries")))
    is_label = "name" in data and "terms" not in data
    return found | ({data["name"].partition(" @")[2]} if is_label else set())


class Requests:
    """Callers that keep asking, each on its own thread, and what they got."""

    def __init__(self, server: Server, per_second: float, threads: int = 8) -> None:
        self.latencies: list[float] = []
        self.faults: list[str] = []
        self.versions: set[str] = set()
        self._server, self._pause, self._end = server, threads / per_second, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(threads)]

    def __enter__(self) -> "Requests":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        due = time.monotonic() + number * self._pause / len(self._threads)
        for turn in range(1_000_000):
            if self._end.wait(max(0.0, due - time.monotonic())):
                return
            due += self._pause
            begun = time.monotonic()
            self._check(*self._request((number + turn) % 8))
            self.latencies.append(time.monotonic() - begun)

    def _request(self, kind: int) -> tuple[int, bytes]:
        if kind == 0:
            status, _, body = self._server.request("GET", PATHS[0])
        elif kind == 1:
            status, _, body = self._server.request("GET", PATHS[1])
        elif kind == 2:
            items = json.dumps({"items": [{"text": STORY}] * 6}).encode()
            status, _, body = self._server.request("POST", "/v1/classify/batch", items)
        else:
            status, _, body = self._server.request("POST", "/v1/classify", json.dumps({"text": STORY}).encode())
        return status, body

    def _check(self, status: int, body: bytes) -> None:
        if status != 200:
            self.faults.append(f"status {status}: {body[:200]!r}")
            return
        answer = json.loads(body)
        inner = {item["result"]["model"] for item in answer.get("items", [])}
        found = marks(answer)
        self.versions.add(answer["model"])
        if inner - {answer["model"]}:
            self.faults.append(f"a batch of {answer['model']} with answers of {inner}")
        if found != {answer["model"] if answer["model"].startswith("w") else ""}:
            self.faults.append(f"an answer of {answer['model']} with labels of {found}")


def test_marks_are_seen() -> None:
    answer = {"topics": [{"name": "sport @w1", "subtopics": [{"name": "chess"}]}], "regions": [{"name": "Asia @w2"}]}
    assert marks(answer) == {"w1", "w2"}


def test_versions_change_under_load_without_an_error_or_a_mixed_answer(server: Server, models_copy: Path) -> None:
    before = answering(server)
    registry = Registry(models_copy)
    with Requests(server, per_second=100) as requests:
        time.sleep(1)
        for version in ("w1", "w2"):
            registry.promote(publish_variant(models_copy, version))
            wait_for(lambda version=version: answering(server) == {version})
            time.sleep(1)
        registry.rollback()
        wait_for(lambda: answering(server) == {"w1"})
    assert requests.faults == []
    assert requests.versions == {*before, "w1", "w2"}
    assert len(requests.latencies) > 200


def test_an_altered_version_is_refused_and_the_old_one_goes_on(server: Server, models_copy: Path) -> None:
    [good] = answering(server)
    publish_variant(models_copy, "w1")
    path = models_copy / "w1" / "themes.joblib"
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + b"?")
    Registry(models_copy).promote("w1")
    wait_for(lambda: all(server.get("/health/ready")[1]["refused"] for _ in range(12)))
    status, ready = server.get("/health/ready")
    assert (status, ready["status"], ready["model"]) == (200, "ok", good)
    assert ready["refused"]["version"] == "w1"
    assert ready["refused"]["reason"].startswith("w1/themes.joblib: altered")
    assert server.post("/v1/classify", {"text": STORY})[1]["model"] == good
    _, listed = server.get("/v1/models")
    assert [(m["version"], m["current"], bool(m["refused"])) for m in listed["models"]] == [
        (good, True, False),
        ("w1", False, True),
    ]
    run("training", "rollback", models=models_copy)
    wait_for(lambda: not any(server.get("/health/ready")[1]["refused"] for _ in range(12)))
    assert answering(server) == {good}


def test_a_version_whose_manifest_is_broken_is_listed_as_such(server: Server, models_copy: Path) -> None:
    publish_variant(models_copy, "w1")
    (models_copy / "w1" / bundle.MANIFEST).write_text("{}")
    status, listed = server.get("/v1/models")
    assert status == 200
    assert [bool(model["refused"]) for model in listed["models"]] == [False, True]


def test_a_vanished_models_folder_stops_nothing(server: Server, models_copy: Path) -> None:
    [good] = answering(server)
    models_copy.rename(models_copy.with_name("away"))
    wait_for(lambda: all(server.get("/health/ready")[1]["refused"] for _ in range(12)))
    assert server.post("/v1/classify", {"text": STORY})[1]["model"] == good
    models_copy.with_name("away").rename(models_copy)
    wait_for(lambda: not any(server.get("/health/ready")[1]["refused"] for _ in range(12)))


def test_a_worker_that_is_replaced_starts_with_the_new_version(server: Server, models_copy: Path) -> None:
    [good] = answering(server)
    Registry(models_copy).promote(publish_variant(models_copy, "w1"))
    wait_for(lambda: answering(server) == {"w1"})
    listed = subprocess.run(["ps", "--ppid", str(server.process.pid), "-o", "pid="], capture_output=True, check=True)
    for pid in map(int, listed.stdout.split()):
        os.kill(pid, signal.SIGKILL)
    seen: set[str] = set()

    def is_back() -> bool:
        _, ready = server.get("/health/ready")
        seen.update([ready["model"]] if ready else [])
        return len(seen) > 0

    wait_for(is_back, 20)
    assert seen | answering(server) == {"w1"}
    assert good != "w1"
