"""What a server gives over HTTP: requests a second and latencies at 1, 8 and 64 connections, memory, and its start.

    python -m tests.benchmarks server [--quick]
    python -m tests.benchmarks kinds [--quick]

Two workers on this machine, the load generator beside them. Three servers run at the same time and are asked in turn,
several rounds of it: Dateline, the afternoon's pipeline under gunicorn's sync workers, and a Flask route that does
nothing under the same workers as Dateline, as the ceiling. Rates and latencies are those of each server's best round.
`kinds` does the same with Dateline under each kind of worker that gunicorn has.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dateline.settings import load_settings
from tests.benchmarks.limits import check
from tests.benchmarks.load import Load, drive, http_post
from tests.benchmarks.texts import texts

ROOT = Path(__file__).parents[2]
CONNECTIONS = (1, 8, 64)
LENGTHS = (130, 500)
OURS = ["-k", "service.worker.Worker", "--threads", "4", "--keep-alive", "30"]
KINDS = {
    "dateline": OURS,
    "gthread, 4": ["-k", "gthread", "--threads", "4", "--keep-alive", "30"],
    "gthread, 1": ["-k", "gthread", "--threads", "1", "--keep-alive", "30"],
    "sync": ["-k", "sync"],
}

Running = dict[str, tuple[int, int]]
"""The port and the process id of each server."""
Loads = dict[tuple[str, int, int], tuple[Load, float]]
"""The best load of a server by length of text and connections, with the seconds of CPU for each request."""


def main(*, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        fitted = Path(folder) / "baseline.joblib"
        subprocess.run([sys.executable, "-m", "tests.benchmarks.baseline", fitted], cwd=ROOT, check=True)
        gunicorn = gunicorn_command()
        servers = {
            "dateline": [sys.executable, "-m", "service"],
            "baseline": [*gunicorn, "-k", "sync", "tests.benchmarks.baseline:create_app()"],
            "bare Flask": [*gunicorn, *OURS, "tests.benchmarks.baseline:create_bare_app()"],
        }
        started = ready_after(servers["dateline"])
        up = {name: stack.enter_context(running(it, {"BASELINE": str(fitted)})) for name, it in servers.items()}
        loads = measured(up, quick=quick)
        half = {length: at_half(up["dateline"][0], length, loads, quick=quick) for length in LENGTHS}
        memory = {name: private(pid) for name, (_, pid) in up.items()}
    table(loads)
    for length, load in half.items():
        print(
            f"{length} words, at half of the highest rate, {load.rate:.0f}/s: {load.p50:.1f} ms, p99 {load.p99:.1f} ms"
        )
    for name, sizes in memory.items():
        print(f"{name}: private memory of its workers {', '.join(f'{size:.0f} MB' for size in sizes)}")
    print(f"dateline: ready {started[0]:.1f} s after its start, {started[1]:.1f} s of which are imports\n")
    judge(loads, half)
    check("server: MB of the second worker's own", max(memory["dateline"]), most=30)
    check("server: s from imports to ready", started[0] - started[1], most=2)


def kinds(*, quick: bool) -> None:
    with ExitStack() as stack:
        gunicorn, app = gunicorn_command(), "tests.benchmarks.baseline:create_dateline_app()"
        up = {name: stack.enter_context(running([*gunicorn, *kind, app], {})) for name, kind in KINDS.items()}
        loads = measured(up, quick=quick)
        table(loads)
        for name, (port, _) in up.items():
            for length in LENGTHS:
                half = at_half(port, length, loads, quick=quick, name=name)
                print(f"{name}, {length} words, at half of it: {half.p50:.1f} ms, p99 {half.p99:.1f} ms")


def measured(up: Running, *, quick: bool) -> Loads:
    """Return each server's best load of some rounds, all servers in turn in each."""
    seconds, rounds = (1.0, 2) if quick else (2.0, 4)
    best: Loads = {}
    for length in LENGTHS:
        requests = requests_of(length)
        for port, _ in up.values():
            drive(port, requests, connections=8, seconds=seconds)
        for _ in range(rounds):
            for connections in CONNECTIONS:
                for name, (port, pid) in up.items():
                    before = cpu_seconds(pid)
                    load = drive(port, requests, connections=connections, seconds=seconds)
                    spent = (cpu_seconds(pid) - before) / (load.rate * seconds)
                    assert not load.failed, (name, load)
                    known = best.get((name, length, connections))
                    if known is None or load.rate > known[0].rate:
                        best[name, length, connections] = load, min(spent, known[1]) if known else spent
    return best


