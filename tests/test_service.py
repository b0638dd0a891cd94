import json
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import openapi_spec_validator
import pytest

from service.schemas import (
    BatchAnswer,
    ClassifyAnswer,
    ModelsAnswer,
    ProblemAnswer,
    RegionsAnswer,
    ThemeDetailAnswer,
    ThemeMapAnswer,
    ThemesAnswer,
    TopicsAnswer,
)
from tests.conftest import ROOT, STORY, Server, environment, run


def test_classify_answers_by_the_contract(server: Server) -> None:
    status, answer = server.post("/v1/classify", {"id": "7", "text": STORY})
    assert status == 200
    ClassifyAnswer.model_validate(answer, strict=True)
    assert answer["id"] == "7"
    assert answer["language"]["code"] == "en"
    assert answer["topics"][0]["code"] == "medtop:16000000"
    assert answer["regions"][0]["code"] == "middle-east"
    assert answer["countries"][0]["code"] == "SY"
    assert answer["countries"][0]["mentions"] >= 2


def test_the_same_text_gives_the_same_bytes_on_every_thread_and_process(server: Server) -> None:
    body = json.dumps({"text": STORY}).encode()
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: server.request("POST", "/v1/classify", body)[2], range(200)))
    assert len(answers) == 1


LONG = "a" * 20_001


@pytest.mark.parametrize(
    ("body", "content_type", "status", "detail"),
    [
        pytest.param(b"{}", "application/json", 422, "text: Field required", id="no-text"),
        pytest.param(b"[1]", "application/json", 422, "body: a JSON object is needed, not an array", id="array"),
        pytest.param(b"null", "application/json", 422, "body: a JSON object is needed, not null", id="null"),
        pytest.param(b'"{}"', "application/json", 422, "body: a JSON object is needed, not a string", id="string"),
        pytest.param(b'{"text": ""}', "application/json", 422, "text: String should have at least 1", id="empty"),
        pytest.param(b'{"text": " \\n"}', "application/json", 422, "nothing in it but white space", id="white-space"),
        pytest.param(b'{"text": 5}', "application/json", 422, "text: Input should be a valid string", id="number"),
        pytest.param(b'{"text": "a", "x": 1}', "application/json", 422, "x: Extra inputs", id="unknown-field"),
        pytest.param(b'{"text": "a', "application/json", 400, "not JSON", id="cut-off"),
        pytest.param(b"", "application/json", 400, "not JSON", id="nothing"),
        pytest.param(b'{"text": "\xff"}', "application/json", 400, "not JSON in UTF-8", id="bad-utf-8"),
        pytest.param(b'{"text": "\\ud800"}', "application/json", 400, "not JSON", id="lone-surrogate"),
        pytest.param(b'{"text": "a"}', "text/plain", 415, "send application/json", id="content-type"),
        pytest.param(b'{"text": "a"}', None, 415, "send application/json", id="no-content-type"),
        pytest.param(b'{"text": "' + b"a" * 5_000_000 + b'"}', "application/json", 413, "1,000,000 bytes", id="5-MB"),
        pytest.param(b'{"text": "' + b"a" * 20_001 + b'"}', "application/json", 422, "text: 20,001", id="long-text"),
        pytest.param(
            json.dumps({"text": "a", "title": LONG}).encode(), "application/json", 422, "title: 20,001", id="long-title"
        ),
    ],
)  # fmt: skip
def test_bad_input_gets_its_own_problem(
    server: Server, body: bytes, content_type: str | None, status: int, detail: str
) -> None:
    got, headers, answer = server.request("POST", "/v1/classify", body, content_type or "")
    assert got == status
    assert headers["Content-Type"] == "application/problem+json"
    problem = ProblemAnswer.model_validate_json(answer)
    assert problem.status == status
    assert detail in problem.detail
    if status == 422 and "body" not in detail and "white" not in detail:
        assert problem.errors
        assert problem.errors[0].field


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/classify", 405),
        ("DELETE", "/v1/topics", 405),
        ("GET", "/nothing", 404),
    ],
)
def test_wrong_paths_and_methods_are_problems(server: Server, method: str, path: str, status: int) -> None:
    got, headers, answer = server.request(method, path)
    assert got == status
    assert ProblemAnswer.model_validate_json(answer).status == status
    assert status != 405 or "Allow" in headers


def test_one_bad_item_fails_no_other(server: Server) -> None:
    items = [{"text": STORY}, {"text": ""}, 5, {"id": "d", "text": STORY}, {"text": LONG}, {"text": " "}]
    status, answer = server.post("/v1/classify/batch", {"items": items})
    assert status == 200
    batch = BatchAnswer.model_validate(answer)
    assert [item.index for item in batch.items] == list(range(6))
    assert [item.result is not None for item in batch.items] == [True, False, False, True, False, False]
    assert [item.error.status for item in batch.items if item.error] == [422] * 4
    assert batch.items[3].result is not None
    assert batch.items[3].result.id == "d"
    _, alone = server.post("/v1/classify", items[0])
    assert answer["items"][0]["result"] == alone


@pytest.mark.parametrize(("count", "detail"), [(0, "at least 1 item"), (21, "21 items, the limit is 20")])
def test_a_batch_has_limits(server: Server, count: int, detail: str) -> None:
    status, problem = server.post("/v1/classify/batch", {"items": [{"text": "a"}] * count})
    assert status == 422
    assert detail in problem["detail"]


