"""make bench: run the benchmarks of this folder and print their tables.

    python -m tests.benchmarks [stages] [server] [training] [articles] [regions] [themes] [--quick]

All of them take about a quarter of an hour; --quick takes fewer rounds and leaves out the large corpora.
"""

import argparse
from collections.abc import Callable

from tests.benchmarks import bench_articles, bench_regions, bench_server, bench_stages, bench_themes, bench_training

BENCHMARKS: dict[str, Callable[..., None]] = {
    "stages": bench_stages.main,
    "server": bench_server.main,
    "training": bench_training.main,
    "articles": lambda **_: bench_articles.main(),
    "regions": lambda **_: bench_regions.main([]),
    "themes": lambda **_: bench_themes.main(),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all if none is given"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, small corpora")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    for name, benchmark in BENCHMARKS.items():
        if not options.names or name in options.names:
            print(f"\n== {name}\n", flush=True)
            benchmark(quick=options.quick)


if __name__ == "__main__":
    main()
