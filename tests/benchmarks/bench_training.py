"""How long training takes by the size of the corpus, and the exponent of its growth.

    python -m tests.benchmarks training [--quick]

The first articles are seed articles. When those are used up, each further one has the title and labels of a seed
article and is as long, but each of its phrases of five words is from another seed article of the same main topic: with
whole sentences, a few of which are a whole brief, most would pass for near-duplicates. How many do is printed.
"""

import json
import random
import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from dateline.registry import Registry
from dateline.taxonomy import read_taxonomy
from dateline.text import read
from tests.benchmarks.bench_stages import exponent
from tests.benchmarks.limits import check
from tests.benchmarks.texts import SEEDS
from training import pipeline
from training.corpus import read_corpus
from training.duplicates import near_duplicate_groups

SIZES = (500, 2_000, 8_000, 20_000)
LIMIT = 1.1
PHRASE = 5
"""Words."""


def main(*, quick: bool) -> None:
    sizes = SIZES[:2] if quick else SIZES
    spent = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            seeds = corpus(Path(folder) / "seeds", size)
            steps: dict[str, float] = {}
            begin = last = time.process_time()
            current = ""

            def report(step: str) -> None:
                nonlocal last, current
                now = time.process_time()
                if current:
                    steps[current] = steps.get(current, 0.0) + now - last
                last, current = now, step

            pipeline.train(
                seeds=seeds, registry=Registry(Path(folder) / "models"), seed=1, n_themes=None, report=report
            )
            report("")
            spent.append(time.process_time() - begin)
            shares = ", ".join(f"{step} {seconds:.1f}" for step, seconds in steps.items())
            print(
                f"{size:>7,} articles {spent[-1]:>8.1f} s of CPU, {duplicates(seeds):.1%} near-duplicates ({shares})",
                flush=True,
            )
    if len(sizes) > 1:
        check(
            f"training: exponent of its growth, {sizes[0]:,} to {sizes[-1]:,} articles",
            exponent(sizes, spent),
            most=LIMIT,
        )


def corpus(folder: Path, size: int) -> Path:
    shutil.copytree(SEEDS, folder, ignore=shutil.ignore_patterns("articles"))
    rows: list[dict[str, Any]] = [
        json.loads(line)
        for path in sorted((SEEDS / "articles").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    phrases: defaultdict[str, list[list[str]]] = defaultdict(list)
    for row in rows:
        phrases[_topic(row)].append(_phrases(row["text"]))
    chance = random.Random(1)  # noqa: S311 - the same corpus in every run
    chance.shuffle(rows)
    (folder / "articles").mkdir()
    with (folder / "articles" / "all.jsonl").open("w", encoding="utf-8") as out:
        for number in range(size):
            row = rows[number % len(rows)]
            text = row["text"]
            if number >= len(rows):
                others = phrases[_topic(row)]
                drawn = chance.sample(others, min(len(_phrases(text)), len(others)))
                text = " ".join(chance.choice(other) for other in drawn)
            out.write(json.dumps({**row, "id": f"b{number}", "text": text}) + "\n")
    return folder


def duplicates(seeds: Path) -> float:
    """Return the share of articles that training takes for near-duplicates of others."""
    articles = read_corpus(seeds, read_taxonomy(seeds)).articles
    groups = near_duplicate_groups([read(article.text, article.title) for article in articles])
    return 1 - len(set(groups.tolist())) / len(groups)


def _phrases(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[begin : begin + PHRASE]) for begin in range(0, len(words), PHRASE)]


def _topic(row: dict[str, Any]) -> str:
    return (row.get("topics") or [""])[0]
