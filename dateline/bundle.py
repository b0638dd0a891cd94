"""The one owner of the on-disk format of a model version.

A version is a folder: `manifest.json`, `taxonomy.json`, one joblib file per part, and attachments that serving does not
need (the report, what cross-validation predicted). The manifest carries the size and SHA-256 of every other file,
`manifest.sha256` that of the manifest and `manifest.hmac` its signature, so nothing is unpickled that was not written
by the training run that wrote the manifest.
`write`, `read` and `attachment` are the only ways in and out; what the parts mean is for `analyser.py`.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from dateline.errors import InvalidModel, NoModel
from dateline.signature import UNSIGNED, Signing
from dateline.taxonomy import Taxonomy
from dateline.text import NORMALISER_VERSION

FORMAT = 5
"""Number of the on-disk format. A change that older code cannot read gets the next number."""

MANIFEST = "manifest.json"
_SEAL = "manifest.sha256"
_TAXONOMY = "taxonomy.json"
_LIBRARIES = ("numpy", "joblib", "PyStemmer", "ahocorasick-rs", "pycld2")
"""Libraries whose version can change an answer at serving time, or whether a file can be read."""

_MISSING = "missing; go back to the version before with: python -m training rollback"
_ALTERED = "altered since training; go back to the version before with: python -m training rollback"

Parts = dict[str, dict[str, Any]]


def library_versions() -> dict[str, str]:
    """Return the installed versions of the libraries that serving a model depends on."""
    return {name: version(name) for name in _LIBRARIES}


def write(
    folder: Path,
    *,
    taxonomy: Taxonomy,
    parts: Parts,
    facts: Mapping[str, Any],
    attachments: Mapping[str, bytes] | None = None,
    signing: Signing = UNSIGNED,
) -> dict[str, Any]:
    """Write a model version into an existing empty folder and return its manifest.

    `facts` is what training knows besides: version, corpus hash, canaries, evaluation; `attachments` are files by name.
    The manifest is written last, everything is fsynced; a folder without a manifest is not a model.
    """
    (folder / _TAXONOMY).write_text(taxonomy.to_json(), encoding="utf-8")
    for name, content in (attachments or {}).items():
        (folder / name).write_bytes(content)
    for name, state in parts.items():
        joblib.dump(state, folder / f"{name}.joblib")
    files = {path.name: _facts_of(path) for path in sorted(folder.iterdir())}
    manifest = {
        **facts,
        "format": FORMAT,
        "normaliser": NORMALISER_VERSION,
        "libraries": library_versions(),
        "taxonomy_sha256": taxonomy.sha256,
        "files": files,
    }
    content = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(content)
    (folder / _SEAL).write_bytes(_seal(content))
    signing.write(folder, content)
    for path in folder.iterdir():
        sync(path)
    sync(folder)
    return manifest


def read_manifest(folder: Path, *, signing: Signing = UNSIGNED) -> dict[str, Any]:
    """Return the manifest of a version.

    Raises NoModel if the folder is no model, InvalidModel if the manifest is altered, not signed as `signing` wants it,
    or of a format that is not ours.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NoModel(f"no model in {folder}; make one with: python -m training train") from None
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise InvalidModel(f"{path}: {_ALTERED} ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise InvalidModel(f"{path}: format {found}, but this Dateline reads format {FORMAT}; retrain the model")
    seal = folder / _SEAL
    if not seal.is_file():
        raise InvalidModel(f"{seal}: {_MISSING}")
    if seal.read_bytes() != _seal(content):
        raise InvalidModel(f"{path}: {_ALTERED}")
    signing.check(folder, content)
    return manifest


def read(folder: Path, *, signing: Signing = UNSIGNED) -> tuple[dict[str, Any], Taxonomy, Parts]:
    """Return (manifest, taxonomy, parts) of a version after checking every file against the manifest.

    Arrays are memory-mapped read-only, so that processes share them.
    Raises NoModel or InvalidModel with one line that names the file and what is wrong with it.
    """
    manifest = read_manifest(folder, signing=signing)
    _check_software(folder, manifest)
    files: dict[str, dict[str, Any]] = manifest["files"]
    for name, expected in files.items():
        _check_file(folder / name, expected)
    taxonomy = Taxonomy.model_validate_json((folder / _TAXONOMY).read_bytes())
    parts = {Path(n).stem: _plain(joblib.load(folder / n, mmap_mode="r")) for n in files if n.endswith(".joblib")}
    return manifest, taxonomy, parts


def attachment(folder: Path, name: str) -> bytes | None:
    """Return an attachment of a version, None if it has none of that name.

    Raises NoModel or InvalidModel if the manifest or the attachment is altered or missing.
    """
    expected = read_manifest(folder)["files"].get(name)
    if expected is None:
        return None
    _check_file(folder / name, expected)
    return (folder / name).read_bytes()


def _plain(part: Any) -> Any:
    """Return a part with its memory maps as plain arrays over the same memory: memmap costs 25 us per access."""
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple) and any(isinstance(value, dict | list | tuple | np.ndarray) for value in part):
        return type(part)(_plain(value) for value in part)
    return np.asarray(part) if isinstance(part, np.ndarray) else part


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}\n".encode()


def _check_file(path: Path, expected: dict[str, Any]) -> None:
    if not path.is_file():
        raise InvalidModel(f"{path}: {_MISSING}")
    if _facts_of(path) != expected:
        raise InvalidModel(f"{path}: {_ALTERED}")


def _facts_of(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_software(folder: Path, manifest: dict[str, Any]) -> None:
    if manifest.get("normaliser") != NORMALISER_VERSION:
        raise InvalidModel(f"{folder / MANIFEST}: trained with another text normaliser; retrain the model")
    trained, installed = manifest.get("libraries", {}), library_versions()
    differing = [f"{n} {trained.get(n)} (installed: {v})" for n, v in installed.items() if trained.get(n) != v]
    if differing:
        raise InvalidModel(f"{folder / MANIFEST}: trained with {', '.join(differing)}; retrain the model")
