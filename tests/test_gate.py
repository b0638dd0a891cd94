"""The gate: what may serve and what may not, decided on articles that neither version learned from."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dateline import bundle
from dateline.registry import Registry
from tests.conftest import ARTICLES_PER_TOPIC, run, write_articles
from training import gate, pipeline
from training.corpus import Article
from training.heldout import ATTACHMENT, HeldOut, content_key
from training.pipeline import Trained

Change = Callable[[list[dict[str, Any]]], None]


def change_articles(seeds: Path, target: Path, change: Change) -> Path:
    """Copy a seeds folder and change its articles, all files' lines in one list, in place."""
    shutil.copytree(seeds, target)
    paths = sorted((target / "articles").glob("*.jsonl"))
    lines = {path: [json.loads(line) for line in path.read_text().splitlines()] for path in paths}
    articles = [article for of_file in lines.values() for article in of_file]
    change(articles)
    for path, of_file in lines.items():
        kept = [article for article in of_file if "dropped" not in article]
        path.write_text("".join(json.dumps(article) + "\n" for article in kept))
    return target


def shuffle_a_third(articles: list[dict[str, Any]]) -> None:
    rng = random.Random(5)  # noqa: S311 - a fixed shuffle
    chosen = rng.sample([article for article in articles if article.get("topics")], len(articles) // 3)
    labels = [(article["topics"], article.get("subtopics", [])) for article in chosen]
    rng.shuffle(labels)
    for article, (topics, subtopics) in zip(chosen, labels, strict=True):
        article.update(topics=topics, subtopics=subtopics)


def train(seeds: Path, models: Path, **options: Any) -> Trained:
    return pipeline.train(
        seeds=seeds, registry=Registry(models), seed=1, n_themes=8, report=lambda _: None, **options
    )  # fmt: skip


def test_a_third_of_the_labels_shuffled_is_refused_with_a_table(
    copied_models: Callable[[], Path], seeds: Path, tmp_path: Path
) -> None:
    models = copied_models()
    good = Registry(models).current()
    bad = change_articles(seeds, tmp_path / "bad", shuffle_a_third)
    refused = run("training", "train", "--seeds", bad, "--themes", "5", models=models)
    assert refused.returncode == 1
    shown = refused.stdout.decode()
    assert "worse beyond noise" in shown
    assert "all topics" in shown
    assert "own labels" in shown
    assert Registry(models).current() == good
    assert len(Registry(models).versions()) == 2
    kept = bundle.read_manifest(Registry(models).folder(Registry(models).versions()[1]))
    assert any(row["worse"] for row in kept["comparison"]["rows"])
    assert f"promote {kept['version']}" in refused.stderr.decode()
    forced = train(bad, models, force="an exercise")
    assert forced.comparison
    assert forced.comparison.worse
    assert forced.may_serve
    assert b"forced           an exercise" in run("training", "show", forced.version, models=models).stdout


def test_more_good_articles_are_published(copied_models: Callable[[], Path], seeds: Path, tmp_path: Path) -> None:
    more = shutil.copytree(seeds, tmp_path / "more")
    write_articles(more, of_topic=ARTICLES_PER_TOPIC * 2)
    second = train(more, copied_models())
    assert second.comparison
    assert second.may_serve, second.comparison.worse
    assert second.comparison.new > 150
    assert second.comparison.gone == 0
    assert second.comparison.articles > 350
    all_topics = next(row for row in second.comparison.rows if row.name == "all topics")
    assert all_topics.after > all_topics.before


def test_a_serving_version_that_cannot_be_loaded_blocks_no_training(copied_models: Callable[[], Path]) -> None:
    registry = Registry(copied_models())
    (registry.folder() / "topics.joblib").write_bytes(b"?")
    found = gate.load_serving(registry)
    assert isinstance(found, gate.Comparison)
    assert "topics.joblib: altered" in (found.note or "")
    assert pipeline.Trained("v", {"forced": None}, found).may_serve


def test_the_same_corpus_again_is_no_worse_and_a_dry_run_keeps_nothing(
    copied_models: Callable[[], Path], seeds: Path
) -> None:
    models = copied_models()
    before = sorted(path.name for path in models.iterdir())
    again = train(seeds, models, dry_run=True)
    assert again.comparison
    assert again.may_serve
    assert {row.before - row.after for row in again.comparison.rows} == {0.0}
    assert {row.name for row in again.comparison.rows} >= {"all topics", "all regions", "sport", "Asia", "no topic"}
    assert sorted(path.name for path in models.iterdir() if path.suffix != ".lock") == [
        name for name in before if not name.endswith(".lock")
    ]


@pytest.fixture(scope="module")
def kept(models: Path) -> HeldOut:
    content = bundle.attachment(Registry(models).folder(), ATTACHMENT)
    assert content
    return HeldOut.from_bytes(content)


def test_held_out_answers_are_those_of_the_figures(models: Path, kept: HeldOut, seeds: Path) -> None:
    manifest = bundle.read_manifest(Registry(models).folder())
    assert kept.figures() == manifest["evaluation"]
    total = [sum(getattr(topic, name) for topic in kept.per_topic()) for name in ("hits", "articles", "given")]
    news = kept.first >= 0
    assert total[0] == int((kept.truth & kept.assigned).sum())
    assert kept.confusion.sum() == news.sum()
    assert kept.confusion.trace() / news.sum() == pytest.approx(manifest["evaluation"]["primary@1"], abs=1e-4)
    assert HeldOut.from_bytes(kept.to_bytes()).to_bytes() == kept.to_bytes()
    assert len(kept.keys) == len(set(kept.keys))


def test_a_content_key_is_of_title_and_text() -> None:
    one = Article(id="1", title="A", text="b")
    assert content_key(one) == content_key(one.model_copy(update={"id": "2", "topics": ("x",)}))
    assert content_key(one) != content_key(one.model_copy(update={"text": "c"}))


def figure(before: list[int], after: list[int], *, is_sum: bool = True) -> gate._Figure:
    ones = np.ones(len(before))
    return gate._Figure("k", "n", len(before), (np.array(before, float), ones), (np.array(after, float), ones), is_sum)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        pytest.param([1] * 100, [1] * 100, False, id="equal"),
        pytest.param([1] * 100, [1] * 98 + [0] * 2, False, id="two-in-a-hundred-are-noise"),
        pytest.param([1] * 100, [1] * 85 + [0] * 15, True, id="fifteen-are-not"),
        pytest.param([1, 0] * 50, [0, 1] * 50, False, id="many-changes-that-even-out"),
        pytest.param([1] * 9, [0] * 9, False, id="too-few-to-judge"),
        pytest.param([0] * 100, [1] * 100, False, id="better"),
    ],
)
def test_only_a_difference_beyond_noise_counts(before: list[int], after: list[int], worse: bool) -> None:
    [row] = gate._judge([figure(before, after)], np.arange(len(before)), seed=1)
    assert row.worse is worse
    assert row.low <= row.after - row.before <= row.high


def test_near_duplicates_count_as_one_observation() -> None:
    before, after = [1] * 100, [1] * 85 + [0] * 15
    groups = np.array(list(range(85)) + [85] * 15)
    [row] = gate._judge([figure(before, after)], groups, seed=1)
    assert not row.worse
