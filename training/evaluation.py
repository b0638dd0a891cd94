"""Measures a model on labelled texts it never saw, with a reliability plot for the terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dateline.analyser import Analyser
from dateline.errors import EmptyText, InvalidSeeds
from training.metrics import calibration_error, reliability

_KINDS = ("topics", "regions", "countries")
_BAR = 40


Expected = dict[str, Any]
"""What a pack says of a text: "topics", "primary", "regions", "countries", or some of them."""


def evaluate(analyser: Analyser, pack: Path) -> dict[str, Any]:
    """Return the figures of a model on a pack. Raises InvalidSeeds naming file and line."""
    rows = read_pack(pack)
    answers = [_answer(analyser, text, title) for text, title, _ in rows]
    return figures([expected for _, _, expected in rows], answers)


def _answer(analyser: Analyser, text: str, title: str) -> dict[str, Any]:
    try:
        return analyser.analyse(text, title=title).to_dict()
    except EmptyText as error:
        return analyser.no_answer(str(error)).to_dict()


def read_pack(pack: Path) -> list[tuple[str, str, Expected]]:
    """Return (text, title, expected) of each line of a pack. Raises InvalidSeeds naming file and line."""
    with pack.open("rb") as lines:
        return [_row(pack, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def figures(expected: Sequence[Expected], answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of answers, in the form of the output contract, against what was expected.

    For each kind of label that is expected at all: `@1`, the share of texts whose best label is an expected one (none
    where none is expected), `F1`, micro-averaged, and `MacroF1`, averaged over the labels that are expected. For
    topics also `primary@1`, `ece` and `bins`, the reliability of the best topic's score.
    """
    result: dict[str, Any] = {"texts": len(expected)}
    both = list(zip(expected, answers, strict=True))
    for kind in _KINDS:
        pairs = [(e[kind], [label["code"] for label in a[kind]]) for e, a in both if kind in e and kind in a]
        if pairs:
            result[f"{kind}@1"] = float(np.mean([_first_right(want, got) for want, got in pairs]))
            result[f"{kind}F1"] = _micro_f1(pairs)
            result[f"{kind}MacroF1"] = _macro_f1(pairs)
    primary = [(e["primary"], a["topics"]) for e, a in both if "primary" in e]
    if primary:
        result["primary@1"] = float(np.mean([bool(got) and got[0]["code"] == want for want, got in primary]))
    judged = [(a["topics"][0], e["topics"]) for e, a in both if "topics" in e and a["topics"]]
    if judged:
        confidence = np.array([best["score"] for best, _ in judged])
        correct = np.array([best["code"] in want for best, want in judged])
        result["ece"] = calibration_error(confidence, correct)
        result["bins"] = reliability(confidence, correct)
    return result


def render(name: str, figures: dict[str, Any]) -> str:
    """Return the figures as text, with the reliability of the best topic's score as bars."""
    lines = [
        name,
        *(f"  {k:16} {v:.3f}" if isinstance(v, float) else f"  {k:16} {v}" for k, v in figures.items() if k != "bins"),
    ]
    if "bins" in figures:
        lines.append("  reliability of the best topic: # share correct, | mean score")
        lines += [_bar(*entry) for entry in figures["bins"]]
    return "\n".join(lines)


def _bar(confidence: float, correct: float, n: int) -> str:
    cells = list(("#" * round(correct * _BAR)).ljust(_BAR + 1))
    cells[round(confidence * _BAR)] = "|"
    return f"  {confidence:.2f} {''.join(cells)} {correct:.2f} of {n}"


def _row(pack: Path, number: int, line: bytes) -> tuple[str, str, Expected]:
    try:
        row = json.loads(line)
        text, title = row["text"], row.get("title", "")
        expect = row["expect"] if "expect" in row else {k: row[k] for k in _KINDS if k in row}
        if row.get("topics"):
            expect["primary"] = row["topics"][0]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidSeeds(f"{pack}:{number}: not a labelled text: {error!r}") from None
    return text, title, expect


def _first_right(want: Sequence[str], got: Sequence[str]) -> bool:
    return (not want and not got) or (bool(got) and got[0] in want)


def _micro_f1(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> float:
    hits = sum(len(set(want) & set(got)) for want, got in pairs)
    total = sum(len(set(want)) + len(set(got)) for want, got in pairs)
    return 2 * hits / total if total else 0.0


def _macro_f1(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> float:
    labels = sorted({label for want, _ in pairs for label in want})
    of_label = [
        [([x for x in want if x == label], [x for x in got if x == label]) for want, got in pairs] for label in labels
    ]
    return float(np.mean([_micro_f1(of_one) for of_one in of_label])) if labels else 0.0
