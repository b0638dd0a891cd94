"""The user's own articles: labelled over HTTP, learned in training, answered by a running server, taken back."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dateline import bundle
from dateline.analyser import load
from dateline.article import NewArticle
from dateline.articles import ArticleStore
from dateline.registry import Registry
from dateline.taxonomy import read_taxonomy
from tests.conftest import SEEDS, STORY, Server, run
from training.corpus import Article, read_corpus
from training.own_articles import add_own
from training.user_topics import _Scores, choose_weight, is_own

TOPIC = "own:beekeeping"
LABELLED = [json.loads(line) for line in (Path(__file__).parent / "data/beekeeping.jsonl").read_text().splitlines()]
ASKED = [
    "The keeper opened the hive, found no eggs on the frames and ordered a new queen for the colony.",
    "Mites killed a quarter of the colonies in the county, beekeepers told their annual meeting.",
    "A lorry with two hundred beehives overturned on the pass; apiarists in veils gathered the swarms until dawn.",
    "The association will teach beginners how to catch a swarm, use a smoker and extract honey.",
]  # fmt: skip


@pytest.fixture
def seeds_with_topic(seeds: Path, tmp_path: Path) -> Path:
    """The tests' seeds with a taxonomy that has one topic more, of which there is no article."""
    folder = tmp_path / "seeds"
    shutil.copytree(seeds, folder)
    taxonomy = yaml.safe_load((folder / "topics.yaml").read_text())
    taxonomy["topics"].append({"code": TOPIC, "name": "beekeeping"})
    (folder / "topics.yaml").write_text(yaml.safe_dump(taxonomy, allow_unicode=True, sort_keys=False))
    return folder


@pytest.fixture
def server(copy_server: Server) -> Server:
    return copy_server


def train(seeds: Path, models: Path) -> str:
    done = run("training", "train", "--seeds", seeds, "--themes", "5", models=models)
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode()


def wait_until_serving(server: Server, version: str) -> None:
    """Wait until no process has named another version for three seconds: one may answer twelve times in a row."""
    deadline = time.monotonic() + 15
    since = time.monotonic()
    while time.monotonic() - since < 3:
        if {server.get("/health/ready")[1]["model"] for _ in range(12)} != {version}:
            since = time.monotonic()
        assert since < deadline
        time.sleep(0.1)


def answers(server: Server) -> list[Any]:
    return [server.post("/v1/classify", {"text": text})[1] for text in (*ASKED, STORY)]


def found(given: list[Any]) -> list[bool]:
    return [TOPIC in {topic["code"] for topic in answer["topics"]} for answer in given]


def test_thirty_labelled_articles_make_a_topic_and_a_rollback_unmakes_it(
    server: Server, models_copy: Path, seeds_with_topic: Path
) -> None:
    train(seeds_with_topic, models_copy)
    before_version = Registry(models_copy).current()
    wait_until_serving(server, before_version)
    before = answers(server)
    for article in LABELLED:
        status, _ = server.post("/v1/articles", {**article, "topics": [TOPIC]})
        assert status == 201
    shown = train(seeds_with_topic, models_copy)
    assert "from the store: 30 labelled articles, 0 without labels" in shown
    after_version = Registry(models_copy).current()
    assert after_version != before_version
    wait_until_serving(server, after_version)
    after = answers(server)
    assert found(after) == [True] * len(ASKED) + [False]
    assert after[-1]["topics"][0]["code"] == before[-1]["topics"][0]["code"]
    assert run("training", "rollback", models=models_copy).returncode == 0
    wait_until_serving(server, before_version)
    assert answers(server) == before


def test_the_store_is_sorted_into_labelled_and_background(seeds: Path, tmp_path: Path) -> None:
    taxonomy = read_taxonomy(seeds)
    corpus = read_corpus(seeds, taxonomy)
    copy = corpus.articles[0]
    url = f"sqlite:///{tmp_path}/store.db"
    store = ArticleStore(url)
    store.add(
        [
            NewArticle(text="Nobody has said what this is."),
            NewArticle(text="A known label.", topics=["medtop:15000000"], countries=["NZ"]),
            NewArticle(text="Only a label that is gone.", topics=["own:gone"]),
            NewArticle(text="Nothing at all.", topics=[]),
            NewArticle(title=copy.title, text=copy.text, topics=["medtop:15000000"]),
        ]
    )
    store.close()
    whole, own = add_own(corpus, url, taxonomy)
    assert (own.labelled, own.background, own.duplicates, own.unknown_labels) == (2, 2, 1, ("own:gone",))
    added = whole.articles[corpus.n_seeds :]
    assert [article.topics for article in added] == [("medtop:15000000",), (), None, None]
    assert added[0].countries == ("NZ",)
    assert whole.n_taught == corpus.n_seeds + 2
    assert add_own(corpus, f"sqlite:///{tmp_path}/none.db", taxonomy)[0].articles == corpus.articles


