import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array
from sklearn.feature_extraction.text import TfidfTransformer

from dateline.similar import KEPT_TERMS, Entry, SimilarIndex, strongest
from training.similar import fit_similar


def corpus(seed: int, *, n_docs: int, n_terms: int, density: float) -> csr_matrix:
    drawn = random_array((n_docs, n_terms), density=density, rng=np.random.default_rng(seed), format="csr")
    drawn.data = np.ceil(drawn.data * 5)
    return csr_matrix(drawn)


def fitted(counts: csr_matrix) -> SimilarIndex:
    return fit_similar(counts, [Entry("seeds", f"d{number}", f"Title {number}") for number in range(counts.shape[0])])


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_short_articles_get_the_cosines_that_scikit_learn_gives(seed: int, n_docs: int, limit: int) -> None:
    counts = corpus(seed, n_docs=n_docs, n_terms=60, density=0.2)
    vectors = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    query = counts[0]
    found = fitted(counts).nearest(query.indices.astype(np.int64), query.data, limit=limit)
    expected = (vectors @ vectors[0].T).toarray().ravel()
    assert len(found) == min(limit, int((expected > 1e-9).sum()))
    assert [n.score for n in found] == pytest.approx(sorted(expected, reverse=True)[: len(found)], abs=1e-4)
    for neighbour in found:
        assert neighbour.score == pytest.approx(expected[int(neighbour.id[1:])], abs=1e-4)
        assert neighbour.title == f"Title {neighbour.id[1:]}"


def test_long_articles_keep_their_strongest_terms_and_find_themselves() -> None:
    counts = corpus(3, n_docs=30, n_terms=2000, density=0.3)
    index = fitted(counts)
    assert np.bincount(index.state()["articles"], minlength=30).max() == KEPT_TERMS
    for number in range(30):
        found = index.nearest(counts[number].indices.astype(np.int64), counts[number].data, limit=3)
        assert found[0].id == f"d{number}"
        assert found[0].score == pytest.approx(1.0, abs=1e-5)


def test_strongest_keeps_the_largest_weights_at_length_one() -> None:
    weights = np.arange(1.0, 151.0)
    terms, kept = strongest(np.arange(150), weights)
    assert terms.tolist() == list(range(50, 150))
    assert kept @ kept == pytest.approx(1.0)


def test_state_and_back_gives_the_same_answers() -> None:
    counts = corpus(5, n_docs=20, n_terms=80, density=0.2)
    index = fitted(counts)
    again = SimilarIndex.from_state(index.state())
    query = counts[4].indices.astype(np.int64), counts[4].data
    assert again.nearest(*query, limit=20) == index.nearest(*query, limit=20)
    nothing = np.array([], dtype=np.int64)
    assert index.nearest(nothing, nothing, limit=5) == []


def test_articles_without_terms_are_never_found() -> None:
    counts = csr_matrix(np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]))
    found = fitted(counts).nearest(np.array([0, 1]), np.array([1.0, 1.0]), limit=10)
    assert [n.id for n in found] == ["d0", "d2"]
