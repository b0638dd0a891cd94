"""How many themes suit a corpus: coherence, diversity and stability over a grid of numbers, with their curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table
from scipy.sparse import csr_matrix

from training import theme_quality as quality
from training.theme_comparison import HELD_OUT_SHARE, fit_ours, require_words, split
from training.themes import share_found_again, themes_for

_FACTORS = (0.35, 0.5, 0.75, 1.0, 1.35, 1.8)
_DIVERSE, _STABLE, _NEAR_BEST = 0.8, 0.85, 0.85
_BAR = 16


@dataclass(frozen=True)
class Point:
    """The figures of one number of themes.

    `stability`: the share of themes that a fresh training on another random nine tenths of the documents, with another
    seed, finds again.
    """

    n_themes: int
    npmi: float
    diversity: float
    stability: float
    perplexity: float

    @property
    def score(self) -> float:
        """What is compared: the product of the three."""
        return max(0.0, self.npmi) * self.diversity * self.stability


def grid_for(n_documents: int) -> list[int]:
    """Return the numbers of themes to try on so many documents."""
    return sorted({max(2, round(factor * themes_for(n_documents))) for factor in _FACTORS})


def sweep(matrix: csr_matrix, grid: Sequence[int], *, seed: int, report: Callable[[str], object]) -> list[Point]:
    """Return the figures of each number of themes on a corpus (n_docs, n_words).

    Raises InvalidSeeds if that is too small for the largest.
    """
    require_words(matrix, max(grid))
    held_out, first = split(matrix, seed=seed)
    _, second = split(matrix, seed=seed + 1, share=HELD_OUT_SHARE)
    points = []
    for n_themes in grid:
        report(f"{n_themes} themes")
        ours, learned = fit_ours(first, n_themes=n_themes, seed=seed)
        _, again = fit_ours(second, n_themes=n_themes, seed=seed + 1)
        points.append(
            Point(
                n_themes=n_themes,
                npmi=float(quality.npmi(ours.shown, matrix).mean()),
                diversity=quality.diversity(ours.shown),
                stability=share_found_again(learned.draw, learned.chosen, again.draw, matrix),
                perplexity=quality.perplexity(ours.topics, ours.alpha, held_out, seed=seed),
            )
        )
    return points


def recommended(points: Sequence[Point]) -> int:
    """Return the largest number whose themes are diverse, stable and nearly as coherent as the best: as fine as good.

    The one with the best score where none is all three.
    """
    best = max(point.npmi for point in points)
    good = [
        point.n_themes
        for point in points
        if point.diversity >= _DIVERSE and point.stability >= _STABLE and point.npmi >= _NEAR_BEST * best
    ]
    return max(good, default=max(points, key=lambda point: point.score).n_themes)


def table(points: Sequence[Point]) -> Table:
    """Return the figures as a table with the curve of the score."""
    result = Table(title="How many themes")
    for heading in ("themes", "NPMI", "diversity", "stability", "perplexity", "score"):
        result.add_column(heading, justify="right")
    result.add_column("curve")
    best = max(point.score for point in points) or 1.0
    for p in points:
        bar = "█" * round(_BAR * p.score / best)
        result.add_row(
            str(p.n_themes), f"{p.npmi:.3f}", f"{p.diversity:.3f}", f"{p.stability:.2f}", f"{p.perplexity:,.0f}",
            f"{p.score:.3f}", bar,
        )  # fmt: skip
    return result
