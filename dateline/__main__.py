"""python -m dateline: classify files or JSON Lines without a server."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click

from dateline.errors import DatelineError, EmptyText, InvalidText
from dateline.settings import load_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dateline files news texts by region, country, topic and theme."""


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--models", type=click.Path(path_type=Path), help="Folder of the model versions. [DATELINE_MODELS_DIR]")
@click.option("--explain", is_flag=True, help="Add the words and places that decided.")
def classify(files: tuple[Path, ...], models: Path | None, explain: bool) -> None:
    r"""Classify FILES and write one JSON line for each text.

    A file named *.jsonl, and standard input (- or no file), is JSON Lines: {"id", "text", "title"?} on each line. Any
    other file is one plain text, answered under its name. A line that is no text is answered with its id
    and an "error", told on standard error, and makes the exit status 1.

    \b
    echo '{"id": "1", "text": "Rebels took a town near Aleppo."}' | python -m dateline classify
    python -m dateline classify report.txt archive.jsonl > answers.jsonl
    """
    try:
        failed = _classify(files or (Path("-"),), models, explain=explain)
    except DatelineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    sys.exit(1 if failed else 0)


def _classify(files: tuple[Path, ...], models: Path | None, *, explain: bool) -> int:
    import orjson  # noqa: PLC0415 - not needed for --help

    from dateline.analyser import load  # noqa: PLC0415
    from dateline.registry import Registry  # noqa: PLC0415

    settings = load_settings()
    analyser = load(Registry(models or settings.models_dir).folder(), signing=settings.signing)
    failed = 0
    for where, item in _shown(_items(files)):
        id = item.get("id")
        try:
            text, title = _text_of(item, settings.max_text_chars)
            analysis = analyser.analyse(text, title=title, home_country=settings.home_country, explain=explain)
            answer = analysis.to_dict(id=id)
        except EmptyText as error:
            answer = analyser.no_answer(str(error)).to_dict(id=id)
        except InvalidText as error:
            failed += 1
            answer = {"id": id, "error": str(error)}
            click.echo(f"{where}: {error}", err=True)
        sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
    return failed


def _text_of(item: dict[str, Any], limit: int) -> tuple[str, str]:
    if "error" in item:
        raise InvalidText(item["error"])
    text, title = item.get("text"), item.get("title") or ""
    for name, value in (("text", text), ("title", title)):
        if not isinstance(value, str):
            raise InvalidText(f"{name}: a string is needed")
        if len(value) > limit:
            raise InvalidText(f"{name}: {len(value):,} characters, the limit is {limit:,} (DATELINE_MAX_TEXT_CHARS)")
    return str(text), title


def _items(files: tuple[Path, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where it stands, item) for every text; what cannot be read is an item with an "error"."""
    for path in files:
        if path == Path("-"):
            yield from _lines("standard input", sys.stdin.buffer)
        elif path.suffix == ".jsonl":
            with path.open("rb") as lines:
                yield from _lines(str(path), lines)
        else:
            try:
                yield str(path), {"id": path.name, "text": path.read_text(encoding="utf-8-sig")}
            except UnicodeDecodeError as error:
                yield str(path), {"id": path.name, "error": f"not UTF-8: {error}"}


def _lines(name: str, lines: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    import orjson  # noqa: PLC0415

    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        try:
            item = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield where, {"id": None, "error": f"not JSON: {error}"}
            continue
        yield where, item if isinstance(item, dict) else {"id": None, "error": "a JSON object is needed"}


def _shown(items: Iterable[tuple[str, dict[str, Any]]]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Show progress on a terminal, nothing in a pipe or where the answers go to the same terminal."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        return items
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    def counted() -> Iterator[tuple[str, dict[str, Any]]]:
        columns = (SpinnerColumn(), TextColumn("{task.completed:,} texts, {task.speed:,.0f}/s"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("")
            for item in items:
                yield item
                bar.advance(task)

    return counted()


if __name__ == "__main__":
    main(prog_name="python -m dateline")