def test_unknown_words_get_empty_lists_and_a_warning(server: Server) -> None:
    status, answer = server.post("/v1/classify", {"text": "qwxz vbnm plokij zzyxw"})
    assert status == 200
    assert answer["topics"] == answer["regions"] == answer["countries"] == answer["themes"] == []
    assert "no known words" in answer["warnings"][0]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("French", "Le gouvernement a annoncé mardi une nouvelle loi sur les retraites, contestée par les syndicats."),
        ("German", "Die Bundesregierung hat am Dienstag ein neues Gesetz zur Rente vorgestellt, das umstritten ist."),
        ("Russian", "Правительство объявило во вторник о новом законе о пенсиях, против которого выступают профсоюзы."),
        ("Arabic", "أعلنت الحكومة يوم الثلاثاء قانونا جديدا للتقاعد تعارضه النقابات العمالية في البلاد."),
    ],
)
def test_other_languages_are_named_and_not_classified(server: Server, language: str, text: str) -> None:
    _, answer = server.post("/v1/classify", {"text": text})
    assert answer["topics"] == answer["regions"] == answer["themes"] == []
    assert language in answer["warnings"][0]


def test_labels_themes_and_models_are_listed(server: Server) -> None:
    _, topics = server.get("/v1/topics")
    assert len(TopicsAnswer.model_validate(topics).topics) == 17
    _, regions = server.get("/v1/regions")
    assert len(RegionsAnswer.model_validate(regions).regions) == 7
    _, themes = server.get("/v1/themes")
    shares = [theme.share for theme in ThemesAnswer.model_validate(themes).themes]
    assert shares == sorted(shares, reverse=True)
    assert {t["id"] for t in themes["themes"]} == {t["id"] for t in server.get("/v1/themes/map")[1]["themes"]}
    _, models = server.get("/v1/models")
    assert [m.current for m in ModelsAnswer.model_validate(models).models] == [True]
    _, current = server.get("/v1/models/current")
    assert current == models["models"][0]


def test_a_theme_tells_all_that_is_known_of_it(server: Server) -> None:
    listed = {theme["id"]: theme for theme in server.get("/v1/themes")[1]["themes"]}
    for id, short in listed.items():
        status, answer = server.get(f"/v1/themes/{id}")
        assert status == 200
        theme = ThemeDetailAnswer.model_validate(answer, strict=True)
        assert answer | short == answer
        assert 1 <= len(theme.articles) <= 5
        assert all(article.title for article in theme.articles)
        assert {neighbour.id for neighbour in theme.neighbours} <= set(listed) - {id}
        assert theme.topic
        assert 0 < theme.topic.share <= 1
        assert theme.trend == []
    status, problem = server.get("/v1/themes/t999")
    assert status == 404
    assert "no theme 't999'" in ProblemAnswer.model_validate(problem).detail


def test_the_map_of_themes_is_data_and_a_picture(server: Server) -> None:
    themes = ThemeMapAnswer.model_validate(server.get("/v1/themes/map")[1], strict=True).themes
    assert len({(theme.x, theme.y) for theme in themes}) == len(themes)
    status, headers, picture = server.request("GET", "/v1/themes/map.svg")
    assert status == 200
    assert headers["Content-Type"].startswith("image/svg+xml")
    svg = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(picture)  # noqa: S314 - our own document
    told = [title.text or "" for title in root.iter(f"{svg}title")]
    assert sorted(line.split(":")[0] for line in told) == sorted(f"{t.id} {t.name}" for t in themes)


def test_health(server: Server) -> None:
    assert server.get("/health/live") == (200, {"status": "ok"})
    status, ready = server.get("/health/ready")
    assert status == 200
    assert ready["model"]


def test_the_api_describes_itself(server: Server) -> None:
    _, spec = server.get("/docs/openapi.json")
    assert spec["openapi"].startswith("3.1")
    openapi_spec_validator.validate(spec)
    assert {"/v1/classify", "/v1/classify/batch", "/v1/topics", "/v1/regions", "/v1/themes", "/v1/themes/{id}",
            "/v1/themes/map", "/v1/themes/map.svg", "/v1/models",
            "/v1/models/current", "/v1/models/{version}/report",
            "/v1/drift", "/health/live", "/health/ready", "/v1/articles", "/v1/articles/{id}",
            "/v1/articles/{id}/labels", "/v1/articles/{id}/similar", "/v1/articles/suggestions", "/v1/similar",
            } == set(spec["paths"])  # fmt: skip
    status, _, page = server.request("GET", "/docs/swagger")
    assert status == 200
    assert b"swagger" in page


def test_a_sample_answer_is_shown_when_the_server_is_ready(models: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "service", "--sample"]
    settings = environment(models, port=port, workers=3)
    with subprocess.Popen(
        command, cwd=ROOT, env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout
        shown = b"".join(iter(running.stdout.readline, b"  Ctrl-C stops it.\n")).decode()
        running.terminate()
    assert "conflict, war and peace" in shown
    assert f"http://127.0.0.1:{port}/docs" in shown


def test_without_a_model_the_server_says_how_to_make_one(tmp_path: Path) -> None:
    refused = run("service", models=tmp_path)
    assert refused.returncode == 1
    assert b"make one with: python -m training train" in refused.stderr


def test_help_lists_every_setting(tmp_path: Path) -> None:
    shown = run("service", "--help", models=tmp_path).stdout.decode()
    assert "DATELINE_MAX_TEXT_CHARS" in shown


def test_a_bad_setting_is_named(copied_models: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_PORT", "high")
    refused = run("service", models=copied_models())
    assert refused.returncode == 1
    assert b"DATELINE_PORT" in refused.stderr
