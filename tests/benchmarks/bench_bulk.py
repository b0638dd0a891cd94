"""`python -m dateline classify` on a large file: texts a second with one and two processes, and memory by length.

    python -m tests.benchmarks bulk [--quick]

The file is made of seed articles, one, two or four to a text (some 320 words on average). Whole runs are timed, start
and loading included; `steady` leaves them out, as the difference between a long and a short run. Two runs beside each
other, with one process each, show what the machine has to give.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_server import ROOT
from tests.benchmarks.limits import check
from tests.benchmarks.texts import SEEDS

SHORT, LONG = 5_000, 20_000
ROUNDS = 2
WAYS = {"--jobs 1": (1,), "--jobs 2": (2,), "two --jobs 1": (1, 1)}


def main(*, quick: bool) -> None:
    short, long = (SHORT // 4, LONG // 2) if quick else (SHORT, LONG)
    best: dict[tuple[int, str], tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {size: made(Path(folder) / f"{size}.jsonl", size) for size in (short, long)}
        for _ in range(ROUNDS):
            for size, file in files.items():
                for way, runs in WAYS.items():
                    seconds, megabytes = run(file, runs)
                    before = best.get((size, way), (seconds, 0.0))
                    best[size, way] = min(before[0], seconds), max(before[1], megabytes)
    steady = {way: (long - short) / (best[long, way][0] - best[short, way][0]) for way in WAYS}
    print(f"{'':>20}" + "".join(f"{head:>12}" for head in ("texts", "seconds", "texts/s", "steady/s", "MB at most")))
    for (size, way), (seconds, megabytes) in best.items():
        n = size * len(WAYS[way])
        rate = steady[way] * len(WAYS[way])
        print(f"{way:>20}{n:>12,}{seconds:>12.2f}{n / seconds:>12,.0f}{rate:>12,.0f}{megabytes:>12.0f}")
    check("bulk: two processes, times the rate of one (steady)", steady["--jobs 2"] / steady["--jobs 1"], least=1.7)
    print(
        f"two processes do {steady['--jobs 2'] / steady['two --jobs 1'] / 2:.2f} of what two runs beside each other do"
    )
    check(
        "bulk: memory of a longer file, times that of a short",
        best[long, "--jobs 2"][1] / best[short, "--jobs 2"][1],
        most=1.05,
    )


def made(file: Path, size: int) -> Path:
    paths = sorted((SEEDS / "articles").glob("*.jsonl"))
    seeds = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(1)  # noqa: S311
    with file.open("w", encoding="utf-8") as out:
        for number in range(size):
            texts = [chance.choice(seeds)["text"] for _ in range(chance.choice((1, 2, 4)))]
            title = seeds[number % len(seeds)]["title"]
            out.write(json.dumps({"id": number, "title": title, "text": " ".join(texts)}) + "\n")
    return file


def run(file: Path, jobs: tuple[int, ...]) -> tuple[float, float]:
    """Return the seconds that runs beside each other take and the MB that the largest of them held at most."""
    begun = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "dateline", "classify", "--jobs", str(n), str(file)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        for n in jobs
    ]
    megabytes = 0.0
    while any(process.poll() is None for process in running):
        megabytes = max(megabytes, *(held(process.pid) for process in running))
        time.sleep(0.02)
    assert not any(process.returncode for process in running)
    return time.perf_counter() - begun, megabytes


def held(process: int) -> float:
    """Return the most MB that a process has held so far, 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024 if "VmHWM:" in status else 0.0
