"""The labels: topics with sub-topics and seed words, regions with their countries.

Read from a seeds folder by training (`read_taxonomy`), kept as JSON in a model bundle, so that serving needs neither
the seeds nor YAML. A taxonomy may be anyone's: labels are opaque codes; sub-topics, seed words and regions are
optional.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dateline.errors import InvalidSeeds

Label = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubtopicEntry(_Strict):
    """A sub-topic: code, name and the seed words that speak for it."""

    code: Label
    name: Label
    words: tuple[Label, ...] = ()


class TopicEntry(_Strict):
    """A topic: code, name, seed words of its own, sub-topics."""

    code: Label
    name: Label
    words: tuple[Label, ...] = ()
    subtopics: tuple[SubtopicEntry, ...] = ()

    def all_words(self) -> Iterable[str]:
        """Yield the seed words of the topic and of its sub-topics."""
        yield from self.words
        for subtopic in self.subtopics:
            yield from subtopic.words


class RegionEntry(_Strict):
    """A region: code, name and its countries, ISO 3166-1 alpha-2 code -> name."""

    code: Label
    name: Label
    countries: dict[Label, Label]


class Taxonomy(_Strict):
    """All labels that a model can assign."""

    topics: tuple[TopicEntry, ...]
    regions: tuple[RegionEntry, ...] = ()
    unassigned: dict[Label, Label] = {}

    @cached_property
    def region_of(self) -> dict[str, str]:
        """Country code -> region code."""
        return {country: region.code for region in self.regions for country in region.countries}

    @cached_property
    def country_names(self) -> dict[str, str]:
        """Country code -> name, those of no region included."""
        return {c: n for region in self.regions for c, n in region.countries.items()} | self.unassigned

    @cached_property
    def region_names(self) -> dict[str, str]:
        """Region code -> name."""
        return {region.code: region.name for region in self.regions}

    @cached_property
    def topic_of(self) -> dict[str, str]:
        """Sub-topic code -> code of its topic."""
        return {subtopic.code: topic.code for topic in self.topics for subtopic in topic.subtopics}

    @property
    def sha256(self) -> str:
        """Hash over every label and seed word."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the taxonomy as JSON with a fixed order."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, indent=1)


def read_taxonomy(seeds: Path) -> Taxonomy:
    """Read `topics.yaml` and, where there is one, `regions.yaml` from a seeds folder.

    Raises InvalidSeeds naming the file and the field.
    """
    topics = _read_yaml(seeds / "topics.yaml")
    regions = _read_yaml(seeds / "regions.yaml") if (seeds / "regions.yaml").exists() else {}
    topics.pop("source", None)
    try:
        taxonomy = Taxonomy.model_validate(topics | regions)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidSeeds(f"{seeds}: topics.yaml or regions.yaml: {where}: {first['msg']}") from None
    _require_unique(seeds, "topic or sub-topic", [t.code for t in taxonomy.topics] + list(_subtopic_codes(taxonomy)))
    _require_unique(seeds, "region", [r.code for r in taxonomy.regions])
    countries = [c for r in taxonomy.regions for c in r.countries] + list(taxonomy.unassigned)
    _require_unique(seeds, "country", countries)
    if not taxonomy.topics:
        raise InvalidSeeds(f"{seeds / 'topics.yaml'}: no topics; give at least one under `topics:`")
    return taxonomy


def _subtopic_codes(taxonomy: Taxonomy) -> Iterable[str]:
    return (subtopic.code for topic in taxonomy.topics for subtopic in topic.subtopics)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidSeeds(f"{path}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSeeds(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(loaded, dict):
        raise InvalidSeeds(f"{path}: expected a mapping at the top level")
    return loaded


def _require_unique(seeds: Path, kind: str, codes: list[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise InvalidSeeds(f"{seeds}: {kind} code {code!r} is given twice")
        seen.add(code)