def labelled(*topics: tuple[str, ...] | None) -> list[Article]:
    return [Article(id=str(i), text=f"{i}", topics=given) for i, given in enumerate(topics)]


def test_whose_articles_teach_the_users_model() -> None:
    articles = labelled(("a",), ("b",), *[("a",), ("b",)] * 3, ("new",), ("a", "new"), (), None)
    own = is_own(articles, np.arange(len(articles)), n_seeds=2)
    assert np.flatnonzero(own).tolist() == [2, 3, 4, 5, 6, 7]
    few = is_own(articles[:6], np.arange(6), n_seeds=2)
    assert not few.any()
    copies = np.array([0, 1, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    assert not is_own(articles, copies, n_seeds=2).any()


def scores(n: int, *, right: float, own: float) -> _Scores:
    """Return scores of two topics for n articles of the first: one model has a share right, the other says `own`."""
    truth = np.tile([True, False], (n, 1))
    built_in = np.column_stack([np.where(np.arange(n) < right * n, 1.0, -1.0), np.zeros(n)])
    return _Scores(built_in, np.tile([own, 0.0], (n, 1)), truth)


@pytest.mark.parametrize(
    ("seeds_scores", "own_scores", "least", "most"),
    [
        pytest.param(scores(1000, right=0.9, own=0), scores(20, right=0.9, own=0), 0.5, 0.5, id="usual"),
        pytest.param(scores(1000, right=0.9, own=-3), scores(200, right=0.1, own=1.5), 0.0, 0.25, id="costs-too-much"),
        pytest.param(scores(1000, right=0.9, own=1), scores(200, right=0.1, own=1), 1.0, 4.0, id="helps-both"),
        pytest.param(scores(100, right=0.9, own=-3), scores(2000, right=0.1, own=1.5), 1.0, 4.0, id="takes-over"),
    ],
)
def test_the_weight_of_the_users_model(seeds_scores: _Scores, own_scores: _Scores, least: float, most: float) -> None:
    assert least <= choose_weight(seeds_scores, own_scores) <= most


def test_own_articles_move_the_model_and_unlabelled_ones_do_not_hurt(
    models_copy: Path, seeds: Path, tmp_path: Path
) -> None:
    """Labels what the small model gets wrong of the real corpus' articles, and asks about others like them."""
    topics = ("medtop:14000000", "medtop:04000000")
    files = [json.loads(line) for path in sorted((SEEDS / "articles").glob("*.jsonl")) for line in path.open()]
    known = {article.id for article in read_corpus(seeds, read_taxonomy(seeds)).articles}
    rest = [a for a in files if a["id"] not in known and tuple(a.get("topics") or ())[:1] in {(t,) for t in topics}]
    rest.sort(key=lambda article: article["id"][::-1])  # both topics from the start
    own, background, asked = rest[0:480:4], rest[1:600:4], rest[2::4]
    store = ArticleStore(f"sqlite:///{models_copy}-data/articles.db")
    store.add([NewArticle(title=a["title"], text=a["text"], topics=a["topics"][:1]) for a in own])
    store.add([NewArticle(title=a["title"], text=a["text"]) for a in background])
    store.close()
    old = load(Registry(models_copy).folder())
    train(seeds, models_copy)
    new = load(Registry(models_copy).folder())
    assert bundle.read_manifest(Registry(models_copy).folder())["own_articles"]["labelled"] == len(own)

    def right(analyser: Any) -> float:
        got = [analyser.analyse(a["text"], title=a["title"]).topics for a in asked]
        return sum(bool(t) and t[0].code in a["topics"] for t, a in zip(got, asked, strict=True)) / len(asked)

    assert len(asked) > 100
    assert right(new) > right(old), (right(new), right(old))
