"""What each stage of an analysis costs, in microseconds and in passes of one tokenising `re.findall` (the floor).

    python -m tests.benchmarks

Texts of 25, 150, 500 and 3,000 words are put together from seeds/articles and analysed by the current model of
DATELINE_MODELS_DIR. Each figure is the best of several rounds of the same run.
"""

import json
import re
import timeit
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from dateline import language
from dateline.analyser import Analyser, load
from dateline.registry import Registry
from dateline.settings import load_settings
from dateline.terms import document_word_ids
from dateline.text import read

SEEDS = Path(__file__).parents[2] / "seeds"
LENGTHS = (25, 150, 500, 3000)
TEXTS, ROUNDS = 40, 5
FLOOR = re.compile(r"[^\W_]{2,}")


def main() -> None:
    analyser = load(Registry(load_settings().models_dir).folder())
    print(f"{'words':>6} " + "".join(f"{name:>12}" for name in stages(analyser, [])) + f"{'texts/s':>10}{'x floor':>9}")
    for length in LENGTHS:
        costs = {name: best(stage) for name, stage in stages(analyser, texts(length)).items()}
        whole = costs["whole"]
        row = "".join(f"{cost * 1e6:>12.0f}" for cost in costs.values())
        print(f"{length:>6} {row}{1 / whole:>10.0f}{whole / costs['floor']:>9.1f}")


def texts(length: int) -> list[str]:
    paths = sorted((SEEDS / "articles").glob("*.jsonl"))
    words = [w for path in paths for line in path.open(encoding="utf-8") for w in json.loads(line)["text"].split()]
    endless = cycle(words)
    return [" ".join(islice(endless, length)) for _ in range(TEXTS)]


def stages(analyser: Analyser, given: list[str]) -> dict[str, Callable[[], object]]:
    documents = [read(text) for text in given]
    terms = [analyser.index.counts(document_word_ids(analyser.index, document)) for document in documents]
    pairs = list(zip(documents, terms, strict=True))
    return {
        "floor": lambda: [FLOOR.findall(text.lower()) for text in given],
        "read": lambda: [read(text) for text in given],
        "language": lambda: [language.detect(document.joined) for document in documents],
        "terms": lambda: [analyser.index.counts(document_word_ids(analyser.index, d)) for d in documents],
        "regions": lambda: [analyser.regions.classify(d, term_ids=i, term_counts=n) for d, (i, n) in pairs],
        "topics": lambda: [analyser.topics.classify(i, n, n_words=d.n_words) for d, (i, n) in pairs],
        "themes": lambda: [analyser.themes.themes(i, n) for i, n in terms],
        "whole": lambda: [analyser.analyse(text) for text in given],
    }


def best(stage: Callable[[], object]) -> float:
    return min(timeit.repeat(stage, number=1, repeat=ROUNDS)) / TEXTS


if __name__ == "__main__":
    main()
