"""The user's own places: what a name means now, and how to say that it means something else.

Reads and writes `places.own.yaml` of a seeds folder, which stands above every other place file (`training/places.py`).
"""

import os
from pathlib import Path
from typing import Any

import yaml

from dateline.errors import InvalidSeeds
from dateline.gazetteer import KINDS
from dateline.taxonomy import read_taxonomy
from training.places import read_places

FILE = "places.own.yaml"
NOWHERE = "ignored"


def meaning(seeds: Path, name: str) -> str:
    """Return what a name means to the gazetteer, in words. Raises InvalidSeeds if a place file breaks its format."""
    state = read_places(seeds).state
    names = state["names"].split("\n")
    if name not in names:
        return f"{name}: not in the gazetteer"
    number = names.index(name)
    kind = KINDS[state["kinds"][number]]
    if kind == NOWHERE:
        return f"{name}: no place"
    options = state["options"].get(number)
    codes = [state["codes"][code] for code, _, _ in options] if options else [state["codes"][state["first"][number]]]
    joined = " and ".join(codes) if number in state["shared"] else ", or ".join(codes)
    return f"{name}: {kind}, {joined}"


def add(seeds: Path, name: str, *, section: str, code: str | None) -> None:
    """Write into `places.own.yaml` that a name is a place of `code`, or, with section NOWHERE and no code, no place.

    Comments in the file are not kept. Raises InvalidSeeds for a code that the taxonomy lacks, or if the result could
    not be read; the file is then as it was.
    """
    path = seeds / FILE
    known = read_taxonomy(seeds).country_names
    if code is not None and known and code not in known:
        raise InvalidSeeds(f"{code!r} is no country of regions.yaml")
    before = path.read_text(encoding="utf-8") if path.exists() else None
    content: dict[str, Any] = yaml.safe_load(before) or {} if before else {}
    names = content.setdefault(section, []) if code is None else content.setdefault(section, {}).setdefault(code, [])
    if name not in names:
        names.append(name)
    _replace(path, yaml.safe_dump(content, allow_unicode=True, sort_keys=True))
    try:
        read_places(seeds)
    except InvalidSeeds:
        path.unlink() if before is None else _replace(path, before)
        raise


def _replace(path: Path, content: str) -> None:
    temporary = path.with_suffix(f".tmp{os.getpid()}")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
