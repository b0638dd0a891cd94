"""How long training takes by the size of the corpus, and the exponent of its growth.

    python -m tests.benchmarks training [--quick]

Corpora of 500 to 20,000 articles are made of the seed articles: each a seed article with its labels, half of whose
sentences are exchanged for those of another article of the same main topic, so that they are no near-duplicates.
"""

import json
import random
import re
import shutil
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from dateline.registry import Registry
from tests.benchmarks.bench_stages import exponent
from tests.benchmarks.texts import SEEDS
from training import pipeline

SIZES = (500, 2_000, 8_000, 20_000)
LIMIT = 1.1
SENTENCE = re.compile(r"(?<=[.!?]) ")


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
            print(f"{size:>7,} articles {spent[-1]:>8.1f} s of CPU ({shares})", flush=True)
    if len(sizes) > 1:
        print(f"training grows as size ** {exponent(sizes, spent):.2f}, limit {LIMIT}")


def corpus(folder: Path, size: int) -> Path:
    shutil.copytree(SEEDS, folder, ignore=shutil.ignore_patterns("articles"))
    rows: list[dict[str, Any]] = [
        json.loads(line)
        for path in sorted((SEEDS / "articles").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    sentences: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        sentences[_topic(row)] += SENTENCE.split(row["text"])
    chance = random.Random(1)  # noqa: S311 - the same corpus in every run
    chance.shuffle(rows)
    (folder / "articles").mkdir()
    with (folder / "articles" / "all.jsonl").open("w", encoding="utf-8") as out:
        for number in range(size):
            row = rows[number % len(rows)]
            text = row["text"]
            if number >= len(rows):
                own = SENTENCE.split(text)
                text = " ".join(chance.choice(sentences[_topic(row)]) if chance.random() < 0.8 else s for s in own)
            out.write(json.dumps({**row, "id": f"b{number}", "text": text}) + "\n")
    return folder


def _topic(row: dict[str, Any]) -> str:
    return (row.get("topics") or [""])[0]
