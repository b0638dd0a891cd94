from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from dateline.errors import InvalidSeeds
from dateline.taxonomy import Taxonomy
from dateline.terms import document_word_ids
from dateline.text import read
from dateline.topics import TopicClassifier
from training.corpus import Article
from training.features import Features, Lent, count, extract
from training.topics import fit_topics
from training.word_vectors import BUILT_IN, FILE, WordVectors, read_word_vectors

TAXONOMY = Taxonomy.model_validate({"topics": [{"code": "a", "name": "Label one"}, {"code": "b", "name": "Label two"}]})
FOOD = ["Bread and butter for breakfast", "Roast lamb with potatoes and carrots", "A soup of leeks and cream",
        "Cheese, olives and wine for lunch", "Rice with chicken and pepper"]  # fmt: skip
LAW = ["The judge heard the defendant plead guilty", "Prosecutors charged him with fraud", "A jury convicted the thief",
       "Her lawyer appealed against the sentence", "Police arrested a suspect over the murder"]  # fmt: skip
UNSEEN = {"Grilled salmon, spinach and garlic": "a", "The attorney indicted smugglers for perjury": "b"}


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    return read_word_vectors(BUILT_IN.parent)


@pytest.fixture(scope="module")
def features(vectors: WordVectors) -> Features:
    return extract([read(text) for text in FOOD + LAW], TAXONOMY, word_vectors=vectors)


@pytest.fixture(scope="module")
def classifier(features: Features) -> TopicClassifier:
    texts = [*((text, "a") for text in FOOD), *((text, "b") for text in LAW)]
    articles = [Article(id=str(i), title="", text=text, topics=(code,)) for i, (text, code) in enumerate(texts)]
    groups = np.arange(len(articles))
    return fit_topics(articles, features, groups, TAXONOMY, lengths=np.full(len(articles), 6)).classifier


@pytest.mark.parametrize("text", UNSEEN)
def test_texts_of_words_that_no_article_has_are_told_by_their_meaning(
    text: str, features: Features, classifier: TopicClassifier
) -> None:
    seen = {word for article in FOOD + LAW for word in read(article).body_words}
    assert not set(read(text).body_words) & seen - {"and", "the", "for", "with"}
    ids, counts = features.index.counts(document_word_ids(features.index, read(text)))
    topics, _ = classifier.classify(ids, counts, n_words=6)
    assert topics[0].code == UNSEEN[text]


words = st.sampled_from([word for text in [*FOOD, *LAW, *UNSEEN] for word in text.split()] + ["qwzx"])


@given(st.lists(words, min_size=1, max_size=30).map(" ".join))
def test_training_weighs_a_text_as_serving_does(text: str) -> None:
    features, classifier = _fitted()
    counted = count(features.index, [read(text)])
    lent = features.lent
    assert lent is not None
    taught = counted.toarray() * ~lent.which
    added = counted.toarray() * lent.which
    both = Lent(lent.which, csr_matrix(added), lent.vectors)
    whole = Features(features.index, csr_matrix(taught), features.min_documents, both)
    trained = whole.vectors(classifier.idf).toarray()[0]
    ids, counts = features.index.counts(document_word_ids(features.index, read(text)))
    served = np.zeros_like(trained)
    if len(ids):
        served[ids] = classifier.vector(ids, counts)
    assert served == pytest.approx(trained)


@given(st.lists(words, min_size=1, max_size=30).map(" ".join))
def test_what_the_terms_add_up_to_is_the_score(text: str) -> None:
    features, classifier = _fitted()
    ids, counts = features.index.counts(document_word_ids(features.index, read(text)))
    if len(ids):
        for number, code in enumerate("ab"):
            weights, bias = classifier.contributions(ids, counts, code)
            assert weights.sum() + bias == pytest.approx(classifier.scores(ids, counts)[number], abs=1e-5)


def test_other_models_see_no_term_that_only_vectors_know(features: Features) -> None:
    assert features.lent is not None
    assert features.counts[:, features.lent.which].nnz == 0
    plain = extract([read(text) for text in FOOD + LAW], TAXONOMY)
    assert features.counts.sum() == plain.counts.sum()


def test_a_seeds_folder_may_bring_its_own_vectors_and_broken_ones_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / FILE, words=np.array("zorp blick"), vectors=np.eye(2, dtype=np.int8))
    assert read_word_vectors(tmp_path).stems == ("zorp", "blick")
    for content in (b"not a zip file", b""):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(InvalidSeeds, match=FILE):
            read_word_vectors(tmp_path)
    np.savez(tmp_path / FILE, words=np.array("zorp blick"), vectors=np.eye(3, dtype=np.int8))
    with pytest.raises(InvalidSeeds, match="2 words"):
        read_word_vectors(tmp_path)


_made: list[tuple[Features, TopicClassifier]] = []


@pytest.fixture(autouse=True)
def _keep_fitted(features: Features, classifier: TopicClassifier) -> None:
    _made[:] = [(features, classifier)]


def _fitted() -> tuple[Features, TopicClassifier]:
    return _made[0]
