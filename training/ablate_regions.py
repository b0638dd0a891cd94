"""Measure what each part of the region classifier is worth, on labelled packs given on the command line.

    python -m training.ablate_regions --pack DIR [--seeds seeds]

DIR holds `*.jsonl` with rows {"text", "expect": {"countries": [...], "regions": [...]}}; sets without either label are
left out. Prints the table of docs/regions.md. Development only: neither the build nor the tests need a pack.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from dateline.evidence import FEATURES
from dateline.gazetteer import (
    CAPITAL,
    CITY,
    CUE,
    DEMONYM,
    DIVISION,
    IGNORED,
    INSTITUTION,
    LANDMARK,
    LEADER,
    SEA,
    GazetteerState,
    dateline_span,
)
from dateline.regions import RegionClassifier
from dateline.taxonomy import read_taxonomy
from dateline.text import Document, read
from training.corpus import read_corpus
from training.evaluation import Expected, figures, read_pack
from training.features import extract
from training.regions import DEFAULT_SHARE, DEFAULT_WEIGHTS, fit_regions

State = dict[str, Any]
POSITION = ("in lead", "in opening", "late", "dateline", "dateline only")
Row = tuple[str, str, Expected]
_SHOWN = {"regions@1": "region@1", "countries@1": "country@1", "countriesF1": "F1"}


def main() -> None:
    """Print a table: one line per variant, one column per figure and set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    options = parser.parse_args()
    taxonomy = read_taxonomy(options.seeds)
    corpus = read_corpus(options.seeds, taxonomy)
    terms = extract(corpus.documents, taxonomy)
    state = fit_regions(
        taxonomy=taxonomy,
        places_dir=options.seeds,
        corpus_documents=corpus.documents,
        corpus_countries=[article.countries for article in corpus.articles],
        index=terms.index,
        counts=terms.counts,
        seed=1,
    ).state()
    sets = {path.stem: rows for path in sorted(options.pack.glob("*.jsonl")) if (rows := labelled_rows(path))}
    sys.stdout.write("variant | " + " | ".join(sets) + "\n")
    for name, change, prepare, home in VARIANTS:
        changed = deepcopy(state)
        change(changed)
        classifier = RegionClassifier.from_state(changed, taxonomy)
        cells = (cell(classifier, rows, prepare, home) for rows in sets.values())
        sys.stdout.write(f"{name} | " + " | ".join(cells) + "\n")
        sys.stdout.flush()


def labelled_rows(path: Path) -> list[Row]:
    """Return the (text, title, expected) rows of a set that carry countries or regions."""
    return [row for row in read_pack(path) if {"countries", "regions"} & row[2].keys()]


def cell(
    classifier: RegionClassifier, rows: Sequence[Row], prepare: Callable[[str], Document], home: str | None
) -> str:
    """Return region@1, country@1 and countryF1 of a set, those that it has labels for, in percent."""
    nothing = np.array([], dtype=np.int64)
    answers = [
        classifier.classify(prepare(text), term_ids=nothing, term_counts=nothing, home_country=home)
        for text, _, _ in rows
    ]
    labels = [
        {kind: [{"code": found.code} for found in getattr(answer, kind)] for kind in ("regions", "countries")}
        for answer in answers
    ]
    expected: list[Expected] = [
        {kind: wanted[kind] for kind in ("regions", "countries") if kind in wanted} for _, _, wanted in rows
    ]
    result = figures(expected, labels)
    return ", ".join(f"{shown} {result[name]:.1%}" for name, shown in _SHOWN.items() if name in result)


def without_kinds(*kinds: int) -> Callable[[State], None]:
    """Return a change that takes the names of these kinds out of the gazetteer."""

    def change(state: State) -> None:
        state["gazetteer"] = _filtered(state["gazetteer"], lambda kind: kind not in kinds)

    return change


def _filtered(state: GazetteerState, keep: Callable[[int], bool]) -> GazetteerState:
    kept = [i for i, kind in enumerate(state["kinds"]) if keep(kind)]
    new = {old: i for i, old in enumerate(kept)}
    names = state["names"].split("\n")
    return {
        "names": "\n".join(names[i] for i in kept),
        "codes": state["codes"],
        "kinds": bytes(state["kinds"][i] for i in kept),
        "flags": bytes(state["flags"][i] for i in kept),
        "first": [state["first"][i] for i in kept],
        "options": {new[i]: options for i, options in state["options"].items() if i in new},
        "shared": [new[i] for i in state["shared"] if i in new],
    }


def without_flags(state: State) -> None:
    """Treat every name as if it were only a place: no words, family names, given names, small towns."""
    state["gazetteer"]["flags"] = bytes(len(state["gazetteer"]["flags"]))


def without_rivals(state: State) -> None:
    """Take each name for its likeliest place, whatever else the text names."""
    shared = set(state["gazetteer"]["shared"])
    state["gazetteer"]["options"] = {i: o for i, o in state["gazetteer"]["options"].items() if i in shared}


def without_features(*names: str) -> Callable[[State], None]:
    """Return a change that gives these features no weight."""

    def change(state: State) -> None:
        weights = zip(FEATURES, state["focus"]["weights"], strict=True)
        state["focus"]["weights"] = tuple(0.0 if name in names else weight for name, weight in weights)

    return change


def default_weights(state: State) -> None:
    """Use the default focus weights alone."""
    state["focus"]["weights"] = DEFAULT_WEIGHTS


def corpus_weights(state: State) -> None:
    """Use the corpus's own focus weights alone."""
    mixed = np.array(state["focus"]["weights"])
    own = (mixed - DEFAULT_SHARE * np.array(DEFAULT_WEIGHTS)) / (1.0 - DEFAULT_SHARE)
    state["focus"]["weights"] = tuple(float(weight) for weight in own)


def unchanged(state: State) -> None:
    """Change nothing."""
    del state


def without_dateline(text: str) -> Document:
    """Return a text's document with the place of its dateline cut out."""
    document = read(text)
    start, end = dateline_span(document.body)
    return read(document.body[:start] + document.body[end:])


def lower_case(text: str) -> Document:
    """Return the document of a text in lower case."""
    return read(text.lower())


VARIANTS: tuple[tuple[str, Callable[[State], None], Callable[[str], Document], str | None], ...] = (
    ("as shipped", unchanged, read, None),
    ("home country US", unchanged, read, "US"),
    ("datelines removed", unchanged, without_dateline, None),
    ("datelines removed, home country US", unchanged, without_dateline, "US"),
    ("texts in lower case", unchanged, lower_case, None),
    ("no demonyms", without_kinds(DEMONYM), read, None),
    ("no cities and capitals", without_kinds(CITY, CAPITAL), read, None),
    ("no subdivisions", without_kinds(DIVISION), read, None),
    ("no landmarks, institutions, leaders, seas", without_kinds(LANDMARK, INSTITUTION, LEADER, SEA), read, None),
    ("no cue words", without_kinds(CUE), read, None),
    ("no longer names that mean no place", without_kinds(IGNORED), read, None),
    ("no flags (words, family names, small towns)", without_flags, read, None),
    ("no choice between namesakes", without_rivals, read, None),
    ("no position in the focus model", without_features(*POSITION), read, None),
    ("default focus weights only", default_weights, read, None),
    ("the corpus's focus weights only", corpus_weights, read, None),
)

if __name__ == "__main__":
    main()
