import json
from collections import Counter
from pathlib import Path

import pytest

from dateline.errors import InvalidSeeds
from dateline.taxonomy import Taxonomy, read_taxonomy
from dateline.text import read
from tests.conftest import SEEDS, run
from training.corpus import read_corpus
from training.duplicates import near_duplicate_groups
from training.validation import breadth

TAXONOMY = Taxonomy.model_validate(
    {
        "topics": [{"code": "a", "name": "A", "subtopics": [{"code": "a1", "name": "A1"}]}],
        "regions": [{"code": "r", "name": "R", "countries": {"FR": "France"}}],
    }
)
GOOD = {"id": "1", "title": "", "text": "x", "topics": ["a"], "subtopics": ["a1"], "countries": ["FR"]}


def write(folder: Path, *lines: str) -> Path:
    (folder / "articles").mkdir()
    (folder / "articles" / "one.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_articles_are_read_in_order(tmp_path: Path) -> None:
    corpus = read_corpus(write(tmp_path, json.dumps(GOOD), "", json.dumps(GOOD | {"id": "2"})), TAXONOMY)
    assert [article.id for article in corpus.articles] == ["1", "2"]
    assert len(corpus.documents) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("{", "not JSON", id="no-json"),
        pytest.param("[1]", "valid dictionary", id="no-object"),
        pytest.param(json.dumps({"id": "2"}), "text: Field required", id="no-text"),
        pytest.param(json.dumps(GOOD | {"id": "1"}), "id '1' is given twice", id="same-id"),
        pytest.param(json.dumps(GOOD | {"id": "2", "topics": ["b"]}), "topic 'b' is not in the taxonomy", id="topic"),
        pytest.param(json.dumps(GOOD | {"id": "2", "subtopics": ["z"]}), "sub-topic 'z' is not", id="sub-topic"),
        pytest.param(json.dumps(GOOD | {"id": "2", "countries": ["XX"]}), "country 'XX' is not", id="country"),
        pytest.param(json.dumps(GOOD | {"id": "2", "colour": "red"}), "colour: Extra inputs", id="unknown-field"),
    ],
)
def test_a_broken_line_stops_training_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InvalidSeeds, match=rf"one\.jsonl:2: .*{message}"):
        read_corpus(write(tmp_path, json.dumps(GOOD), line), TAXONOMY)


def test_an_empty_seeds_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSeeds, match=r"no \*\.jsonl files"):
        read_corpus(tmp_path, TAXONOMY)


def test_near_duplicates_share_a_group() -> None:
    story = " ".join(f"word{i}" for i in range(60))
    documents = [read(story), read(f"{story} with an added ending"), read(" ".join(f"other{i}" for i in range(60)))]
    groups = near_duplicate_groups(documents)
    assert groups[0] == groups[1] != groups[2]


def test_the_seed_corpus_is_broad_and_without_templates_or_near_duplicates() -> None:
    taxonomy = read_taxonomy(SEEDS)
    corpus = read_corpus(SEEDS, taxonomy)
    found = breadth(corpus)
    assert found.articles >= 1700
    assert found.headlines >= 150
    assert found.distinct_runs >= 0.97
    assert found.near_duplicates == 0
    of_subtopic = Counter(code for article in corpus.articles for code in article.subtopics)
    assert {code: of_subtopic[code] for code in taxonomy.topic_of if of_subtopic[code] < 12} == {}
    of_region = Counter(taxonomy.region_of.get(c) for a in corpus.articles for c in a.countries or ())
    assert min(of_region[region.code] for region in taxonomy.regions) >= 150


def test_validate_prints_what_the_corpus_is_made_of(seeds: Path, tmp_path: Path) -> None:
    shown = run("training", "validate", "--seeds", seeds, models=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "five-word runs distinct; 0 near-duplicates" in shown.stdout.decode()
    assert "weather" in shown.stdout.decode()
    with (seeds / "articles" / "broken.jsonl").open("w") as broken:
        broken.write("nonsense\n")
    refused = run("training", "validate", "--seeds", seeds, models=tmp_path)
    (seeds / "articles" / "broken.jsonl").unlink()
    assert b"broken.jsonl:1: not JSON" in refused.stderr
