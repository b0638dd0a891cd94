"""Mentions of places -> evidence for each place -> what a score of "the text is about it" is made of.

The arithmetic between `dateline/gazetteer.py` and `dateline/regions.py`, for training and serving alike. Each place's
evidence is what its mentions weigh (kind, position, title, dateline), with less for each repetition. Must not import
regions, topics or themes.
"""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.compiled import compiled
from dateline.gazetteer import CUE, DEMONYM, REGION, Found

Floats = NDArray[np.floating[Any]]

KIND_WEIGHTS = np.array([1.0, 0.8, 0.95, 0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.2, 0.5, 0.0])
"""What a mention weighs by kind, in the order of gazetteer.KINDS."""
REPEAT = 0.5
"""The n-th mention of a place counts n ** -REPEAT."""
LEAD_CHARS, OPENING_CHARS = 120, 600
LEAD_BONUS, OPENING_BONUS, DATELINE_BONUS = 2.0, 0.6, 1.0
"""What a mention in the title or the first LEAD_CHARS, in the first OPENING_CHARS, or in a dateline weighs more."""
FEATURES = ("bias", "share", "log weight", "best", "in lead", "in opening", "dateline", "dateline only", "named",
            "rivals", "cues only", "spread", "late", "density")  # fmt: skip
_N_FEATURES = len(FEATURES)
COLUMNS = ("code", "weight", "mentions", "lead", "opening", "dateline", "body", "named", "cues", "thirds", "first")
CODE, WEIGHT, MENTIONS, LEAD, OPENING, DATELINE, BODY, NAMED, CUES, THIRDS, FIRST = range(len(COLUMNS))
"""Columns of the evidence. `lead` to `cues` add up parts of mentions of that sort; `thirds` has a bit for each third of
the text that has a mention; `first` is where the first one stands that is more than a cue."""
_N_COLUMNS = len(COLUMNS)
_NOWHERE = 1 << 20


def table(title: Sequence[Found], body: Sequence[Found]) -> Floats:
    """Return mentions as an array (n_mentions, fields of Found), title first."""
    n, width = len(title) + len(body), len(Found._fields)
    return np.fromiter(chain.from_iterable(chain(title, body)), np.float64, n * width).reshape(n, width)


@compiled
def gather(mentions: Floats, n_title: int, length: int, areas: bool) -> tuple[Floats, Floats]:  # noqa: PLR0912
    """Return the evidence of each place (n_places, COLUMNS), in order of mention, and each mention's weight.

    `mentions`: as `table` makes it, the first `n_title` in the title; `length` is the text's, in characters; `areas`:
    whether to look at mentions of regions only, or at all others.
    """
    evidence, weights = np.zeros((len(mentions), _N_COLUMNS)), np.zeros(len(mentions))
    n_places = 0
    third = length / 3 + 1
    for number in range(len(mentions)):
        start, kind, code = mentions[number, 0], int(mentions[number, 2]), mentions[number, 3]
        part, dateline = mentions[number, 4], mentions[number, 6]
        if (kind == REGION) != areas:
            continue
        place = 0
        while place < n_places and evidence[place, CODE] != code:
            place += 1
        one = evidence[place]
        if place == n_places:
            one[CODE], one[FIRST] = code, _NOWHERE
            n_places += 1
        one[MENTIONS] += 1
        in_lead = number < n_title or start < LEAD_CHARS
        bonus = 1.0
        if in_lead:
            bonus += LEAD_BONUS
        elif start < OPENING_CHARS:
            bonus += OPENING_BONUS
        if kind == CUE:
            one[CUES] += part
        else:
            if kind <= DEMONYM:
                one[NAMED] += part
            if not dateline:
                one[BODY] += part
                if in_lead:
                    one[LEAD] = max(one[LEAD], part)
                elif start < OPENING_CHARS:
                    one[OPENING] = max(one[OPENING], part)
            one[FIRST] = min(one[FIRST], 0.0 if number < n_title else start)
        if dateline:
            bonus += DATELINE_BONUS
            one[DATELINE] = 1.0
        one[THIRDS] = int(one[THIRDS]) | (1 << int(start // third))
        weights[number] = KIND_WEIGHTS[kind] * part * bonus * one[MENTIONS] ** -REPEAT
        one[WEIGHT] += weights[number]
    return evidence[:n_places], weights


@compiled
def features(evidence: Floats, length: int) -> Floats:
    """Return the FEATURES of each place (n_places, n_features)."""
    rows = np.empty((len(evidence), _N_FEATURES))
    total = best = 0.0
    for one in evidence:
        total += one[WEIGHT]
        best = max(best, one[WEIGHT])
    for place in range(len(evidence)):
        one, row = evidence[place], rows[place]
        thirds = int(one[THIRDS])
        row[0] = 1.0
        row[1] = one[WEIGHT] / (total or 1.0)
        row[2] = math.log(one[WEIGHT] + 0.1)
        row[3] = one[WEIGHT] / (best or 1.0)
        row[4] = one[LEAD]
        row[5] = one[OPENING]
        row[6] = one[DATELINE]
        row[7] = one[DATELINE] if one[BODY] == 0 else 0.0
        row[8] = math.log1p(one[NAMED])
        row[9] = math.log(len(evidence))
        row[10] = 1.0 if one[CUES] == one[MENTIONS] else 0.0
        row[11] = ((thirds & 1) + (thirds >> 1 & 1) + (thirds >> 2 & 1)) / 3
        row[12] = math.log1p(min(one[FIRST], length) / 500)
        row[13] = math.log((one[BODY] + 0.1) * 1000 / (length + 300))
    return rows


@compiled
def scores(evidence: Floats, length: int, weights: Floats) -> Floats:
    """Return the probability that the text is about each place (n_places,), given a weight for each of FEATURES."""
    rows = features(evidence, length)
    probabilities = np.empty(len(rows))
    for place in range(len(rows)):
        z = 0.0
        for feature in range(_N_FEATURES):
            z += weights[feature] * rows[place, feature]
        probabilities[place] = 1.0 / (1.0 + math.exp(-z))
    return probabilities
