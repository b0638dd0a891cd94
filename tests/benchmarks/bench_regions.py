"""What finding places costs, in passes of one tokenising `re.findall` over the same 500-word texts.

    python -m tests.benchmarks.bench_regions [--texts FILE.jsonl]

FILE holds rows {"text"} of 500 words and more (the first 500 are taken); without it, briefs of seeds/articles are put
together to texts of 500 words. All lines of the table come from the same run; each is the best of several rounds.
"""

import argparse
import json
import re
import timeit
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from dateline.gazetteer import Gazetteer
from dateline.regions import RegionClassifier
from dateline.taxonomy import read_taxonomy
from dateline.terms import TermIndex
from dateline.text import Document, read
from training.places import read_places
from training.regions import fit_regions

SEEDS = Path(__file__).parents[2] / "seeds"
WORDS, MAX_TEXTS, ROUNDS = 500, 120, 9
LIMIT = 1.5
NOTHING = np.array([], dtype=np.int64)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--texts", type=Path)
    file: Path | None = parser.parse_args(arguments).texts
    documents = [read(text) for text in (long_texts(file) if file else joined_briefs())][:MAX_TEXTS]
    texts = [document.body for document in documents]
    taxonomy = read_taxonomy(SEEDS)
    places = read_places(SEEDS)
    gazetteer = Gazetteer(places.state)
    names = sorted(taxonomy.country_names.values(), key=len, reverse=True)[:249]
    alternation = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    classifier = whole(taxonomy_seeds=SEEDS)
    n_mentions = sum(len(gazetteer.find(text)) for text in texts) / len(texts)
    print(f"{len(texts)} texts of {WORDS} words, {n_mentions:.1f} mentions each")
    unit = best(lambda: [re.findall(r"[^\W_]{2,}", text.lower()) for text in texts])
    rows: list[tuple[str, Callable[[], object]]] = [
        ('re.findall(r"[^\\W_]{2,}", text.lower())', lambda: [re.findall(r"[^\W_]{2,}", t.lower()) for t in texts]),
        ("find and resolve all mentions", lambda: [gazetteer.find(text) for text in texts]),
        ("the same in lower case", lambda: [gazetteer.find(text.lower()) for text in texts]),
        ("whole answer with explanation", lambda: [answer(classifier, document) for document in documents]),
        (f"regular expression of {len(names)} country names", lambda: [alternation.findall(text) for text in texts]),
    ]
    for name, run in rows:
        seconds = best(run)
        print(f"{name:45s} {seconds / len(texts) * 1e6:8.0f} us {seconds / unit:6.2f} passes")
    ratio = min(
        best(rows[1][1], rounds=3) / best(rows[0][1], rounds=3) for _ in range(3)
    )  # fmt: skip
    print(f"finding and resolving: {ratio:.2f} passes, limit {LIMIT}: {'kept' if ratio <= LIMIT else 'BROKEN'}")


def best(run: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    run()
    return min(timeit.repeat(run, number=1, repeat=rounds))


def answer(classifier: RegionClassifier, document: Document) -> object:
    return classifier.classify(document, term_ids=NOTHING, term_counts=NOTHING)


def whole(*, taxonomy_seeds: Path) -> RegionClassifier:
    index = TermIndex.build([])
    return fit_regions(
        taxonomy=read_taxonomy(taxonomy_seeds),
        places_dir=taxonomy_seeds,
        corpus_documents=[],
        corpus_countries=[],
        index=index,
        counts=csr_matrix((0, index.n_terms)),
        seed=1,
    )


def long_texts(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        words = json.loads(line)["text"].split()
        if len(words) >= WORDS:
            yield " ".join(words[:WORDS])


def joined_briefs() -> Iterator[str]:
    words: list[str] = []
    for path in sorted((SEEDS / "articles").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            words += json.loads(line)["text"].split()
            if len(words) >= WORDS:
                yield " ".join(words[:WORDS])
                words = []


if __name__ == "__main__":
    main()
