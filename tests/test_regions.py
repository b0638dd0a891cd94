import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import yaml
from scipy.sparse import csr_matrix

from dateline.regions import RegionAnswer, RegionClassifier
from dateline.taxonomy import RegionEntry, Taxonomy, TopicEntry, read_taxonomy
from dateline.terms import TermIndex, document_word_ids
from dateline.text import read
from training.features import extract
from training.regions import Countries, fit_regions

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
TRICKY: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests/data/tricky_places.yaml").read_text(encoding="utf-8"))
KNOWN_WRONG = {"rome-georgia"}
NOTHING = np.array([], dtype=np.int64)
STORY = (
    "Truce collapses near Aleppo. DAMASCUS, March 3 - The Syrian army said rebels had broken the truce. Russia, which "
    "sponsors the talks in Geneva, called for calm. Syria's foreign minister flies to Moscow on Friday."
)


def fitted(taxonomy: Taxonomy, seeds: Path) -> RegionClassifier:
    """A classifier that learned from no article."""
    index = TermIndex.build([])
    return fit_regions(
        taxonomy=taxonomy,
        places_dir=seeds,
        corpus_documents=[],
        corpus_countries=[],
        index=index,
        counts=csr_matrix((0, index.n_terms)),
        seed=1,
    )


@pytest.fixture(scope="module")
def classifier() -> RegionClassifier:
    return fitted(read_taxonomy(SEEDS), SEEDS)


def answer(classifier: RegionClassifier, text: str, *, title: str = "", home: str | None = None) -> RegionAnswer:
    return classifier.classify(read(text, title), term_ids=NOTHING, term_counts=NOTHING, home_country=home)


def codes(labels: Any) -> list[str]:
    return [label.code for label in labels]


@pytest.mark.parametrize("case", [c for c in TRICKY if c["id"] not in KNOWN_WRONG], ids=lambda case: case["id"])
def test_tricky_sentences(classifier: RegionClassifier, case: dict[str, Any]) -> None:
    assert set(codes(answer(classifier, case["text"]).countries)) == set(case["countries"]), case["reason"]


def test_the_tricky_table_is_large_and_nearly_all_right() -> None:
    ids = [case["id"] for case in TRICKY]
    assert len(ids) == len(set(ids)) >= 150
    assert all(case["reason"] for case in TRICKY)
    assert len(KNOWN_WRONG) <= 0.05 * len(TRICKY)


def test_a_story_of_several_countries(classifier: RegionClassifier) -> None:
    result = answer(classifier, STORY)
    assert codes(result.countries) == ["SY", "RU"]
    assert codes(result.regions) == ["middle-east", "europe"]
    assert result.countries[0].name == "Syria"
    assert result.countries[0].score > result.countries[1].score


def test_mentions_explain_the_answer(classifier: RegionClassifier) -> None:
    document = read("Rebels broke the truce, Damascus said.", "Syria: fighting resumes")
    mentions = classifier.classify(document, term_ids=NOTHING, term_counts=NOTHING).mentions
    assert [(m.surface, m.in_title, m.country, m.kind) for m in mentions] == [
        ("Syria", True, "SY", "country"),
        ("Damascus", False, "SY", "capital"),
    ]
    for mention in mentions:
        text = document.title if mention.in_title else document.body
        assert text[mention.start : mention.end] == mention.surface
    assert sum(m.share for m in mentions) == pytest.approx(1.0)


def test_answers_are_plain_python(classifier: RegionClassifier) -> None:
    result = answer(classifier, STORY)
    json.dumps([(c.code, c.name, c.score, c.mentions) for c in result.countries])
    scores = [c.score for c in result.countries] + [r.score for r in result.regions]
    assert all(type(score) is float and 0.0 <= score <= 1.0 for score in scores)
    assert all(type(m.start) is int and type(m.share) is float for m in result.mentions)


def test_home_country_answers_only_where_no_place_does(classifier: RegionClassifier) -> None:
    assert codes(answer(classifier, "The prime minister lost the vote.", home="NZ").countries) == ["NZ"]
    assert codes(answer(classifier, "The prime minister lost the vote.", home="NZ").regions) == ["oceania"]
    assert codes(answer(classifier, "Peru's prime minister lost the vote.", home="NZ").countries) == ["PE"]
    assert answer(classifier, "The prime minister lost the vote.").countries == ()


