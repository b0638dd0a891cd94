import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.feature_extraction.text import TfidfTransformer

from dateline.analyser import load
from dateline.registry import Registry
from dateline.taxonomy import Taxonomy
from dateline.text import read
from dateline.topics import LabelModel, unit_vector
from tests.conftest import train
from training.features import count, extract
from training.topics import seed_matrix

TEXTS = ["Oil prices rose sharply", "The supreme court ruling on oil", "Rain fell and rain fell again", "prices fell"]
TAXONOMY = Taxonomy.model_validate({"topics": [{"code": "a", "name": "A", "words": ["oil price", "court"]}]})


def test_a_served_vector_is_scikit_learns() -> None:
    features = extract([read(text) for text in TEXTS], TAXONOMY, min_documents=1)
    transformer = TfidfTransformer(sublinear_tf=True).fit(features.counts)
    expected = transformer.transform(count(features.index, [read("Oil prices fell and oil rose")])).toarray()[0]
    ids, counts = features.index.counts(features.index.word_ids(read("Oil prices fell and oil rose").body_words))
    served = np.zeros_like(expected)
    served[ids] = unit_vector(transformer.idf_, ids, counts)
    assert served == pytest.approx(expected)


def test_seed_words_are_found_as_stems() -> None:
    features = extract([read(text) for text in TEXTS], TAXONOMY, min_documents=1)
    seeds = seed_matrix([["Oil Prices", "courts", "not in any text"]], features.index)
    names = features.index.terms()
    assert {names[i] for i in seeds.nonzero()[0]} >= {"oil price", "court"}


scores = hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(-5, 5))


@given(scores)
def test_probabilities_keep_the_order_of_scores_and_something_is_assigned_or_unlikely(given_scores: np.ndarray) -> None:
    n = len(given_scores)
    model = LabelModel(np.zeros((1, n)), np.zeros(n), 2.0, -0.5, np.full(n, 0.7), 0.2, 0.1, 1.5, 0.3)
    probabilities = model.probabilities(given_scores)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    order = np.argsort(given_scores, kind="stable")
    assert (np.diff(probabilities[order]) >= 0).all()
    told = model.confidences(given_scores)
    assert (np.diff(told[order]) >= 0).all()
    assert model.confidences_of(range(n), given_scores.tolist(), probabilities.tolist()) == pytest.approx(told.tolist())
    assert [model.probability(score) for score in given_scores.tolist()] == pytest.approx(probabilities.tolist())
    for n_words, least in ((100, 0.2), (10, 0.1)):
        assigned = model.assigned(probabilities, n_words)
        assert assigned.any() == bool(probabilities.max() >= least)
        assert model.assigned_to_one(probabilities.tolist(), n_words) == np.flatnonzero(assigned).tolist()
    assert (assigned | (probabilities < 0.7)).all()


def write_seeds(folder: Path, topics: str, articles: list[dict[str, object]]) -> Path:
    (folder / "articles").mkdir(parents=True)
    (folder / "topics.yaml").write_text(topics)
    (folder / "articles" / "all.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    return folder


@pytest.mark.parametrize("labels", [2, 5], ids=["two-labels", "five-labels-some-rare"])
def test_any_taxonomy_can_be_trained(tmp_path: Path, labels: int) -> None:
    """Nothing but codes and names; some labels with 0, 1 or 2 articles."""
    kinds = [
        ("ships", "The vessel left port with cargo and the crew loaded the hold before the tide turned number {}."),
        ("coffee", "Roasters paid growers more for beans as the coffee harvest and the exchange price rose lot {}."),
    ]
    articles = [
        {"id": f"{kind}{i}", "title": "", "text": text.format(i), "topics": [kind]}
        for kind, text in kinds
        for i in range(15)
    ]
    articles += [{"id": "rare1", "text": "A single story about tin mining.", "topics": ["tin"]}] if labels > 2 else []
    codes = ["ships", "coffee", "tin", "zinc", "lead"][:labels]
    topics = "topics:\n" + "".join(f"  - {{code: {code}, name: {code}}}\n" for code in codes)
    models = tmp_path / "models"
    train(write_seeds(tmp_path / "seeds", topics, articles), models)
    analyser = load(Registry(models).folder())
    answer = analyser.analyse("The crew of a cargo vessel waited outside the port for the tide.")
    assert [topic.code for topic in answer.topics] == ["ships"]
    assert answer.regions == answer.countries == ()
    assert analyser.analyse("Coffee growers sold beans to roasters.").topics[0].code == "coffee"
