import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dateline.analyser import Analyser
from tests.conftest import STORY, run


def test_json_lines_in_json_lines_out(models: Path, analyser: Analyser) -> None:
    lines = [{"id": "a", "text": STORY}, {"id": "b", "text": "Rain.", "title": "Weather"}]
    done = run("dateline", "classify", models=models, stdin="".join(json.dumps(line) + "\n" for line in lines))
    assert done.returncode == 0
    assert done.stderr == b""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[0] == analyser.analyse(STORY).to_dict(id="a")
    assert answers[1] == analyser.analyse("Rain.", title="Weather").to_dict(id="b")


def test_files_of_both_kinds(models: Path, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "more.jsonl").write_text(json.dumps({"id": 1, "text": STORY}) + "\n\n")
    done = run("dateline", "classify", tmp_path / "story.txt", tmp_path / "more.jsonl", models=models)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["story.txt", 1]


def test_bad_lines_are_answered_in_place_and_told(models: Path) -> None:
    lines = b'{"id": "a"}\nnonsense\n[1]\n{"id": "d", "text": " "}\n{"id": "e", "text": "Rain fell."}\n'
    done = run("dateline", "classify", models=models, stdin=lines)
    assert done.returncode == 1
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a["id"], "error" in a) for a in answers] == [
        ("a", True),
        (None, True),
        (None, True),
        ("d", False),
        ("e", False),
    ]
    assert answers[3]["topics"] == []
    assert answers[3]["warnings"] == ["text: nothing in it but white space"]
    assert b"standard input:2: not JSON" in done.stderr


def test_a_file_in_another_encoding_is_told(models: Path, tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Café fermé".encode("latin-1"))
    done = run("dateline", "classify", tmp_path / "latin.txt", models=models)
    assert done.returncode == 1
    assert b"not UTF-8" in done.stderr


def test_no_model_is_told(tmp_path: Path) -> None:
    done = run("dateline", "classify", models=tmp_path, stdin="")
    assert done.returncode == 1
    assert b"python -m training train" in done.stderr


@pytest.mark.parametrize(
    ("module", "args", "text"),
    [
        ("dateline", ["classify", "--help"], "JSON Lines"),
        ("training", ["--help"], "rollback"),
        ("training", ["train", "--help"], "--seeds"),
        ("service", ["--help"], "/docs"),
    ],
)
def test_help_teaches(tmp_path: Path, module: str, args: list[str], text: str) -> None:
    shown = run(module, *args, models=tmp_path)
    assert shown.returncode == 0
    assert text in shown.stdout.decode()


def test_the_training_commands_tell_one_story(copied_models: Callable[[], Path], seeds: Path) -> None:
    models = copied_models()
    first = run("training", "list", models=models).stdout.decode()
    assert first.startswith("* ")
    trained = run("training", "train", "--seeds", seeds, "--themes", "5", "--seed", "2", models=models)
    assert trained.returncode == 0, trained.stderr
    assert b"serves now" in trained.stdout
    assert b"fitting topics" in trained.stderr
    assert [line[0] for line in run("training", "list", models=models).stdout.decode().splitlines()] == [" ", "*"]
    assert b"seed             2" in run("training", "show", models=models).stdout
    assert b"topic@1" in run("training", "evaluate", models=models).stdout
    changes = run("training", "diff", first.split()[1], models=models)
    assert changes.stdout.startswith(b"themes: "), changes.stderr
    assert b"there; train a new one" in run("training", "train", "--if-needed", models=models).stdout
    report = next(path.read_text() for path in sorted(models.glob("*/report.html"), reverse=True))
    assert 'id="changes"' in report
    assert "themes: " in report.partition('id="theme-changes"')[2]
    assert first[2:26] in run("training", "rollback", models=models).stdout.decode()
    newer = run("training", "list", models=models).stdout.decode().splitlines()[1].split()[0]
    assert b"serves now" in run("training", "promote", newer, models=models).stdout
    unknown = run("training", "promote", "nonsense", models=models)
    assert unknown.returncode == 1
    assert b"see: python -m training list" in unknown.stderr


def test_evaluate_measures_labelled_texts(models: Path, tmp_path: Path) -> None:
    pack = tmp_path / "pack.jsonl"
    rows = [
        {"text": " ", "expect": {"topics": []}},
        {"text": STORY, "expect": {"topics": ["medtop:16000000"], "regions": ["middle-east"], "countries": ["SY"]}},
        {"id": "x", "title": "", "text": STORY, "topics": ["medtop:15000000"]},
    ]
    pack.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shown = run("training", "evaluate", pack, models=models).stdout.decode()
    figures = dict(line.split() for line in shown.splitlines() if re.fullmatch(r"  \S+ +[\d.]+", line))
    assert float(figures["topics@1"]) == pytest.approx(2 / 3, abs=0.001)
    assert float(figures["topicsMacroF1"]) == pytest.approx(1 / 3, abs=0.001)
    assert float(figures["countries@1"]) == 1.0
    assert "reliability" in shown
    pack.write_text('{"text": "a"}\nnonsense\n')
    broken = run("training", "evaluate", pack, models=models)
    assert b"pack.jsonl:2: not a labelled text" in broken.stderr
