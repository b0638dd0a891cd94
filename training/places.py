"""Place tables to one gazetteer: reads `places/*.tsv`, `places.yaml` and the user's `places.own.yaml`.

Runs at training; the result goes into the bundle as plain lists. Where two sources name the same place, the later in
this order wins: tables, places.yaml, places.own.yaml; within a file the order of KINDS decides, and `ambiguous`,
`several` and `ignored` stand above all kinds.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dateline.errors import InvalidSeeds
from dateline.gazetteer import COMMON, GIVEN, IGNORED, KINDS, SMALL, UNCASED, GazetteerState

SMALL_CITY = 100_000
RIVAL_SHARE = 1 / 30
"""A namesake city is worth keeping if it has this share of the largest one's people."""
SECTIONS = (
    "countries",
    "demonyms",
    "divisions",
    "cities",
    "landmarks",
    "institutions",
    "leaders",
    "seas",
    "cues",
    "lowercase",
)
KIND_OF_SECTION = dict(
    zip(
        SECTIONS,
        ("country", "demonym", "division", "city", "landmark", "institution", "leader", "sea", "cue", "country"),
        strict=True,
    )
)
FLAGS = {"common": COMMON, "given_names": GIVEN}
LISTS = ("ignored", "blocked", "common", "given_names")
NO_PLURAL = ("ese", "ish", "s", "men", "Swiss", "French", "Dutch", "Frenchman", "Dutchman", "Irishman", "Frenchwoman",
             "Irishwoman")  # fmt: skip
"""Endings of demonyms that have no plural of their own in -s, or have it listed."""
_LETTERS = {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "Ae",
            "œ": "oe", "ð": "d", "þ": "th", "ə": "a"}  # fmt: skip


@dataclass
class Entry:
    """What a name stands for: codes with their prior weight (summing to 1), kind, flags."""

    kind: str
    options: dict[str, float]
    flags: int = 0
    near: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True)
class Places:
    """All that training knows of places: the gazetteer's state and the usual name of each country."""

    state: GazetteerState
    country_names: dict[str, str]


def read_places(seeds: Path) -> Places:
    """Read the place tables of a seeds folder. Files that are not there are taken to be empty.

    Raises InvalidSeeds naming file and entry.
    """
    entries: dict[str, Entry] = {}
    country_names: dict[str, str] = {}
    _add_cities(entries, _rows(seeds / "places" / "cities.tsv", 3))
    for country, name in _rows(seeds / "places" / "subdivisions.tsv", 2):
        _add(entries, name, Entry("division", {country: 1.0}))
    for code, population, capital, names in _rows(seeds / "places" / "countries.tsv", 4):
        country_names[code] = names.partition("|")[0]
        people = _number(seeds / "places" / "countries.tsv", population)
        _add(entries, capital, Entry("capital", {code: 1.0}, flags=0 if people >= SMALL_CITY else SMALL))
        for name in names.split("|"):
            _add(entries, name, Entry("country", {code: 1.0}))
    for file in ("places.yaml", "places.own.yaml"):
        _add_file(entries, seeds / file)
    return Places(_state(entries), country_names)


