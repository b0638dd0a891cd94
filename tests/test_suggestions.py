import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from dateline.suggestions import choose, uncertainty


def vectors(*rows: list[float]) -> csr_matrix:
    return csr_matrix(normalize(np.array(rows)))


def test_the_unsure_come_before_the_sure() -> None:
    unlike = vectors([1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1])
    unsure = uncertainty(np.array([[1.0, -1.0], [-0.5, -0.4], [0.2, 0.0]]))
    assert [0 < u < 1 for u in unsure] == [True] * 3
    assert uncertainty(np.zeros((1, 4))).tolist() == [0.5]
    assert choose(unsure, unlike, limit=3) == [1, 2, 0]


def test_a_copy_of_what_is_chosen_comes_last() -> None:
    with_copy = vectors([1, 0, 1], [1, 0, 1], [0, 1, 1])
    assert choose(np.array([0.9, 0.8, 0.3]), with_copy, limit=2) == [0, 2]
    assert sorted(choose(np.array([0.9, 0.8, 0.3]), with_copy, limit=9)) == [0, 1, 2]


def test_what_is_like_nothing_else_is_worth_less_than_what_is_typical() -> None:
    freak = vectors([1, 0, 0], [0, 1, 1], [0, 1, 0.9], [0, 0.9, 1])
    assert choose(np.array([0.5, 0.5, 0.5, 0.5]), freak, limit=1) != [0]
