"""A sample answer to look at when the server starts: one real request, printed readably."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

_ATTEMPTS = 100
_TITLE = "Ceasefire talks open in Cairo as shells fall on Idlib"
_TEXT = (
    "Envoys from Syria and Turkey met Egyptian mediators in Cairo on Tuesday to discuss a truce in Idlib, where "
    "government artillery and rebel fighters have traded fire for nine days. At least 40 civilians have been "
    "killed and the United Nations said 60,000 people had fled towards the border. A rebel commander said his men "
    "would hold their positions until the army withdrew its tanks from the highway to Aleppo."
)


def show_when_ready(base_url: str) -> None:
    """Ask the server at `base_url` to classify the sample and print the answer, in a process of its own.

    Not in a thread: the server is about to fork its workers, and a fork amid another thread's imports breaks them.
    """
    subprocess.Popen([sys.executable, "-m", __name__, base_url])  # noqa: S603 - our own module


def main(base_url: str) -> None:
    """Print the sample's answer once the server is ready."""
    body = orjson.dumps({"title": _TITLE, "text": _TEXT})
    _ask(f"{base_url}/health/ready")
    answer = orjson.loads(_ask(f"{base_url}/v1/classify", body))
    console = Console()
    console.print(f"\n[bold]{_TITLE}[/bold]\n{_TEXT}\n")
    console.print(_table(answer))
    console.print(
        f"Dateline serves model {answer['model']} at {base_url}\n"
        f"  API and try-out page: {base_url}/docs\n"
        f"  curl -s {base_url}/v1/classify -H 'Content-Type: application/json' -d '{{\"text\": \"…\"}}'\n"
        "  Ctrl-C stops it.",
        highlight=False,
        soft_wrap=True,
    )


def _ask(url: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own address
    attempts = _ATTEMPTS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return bytes(response.read())
        except urllib.error.URLError:
            attempts -= 1
            if not attempts:
                raise
            time.sleep(0.2)


def _table(answer: dict[str, Any]) -> Table:
    table = Table("", "label", "score", show_edge=False)
    for kind, score in (("regions", "score"), ("countries", "score"), ("topics", "score"), ("themes", "weight")):
        for number, entry in enumerate(answer[kind]):
            below = [f"{s['name']} ({s['score']:.2f})" for s in entry.get("subtopics", [])]
            name = f"{entry['name']}: {', '.join(below)}" if below else entry["name"]
            table.add_row(kind if number == 0 else "", name, f"{entry[score]:.2f}")
    return table


if __name__ == "__main__":
    main(sys.argv[1])
