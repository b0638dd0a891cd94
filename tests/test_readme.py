"""The README is run, so that it cannot lie."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from service.schemas import ClassifyAnswer
from tests.conftest import ROOT, Server, run

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(marker: str) -> str:
    found = re.search(rf"<!-- {marker} -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no block marked {marker}"
    return found[1]


def best(answer: dict[str, Any]) -> dict[str, str]:
    return {kind: answer[kind][0]["code"] for kind in ("regions", "countries", "topics")}


def test_the_curl_command_gets_the_answer_shown(server: Server) -> None:
    command = block("readme-curl").replace("http://127.0.0.1:8080", server.url)
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    answer, shown = json.loads(done.stdout), json.loads(block("readme-answer"))
    ClassifyAnswer.model_validate(shown)
    assert best(answer) == best(shown)
    assert answer["id"] == shown["id"]
    assert list(answer) == list(shown)


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?= |$|`)", README)) - {"it"} <= targets


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m (training|dateline|service) (\w+)", README))))
def test_every_command_named_exists(command: tuple[str, str], tmp_path: Path) -> None:
    module, subcommand = command
    assert run(module, subcommand, "--help", models=tmp_path).returncode == 0


def test_every_file_named_exists() -> None:
    links = re.findall(r"\]\(([a-z][\w/.-]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_runtime_library_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text().split("dependencies = [")[1].split("]")[0]
    names = re.findall(r'"([\w-]+)>=', project)
    table = README[README.index("| library |") :].lower()
    missing = [name for name in names if name.replace("flask-openapi3-swagger", "swagger") not in table]
    assert missing == []
