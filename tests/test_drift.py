"""Drift: counting what is answered, and telling when it is no longer like the corpus."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dateline.analyser import Analyser
from dateline.drift import ALARM, Tally, drift, population_stability
from service.schemas import DriftAnswer
from tests.conftest import ARTICLES_PER_TOPIC, SEEDS, STORY, Server

MakeModels = Callable[[], Path]
TEXTS = 2000
SPORT = "medtop:15000000"


def unseen() -> list[dict[str, Any]]:
    """Return the articles that the tests' model was not trained on, file after file in turn."""
    files = [
        path.read_text().splitlines()[ARTICLES_PER_TOPIC:] for path in sorted((SEEDS / "articles").glob("*.jsonl"))
    ]
    return [json.loads(lines[i]) for i in range(max(map(len, files))) for lines in files if i < len(lines)]


@pytest.fixture
def server(copied_models: MakeModels) -> Iterator[Server]:
    running = Server(copied_models(), workers=2, max_batch_items=500)
    yield running
    running.stop()


def feed(server: Server, articles: list[dict[str, Any]]) -> dict[str, Any]:
    """Let the server classify articles, and return what it says of drift once all its processes have told."""
    for start in range(0, len(articles), 500):
        items = [{"title": a["title"], "text": a["text"]} for a in articles[start : start + 500]]
        assert server.post("/v1/classify/batch", {"items": items})[0] == 200
    deadline = time.monotonic() + 15
    while True:
        status, answer = server.get("/v1/drift?days=1")
        assert status == 200
        if answer["texts"] >= len(articles):
            DriftAnswer.model_validate(answer)
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.5)


def statuses(answer: dict[str, Any]) -> dict[str, str]:
    return {entry["measure"]: entry["status"] for entry in answer["measures"]}


def test_texts_like_the_corpus_raise_no_alarm(server: Server) -> None:
    articles = [article for article in unseen() if article.get("topics")][:TEXTS]
    answer = feed(server, articles)
    assert answer["texts"] == TEXTS
    assert statuses(answer)["topics"] == "stable"
    assert "alarm" not in statuses(answer).values()


def test_sport_alone_raises_the_alarm(server: Server) -> None:
    sport = [article for article in unseen() if article.get("topics", [""])[:1] == [SPORT]]
    answer = feed(server, (sport * (TEXTS // len(sport) + 1))[:TEXTS])
    topics = next(entry for entry in answer["measures"] if entry["measure"] == "topics")
    assert topics["status"] == "alarm"
    assert answer["status"] == "alarm"
    assert topics["seen"][SPORT] > 0.5 > topics["expected"][SPORT]
    [day] = answer["days"]
    assert day["texts"] == TEXTS
    assert day["status"]["topics"] == "alarm"
    assert 0 < day["confidence"] < 1


def test_few_texts_raise_no_alarm(server: Server) -> None:
    answer = feed(server, [{"title": "", "text": STORY}] * 50)
    assert answer["status"] == "too few texts"
    assert set(statuses(answer).values()) == {"too few texts"}


def test_counts_outlive_the_server_and_old_ones_go(copied_models: MakeModels) -> None:
    models = copied_models()
    folder = models.with_name(f"{models.name}-data") / "drift"
    folder.mkdir(parents=True)
    old = (datetime.now(UTC).date() - timedelta(days=91)).isoformat()
    (folder / f"{old}_v_1.json").write_text("{}")
    (folder / f"{datetime.now(UTC).date().isoformat()}_v_2.json").write_text("broken")
    for asked in (1, 2):
        server = Server(models, workers=1)
        server.post("/v1/classify", {"text": STORY})
        assert server.get("/v1/drift")[1]["texts"] == asked
        server.stop()
    assert not list(folder.glob(f"{old}*"))


def test_without_a_data_folder_counts_stay_in_memory_and_it_says_so(copied_models: MakeModels, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    server = Server(copied_models(), workers=1, data_dir=tmp_path / "taken")
    server.post("/v1/classify", {"text": STORY})
    answer = server.get("/v1/drift")[1]
    server.stop()
    assert (answer["texts"], answer["kept"]) == (1, "memory of the process that answers")


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_days_have_bounds(server: Server, days: str) -> None:
    assert server.get(f"/v1/drift?days={days}")[0] == 422


_COUNTED = st.tuples(
    st.sampled_from([None, "a", "b"]),
    st.floats(0, 1),
    st.sampled_from([None, "asia"]),
    st.one_of(st.none(), st.floats(0, 1)),
)


@given(st.lists(_COUNTED), st.lists(_COUNTED))
def test_tallies_add_up(left: list[Any], right: list[Any]) -> None:
    def tally(rows: list[Any]) -> Tally:
        made = Tally()
        for topic, confidence, region, unknown in rows:
            made.count(topic=topic, confidence=confidence if topic else None, region=region, unknown_words=unknown)
        return made

    merged, whole = tally(left), tally(left + right)
    merged.merge(tally(right))
    assert merged.counts == whole.counts
    assert merged.texts == len(left) + len(right)
    assert Tally.from_dict(json.loads(json.dumps(whole.to_dict()))).to_dict() == whole.to_dict()


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5000), min_size=1), st.integers(2, 5))
def test_equal_shares_are_no_drift(counts: dict[str, int], times: int) -> None:
    assert population_stability(Counter(counts), Counter({k: n * times for k, n in counts.items()})) <= 0


def test_opposite_shares_are_an_alarm() -> None:
    assert population_stability(Counter(a=900, b=100), Counter(a=100, b=900)) > ALARM


@pytest.mark.parametrize(("confidence", "status"), [(0.95, "stable"), (0.25, "alarm")])
def test_only_a_fall_of_confidence_is_a_concern(confidence: float, status: str) -> None:
    expected, seen = Tally(), Tally()
    for tally, value in ((expected, 0.65), (seen, confidence)):
        for _ in range(300):
            tally.count(topic="a", confidence=value, region=None, unknown_words=0.1)
    assert {d.measure: d.status for d in drift(expected, seen)}["confidence"] == status


def test_another_language_counts_as_such_only(analyser: Analyser) -> None:
    tally = Tally()
    tally.add(analyser.analyse("Le gouvernement a annoncé mardi une nouvelle loi sur les retraites, très contestée."))
    tally.add(analyser.analyse(STORY))
    assert tally.counts["languages"] == {"fr": 1, "en": 1}
    assert tally.counts["topics"].total() == 1
    assert 0 <= (tally.mean("unknown_words") or 0) < 0.6
