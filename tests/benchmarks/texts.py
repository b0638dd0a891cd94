"""The texts that the benchmarks run on: words of the seed articles, one after the other, cut to length."""

import json
from functools import cache
from itertools import cycle, islice
from pathlib import Path

SEEDS = Path(__file__).parents[2] / "seeds"
TEXTS = 40


def texts(length: int, n: int = TEXTS) -> list[str]:
    endless = cycle(_words())
    return [" ".join(islice(endless, length)) for _ in range(n)]


@cache
def _words() -> list[str]:
    paths = sorted((SEEDS / "articles").glob("*.jsonl"))
    return [w for path in paths for line in path.open(encoding="utf-8") for w in json.loads(line)["text"].split()]