def test_a_region_may_be_named_without_a_country(classifier: RegionClassifier) -> None:
    result = answer(classifier, "African Union leaders agreed to a free-trade area for Africa.")
    assert (codes(result.countries), codes(result.regions)) == ([], ["africa"])


def test_its_state_survives_a_file_and_gives_the_same_answers(classifier: RegionClassifier, tmp_path: Path) -> None:
    joblib.dump(classifier.state(), tmp_path / "regions.joblib")
    again = RegionClassifier.from_state(joblib.load(tmp_path / "regions.joblib"), read_taxonomy(SEEDS))
    assert (tmp_path / "regions.joblib").stat().st_size < 5_000_000
    assert answer(again, STORY) == answer(classifier, STORY)


def test_the_same_answer_on_every_thread(classifier: RegionClassifier) -> None:
    fresh = RegionClassifier.from_state(classifier.state(), read_taxonomy(SEEDS))  # its matcher is not built yet
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: answer(fresh, STORY), range(64))) == {answer(classifier, STORY)}


def test_without_regions_there_are_countries_still() -> None:
    result = answer(fitted(Taxonomy(topics=(TopicEntry(code="t", name="t"),)), SEEDS), STORY)
    assert (codes(result.countries), result.regions) == (["SY", "RU"], ())
    assert result.countries[0].name == "Syria"


def test_regions_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "places.yaml").write_text("countries: {FR: [France]}\ncities: {FR: [Lyon]}", encoding="utf-8")
    (tmp_path / "places.own.yaml").write_text("cities: {DE-BY: [Munich, Passau], DE-HH: [Hamburg]}", encoding="utf-8")
    taxonomy = Taxonomy(
        topics=(TopicEntry(code="t", name="t"),),
        regions=(
            RegionEntry(code="south", name="South desk", countries={"DE-BY": "Bavaria"}),
            RegionEntry(code="north", name="North desk", countries={"DE-HH": "Hamburg"}),
        ),
    )
    classifier = fitted(taxonomy, tmp_path)
    result = answer(classifier, "Floods closed bridges in Passau. In Munich the trams stood still.")
    assert [(c.code, c.name) for c in result.countries] == [("DE-BY", "Bavaria")]
    assert [(r.code, r.name) for r in result.regions] == [("south", "South desk")]
    abroad = answer(classifier, "Floods closed bridges in Lyon, France.")
    assert (codes(abroad.countries), abroad.regions) == (["FR"], ())


def test_the_fallback_learns_from_texts_with_the_places_masked() -> None:
    """Articles of two countries, labelled by nobody: the gazetteer labels them, their other words are learned."""
    wool = "The {} sheep farmers sold wool at the woolshed auction, and shearers sang. Paddocks were dry."
    rice = "The {} fishermen mended nets by the lagoon while monks blessed the junk. Paddies were wet."
    texts = [(wool if i % 2 else rice, i) for i in range(80)]
    documents = [
        read(text.format("Australian" if i % 2 else "Thai") + (" In Canberra" if i % 2 else " In Bangkok") + f" {i}.")
        for text, i in texts
    ]
    others = [read(f"Planets and numbers and pianos, part {i}.") for i in range(30)]
    labels: list[Countries] = [None] * len(documents) + [()] * len(others)
    taxonomy = read_taxonomy(SEEDS)
    features = extract([*documents, *others], taxonomy, min_documents=2)
    classifier = fit_regions(
        taxonomy=taxonomy,
        places_dir=SEEDS,
        corpus_documents=[*documents, *others],
        corpus_countries=labels,
        index=features.index,
        counts=features.counts,
        seed=1,
    )
    again = RegionClassifier.from_state(classifier.state(), taxonomy)

    def by_words(text: str) -> list[str]:
        document = read(text)
        ids, counts = features.index.counts(document_word_ids(features.index, document))
        return codes(again.classify(document, term_ids=ids, term_counts=counts).countries)

    assert by_words("Sheep farmers sold wool at the auction; the shearers sang in the woolshed by dry paddocks.") == [
        "AU"
    ]
    assert by_words("Fishermen mended nets by the lagoon; monks blessed the junk, and paddies were wet.") == ["TH"]
    assert by_words("Planets and pianos.") == []
    assert by_words("Peru: sheep farmers sold wool at the auction; the shearers sang in the woolshed.") == ["PE"]


def test_a_long_text_is_fine(classifier: RegionClassifier) -> None:
    assert codes(answer(classifier, STORY * 1500).countries)[0] == "SY"
