import json
import os
import resource
import signal
import sqlite3
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dateline.article import NewArticle
from dateline.articles import ArticleStore
from dateline.settings import Settings
from service import article_schemas as schemas
from service.app import create_app
from service.schemas import ProblemAnswer
from tests.conftest import STORY, Server
from training.similar import fit_similar

SPORT, CONFLICT = "medtop:15000000", "medtop:16000000"
LINES = "application/x-ndjson"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two processes on a store of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/data/a.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")()
    running = Server(models, workers=2, database_url=url, max_text_chars=20_000, max_body_bytes=1_000_000)
    yield running
    running.stop()


def send(server: Server, path: str, lines: list[Any], content_type: str = LINES) -> tuple[int, Any]:
    body = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines).encode()
    status, _, answer = server.request("POST", path, body, content_type)
    return status, json.loads(answer)


def test_the_life_of_an_article(filled: Server) -> None:
    given = {
        "id": "life 1", "title": "Front line", "text": STORY, "date": "2026-03-01", "source": "Post",
        "topics": [CONFLICT], "by": "ana",
    }  # fmt: skip
    assert filled.post("/v1/articles", given) == (201, {"id": "life 1", "status": "added"})
    assert filled.post("/v1/articles", given) == (200, {"id": "life 1", "status": "unchanged"})
    path = "/v1/articles/" + urllib.parse.quote("life 1")
    status, read = filled.get(path)
    assert status == 200
    schemas.ArticleAnswer.model_validate(read)
    assert (read["topics"], read["countries"], read["date"]) == ([CONFLICT], None, "2026-03-01T00:00:00Z")
    said = {"by": "bo", "correct": {"topics": [SPORT]}, "accept": {"countries": ["SY"]}}
    status, read = filled.post(f"{path}/labels", said)
    assert (status, read["topics"], read["rejected"]["topics"], read["countries"]) == (200, [SPORT], [CONFLICT], ["SY"])
    assert {(x["code"], x["verdict"], x["by"]) for x in read["labels"]} == {
        (SPORT, "accepted", "bo"), (CONFLICT, "rejected", "bo"), ("SY", "accepted", "bo")
    }  # fmt: skip
    status, _, answer = filled.request("PATCH", path, b'{"source": null, "text": "Quite another text."}')
    assert status == 200
    assert json.loads(answer) == filled.get(path)[1] | {}
    assert json.loads(answer)["source"] is None
    assert [a["id"] for a in filled.get("/v1/articles?text=quite%20another")[1]["articles"]] == ["life 1"]
    assert filled.request("DELETE", path)[0] == 204
    assert filled.get(path)[0] == 404
    assert filled.request("DELETE", path)[0] == 404


@pytest.mark.parametrize("form", ["lines", "array", "object"])
def test_many_at_once_and_a_bad_one_fails_no_other(filled: Server, form: str) -> None:
    items: list[Any] = [
        {"id": f"{form}1", "text": f"First {form}."},
        {"id": f"{form}2", "text": " "},
        {"id": f"{form}1", "text": f"Something else {form}."},
        {"id": f"{form}3", "text": f"Third {form}.", "topics": ["medtop:99"]},
        {"id": f"{form}4", "text": "x" * 20_001},
        7,
        {"id": f"{form}5", "text": f"Fifth {form}."},
        {"id": f"{form}6", "text": f"First {form}."},
    ]
    if form == "lines":
        status, answer = send(filled, "/v1/articles", [*items, '{"id": "cut'])
    else:
        status, answer = filled.post("/v1/articles", items if form == "array" else {"articles": items})
    assert status == 200
    schemas.AddedManyAnswer.model_validate(answer)
    assert [item["status"] for item in answer["items"][:8]] == (
        ["added", "rejected", "rejected", "rejected", "rejected", "rejected", "added", "added"]
    )
    assert [x["error"]["status"] for x in answer["items"] if "error" in x] == (
        [422, 409, 422, 422, 422] + [400] * (form == "lines")
    )
    assert answer["added"] == 3
    assert answer["rejected"] == len(answer["items"]) - 3
    assert answer["items"][7]["same_as"] == f"{form}1"
    assert filled.get(f"/v1/articles/{form}5")[0] == 200
    assert filled.get(f"/v1/articles/{form}2")[0] == 404


def test_replace_is_asked_for(filled: Server) -> None:
    filled.post("/v1/articles", {"id": "r", "text": "Before."})
    status, problem = filled.post("/v1/articles", {"id": "r", "text": "After."})
    assert (status, "PATCH" in problem["detail"]) == (409, True)
    assert filled.post("/v1/articles?replace=true", {"id": "r", "text": "After."})[1]["status"] == "changed"
    assert filled.get("/v1/articles/r")[1]["text"] == "After."


