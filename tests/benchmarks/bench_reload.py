"""100 requests a second for a minute while five versions are published: errors, mixed answers, latency, time to switch.

    python -m tests.benchmarks.bench_reload [--models DIR] [--seconds 60] [--versions 5] [--workers 2]

DIR is a models folder with a serving version; it is copied and stays as it is. `tests/test_reload.py` does the same for
a few seconds.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from dateline.registry import Registry
from tests.conftest import Server, publish_variant
from tests.test_reload import Requests, answering

PER_SECOND, WITHIN = 100, 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--versions", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args([] if __name__ != "__main__" else None)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        registry = Registry(options.models)
        models.mkdir()
        shutil.copytree(registry.folder(), models / registry.current())
        Registry(models).promote(registry.current())
        server = Server(models, workers=options.workers)
        try:
            measure(server, models, seconds=options.seconds, versions=options.versions)
        finally:
            server.stop()


def measure(server: Server, models: Path, *, seconds: float, versions: int) -> None:
    registry, switched = Registry(models), []
    with Requests(server, per_second=PER_SECOND) as requests:
        end = time.monotonic() + seconds
        for number in range(1, versions + 1):
            time.sleep(max(0.0, (end - time.monotonic()) / (versions + 2 - number)))
            published = publish_variant(models, f"w{number}")
            begun = time.monotonic()
            registry.promote(published)
            while answering(server, 20) != {published} and time.monotonic() < begun + 10 * WITHIN:
                time.sleep(0.05)
            switched.append(time.monotonic() - begun)
        time.sleep(max(0.0, end - time.monotonic()))
    latency = 1000 * np.quantile(requests.latencies, [0.5, 0.95, 0.99, 1.0])
    print("| requests | a second | faults | versions seen | slowest switch, s | median, ms | 95 % | 99 % | slowest |")
    print("|---|---|---|---|---|---|---|---|---|")
    shown = " | ".join(f"{value:.0f}" for value in latency)
    print(
        f"| {len(requests.latencies)} | {len(requests.latencies) / seconds:.0f} | {len(requests.faults)} | "
        f"{len(requests.versions)} | {max(switched):.1f} | {shown} |"
    )
    for fault in requests.faults[:5]:
        print(f"  {fault}")
    kept = not requests.faults and max(switched) <= WITHIN
    print(f"no faults, and every process on the new version within {WITHIN:.0f} s: {'kept' if kept else 'BROKEN'}")


if __name__ == "__main__":
    main()
