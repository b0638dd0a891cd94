"""The benchmarks' own machinery, on small numbers: what they print for hours must not be wrong."""

import json
from pathlib import Path

from tests.benchmarks.bench_stages import exponent
from tests.benchmarks.bench_training import corpus
from tests.benchmarks.load import drive, http_post
from tests.benchmarks.texts import texts
from tests.conftest import STORY, Server


def test_the_load_generator_counts_answers_and_failures(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    good, bad = http_post("/v1/classify", json.dumps({"text": STORY}).encode()), http_post("/v1/classify", b"{}")
    load = drive(port, [good], connections=4, seconds=0.5)
    assert load.failed == 0
    assert load.rate > 10
    assert 0 < load.p50 <= load.p95 <= load.p99
    assert drive(port, [bad], connections=2, seconds=0.2).failed > 0
    held_back = drive(port, [good], connections=4, seconds=1.0, rate=20)
    assert held_back.rate <= 21


def test_texts_have_the_length_they_are_asked_for() -> None:
    assert [len(text.split()) for text in texts(130, 3)] == [130] * 3


def test_an_exponent_is_the_slope_of_the_logarithms() -> None:
    assert round(exponent((10, 100, 1000), [2.0, 20.0, 200.0]), 6) == 1.0


def test_a_larger_corpus_is_made_of_new_articles(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "seeds", 6_000)
    rows = [json.loads(line) for line in (folder / "articles" / "all.jsonl").read_text().splitlines()]
    assert len({row["id"] for row in rows}) == 6_000
    assert len({row["text"] for row in rows}) > 5_900