def _rows(path: Path, n_columns: int) -> Iterator[list[str]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            row = line.rstrip("\n").split("\t")
            if len(row) != n_columns or not row[0]:
                raise InvalidSeeds(f"{path}:{number}: expected {n_columns} columns separated by tabs, got {len(row)}")
            if number > 1:
                yield row


def _number(path: Path, digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise InvalidSeeds(f"{path}: {digits!r} is not a number of people") from None


def _add_cities(entries: dict[str, Entry], rows: Iterable[list[str]]) -> None:
    """Add cities; those that differ in diacritics only are namesakes, and every spelling stands for all of them."""
    people: dict[str, dict[str, int]] = {}
    spellings: dict[str, set[str]] = {}
    for name, country, thousands in rows:
        plain = plain_letters(name)
        spellings.setdefault(plain, {plain}).add(name)
        namesakes = people.setdefault(plain, {})
        namesakes[country] = max(namesakes.get(country, 0), _number(Path("places/cities.tsv"), thousands) * 1000)
    for plain, namesakes in people.items():
        largest = max(namesakes.values())
        kept = {c: float(n) for c, n in namesakes.items() if n >= largest * RIVAL_SHARE}
        total = sum(kept.values()) or 1.0
        flags = SMALL if largest < SMALL_CITY else 0
        for name in spellings[plain]:
            entries[name] = Entry("city", {c: n / total for c, n in kept.items()}, flags)


def _add_file(entries: dict[str, Entry], path: Path) -> None:
    """Add what a places.yaml says; a name in it stands for what the file says, not for what `entries` said so far."""
    if not path.exists():
        return
    sections = _read_sections(path)
    own: dict[str, Entry] = {}
    for section in reversed(SECTIONS):
        for code, names in _coded_names(path, section, sections):
            for name in names:
                _add_name(entries, own, name, section, code)
    _add_special(entries, own, path, sections)
    for name in _listed(path, "blocked", sections):
        if name in entries and entries[name].kind in ("city", "division"):
            del entries[name]
    entries.update(own)
    for section, flag in FLAGS.items():
        for name in _listed(path, section, sections):
            if name in entries:
                entries[name].flags |= flag


def _add_special(entries: Mapping[str, Entry], own: dict[str, Entry], path: Path, sections: Mapping[str, Any]) -> None:
    """Add names of regions, of several places, of one place out of several, and of none."""
    for code, names in _coded_names(path, "regions", sections):
        for name in names:
            _add(own, name, Entry("region", {code: 1.0}))
    for name, codes in _coded_names(path, "several", sections):
        _add(own, name, Entry("country", {code: 1.0 / len(codes) for code in codes}, shared=True))
    for name, options in (sections.get("ambiguous") or {}).items():
        _add_ambiguous(path, {**entries, **own}, own, name, options)
    for name in _listed(path, "ignored", sections):
        _add(own, name, Entry("ignored", {}))


def _add_name(entries: Mapping[str, Entry], own: dict[str, Entry], name: str, section: str, code: str) -> None:
    kind, flags = KIND_OF_SECTION[section], UNCASED if section == "lowercase" else 0
    for variant in _with_plural(name) if section == "demonyms" else [name]:
        if variant != name and variant in entries:
            continue  # "Philippines" is no plural
        is_capital = kind == "city" and variant in entries and entries[variant].kind == "capital"
        _add(own, variant, Entry("capital" if is_capital else kind, {code: 1.0}, flags))


def _add_ambiguous(path: Path, known: Mapping[str, Entry], own: dict[str, Entry], name: str, options: Any) -> None:
    if not isinstance(options, dict) or not options:
        raise InvalidSeeds(f"{path}: ambiguous: {name}: expected country codes, each with a list of countries near it")
    kind = known[name].kind if name in known else "institution" if name.islower() else "city"
    flags = known[name].flags & ~SMALL if name in known else 0
    weights = {str(code): 0.5**rank for rank, code in enumerate(options)}
    total = sum(weights.values())
    near = {str(code): tuple(map(str, places or ())) for code, places in options.items()}
    _add(own, name, Entry(kind, {c: w / total for c, w in weights.items()}, flags, near))


def _read_sections(path: Path) -> dict[str, Any]:
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSeeds(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(sections, dict):
        raise InvalidSeeds(f"{path}: expected sections at the top level")
    for section in sections:
        if section not in {*SECTIONS, *LISTS, "regions", "several", "ambiguous"}:
            raise InvalidSeeds(f"{path}: {section}: no such section")
    return sections


def _coded_names(path: Path, section: str, sections: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    content = sections.get(section) or {}
    if not isinstance(content, dict):
        raise InvalidSeeds(f"{path}: {section}: expected a mapping")
    for code, names in content.items():
        if not isinstance(code, str):
            raise InvalidSeeds(f"{path}: {section}: {code!r} is not text; put it in quotes")
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise InvalidSeeds(f"{path}: {section}: {code}: expected a list of names")
        yield code, names


def _listed(path: Path, section: str, sections: Mapping[str, Any]) -> Iterator[str]:
    for part in sections.get(section) or []:
        for name in part if isinstance(part, list) else [part]:
            if not isinstance(name, str) or not name.strip():
                raise InvalidSeeds(f"{path}: {section}: {name!r} is not a name")
            yield name


def _add(entries: dict[str, Entry], name: str, entry: Entry) -> None:
    """Add a name in its plain-letter form too, which never takes the place of a name that is written so."""
    name = " ".join(name.split())
    if not name:
        return
    entries[name] = entry
    plain = plain_letters(name)
    if plain != name and (plain not in entries or entries[plain].kind in ("city", "division")):
        entries[plain] = entry


def plain_letters(name: str) -> str:
    """Return a name without diacritics: "São Paulo" as "Sao Paulo"."""
    if name.isascii():
        return name
    spread = unicodedata.normalize("NFD", "".join(_LETTERS.get(c, c) for c in name))
    return "".join(c for c in spread if not unicodedata.combining(c) and c not in "ʻʼʿʾ")


def _with_plural(demonym: str) -> list[str]:
    return [demonym] if demonym.endswith(NO_PLURAL) else [demonym, demonym + "s"]


def _state(entries: Mapping[str, Entry]) -> GazetteerState:
    names = sorted(entries)
    codes = sorted({code for entry in entries.values() for code in entry.options})
    position = {code: i for i, code in enumerate(codes)}
    listed = [entries[name] for name in names]
    return {
        "names": "\n".join(names),
        "codes": codes,
        "kinds": bytes(KINDS.index(entry.kind) if entry.kind != "ignored" else IGNORED for entry in listed),
        "flags": bytes(entry.flags for entry in listed),
        "first": [position[max(e.options, key=lambda c: e.options[c])] if e.options else -1 for e in listed],
        "options": {
            i: [
                (position[c], w, [position[n] for n in e.near.get(c, ()) if n in position])
                for c, w in e.options.items()
            ]
            for i, e in enumerate(listed)
            if len(e.options) > 1
        },
        "shared": [i for i, e in enumerate(listed) if e.shared and len(e.options) > 1],
    }
