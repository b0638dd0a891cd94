"""The plots of a report, each as a PNG. Draws what it is given and computes nothing."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from training.learning import Point

_INK, _FAINT, _ACCENT = "#1f2933", "#cbd2d9", "#2463a8"
_DPI = 130
_NAME_CHARS = 22
_MOST_TOPICS = 40
"""A larger confusion matrix cannot be read; the most frequent topics are drawn."""
_WITH_NUMBERS = 24


def confusion(table: np.ndarray, names: Sequence[str]) -> bytes:
    """Draw how often a topic (row) was taken for which (column), (n_topics, n_topics), shaded by row."""
    shown = np.sort(np.argsort(-table.sum(axis=1), kind="stable")[:_MOST_TOPICS])
    table, names = table[np.ix_(shown, shown)], [_short(names[i]) for i in shown]
    size = max(4.0, 0.42 * len(names) + 2.4)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    shares = table / np.maximum(1, table.sum(axis=1, keepdims=True))
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("likeliest topic")
    axes.set_ylabel("main topic")
    if len(names) <= _WITH_NUMBERS:
        for row, column in np.argwhere(table > 0).tolist():
            colour = "white" if shares[row, column] > 0.5 else _INK
            axes.text(column, row, str(table[row, column]), ha="center", va="center", fontsize=7, color=colour)
    return _png(figure)


def reliability(bins: Sequence[tuple[float, float, int]]) -> bytes:
    """Draw the share of right answers over the mean confidence of each bin, with the number of articles."""
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle="--")
    axes.plot([x for x, _, _ in bins], [y for _, y, _ in bins], color=_ACCENT, marker="o")
    for x, y, n in bins:
        axes.annotate(str(n), (x, y), textcoords="offset points", xytext=(5, -11), fontsize=8, color=_INK)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score of the likeliest topic", ylabel="share that is right")
    return _png(figure)


def learning(points: Sequence[Point]) -> bytes:
    """Draw topic@1 over the number of articles learned from."""
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([p.articles for p in points], [p.topic_at_1 for p in points], color=_ACCENT, marker="o")
    for point in points:
        axes.annotate(
            f"{point.topic_at_1:.3f}", (point.articles, point.topic_at_1), textcoords="offset points",
            xytext=(0, 8), ha="center", fontsize=8, color=_INK,
        )  # fmt: skip
    axes.set(xlim=(0, None), xlabel="articles learned from", ylabel="topic@1")
    axes.margins(y=0.2)
    return _png(figure)


def theme_map(names: Sequence[str], places: Sequence[tuple[float, float]], shares: Sequence[float]) -> bytes:
    """Draw themes at their places, as large as their share of the corpus."""
    figure = Figure(figsize=(9.0, 7.0), layout="constrained")
    axes = figure.add_subplot()
    x, y = np.array(places).T
    axes.scatter(x, y, s=40 + 12_000 * np.array(shares), color=_ACCENT, alpha=0.25, edgecolors=_ACCENT)
    for name, place in zip(names, places, strict=True):
        axes.annotate(_short(name, 32), place, ha="center", va="center", fontsize=7, color=_INK)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(0.12)
    return _png(figure)


def _short(name: str, most: int = _NAME_CHARS) -> str:
    """Return a name cut to fit; a dollar sign would begin mathematics."""
    name = name if len(name) <= most else f"{name[: most - 1]}…"
    return name.replace("$", r"\$")


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": None})
    return out.getvalue()
