"""What retraining costs with a large store of unlabelled articles: minutes and memory of `python -m training train`.

    python -m tests.benchmarks.bench_retrain --corpus FILE.jsonl [--articles 20000]

FILE holds rows {"text"}. Its sentences are shuffled into new texts as long as those they come from, which are added to
an article store of their own; then the seeds and that store are trained on, into a models folder of their own.
"""

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dateline.article import NewArticle
from dateline.articles import ArticleStore

ROOT = Path(__file__).parents[2]
MINUTES, GIBIBYTES = 10, 4
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = ArticleStore(f"sqlite:///{folder}/dateline.db")
        texts = shuffled(options.corpus, options.articles)
        while batch := [NewArticle(text=text) for text, _ in zip(texts, range(500), strict=False)]:
            store.add(batch)
        added = store.count()
        store.close()
        environment = os.environ | {"DATELINE_DATA_DIR": folder, "DATELINE_MODELS_DIR": f"{folder}/models"}
        environment.pop("DATELINE_DATABASE_URL", None)
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", "training", "train"], cwd=ROOT, env=environment, check=True)
        minutes = (time.monotonic() - begun) / 60
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    gibibytes, of_cpu = used.ru_maxrss / 2**20, (used.ru_utime + used.ru_stime) / 60
    print("| articles of the store | minutes | minutes of CPU | peak memory, GiB |\n|---|---|---|---|")
    print(f"| {added} | {minutes:.1f} | {of_cpu:.1f} | {gibibytes:.2f} |")
    kept = minutes <= MINUTES and gibibytes <= GIBIBYTES
    print(f"limits: {MINUTES} minutes, {GIBIBYTES} GiB: {'kept' if kept else 'BROKEN'}")


def shuffled(corpus: Path, n: int) -> Iterator[str]:
    """Yield n texts put together from the shuffled sentences of a corpus."""
    with corpus.open(encoding="utf-8") as lines:
        texts = [_SENTENCE_END.split(json.loads(line)["text"]) for line in lines if line.strip()]
    sentences = [sentence for text in texts for sentence in text]
    rng = random.Random(1)  # noqa: S311 - the same texts each time
    for _ in range(n):
        yield " ".join(rng.choices(sentences, k=len(rng.choice(texts))))


if __name__ == "__main__":
    main()
