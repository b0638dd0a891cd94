"""Themes keep their ids across trainings; new subjects get new ones."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.themes import ThemeEntry
from tests.subjects import VOCABULARY, Texts, texts
from training import theme_diff
from training.theme_diff import VersionThemes
from training.theme_entries import positions, turned_like
from training.theme_history import ThemeHistory, match, new_ids, similarity
from training.themes import Previous, ThemeFit, fit_themes

SUBJECTS, EACH = range(8), 20


def fit(corpus: Texts, *, seed: int = 1, previous: ThemeFit | None = None, n_themes: int | None = None) -> ThemeFit:
    index, counts = corpus.counted()
    before = previous and Previous(previous.history, previous.model, previous.figures, previous.history.next_number)
    return fit_themes(
        corpus.documents, corpus.facts, counts, index, n_themes=n_themes, seed=seed, previous=before,
        label_names={f"topic{i}": f"Topic {i}" for i in range(20)}, sweeps=60,
    )  # fmt: skip


def subject_of(entry: ThemeEntry) -> int:
    found = {subject for subject, words in enumerate(VOCABULARY) for term in entry.terms if term in words}
    assert len(found) == 1
    return found.pop()


def subjects(fitted: ThemeFit) -> dict[str, int]:
    return {entry.id: subject_of(entry) for entry in fitted.model.entries}


@pytest.fixture(scope="module")
def corpus() -> Texts:
    return texts(SUBJECTS, each=EACH, seed=1, dated=True)


@pytest.fixture(scope="module")
def first(corpus: Texts) -> ThemeFit:
    return fit(corpus)


def test_each_subject_becomes_a_theme(first: ThemeFit) -> None:
    assert sorted(subjects(first).values()) == list(SUBJECTS)
    assert [entry.id for entry in first.model.entries] == [f"t0{i}" for i in range(1, 9)]
    assert first.figures["npmi"] > 0.3
    assert first.figures["diversity"] == 1.0
    assert first.figures["stability"] == 1.0


def test_what_people_see_of_a_theme_is_right(first: ThemeFit) -> None:
    for entry in first.model.entries:
        subject = subject_of(entry)
        assert all(article.id.startswith(f"a-{subject}-") for article in entry.articles)
        assert entry.topic
        assert (entry.topic.code, entry.topic.name) == (f"topic{subject}", f"Topic {subject}")
        assert entry.topic.share > 0.6
        assert entry.region is None
        assert [month.month for month in entry.trend] == ["2026-01", "2026-02"]
        assert [month.articles for month in entry.trend] == [80, 80]
        assert entry.share == pytest.approx(np.mean([month.share for month in entry.trend]), abs=1e-3)


def test_the_same_corpus_and_seed_give_the_same_bytes(corpus: Texts, first: ThemeFit) -> None:
    again = fit(corpus)
    assert pickle.dumps(again.model.state()) == pickle.dumps(first.model.state())
    assert again.history.to_bytes() == first.history.to_bytes()
    onwards = fit(corpus, previous=first)
    assert onwards.model is first.model
    assert onwards.history.to_bytes() == first.history.to_bytes()


def test_another_seed_keeps_the_ids(corpus: Texts, first: ThemeFit) -> None:
    again = fit(corpus, seed=2, previous=first)
    assert subjects(again) == subjects(first)
    assert again.history.fingerprint != first.history.fingerprint
    assert fit(corpus, seed=2).figures["themes"] == 8


def test_a_new_subject_gets_a_new_id_and_the_others_keep_theirs(corpus: Texts, first: ThemeFit) -> None:
    grown = fit(corpus + texts([9], each=40, seed=3, prefix="b"), previous=first)
    assert subjects(grown) == subjects(first) | {"t09": 9}
    found = theme_diff.diff(version(first), version(grown))
    assert [entry.id for entry in found.appeared] == ["t09"]
    assert (found.vanished, found.split, found.merged, found.kept) == ([], [], [], 8)
    assert "new       t09" in theme_diff.render(found)


def test_a_retired_id_is_never_given_again(corpus: Texts, first: ThemeFit) -> None:
    gone = next(id for id, subject in subjects(first).items() if subject == 0)
    without = texts(range(1, 8), each=EACH, seed=1, dated=True)
    less = fit(without, previous=first)
    assert gone not in subjects(less)
    found = theme_diff.diff(version(first), version(less))
    assert gone in {entry.id for entry in found.vanished}
    back = fit(without + texts([0], each=40, seed=4, prefix="c"), previous=less)
    returned = next(id for id, subject in subjects(back).items() if subject == 0)
    assert int(returned[1:]) >= first.history.next_number


def test_a_corpus_that_is_mostly_other_articles_is_learned_afresh_and_matched(first: ThemeFit) -> None:
    others = fit(texts(SUBJECTS, each=30, seed=8, prefix="z"), previous=first)
    assert {id: subject for id, subject in subjects(others).items() if id in subjects(first)} == subjects(first)


def test_the_number_of_themes_can_be_fixed(corpus: Texts) -> None:
    assert fit(corpus, n_themes=5).figures["themes"] == 5


def test_a_corpus_too_small_for_themes_has_none() -> None:
    tiny = fit(texts([1], each=3, seed=1))
    assert tiny.model.entries == ()
    assert tiny.figures["themes"] == tiny.figures["coverage"] == 0
    assert len(fit(texts(SUBJECTS, each=EACH, seed=1), previous=tiny).model.entries) == 8


def test_a_history_survives_its_file(first: ThemeFit) -> None:
    kept = ThemeHistory.from_bytes(first.history.to_bytes())
    assert kept.to_bytes() == first.history.to_bytes()
    assert kept.next_number == 9


def version(fitted: ThemeFit) -> VersionThemes:
    return VersionThemes(fitted.model.entries, fitted.history)


def test_the_diff_tells_splits_merges_growth_and_names(first: ThemeFit) -> None:
    entries = list(first.model.entries)
    # The articles of theme 0 go to two new themes, those of theme 1 to theme 2; the others stay where they are.
    after_ids = [*[entry.id for entry in entries[2:]], "t20", "t21"]
    main = [6 + i % 2 if k == 0 else max(0, k - 2) for i, k in enumerate(first.history.main_topics().values())]
    parts = replace(first.history, ids=after_ids, topics=np.array([[k, 9, 9] for k in main], dtype=np.int32))
    grown = replace(entries[3], share=entries[3].share * 2, name="Another name")
    shrunk = replace(entries[4], share=entries[4].share / 2)
    after = [entries[2], grown, shrunk, *entries[5:], replace(entries[0], id="t20"), replace(entries[0], id="t21")]
    found = theme_diff.diff(version(first), VersionThemes(after, parts))
    assert found.kept == 6
    assert [(origin.id, [p.id for p in new]) for origin, new in found.split] == [(entries[0].id, ["t20", "t21"])]
    assert [([g.id for g in gone], heir.id) for gone, heir in found.merged if gone[0].id == entries[1].id] == [
        ([entries[1].id], entries[2].id)
    ]
    assert [new.id for _, new in found.grew] == [grown.id]
    assert [new.id for _, new in found.shrank] == [shrunk.id]
    assert [new.name for _, new in found.renamed] == ["Another name"]
    shown = theme_diff.render(found)
    assert all(word in shown for word in ("split", "merged", "grew", "shrank", "renamed", "vanished"))
    nothing = theme_diff.render(theme_diff.diff(version(first), version(first)))
    assert "nothing changed" in nothing


@given(st.integers(2, 7), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_alike_topics_are_matched_whatever_their_order(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(40, 0.05), n)
    order = rng.permutation(n)
    alike = similarity(topics, topics[order])
    assert alike.min() >= 0
    assert alike.max() <= 1 + 1e-9
    assert match(alike) == {column: int(row) for column, row in enumerate(order)}


def test_new_numbers_follow_on() -> None:
    assert new_ids(["t03", None, "t01", None], next_number=104) == (["t03", "t104", "t01", "t105"], 106)


def test_the_map_keeps_distances_and_follows_the_one_before() -> None:
    rng = np.random.default_rng(2)
    plane = rng.random((6, 2))
    distances = np.linalg.norm(plane[:, None] - plane[None], axis=2)
    places = positions(distances)
    assert np.linalg.norm(places[:, None] - places[None], axis=2) == pytest.approx(distances)
    ids = [f"t{i}" for i in range(6)]
    before = [ThemeEntry(id, id, (), 0.1, place=(-y, x)) for id, (x, y) in zip(ids, places.tolist(), strict=True)]
    turned = turned_like(places, ids, before)
    assert turned == pytest.approx(np.array([entry.place for entry in before]))
    assert positions(np.zeros((1, 1))).shape == (1, 2)
    assert positions(np.zeros((0, 0))).shape == (0, 2)
