"""The report of a version: one HTML page, with its plots inside, that needs neither network nor scripts.

Its figures are those that `python -m training evaluate` prints, from the same held-out answers.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dateline.taxonomy import Taxonomy
from dateline.themes import ThemeEntry
from training import plots
from training.corpus import NO_TOPIC
from training.gate import SAME, Comparison
from training.heldout import HeldOut
from training.learning import Point
from training.metrics import reliability

ATTACHMENT = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Contents:
    """What a report tells: the manifest's facts, the answers behind them, and those of the version before."""

    facts: dict[str, Any]
    taxonomy: Taxonomy
    held_out: HeldOut
    curve: Sequence[Point]
    themes: Sequence[ThemeEntry]
    theme_changes: str
    comparison: Comparison | None
    figures_before: dict[str, float]


def render(contents: Contents) -> bytes:
    """Return the report as HTML in UTF-8."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    names = {topic.code: topic.name for topic in contents.taxonomy.topics}
    held_out = contents.held_out
    page = environment.get_template("report.html").render(
        facts=contents.facts,
        figures=[(name, value, contents.figures_before.get(name)) for name, value in held_out.figures().items()],
        topics=[(names[topic.code], topic) for topic in held_out.per_topic()],
        topics_before=_before(contents.comparison),
        comparison=contents.comparison,
        themes=sorted(contents.themes, key=lambda entry: (-entry.share, entry.id)),
        theme_changes=contents.theme_changes,
        curve=contents.curve,
        plots={name: base64.b64encode(png).decode() for name, png in _plots(contents, names).items()},
    )
    return page.encode()


def _plots(contents: Contents, names: dict[str, str]) -> dict[str, bytes]:
    held_out = contents.held_out
    news = held_out.first != NO_TOPIC
    drawn = {
        "confusion": plots.confusion(held_out.confusion, [names[code] for code in held_out.codes]),
        "reliability": plots.reliability(reliability(held_out.confidence[news], held_out.correct[news])),
    }
    if contents.curve:
        drawn["learning"] = plots.learning(contents.curve)
    if themes := contents.themes:
        drawn["themes"] = plots.theme_map(
            [e.name for e in themes], [e.place for e in themes], [e.share for e in themes]
        )
    return drawn


def _before(comparison: Comparison | None) -> dict[str, float]:
    """Return the F1 of each topic in the version before, on the articles that both were asked."""
    return {row.name: row.before for row in comparison.rows if row.kind == SAME} if comparison else {}
