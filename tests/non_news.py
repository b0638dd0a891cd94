"""Texts that are no news, made up from the parts in tests/data/non_news.yaml: five kinds, sixty of each."""

import json
import random
from collections.abc import Callable, Iterator

import yaml

from tests.conftest import ROOT, SEEDS

SEED = 20260101
EACH = 60
_PARTS = yaml.safe_load((ROOT / "tests" / "data" / "non_news.yaml").read_text(encoding="utf-8"))


def texts() -> Iterator[tuple[str, str]]:
    """Yield (kind, text), the same on every call."""
    rng = random.Random(SEED)  # noqa: S311 - not a secret
    for kind, make in KINDS.items():
        for _ in range(EACH):
            yield kind, make(rng)


def _vocabulary() -> list[str]:
    rows = [json.loads(line) for line in (SEEDS / "articles" / "society.jsonl").open(encoding="utf-8")]
    return sorted({word for row in rows for word in row["text"].split() if word.isalpha() and len(word) > 2})


_WORDS = _vocabulary()


def _random_words(rng: random.Random) -> str:
    return " ".join(rng.choices(_WORDS, k=rng.randint(30, 200)))


def _source_code(rng: random.Random) -> str:
    if rng.random() < 0.4:
        lines = rng.choice(sorted((ROOT / "dateline").glob("*.py"))).read_text(encoding="utf-8").splitlines()
        start = rng.randrange(max(1, len(lines) - 40))
        return "\n".join(lines[start : start + 40])
    names = [word.lower() for word in rng.sample(_WORDS, 40)]
    template = rng.choice(_PARTS["code"])
    return "\n".join(
        template.format(**dict(zip("abcd", rng.sample(names, 4), strict=True)), n=rng.randint(2, 900))
        for _ in range(rng.randint(2, 5))
    )


def _filler(rng: random.Random) -> str:
    words = _PARTS["filler"].split()
    return ". ".join(" ".join(rng.choices(words, k=rng.randint(6, 15))).capitalize() for _ in range(rng.randint(3, 12)))


def _other_language(rng: random.Random) -> str:
    sentences = rng.choice(list(_PARTS["languages"].values()))
    return ". ".join(rng.sample(sentences, rng.randint(2, 4))) + "."


def _boilerplate(rng: random.Random) -> str:
    return " ".join(rng.sample(_PARTS["boilerplate"], rng.randint(3, 9)))


KINDS: dict[str, Callable[[random.Random], str]] = {
    "random words": _random_words,
    "source code": _source_code,
    "filler": _filler,
    "other language": _other_language,
    "boilerplate": _boilerplate,
}
