"""What an analysis costs on one core, stage by stage, against a tokenising `re.findall` and an afternoon's pipeline.

    python -m tests.benchmarks stages [--quick]

Microseconds of CPU per text, each text's best of several rounds, all of them in turn in the same rounds: the stages
amid each other, as they run in an analysis, so that the caches are as cold as then. `batch` is the way of
`python -m dateline classify`, from JSON to JSON, `baseline` the afternoon's pipeline. `floor` is one
re.findall(r"[^\\W_]{2,}", text.lower()).
"""

import re
import time
from collections.abc import Callable

import numpy as np

from dateline import bulk, language
from dateline.analyser import Analyser, load
from dateline.registry import Registry
from dateline.settings import load_settings
from dateline.terms import joined_ids
from dateline.text import read
from tests.benchmarks import limits
from tests.benchmarks.baseline import Baseline
from tests.benchmarks.texts import texts

LENGTHS = (25, 150, 500, 3_000)
FITTED = (150, 500, 1_500, 5_000, 15_000, 30_000)
FLOOR = re.compile(r"[^\W_]{2,}")
STAGES = ("floor", "read", "language", "look up", "terms", "regions", "topics", "themes", "whole", "batch", "baseline")
ASKED = 500
MOST_FLOORS, LEAST_TIMES, LEAST_TIMES_IN_BATCH = 6.0, 10.0, 15.0
MOST_GROWTH = 1.05
BATCH = 64


def main(*, quick: bool) -> None:
    analyser = load(Registry(load_settings().models_dir).folder())
    baseline = Baseline()
    rounds = 5 if quick else 15
    asked = (0.0, 0.0, 0.0)
    print(f"{'words':>6}" + "".join(f"{name:>11}" for name in [*STAGES, "texts/s", "x floor", "x faster", "in batch"]))
    for length in LENGTHS:
        costs = measured(analyser, baseline, texts(length), rounds=rounds if length < 1000 else max(3, rounds // 3))
        whole, plain = costs["whole"], costs["baseline"]
        row = "".join(f"{costs[name] * 1e6:>11.0f}" for name in STAGES)
        ratios = (whole / costs["floor"], plain / whole, plain / costs["batch"])
        print(f"{length:>6}{row}{1 / whole:>11.0f}" + "".join(f"{ratio:>11.1f}" for ratio in ratios), flush=True)
        if length == ASKED:
            asked = ratios
    means = [best([lambda text=text: analyser.analyse(text)], rounds=5) for text in (texts(n, 1)[0] for n in FITTED)]
    slope = exponent(FITTED, means)
    limits.check(f"one text of {ASKED} words, in floors", asked[0], most=MOST_FLOORS)
    limits.check("times as fast as the baseline, one text at a time", asked[1], least=LEAST_TIMES)
    limits.check("times as fast as the baseline, in batches", asked[2], least=LEAST_TIMES_IN_BATCH)
    limits.check(f"exponent of cost by length, {FITTED[0]:,} to {FITTED[-1]:,} words", slope, most=MOST_GROWTH)


def measured(analyser: Analyser, baseline: Baseline, given: list[str], *, rounds: int) -> dict[str, float]:
    """Return seconds per text of each stage."""
    fastest: dict[tuple[str, int], float] = {}
    index = analyser.index
    lines = [bulk.Raw("", b'{"text": "%b"}' % text.replace("\\", "").replace('"', "").encode()) for text in given]
    options = bulk.Options(max_chars=10_000_000)

    def timed(name: str, number: int, run: Callable[[], object]) -> object:
        begin = time.thread_time()
        result = run()
        spent = time.thread_time() - begin
        fastest[name, number] = min(fastest.get((name, number), spent), spent)
        return result

    for turn in range(rounds):
        for number, text in enumerate(given):
            timed("floor", number, lambda: FLOOR.findall(text.lower()))
        for number, text in enumerate(given):
            timed("whole", number, lambda: analyser.analyse(text))
        for number in range(0, len(lines), BATCH):
            timed("batch", number, lambda: bulk.answer(analyser, lines[number : number + BATCH], options))
        for number, text in enumerate(given):
            document = timed("read", number, lambda: read(text))
            timed("language", number, lambda: language.detect(document.joined))
            words = timed("look up", number, lambda: index.look_up(document.body))
            ids = joined_ids(words.ids[:0], words.ids)
            terms, counts = timed("terms", number, lambda: index.counts(ids))
            timed(
                "regions",
                number,
                lambda: analyser.regions.classify(document, term_ids=terms, term_counts=counts, with_mentions=False),
            )
            timed("topics", number, lambda: analyser.topics.classify(terms, counts, n_words=len(ids)))
            timed("themes", number, lambda: analyser.themes.themes(terms, counts))
        if turn < 2:
            for number, text in enumerate(given):
                timed("baseline", number, lambda: baseline.analyse(text))
    totals: dict[str, float] = {}
    for (name, _), spent in fastest.items():
        totals[name] = totals.get(name, 0.0) + spent / len(given)
    return totals


def best(runs: list[Callable[[], object]], *, rounds: int) -> float:
    fastest = [float("inf")] * len(runs)
    for _ in range(rounds):
        for number, run in enumerate(runs):
            begin = time.thread_time()
            run()
            fastest[number] = min(fastest[number], time.thread_time() - begin)
    return sum(fastest) / len(runs)


def exponent(sizes: tuple[int, ...], costs: list[float]) -> float:
    """Return the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])
