from pathlib import Path

import pycountry
import pytest

from dateline.errors import InvalidSeeds
from dateline.taxonomy import Taxonomy, read_taxonomy
from tests.conftest import SEEDS


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return read_taxonomy(SEEDS)


def test_topics_are_the_seventeen_of_iptc_with_about_a_hundred_subtopics(taxonomy: Taxonomy) -> None:
    assert len(taxonomy.topics) == 17
    assert 95 <= len(taxonomy.topic_of) <= 115
    assert all(len(set(topic.all_words())) >= 150 for topic in taxonomy.topics)


def test_every_country_is_in_one_region_or_named_as_in_none(taxonomy: Taxonomy) -> None:
    assert {country.alpha_2 for country in pycountry.countries} | {"XK"} == set(taxonomy.country_names)
    assert len(taxonomy.regions) == 7


@pytest.mark.parametrize(
    ("country", "region"),
    [("RU", "europe"), ("TR", "europe"), ("GE", "europe"), ("EG", "middle-east"), ("IR", "middle-east"),
     ("MA", "africa"), ("SD", "africa"), ("AF", "asia"), ("PK", "asia"), ("KZ", "asia"), ("MX", "latin-america"),
     ("JM", "latin-america")],
)  # fmt: skip
def test_contested_countries_are_where_the_design_puts_them(taxonomy: Taxonomy, country: str, region: str) -> None:
    assert taxonomy.region_of[country] == region


def test_json_and_back(taxonomy: Taxonomy) -> None:
    assert Taxonomy.model_validate_json(taxonomy.to_json()) == taxonomy


@pytest.mark.parametrize(
    ("topics", "message"),
    [
        pytest.param("topics: [", "not readable as YAML", id="broken-yaml"),
        pytest.param("- 1", "expected a mapping", id="no-mapping"),
        pytest.param("topics: []", "no topics", id="empty"),
        pytest.param("topics: [{code: a}]", "topics.0.name", id="no-name"),
        pytest.param("topics: [{code: a, name: A, colour: red}]", "topics.0.colour", id="unknown-field"),
        pytest.param("topics: [{code: a, name: A}, {code: a, name: B}]", "'a' is given twice", id="twice"),
    ],
)
def test_a_broken_taxonomy_is_refused_with_its_place(tmp_path: Path, topics: str, message: str) -> None:
    (tmp_path / "topics.yaml").write_text(topics)
    with pytest.raises(InvalidSeeds, match=message):
        read_taxonomy(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSeeds, match=r"topics\.yaml: no such file"):
        read_taxonomy(tmp_path)


def test_regions_are_optional(tmp_path: Path) -> None:
    (tmp_path / "topics.yaml").write_text("topics: [{code: a, name: A}]")
    assert read_taxonomy(tmp_path).regions == ()
