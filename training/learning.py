"""The learning curve: how well the topics are told with an eighth, a quarter, a half and all of the articles.

One fold of the cross-validation is asked, the others teach; cheap enough for every training. Where the curve still
climbs at its end, more articles help.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold

from dateline.taxonomy import Taxonomy
from training.corpus import Article
from training.features import Features
from training.topics import FOLDS, Blend, fit_labels, topic_task

_SHARES = (0.125, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Point:
    """topic@1 on the articles that are asked, after learning from so many articles."""

    articles: int
    topic_at_1: float


def learning_curve(
    x: csr_matrix, articles: Sequence[Article], groups: np.ndarray, taxonomy: Taxonomy, features: Features, *,
    blend: Blend, seed: int,
) -> list[Point]:  # fmt: skip
    """Return the curve for documents `x` (n_docs, n_terms) of articles with topics and their near-duplicate groups.

    `features` are those that `x` was made from.

    It is empty where there are too few articles to draw one.
    """
    task = topic_task(articles, taxonomy, features)
    if len(set(groups.tolist())) < FOLDS or not task.truth.any():
        return []
    train, test = next(iter(GroupKFold(FOLDS).split(x, groups=groups)))
    test = test[task.truth[test].any(axis=1)]
    order = np.random.default_rng(seed).permutation(train)
    points = []
    for share in _SHARES:
        rows = order[: max(1, round(share * len(order)))]
        weights, bias = fit_labels(x, rows, task, blend)
        best = (x[test] @ weights + bias).argmax(axis=1)
        points.append(Point(len(rows), float(task.truth[test, best].mean()) if len(test) else 0.0))
    return points
