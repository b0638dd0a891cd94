import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dateline import bundle
from dateline.analyser import Analyser, load
from dateline.errors import InvalidModel, NoModel
from dateline.registry import Registry
from dateline.signature import UNSIGNED, Signing
from tests.conftest import STORY, run

MakeModels = Callable[[], Path]


@pytest.fixture
def folder(copied_models: MakeModels) -> Path:
    return Registry(copied_models()).folder()


def test_save_and_load_give_the_same_answers(analyser: Analyser, models: Path) -> None:
    again = load(Registry(models).folder())
    assert again.analyse(STORY) == analyser.analyse(STORY)


def test_one_altered_byte_in_any_file_is_refused(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert {"manifest.json", "manifest.sha256", "taxonomy.json", "topics.joblib"} <= set(names)
    for name in names:
        path = folder / name
        content = path.read_bytes()
        for position in (0, len(content) // 2, len(content) - 1):
            altered = bytearray(content)
            altered[position] ^= 1
            path.write_bytes(altered)
            with pytest.raises(InvalidModel, match=f"{name.split('.')[0]}.*(altered|format)"):
                load(folder)
        path.write_bytes(content)
    load(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        path.unlink()
        with pytest.raises((InvalidModel, NoModel), match=f"{path.name}: missing|no model in"):
            load(folder)
        path.write_bytes(content)


def reseal(folder: Path, **changes: object) -> None:
    """Change the manifest as someone would who can also write its seal."""
    manifest = json.loads((folder / bundle.MANIFEST).read_text()) | changes
    content = json.dumps(manifest).encode()
    (folder / bundle.MANIFEST).write_bytes(content)
    (folder / "manifest.sha256").write_bytes(bundle._seal(content))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"format": bundle.FORMAT + 1},
            f"format {bundle.FORMAT + 1}, but this Dateline reads format {bundle.FORMAT}",
            id="newer-format",
        ),
        pytest.param({"format": bundle.FORMAT - 1}, f"format {bundle.FORMAT - 1}, but", id="older-format"),
        pytest.param({"format": None}, "format None", id="no-format"),
        pytest.param({"normaliser": 0}, "another text normaliser", id="other-normaliser"),
        pytest.param({"libraries": {}}, "retrain the model", id="other-libraries"),
        pytest.param({"canaries": [{"text": STORY, "answer": {"topics": []}}]}, "answers differ", id="failing-canary"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(folder: Path, changes: dict[str, object], message: str) -> None:
    reseal(folder, **changes)
    with pytest.raises(InvalidModel, match=message):
        load(folder)


def test_parts_that_this_dateline_does_not_know_are_refused_in_words(folder: Path) -> None:
    manifest, taxonomy, parts = bundle.read(folder)
    later = {**parts, "themes": {"made": "otherwise"}}
    for path in folder.iterdir():
        path.unlink()
    bundle.write(folder, taxonomy=taxonomy, parts=later, facts=manifest)
    with pytest.raises(InvalidModel, match=r"made by another version of Dateline.*retrain"):
        load(folder)


def test_nothing_is_unpickled_before_its_hash_is_checked(folder: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    (folder / "topics.joblib").write_bytes(b"cposix\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR.")
    with pytest.raises(InvalidModel, match=r"topics\.joblib: altered"):
        load(folder)
    assert not trap.exists()


def test_the_server_refuses_an_altered_model_in_one_line_and_rollback_mends_it(copied_models: MakeModels) -> None:
    models = copied_models()
    registry = Registry(models)
    good = registry.current()
    shutil.copytree(models / good, models / "2999-bad")
    registry.promote("2999-bad")
    path = models / "2999-bad" / "themes.joblib"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    refused = run("service", models=models)
    assert refused.returncode == 1
    assert refused.stderr.decode().count("\n") == 1
    assert b"themes.joblib: altered since training; go back" in refused.stderr
    assert run("training", "rollback", models=models).stdout.decode() == f"{good} serves now.\n"
    load(registry.folder())


KEY, OTHER = Signing(b"a key of sixteen bytes"), Signing(b"quite another key")


def sign(folder: Path, signing: Signing) -> None:
    signing.write(folder, (folder / bundle.MANIFEST).read_bytes())


@pytest.mark.parametrize(
    ("signed_with", "read_with", "refusal"),
    [
        pytest.param(KEY, KEY, None, id="same-key"),
        pytest.param(KEY, replace(KEY, required=True), None, id="required"),
        pytest.param(KEY, UNSIGNED, None, id="nobody-asks"),
        pytest.param(UNSIGNED, KEY, None, id="unsigned-and-not-required"),
        pytest.param(
            UNSIGNED, replace(KEY, required=True), "missing, and DATELINE_REQUIRE", id="unsigned-but-required"
        ),
        pytest.param(KEY, OTHER, "signed with another key", id="other-key"),
    ],
)
def test_signatures(folder: Path, signed_with: Signing, read_with: Signing, refusal: str | None) -> None:
    sign(folder, signed_with)
    if refusal is None:
        load(folder, signing=read_with)
        return
    with pytest.raises(InvalidModel, match=rf"manifest\.hmac: {refusal}"):
        load(folder, signing=read_with)


def test_who_can_write_but_lacks_the_key_cannot_forge_a_model(folder: Path) -> None:
    sign(folder, KEY)
    reseal(folder, created="yesterday")
    load(folder)
    with pytest.raises(InvalidModel, match="signed with another key"):
        load(folder, signing=KEY)


def test_a_server_may_insist_on_signatures(copied_models: MakeModels, monkeypatch: pytest.MonkeyPatch) -> None:
    models = copied_models()
    monkeypatch.setenv("DATELINE_REQUIRE_SIGNATURE", "true")
    assert b"DATELINE_REQUIRE_SIGNATURE needs DATELINE_SIGNING_KEY" in run("service", models=models).stderr
    monkeypatch.setenv("DATELINE_SIGNING_KEY", "a key of sixteen bytes")
    refused = run("service", models=models)
    assert refused.returncode == 1
    assert b"manifest.hmac: missing" in refused.stderr
    sign(Registry(models).folder(), KEY)
    assert run("dateline", "classify", models=models, stdin="").returncode == 0
    assert "a key of" not in run("service", "--help", models=models).stdout.decode()
