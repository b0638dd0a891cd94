from pathlib import Path

import pytest

from dateline import bundle
from dateline.errors import Busy, NoModel, UnknownVersion
from dateline.registry import Registry, new_version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    for version in ("v1", "v2", "v3"):
        with registry.stage(version) as staged:
            (staged / bundle.MANIFEST).write_text("{}")
            registry.publish(staged)
    return registry


def test_a_new_folder_has_no_versions(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "nothing")
    assert registry.versions() == []
    with pytest.raises(NoModel, match="training train"):
        registry.current()


def test_publishing_does_not_serve(registry: Registry) -> None:
    assert registry.versions() == ["v1", "v2", "v3"]
    with pytest.raises(NoModel):
        registry.current()


def test_promote_and_roll_back_walk_the_history(registry: Registry) -> None:
    for version in ("v1", "v2", "v2", "v3"):
        registry.promote(version)
    assert registry.current() == "v3"
    assert registry.rollback() == "v2"
    assert registry.rollback() == "v1"
    with pytest.raises(NoModel, match="nothing to roll back to"):
        registry.rollback()
    assert registry.current() == "v1"


def test_rollback_skips_versions_that_are_gone(registry: Registry) -> None:
    for version in ("v1", "v2", "v3"):
        registry.promote(version)
    (registry.models_dir / "v2" / bundle.MANIFEST).unlink()
    assert registry.rollback() == "v1"


def test_an_unknown_version_is_refused(registry: Registry) -> None:
    with pytest.raises(UnknownVersion, match="no model version 'v9'"):
        registry.promote("v9")


def strays(registry: Registry) -> list[str]:
    return sorted(path.name for path in registry.models_dir.iterdir() if path.name.startswith((".tmp-", ".old-")))


def test_what_is_not_published_goes(registry: Registry) -> None:
    with pytest.raises(RuntimeError), registry.stage("failed"):
        raise RuntimeError
    with registry.stage("unfinished"):
        assert strays(registry) == [".tmp-unfinished"]
    assert strays(registry) == []
    assert registry.versions() == ["v1", "v2", "v3"]


def test_staging_clears_what_a_crash_left(registry: Registry) -> None:
    (registry.models_dir / ".tmp-crashed").mkdir()
    (registry.models_dir / ".old-v0").mkdir()
    (registry.models_dir / ".tmp-CURRENT").write_text("v1")
    with registry.stage("next"):
        assert strays(registry) == [".tmp-next"]


def test_two_trainings_do_not_meet(registry: Registry) -> None:
    with registry.stage("one") as staged:
        with pytest.raises(Busy, match="another training is at work"), registry.stage("two"):
            pass
        assert staged.is_dir()
        registry.promote("v1")
    with registry.stage("two"):
        pass


def test_prune_keeps_what_serves_what_is_new_and_what_one_may_roll_back_to(registry: Registry) -> None:
    for version in ("v1", "v3", "v2"):
        registry.promote(version)
    assert registry.prunable(keep=1) == ["v1"]
    with pytest.raises(Busy, match="v2 serves"):
        registry.prune(["v2"])
    registry.prune(["v3", "v1"])
    assert registry.versions() == ["v2"]
    assert registry.history() == ["v2"]
    assert strays(registry) == []
    with pytest.raises(UnknownVersion):
        registry.prune(["v1"])


def test_rollback_never_stays_where_it_is(registry: Registry) -> None:
    for version in ("v1", "v3", "v1"):
        registry.promote(version)
    registry.prune(["v3"])
    with pytest.raises(NoModel, match="nothing to roll back to"):
        registry.rollback()


def test_version_names_sort_by_age() -> None:
    assert len({new_version() for _ in range(50)}) > 40
    assert new_version()[10] == "T"
