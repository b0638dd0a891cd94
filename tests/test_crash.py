"""Training that is killed or runs out of room: the old version serves, and the next run leaves nothing lying about."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dateline import bundle
from dateline.analyser import load
from dateline.registry import Registry
from tests.conftest import ROOT, STORY, Server, environment

_EVENTS = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.truncate"}
"""What Python tells an audit hook before it touches the file system."""
_ROOM = 150_000


@pytest.fixture
def models_copy(copied_models: Callable[[], Path]) -> Path:
    return copied_models()


def strays(models: Path) -> list[str]:
    registry = Registry(models)
    known = {"CURRENT", *registry.versions()}
    return sorted(path.name for path in models.iterdir() if path.name not in known and path.suffix != ".lock")


def kill_at(point: int, models: Path) -> None:
    """Have this process killed before the point-th time that it touches a file of the models folder."""
    touched = 0

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal touched
        if event in _EVENTS and str(args[0]).startswith(str(models)):
            touched += 1
            if touched == point:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def in_child(work: Callable[[], None]) -> int:
    """Run something in a forked process; return its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def test_killed_at_any_point_of_publishing_the_old_version_serves(models_copy: Path) -> None:
    registry = Registry(models_copy)
    good = registry.current()
    manifest, taxonomy, parts = bundle.read(registry.folder())
    parts = {name: parts[name] for name in ("prose", "themes")}  # two files are written as any number is
    new = "2999-01-01T00-00-00Z-0000"

    def publish(point: int) -> None:
        kill_at(point, models_copy)
        with registry.stage(new) as staged:
            bundle.write(staged, taxonomy=taxonomy, parts=parts, facts=manifest | {"version": new})
            registry.publish(staged)
        registry.promote(new)

    seen: set[tuple[bool, bool, bool]] = set()
    for point in range(1, 500):
        status = in_child(lambda point=point: publish(point))
        serving, there = registry.current(), new in registry.versions()
        assert serving == good or (serving == new and there)
        bundle.read(registry.folder())
        seen.add((bool(strays(models_copy)), there, serving == new))
        with registry.stage("next"):
            assert strays(models_copy) == [".tmp-next"]
        assert strays(models_copy) == []
        if not os.WIFSIGNALED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        registry.promote(good)
        if there:
            registry.prune([new])
    assert point > 20
    # Killed: amid writing; between publishing and promoting, CURRENT half made; and not at all.
    assert seen >= {(True, False, False), (False, True, False), (True, True, False), (False, True, True)}


def test_a_training_that_is_killed_leaves_the_old_version_and_nothing_after_the_next(
    models_copy: Path, seeds: Path
) -> None:
    registry = Registry(models_copy)
    good = registry.current()
    command = [sys.executable, "-m", "training", "train", "--seeds", str(seeds), "--themes", "5"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(models_copy), stderr=subprocess.PIPE) as training:
        assert training.stderr
        for line in training.stderr:
            if b"counting terms" in line:
                break
        training.kill()
    assert [name[:5] for name in strays(models_copy)] == [".tmp-"]
    assert registry.current() == good
    load(registry.folder())
    with registry.stage("next"):
        pass
    assert strays(models_copy) == []


def small_files_only() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, _ROOM))


def test_a_full_disk_is_told_in_one_line_and_changes_nothing(models_copy: Path, seeds: Path) -> None:
    server = Server(models_copy, workers=1)
    before = sorted(path.name for path in models_copy.iterdir())
    command = [sys.executable, "-m", "training", "train", "--seeds", str(seeds), "--themes", "5"]
    full = subprocess.run(
        command, cwd=ROOT, env=environment(models_copy), capture_output=True, preexec_fn=small_files_only, check=False
    )
    assert full.returncode == 1
    assert full.stderr.decode().splitlines()[-1].startswith("error: File too large")
    assert b"Traceback" not in full.stderr
    assert [name for name in sorted(path.name for path in models_copy.iterdir()) if not name.endswith(".lock")] == [
        name for name in before if not name.endswith(".lock")
    ]
    status, answer = server.post("/v1/classify", {"text": STORY})
    server.stop()
    assert (status, answer["model"]) == (200, Registry(models_copy).current())


def test_a_full_disk_does_not_harm_the_list_of_versions(models_copy: Path) -> None:
    registry = Registry(models_copy)
    good = registry.current()
    (models_copy / "2999-x").mkdir()
    (models_copy / "2999-x" / bundle.MANIFEST).write_text("{}")

    def promote() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))
        registry.promote("2999-x")

    assert in_child(promote) != 0
    assert registry.history() == [good]
