import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.analyser import Analyser
from dateline.terms import document_word_ids
from dateline.text import read
from tests.conftest import STORY
from tests.test_service import Server

WORDS = st.sampled_from(
    [*STORY.split(), "football", "match", "goal", "Paris", "profit", "cafe\u0301", "soft\u00adware", "…"]
)


@given(st.lists(WORDS, min_size=5, max_size=60).map(" ".join), st.lists(WORDS, max_size=8).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_the_weights_of_the_terms_add_up_to_the_score(analyser: Analyser, text: str, title: str) -> None:
    explanation = analyser.analyse(text, title=title, explain=True).explanation
    if explanation is None:  # not English enough to be analysed
        return
    document = read(text, title)
    ids, counts = analyser.index.counts(document_word_ids(analyser.index, document))
    codes = [topic.code for topic in analyser.taxonomy.topics]
    for topic in explanation["topics"]:
        scores = analyser.topics.scores(ids, counts)
        total = topic["bias"] + sum(term["weight"] for term in topic["terms"])
        assert total == pytest.approx(float(scores[codes.index(topic["code"])]), abs=1e-4)
        assert total == pytest.approx(topic["score"])


@given(st.lists(WORDS, min_size=5, max_size=40).map(" ".join), st.lists(WORDS, max_size=8).map(" ".join))
@settings(max_examples=60, deadline=None)
def test_offsets_point_at_the_words_in_the_text_as_given(analyser: Analyser, text: str, title: str) -> None:
    explanation = analyser.analyse(text, title=title, explain=True).explanation or {"topics": [], "places": []}
    fields = {"text": text, "title": title}
    for topic in explanation["topics"]:
        for term in topic["terms"]:
            for place in term["places"]:
                found = read(fields[place["field"]][place["start"] : place["end"]]).body_words
                ids = analyser.index.word_ids(found)
                assert " ".join(analyser.index.stems[i] for i in ids) == term["term"]
    for place in explanation["places"]:
        assert read(fields[place["field"]][place["start"] : place["end"]]).body == place["surface"]


def test_a_story_is_explained_by_its_words_and_places(analyser: Analyser) -> None:
    explanation = analyser.analyse(STORY, explain=True).explanation
    assert explanation is not None
    assert "rebel" in [term["term"] for term in explanation["topics"][0]["terms"][:12]]
    surfaces = [place["surface"] for place in explanation["places"] if place["country"] == "SY"]
    assert "Aleppo" in surfaces
    assert sum(p["share"] for p in explanation["places"] if p["country"] == "SY") == pytest.approx(1.0, abs=0.01)


def test_explanations_come_over_http_only_when_asked_for(server: Server) -> None:
    _, plain = server.post("/v1/classify", {"text": STORY})
    _, explained = server.post("/v1/classify", {"text": STORY, "explain": True})
    assert "explanation" not in plain
    assert explained.pop("explanation")["topics"][0]["code"] == explained["topics"][0]["code"]
    assert explained == plain


def test_a_home_country_answers_for_texts_without_places(server: Server) -> None:
    body = {"text": "The council voted to raise parking fees and to mend the swimming pool roof before winter."}
    _, answer = server.post("/v1/classify", {**body, "home_country": "NZ"})
    assert [c["code"] for c in answer["countries"]] == ["NZ"]
    for wrong in ("nz", "ZZ"):
        status, problem = server.post("/v1/classify", {**body, "home_country": wrong})
        assert status == 422
        assert "home_country" in problem["detail"]
