"""What a server gives over HTTP: requests a second and latencies at 1, 8 and 64 connections, and memory.

    python -m tests.benchmarks server [--quick]

Two workers on this machine, the load generator beside them. Three servers in turn: Dateline, the afternoon's pipeline
under gunicorn's sync workers, and a Flask route that does nothing under the same workers as Dateline, as the ceiling.
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
from contextlib import contextmanager
from pathlib import Path

from dateline.settings import load_settings
from tests.benchmarks.load import Load, drive, http_post
from tests.benchmarks.texts import texts

ROOT = Path(__file__).parents[2]
CONNECTIONS = (1, 8, 64)
LENGTHS = (130, 500)
OURS = ["-k", "service.worker.Worker", "--threads", "4", "--keep-alive", "30"]


def main(*, quick: bool) -> None:
    seconds = 2.0 if quick else 5.0
    with tempfile.TemporaryDirectory() as folder:
        fitted = Path(folder) / "baseline.joblib"
        subprocess.run([sys.executable, "-m", "tests.benchmarks.baseline", fitted], cwd=ROOT, check=True)
        rates: dict[tuple[str, int], float] = {}
        heads = ("words", "connections", "requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU us")
        print(f"{'server':>12}" + "".join(f"{head:>12}" for head in heads))
        for name, command in servers().items():
            with running(command, {"BASELINE": str(fitted)}) as (port, pid):
                for length in LENGTHS:
                    requests = [http_post("/v1/classify", json.dumps({"text": t}).encode()) for t in texts(length)]
                    drive(port, requests, connections=8, seconds=1)
                    for connections in CONNECTIONS:
                        before = cpu_seconds(pid)
                        load = drive(port, requests, connections=connections, seconds=seconds)
                        spent = (cpu_seconds(pid) - before) / (load.rate * seconds)
                        show(name, length, connections, load, spent)
                        rates[name, length] = max(rates.get((name, length), 0.0), load.rate)
                    if name == "dateline":
                        half = drive(port, requests, connections=64, seconds=seconds, rate=rates[name, length] / 2)
                        ratio = half.p99 / half.p50
                        print(
                            f"{'':>10}{length:>7}  at half that rate: {half.rate:.0f}/s, p50 {half.p50:.1f} ms, "
                            f"p99 {half.p99:.1f} ms = {ratio:.1f} x p50, limit 4"
                        )
                print(f"{'':>10}  private memory of the workers: {', '.join(f'{m:.0f} MB' for m in private(pid))}")
        for length in LENGTHS:
            ratio = rates["dateline", length] / rates["baseline", length]
            ceiling = rates["bare Flask", length]
            print(f"{length} words: {ratio:.1f} x the baseline's requests a second (limit 6), ceiling {ceiling:.0f}/s")


def servers() -> dict[str, list[str]]:
    gunicorn = [sys.executable, "-m", "gunicorn", "-w", "2", "--preload", "--no-control-socket"]
    gunicorn += ["-b", "127.0.0.1:{port}"]
    app = "tests.benchmarks.baseline"
    return {
        "dateline": [sys.executable, "-m", "service"],
        "baseline": [*gunicorn, "-k", "sync", f"{app}:create_app()"],
        "bare Flask": [*gunicorn, *OURS, f"{app}:create_bare_app()"],
    }


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
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).read()
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def show(name: str, length: int, connections: int, load: Load, cpu: float) -> None:
    failed = f"  {load.failed} FAILED" if load.failed else ""
    times = "".join(f"{time:>12.1f}" for time in (load.p50, load.p95, load.p99))
    print(f"{name:>12}{length:>12}{connections:>12}{load.rate:>12.0f}{times}{cpu * 1e6:>12.0f}{failed}", flush=True)


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
