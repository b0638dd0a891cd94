"""A sample answer to look at when the server starts: one real request, printed readably."""

import threading
import urllib.request
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

_TITLE = "Ceasefire talks open in Cairo as shells fall on Idlib"
_TEXT = (
    "Envoys from Syria and Turkey met Egyptian mediators in Cairo on Tuesday to discuss a truce in Idlib, where "
    "government artillery and rebel fighters have traded fire for nine days. At least 40 civilians have been "
    "killed and the United Nations said 60,000 people had fled towards the border. A rebel commander said his men "
    "would hold their positions until the army withdrew its tanks from the highway to Aleppo."
)


def show_when_ready(base_url: str) -> None:
    """Ask the server at `base_url` to classify the sample, in the background, and print the answer."""
    threading.Thread(target=_show, args=(base_url,), daemon=True).start()


def _show(base_url: str) -> None:
    body = orjson.dumps({"title": _TITLE, "text": _TEXT})
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base_url}/v1/classify", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        answer = orjson.loads(response.read())
    console = Console()
    console.print(f"\n[bold]{_TITLE}[/bold]\n{_TEXT}\n")
    console.print(_table(answer))
    console.print(
        f"Dateline serves model {answer['model']} at {base_url}\n"
        f"  API and try-out page: {base_url}/docs\n"
        f"  curl -s {base_url}/v1/classify -H 'Content-Type: application/json' -d '{{\"text\": \"…\"}}'\n"
        "  Ctrl-C stops it."
    )


def _table(answer: dict[str, Any]) -> Table:
    table = Table("", "label", "score", show_edge=False)
    for kind, score in (("regions", "score"), ("countries", "score"), ("topics", "score"), ("themes", "weight")):
        for number, entry in enumerate(answer[kind]):
            below = [f"{s['name']} ({s['score']:.2f})" for s in entry.get("subtopics", [])]
            name = f"{entry['name']}: {', '.join(below)}" if below else entry["name"]
            table.add_row(kind if number == 0 else "", name, f"{entry[score]:.2f}")
    return table
