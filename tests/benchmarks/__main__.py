"""make bench: run every benchmark of this folder and print its table."""

from tests.benchmarks import bench_articles, bench_regions, bench_stages, bench_themes


def main() -> None:
    for benchmark in (bench_articles, bench_stages, bench_regions, bench_themes):
        print(f"\n{(benchmark.__doc__ or '').partition(chr(10))[0]}\n")
        benchmark.main()


if __name__ == "__main__":
    main()