def at_half(port: int, length: int, loads: Loads, *, quick: bool, name: str = "dateline") -> Load:
    """Return the best of some rounds at half of a server's highest rate, over 64 connections."""
    rate = highest(loads, name, length) / 2
    rounds = [
        drive(port, requests_of(length), connections=CONNECTIONS[-1], seconds=1.0 if quick else 3.0, rate=rate)
        for _ in range(2 if quick else 4)
    ]
    return min(rounds, key=lambda load: load.p99)


def judge(loads: Loads, half: dict[int, Load]) -> None:
    """Hold the figures against what was asked of them."""
    short = LENGTHS[0]
    rate, ceiling = (highest(loads, name, short) for name in ("dateline", "bare Flask"))
    check(f"server: requests a second, {short} words", rate, least=600)
    check(f"server: part of a bare route's requests a second, {short} words", rate / ceiling, least=0.4)
    for length in LENGTHS:
        ratio = highest(loads, "dateline", length) / highest(loads, "baseline", length)
        check(f"server: times the baseline's requests a second, {length} words", ratio, least=6)
    for length in LENGTHS:
        tail = half[length].p99 / half[length].p50
        check(f"server: p99 over p50 at half of the highest rate, {length} words", tail, most=4)


def highest(loads: Loads, name: str, length: int) -> float:
    return max(load.rate for (server, words, _), (load, _) in loads.items() if (server, words) == (name, length))


def table(loads: Loads) -> None:
    heads = ("words", "connections", "requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU us")
    print(f"{'server':>12}" + "".join(f"{head:>12}" for head in heads))
    for (name, length, connections), (load, cpu) in sorted(loads.items(), key=lambda item: item[0][1]):
        times = "".join(f"{time:>12.1f}" for time in (load.p50, load.p95, load.p99))
        print(f"{name:>12}{length:>12}{connections:>12}{load.rate:>12.0f}{times}{cpu * 1e6:>12.0f}")


def requests_of(length: int) -> list[bytes]:
    return [http_post("/v1/classify", json.dumps({"text": text}).encode()) for text in texts(length)]


def gunicorn_command() -> list[str]:
    options = ["-w", "2", "--preload", "--no-control-socket", "-b", "127.0.0.1:{port}"]
    return [sys.executable, "-m", "gunicorn", *options]


def ready_after(command: list[str]) -> tuple[float, float]:
    """Return the seconds from a server's start until it answers, and those that its imports take; the best of three."""
    ready, imports = [], []
    for _ in range(3):
        begun = time.perf_counter()
        with running(command, {}):
            ready.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "import service.app, service.server, service.worker"], cwd=ROOT, check=True
        )
        imports.append(time.perf_counter() - begun)
    return min(ready), min(imports)


@contextmanager
def running(command: list[str], extra: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Run a server on a free port until the block ends; yield the port and the process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    models = str(load_settings().models_dir.absolute())
    with tempfile.TemporaryDirectory() as data:
        ours = {
            "DATELINE_PORT": str(port),
            "DATELINE_WORKERS": "2",
            "DATELINE_MODELS_DIR": models,
            "DATELINE_DATA_DIR": data,
        }
        process = subprocess.Popen(
            [part.format(port=port) for part in command], cwd=ROOT, env={**os.environ, **ours, **extra},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 120
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).read()
                    break
                except (urllib.error.URLError, OSError):
                    assert process.poll() is None, f"{command} ended"
                    assert time.monotonic() < deadline, f"{command} does not answer"
                    time.sleep(0.02)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def workers(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """Return what the workers have spent."""
    ticks = 0
    for worker in workers(pid):
        fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def private(pid: int) -> list[float]:
    """Return the MB that each worker shares with no other process."""
    sizes = []
    for worker in workers(pid):
        rows = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()
        sizes.append(sum(int(row.split()[1]) for row in rows if row.startswith("Private_")) / 1024)
    return sizes
