"""Shared parts of the tests: a small seed corpus cut from the real one, a model really trained on it, a real server."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.registry import Registry
from tests.databases import postgresql_url, shared_postgresql_url, store, store_url
from training import pipeline

__all__ = ["postgresql_url", "shared_postgresql_url", "store", "store_url"]

# The first example of a test may have to wait for a compiler; how long things take is for the benchmarks to say.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
ARTICLES_PER_TOPIC = 12

STORY = (
    "Government troops backed by tanks retook a town near Aleppo on Tuesday after a week of fighting with rebels, the "
    "Syrian army said. At least 30 soldiers and insurgents were killed in shelling, and a truce brokered in Damascus "
    "collapsed within hours as artillery pounded the front line."
)


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real seeds with the first articles of each topic only, which all count the same."""
    folder = tmp_path_factory.mktemp("seeds") / "seeds"
    shutil.copytree(SEEDS, folder, ignore=shutil.ignore_patterns("articles"))
    (folder / "articles").mkdir()
    write_articles(folder, of_topic=ARTICLES_PER_TOPIC)
    return folder


def write_articles(folder: Path, *, of_topic: int) -> None:
    """Write the first articles of each topic into a seeds folder; all count the same."""
    for path in (SEEDS / "articles").glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines()[:of_topic]
        articles = [{**json.loads(line), "weight": 1.0} for line in lines]
        text = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
        (folder / "articles" / path.name).write_text(text, encoding="utf-8")


def train(seeds: Path, models: Path, *, seed: int = 1) -> str:
    registry = Registry(models)
    trained = pipeline.train(seeds=seeds, registry=registry, seed=seed, n_themes=8, report=lambda _: None)
    registry.promote(trained.version)
    return trained.version


def publish_variant(models: Path, version: str) -> str:
    """Publish a copy of the serving version under another name, which stands in every label that it answers with."""
    registry = Registry(models)
    manifest, taxonomy, parts = bundle.read(registry.folder())
    marked = taxonomy.model_copy(
        update={
            kind: tuple(
                entry.model_copy(update={"name": f"{entry.name.split(' @')[0]} @{version}"}) for entry in entries
            )
            for kind, entries in (("topics", taxonomy.topics), ("regions", taxonomy.regions))
        }
    )
    analyser = Analyser.from_parts(version, marked, parts)
    canaries = analyser.canaries(canary["text"] for canary in manifest["canaries"])
    with registry.stage(version) as staged:
        facts = manifest | {"version": version, "canaries": canaries}
        bundle.write(staged, taxonomy=marked, parts=analyser.parts(), facts=facts)
        return registry.publish(staged)


@pytest.fixture(scope="session")
def models(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one trained, serving version. Read only: copy it to change it."""
    folder = tmp_path_factory.mktemp("models")
    train(seeds, folder)
    return folder


@pytest.fixture(scope="session")
def analyser(models: Path) -> Analyser:
    return load(Registry(models).folder())


def environment(models: Path, **settings: object) -> dict[str, str]:
    ours = {f"DATELINE_{name.upper()}": str(value) for name, value in settings.items()}
    folders = {"MODELS": models, "SEEDS": SEEDS, "DATA": models.with_name(f"{models.name}-data")}
    paths = {f"DATELINE_{name}_DIR": str(path) for name, path in folders.items()}
    return {**os.environ, **paths, "DATELINE_DATABASE_URL": f"sqlite:///{folders['DATA']}/articles.db", **ours}


def run(module: str, *args: object, models: Path, stdin: str | bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `python -m module` as a user would."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    command = [sys.executable, "-m", module, *map(str, args)]
    return subprocess.run(command, input=data, capture_output=True, cwd=ROOT, env=environment(models), check=False)


class Server:
    """A server process and what it takes to talk to it."""

    def __init__(self, models: Path, *, before: Callable[[], None] | None = None, **settings: object) -> None:
        """Start it; `before` runs in its process before the program does."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=environment(models, port=port, **settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=before,  # noqa: PLW1509
        )
        deadline = time.monotonic() + 60
        while self.get("/health/live")[0] != 200:
            assert self.process.poll() is None, self.process.stderr.read().decode()  # type: ignore[union-attr]
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = "application/json"
    ) -> tuple[int, dict[str, str], bytes]:
        headers = {"Content-Type": content_type} if body is not None and content_type else {}
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()
        except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
            return 0, {}, b""

    def get(self, path: str) -> tuple[int, Any]:
        status, _, body = self.request("GET", path)
        return status, json.loads(body) if status and body else None

    def post(self, path: str, data: Any) -> tuple[int, Any]:
        status, _, body = self.request("POST", path, json.dumps(data).encode())
        return status, json.loads(body)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        assert self.process.stderr
        self.process.stderr.close()


@pytest.fixture(scope="session")
def server(models: Path) -> Iterator[Server]:
    """A server with two worker processes on the session's model."""
    running = Server(models, workers=2, max_text_chars=20_000, max_body_bytes=1_000_000, max_batch_items=20)
    yield running
    running.stop()


@pytest.fixture
def copied_models(models: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes copies of the session's models folder that a test may damage."""

    def copy() -> Path:
        target = tmp_path / f"models{len(list(tmp_path.iterdir()))}"
        shutil.copytree(models, target)
        return target

    return copy


@pytest.fixture
def models_copy(copied_models: Callable[[], Path]) -> Path:
    """A copy of the session's models folder, to be changed."""
    return copied_models()


@pytest.fixture
def copy_server(models_copy: Path) -> Iterator[Server]:
    """A server with two worker processes on `models_copy`."""
    running = Server(models_copy, workers=2)
    yield running
    running.stop()