def test_pages_and_filters(filled: Server) -> None:
    articles = [
        {"id": f"p{n:02}", "text": f"Pageword number {n}.", "source": "Pages", "date": f"2026-01-{n + 1:02}"}
        | ({"topics": [SPORT], "countries": ["KE"]} if n % 3 == 0 else {})
        for n in range(25)
    ]
    assert filled.post("/v1/articles", articles)[1]["added"] == 25
    for query, expected in {
        "source=Pages": range(25),
        "source=Pages&topic=medtop:15000000&country=KE": range(0, 25, 3),
        "source=Pages&labelled=false&until=2026-01-06": (1, 2, 4),
        "text=pageword&since=2026-01-24": (23, 24),
    }.items():
        seen: list[str] = []
        cursor = ""
        while True:
            status, page = filled.get(f"/v1/articles?{query}&limit=4{cursor}")
            assert status == 200
            schemas.PageAnswer.model_validate(page)
            seen += [article["id"] for article in page["articles"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == [f"p{n:02}" for n in expected]


def test_suggestions_are_unlabelled_and_come_with_guesses(filled: Server) -> None:
    filled.post("/v1/articles", [{"id": f"s{n}", "text": f"{STORY} {n}"} for n in range(3)])
    filled.post("/v1/articles", {"id": "s-labelled", "text": STORY + " Labelled.", "topics": [CONFLICT]})
    status, answer = filled.get("/v1/articles/suggestions?limit=100")
    assert status == 200
    suggestions = schemas.SuggestionsAnswer.model_validate(answer).suggestions
    assert suggestions
    assert all(suggestion.article.topics is None for suggestion in suggestions)
    ids = [suggestion.article.id for suggestion in suggestions]
    assert len(set(ids)) == len(ids)
    assert "s-labelled" not in ids
    found = next(suggestion for suggestion in suggestions if suggestion.article.id == "s0")
    assert found.topics[0].code == CONFLICT
    # Near-copies are not worth a label each: the first comes early, the others last.
    ranks = sorted(ids.index(f"s{n}") for n in range(3))
    assert ranks[1] - ranks[0] > 1 or ranks[1] >= len(ids) - 2


def test_similar_articles_of_the_seeds(filled: Server, seeds: Path) -> None:
    status, answer = filled.post("/v1/similar", {"text": STORY, "limit": 5})
    assert status == 200
    neighbours = schemas.SimilarAnswer.model_validate(answer).articles
    assert len(neighbours) == 5
    assert [n.score for n in neighbours] == sorted((n.score for n in neighbours), reverse=True)
    assert all(n.origin == "seeds" and 0 < n.score < 1 for n in neighbours)
    seed = json.loads((seeds / "articles" / "sport.jsonl").read_text(encoding="utf-8").splitlines()[0])
    _, itself = filled.post("/v1/similar", {"text": seed["text"], "title": seed["title"]})
    best = itself["articles"][0]
    assert (best["id"], best["title"], round(best["score"], 3)) == (seed["id"], seed["title"], 1.0)
    assert itself["articles"][1]["score"] < 0.7
    filled.post("/v1/articles", {"id": "like", "text": STORY})
    assert filled.get("/v1/articles/like/similar?limit=5")[1]["articles"] == answer["articles"]
    assert filled.get("/v1/articles/nothing/similar")[0] == 404
    assert filled.post("/v1/similar", {"text": "qwxz zzyxw"})[1]["articles"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        ("POST", "/v1/articles", b"", 400, "not JSON"),
        ("POST", "/v1/articles", b"5", 422, "valid dictionary"),
        ("POST", "/v1/articles", b'{"articles": 5}', 422, "an array of articles"),
        ("POST", "/v1/articles", b'{"articles": [], "x": 1}', 422, "x: Extra"),
        ("POST", "/v1/articles", json.dumps([{"text": "a"}] * 501).encode(), 422, "501 articles, the limit is 500"),
        ("POST", "/v1/articles", b'{"text": "a", "id": "a/b"}', 422, "id"),
        ("POST", "/v1/articles", b'{"text": "a", "countries": ["XQ"]}', 422, "country 'XQ' is not in the taxonomy"),
        ("POST", "/v1/articles?replace=perhaps", b'{"text": "a"}', 422, "replace"),
        ("POST", "/v1/articles/x/labels", b'{"accept": {"topics": ["medtop:99"]}}', 422, "topic 'medtop:99'"),
        ("POST", "/v1/articles/x/labels", b'{"accept": {"regions": ["asia"]}}', 422, "Extra"),
        ("POST", "/v1/articles/x/labels", b'{"accept": {"topics": []}}', 404, "no article 'x'"),
        ("PATCH", "/v1/articles/x", b'{"text": ""}', 422, "white space"),
        ("PATCH", "/v1/articles/x", b'{"topics": []}', 422, "Extra"),
        ("PATCH", "/v1/articles/x", b'{"title": "' + b"a" * 20_001 + b'"}', 422, "20,001 characters"),
        ("PATCH", "/v1/articles/x", b'{"title": "a"}', 404, "no article 'x'"),
        ("GET", "/v1/articles?limit=501", None, 422, "limit"),
        ("GET", "/v1/articles?limit=0", None, 422, "limit"),
        ("GET", "/v1/articles?cursor=x", None, 422, "cursor"),
        ("GET", "/v1/articles?text=%26", None, 422, "words to search for"),
        ("GET", "/v1/articles?since=soon", None, 422, "since: 'soon' is no ISO 8601"),
        ("GET", "/v1/articles?colour=red", None, 422, "colour: Extra"),
        ("GET", "/v1/articles/suggestions?limit=0", None, 422, "limit"),
        ("POST", "/v1/similar", b"{}", 422, "text"),
        ("PUT", "/v1/articles/x", b"{}", 405, "not allowed"),
    ],
)
def test_bad_requests_are_problems(
    filled: Server, method: str, path: str, body: bytes | None, status: int, detail: str
) -> None:
    got, headers, answer = filled.request(method, path, body)
    problem = ProblemAnswer.model_validate_json(answer)
    assert (got, headers["Content-Type"]) == (status, "application/problem+json")
    assert detail in problem.detail


def test_other_content_types_are_refused(filled: Server) -> None:
    got, _, answer = filled.request("POST", "/v1/articles", b"id,text", "text/csv")
    assert (got, "application/x-ndjson" in json.loads(answer)["detail"]) == (415, True)
    got, _, answer = filled.request("POST", "/v1/articles", b"a" * 1_000_001, LINES)
    assert got == 413


def test_with_a_key_set_writing_needs_it_and_reading_does_not(models: Path, tmp_path: Path) -> None:
    settings = Settings(models_dir=models, database_url=f"sqlite:///{tmp_path}/a.db", api_key="open-sesame")  # type: ignore[arg-type]
    client = create_app(settings).test_client()
    writes = [
        ("POST", "/v1/articles"), ("PATCH", "/v1/articles/x"), ("DELETE", "/v1/articles/x"),
        ("POST", "/v1/articles/x/labels"), ("POST", "/v1/articles/x/nothing"),
    ]  # fmt: skip
    wrong: list[dict[str, str]] = [
        {}, {"Authorization": "Bearer open-sesam"}, {"Authorization": "Basic b3BlbjpzZXNhbWU="},
        {"Authorization": "open-sesame"}, {"X-API-Key": ""}, {"X-API-Key": "Open-Sesame"}, {"X-API-Key": "ö"},
    ]  # fmt: skip
    for method, path in writes[:4]:
        for headers in wrong:
            answer = client.open(path, method=method, json={"text": "a"}, headers=headers)
            assert answer.status_code == 401, (method, path, headers)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json is not None or answer.content_type == "application/problem+json"
    assert client.get("/v1/articles").json == {"articles": [], "next": None}
    for number, headers in enumerate([{"Authorization": "Bearer open-sesame"}, {"X-API-Key": "open-sesame"}]):
        assert client.post("/v1/articles", json={"text": f"a {number}"}, headers=headers).status_code == 201
    assert client.get("/v1/articles/suggestions").status_code == 200
    assert client.post("/v1/similar", json={"text": STORY}).status_code == 200


def test_a_store_out_of_reach_is_a_503_and_classifying_goes_on(models: Path) -> None:
    settings = Settings(models_dir=models, database_url="postgresql://u:secret@127.0.0.1:9/x")
    client = create_app(settings).test_client()
    answer = client.get("/v1/articles")
    assert answer.status_code == 503
    assert b"secret" not in answer.data
    assert client.post("/v1/classify", json={"text": STORY}).status_code == 200


def test_an_older_model_without_an_index_says_so(models: Path, analyser: Any, tmp_path: Path) -> None:
    parts = analyser.parts()
    del parts["similar"]
    older = type(analyser).from_parts("old", analyser.taxonomy, parts)
    assert older.analyse(STORY).topics == analyser.analyse(STORY).topics
    with pytest.raises(Exception, match="no index of similar articles; retrain"):
        older.similar_to(STORY, limit=3)


def test_stored_articles_that_were_trained_on_are_found_until_deleted(
    models: Path, analyser: Any, tmp_path: Path
) -> None:
    from dateline.similar import Entry  # noqa: PLC0415
    from dateline.text import read  # noqa: PLC0415
    from training.features import count  # noqa: PLC0415

    texts = {f"st{n}": f"{STORY} Report {n} from the front." for n in range(4)}
    counts = count(analyser.index, [read(text) for text in texts.values()])
    client = create_app(
        Settings(models_dir=models, database_url=f"sqlite:///{tmp_path}/a.db")
    ).test_client()  # fmt: skip
    serving = client.application.extensions["dateline.serving"]
    serving.analyser.similar = fit_similar(counts, [Entry("store", id, "") for id in texts])
    client.post("/v1/articles", json=[{"id": id, "text": text, "title": id} for id, text in texts.items()])
    first = client.get("/v1/articles/st0/similar").json
    found = {(n["id"], n["origin"], n["title"]) for n in first["articles"]}
    assert found == {(f"st{n}", "store", f"st{n}") for n in (1, 2, 3)}
    assert client.delete("/v1/articles/st2").status_code == 204
    assert {n["id"] for n in client.get("/v1/articles/st0/similar").json["articles"]} == {"st1", "st3"}


ROUNDS, ADDS = (10, 2000) if os.environ.get("DATELINE_TEST_LONG") else (3, 2000)


def test_killed_amid_adds_the_store_has_all_that_was_acknowledged(models: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kill.db"
    acknowledged: set[str] = set()
    for round_number in range(ROUNDS):
        server = Server(models, workers=2, database_url=url)
        names = [f"k{round_number}-{n}" for n in range(ADDS)]
        started = time.monotonic()

        def add(name: str, to: Server = server) -> str | None:
            status, answer = 0, b""
            body = json.dumps({"id": name, "text": f"Text of {name}."}).encode()
            status, _, answer = to.request("POST", "/v1/articles", body)
            return name if status == 201 and json.loads(answer)["id"] == name else None

        with ThreadPoolExecutor(8) as pool:
            done = [pool.submit(add, name) for name in names]
            while sum(future.done() for future in done) < 50 + 70 * round_number:
                assert time.monotonic() - started < 60
                time.sleep(0.01)
            # The parent first: it would put a new worker in a killed one's place.
            for pid in [server.process.pid, *_children(server.process.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for future in done:
                future.cancel()
        of_round = {f.result() for f in done if not f.cancelled()} - {None}
        assert len(of_round) >= 40
        assert len(of_round) < ADDS
        acknowledged |= of_round  # type: ignore[arg-type]
        server.process.wait(timeout=30)
        server.process.stderr.close()  # type: ignore[union-attr]
        store = ArticleStore(url)
        kept = [article.id for article in store.for_training()]
        store.close()
        assert len(kept) == len(set(kept))
        assert acknowledged <= set(kept)
    with sqlite3.connect(tmp_path / "kill.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.execute("INSERT INTO articles_text (articles_text) VALUES ('integrity-check')")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_full_disk_is_a_507_and_nothing_acknowledged_is_missing(models: Path, tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    url = f"sqlite:///{tmp_path}/full.db"
    server = Server(models, workers=2, database_url=url, before=limited)
    acknowledged, refused = set(), 0
    text = "Words of every kind and many of them. " * 100
    for number in range(0, 200, 10):
        batch = [{"id": f"f{n}", "text": f"{n} {text}"} for n in range(number, number + 10)]
        status, answer = server.post("/v1/articles", batch)
        if status == 200:
            acknowledged |= {item["id"] for item in answer["items"]}
        else:
            refused += 1
            assert (status, answer["title"]) == (507, "Insufficient Storage")
            assert "nothing was added" in answer["detail"]
    assert refused > 5
    assert acknowledged
    listed = {article["id"] for article in server.get("/v1/articles?limit=500")[1]["articles"]}
    assert listed == acknowledged
    assert server.post("/v1/classify", {"text": STORY})[0] == 200
    server.stop()
    store = ArticleStore(url)
    assert {article.id for article in store.for_training()} == acknowledged
    assert store.add([NewArticle(id="after", text="Room again.")])[0].status == "added"
    store.close()
    with sqlite3.connect(tmp_path / "full.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
