"""make bench: run the benchmarks of this folder, print their tables, and at the end each limit and whether it is met.

    python -m tests.benchmarks [NAME ...] [--quick]

All but `kinds` run if none is named, in about twenty minutes; --quick takes fewer rounds and no large corpora.
"""

import argparse
from collections.abc import Callable

from tests.benchmarks import (
    bench_articles,
    bench_bulk,
    bench_regions,
    bench_request,
    bench_server,
    bench_stages,
    bench_themes,
    bench_training,
    limits,
)

BENCHMARKS: dict[str, Callable[..., None]] = {
    "stages": bench_stages.main,
    "request": bench_request.main,
    "server": bench_server.main,
    "bulk": bench_bulk.main,
    "training": bench_training.main,
    "articles": lambda **_: bench_articles.main(),
    "regions": lambda **_: bench_regions.main([]),
    "themes": lambda **_: bench_themes.main(),
    "kinds": bench_server.kinds,
}
ONLY_BY_NAME = {"kinds"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all but kinds if none is given"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, small corpora")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    for name, benchmark in BENCHMARKS.items():
        if name in (options.names or set(BENCHMARKS) - ONLY_BY_NAME):
            print(f"\n== {name}\n", flush=True)
            benchmark(quick=options.quick)
    print(f"\n== limits\n\n{limits.summary()}")


if __name__ == "__main__":
    main()
