from pathlib import Path

import pytest

from dateline import bundle
from dateline.errors import NoModel, UnknownVersion
from dateline.registry import Registry, new_version


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "models")
    for version in ("v1", "v2", "v3"):
        staged = registry.stage(version)
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


def test_staging_clears_what_a_crash_left(registry: Registry) -> None:
    registry.stage("crashed")
    registry.stage("next")
    assert sorted(path.name for path in registry.models_dir.glob(".tmp-*")) == [".tmp-next"]
    assert "crashed" not in registry.versions()


def test_version_names_sort_by_age() -> None:
    assert len({new_version() for _ in range(50)}) > 40
    assert new_version()[10] == "T"
