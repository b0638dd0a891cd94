import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dateline import bulk
from dateline.registry import Registry
from tests.conftest import ROOT, STORY, environment, run

MANY = 700
"""More than this process answers alone."""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bulk") / "texts.jsonl"
    rows = [{"id": n, "text": f"{STORY} Number {n}."} for n in range(MANY)]
    rows[400] = {"id": 400}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def alone(lines: Path, models: Path) -> bytes:
    """The answers of a run in one process."""
    done = run("dateline", "classify", "--jobs", "1", lines, models=models)
    assert done.stderr.decode() == f"{lines}:401: text: a string is needed\n"
    return done.stdout


def test_several_processes_give_the_answers_of_one_in_the_same_order(lines: Path, models: Path, alone: bytes) -> None:
    done = run("dateline", "classify", "--jobs", "2", lines, models=models)
    assert done.returncode == 1
    assert done.stdout == alone
    assert [json.loads(line)["id"] for line in alone.splitlines()] == list(range(MANY))


def test_an_interrupted_run_goes_on_where_it_stopped(lines: Path, models: Path, alone: bytes, tmp_path: Path) -> None:
    more, output = tmp_path / "more.jsonl", tmp_path / "answers.jsonl"
    more.write_bytes(lines.read_bytes() * 10)  # long enough to be interrupted
    whole = alone * 10
    command = [sys.executable, "-m", "dateline", "classify", "--jobs", "1", "--output", output, more]
    with subprocess.Popen(command, cwd=ROOT, env=environment(models), stderr=subprocess.PIPE) as running:
        while not (output.exists() and output.stat().st_size):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.stderr
        told = running.stderr.read().decode()
    assert running.returncode == 130
    assert f"go on with: --output {output} --resume" in told
    written = output.read_bytes()
    assert whole.startswith(written)
    assert len(written) < len(whole)
    with output.open("ab") as half:
        half.write(b'{"id": 12, "mod')  # as a crash would leave it
    run("dateline", "classify", "--output", output, "--resume", more, models=models)
    assert output.read_bytes() == whole
    again = run("dateline", "classify", "--output", output, "--resume", more, models=models)
    assert again.returncode == 0
    assert output.read_bytes() == whole


def test_a_killed_run_leaves_no_process_and_goes_on(lines: Path, models: Path, alone: bytes, tmp_path: Path) -> None:
    more, output = tmp_path / "more.jsonl", tmp_path / "answers.jsonl"
    more.write_bytes(lines.read_bytes() * 20)
    command = [sys.executable, "-m", "dateline", "classify", "--jobs", "2", "--output", output, more]
    with subprocess.Popen(command, cwd=ROOT, env=environment(models), stderr=subprocess.DEVNULL) as running:
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        while not (output.exists() and output.stat().st_size > len(alone) and children.read_text()):
            assert running.poll() is None
            time.sleep(0.01)
        workers = children.read_text().split()
        running.kill()
    assert len(workers) == 2
    assert output.stat().st_size < 20 * len(alone)
    run("dateline", "classify", "--output", output, "--resume", more, models=models)
    assert output.read_bytes() == alone * 20
    deadline = time.monotonic() + 10
    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _runs(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_a_finished_or_foreign_output_is_not_written_over(lines: Path, models: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers.jsonl"
    output.write_text('{"id": "other"}\n')
    refused = run("dateline", "classify", "--output", output, lines, models=models)
    assert refused.returncode == 1
    assert b"go on with it by --resume" in refused.stderr
    foreign = run("dateline", "classify", "--output", output, "--resume", lines, models=models)
    assert foreign.returncode == 1
    assert b"is not of this input: its answer 1 is to 'other', not 0" in foreign.stderr
    output.write_text("a letter to the editor\n")
    letter = run("dateline", "classify", "--output", output, "--resume", lines, models=models)
    assert b"not the output of this command" in letter.stderr
    assert output.read_text() == "a letter to the editor\n"
    assert b"--resume needs the --output" in run("dateline", "classify", "--resume", lines, models=models).stderr


def test_a_run_keeps_to_the_model_that_it_was_begun_with(lines: Path, models: Path, tmp_path: Path) -> None:
    output = tmp_path / "answers.jsonl"
    output.write_text('{"id": 0, "model": "2020-01-01T00-00-00Z-0000"}\n')
    refused = run("dateline", "classify", "--output", output, "--resume", lines, models=models)
    assert b"no model version '2020-01-01T00-00-00Z-0000'" in refused.stderr


def test_texts_are_read_as_they_are_needed(models: Path) -> None:
    """A million lines take no more memory than a hundred: texts are answered before many others are read."""
    read = 0

    def endless() -> object:
        nonlocal read
        while True:
            read += 1
            yield bulk.Raw("here", json.dumps({"text": STORY}).encode())

    folder, options = Registry(models).folder(), bulk.Options(1000)
    promptly = bulk.answer_all(endless(), folder, options, jobs=1, prompt=True)  # type: ignore[arg-type]
    for _ in range(5):
        next(promptly)
    assert read == 5
    for jobs, ahead in ((1, 64), (2, 64 * 8)):
        read = answered = 0
        answers = bulk.answer_all(endless(), folder, options, jobs=jobs)  # type: ignore[arg-type]
        while answered < 1000:
            answered += next(answers).n
            assert read <= answered + ahead
        answers.close()


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from dateline.__main__ import main\n"
        "assert CliRunner().invoke(main, ['classify', '--help']).exit_code == 0\n"
        "heavy = 'numpy', 'scipy', 'joblib', 'sklearn', 'gensim', 'sqlalchemy', 'flask'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, check=True)
    assert done.stdout == b"[]\n"
