"""python -m dateline: classify files or JSON Lines without a server."""

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dateline.errors import DatelineError
from dateline.settings import load_settings

if TYPE_CHECKING:
    from dateline.bulk import Answers

_STDIN = Path("-")
_TOLD_EVERY_SECONDS = 30


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dateline files news texts by region, country, topic and theme."""


@main.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--models", type=click.Path(path_type=Path), help="Folder of the model versions. [DATELINE_MODELS_DIR]")
@click.option("--explain", is_flag=True, help="Add the words and places that decided.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to this new file.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run with this --output stopped.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="Processes to use; all cores if not given.")
def classify(
    files: tuple[Path, ...], models: Path | None, explain: bool, output: Path | None, resume: bool, jobs: int | None
) -> None:
    """Classify FILES and write one JSON line for each text, in the order of the texts.

    A file named *.jsonl, and standard input (- or no file), is JSON Lines: {"id", "text", "title"?} on each line. Any
    other file is one plain text, answered under its name. A line that is no text is answered with its id
    and an "error", told on standard error, and makes the exit status 1.

    More than a hundred texts are answered by several processes, some dozens of texts at a time; with --jobs 1 each line
    of standard input is answered as soon as it is read. A run with --output that was interrupted goes on with --resume,
    given the same FILES; it keeps to the model that it was begun with.

    \b
    echo '{"id": "1", "text": "Rebels took a town near Aleppo."}' | python -m dateline classify
    python -m dateline classify report.txt archive.jsonl > answers.jsonl
    python -m dateline classify --output answers.jsonl --resume archive.jsonl
    """
    if resume and output is None:
        raise click.UsageError("--resume needs the --output of the interrupted run")
    try:
        failed = _classify(files or (_STDIN,), models, explain=explain, output=output, resume=resume, jobs=jobs)
    except DatelineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        hint = f"; go on with: --output {output} --resume" if output else ""
        click.echo(f"interrupted{hint}", err=True)
        sys.exit(130)
    sys.exit(1 if failed else 0)


def _classify(
    files: tuple[Path, ...], models: Path | None, *, explain: bool, output: Path | None, resume: bool, jobs: int | None
) -> int:
    from dateline import bulk  # noqa: PLC0415 - not needed for --help
    from dateline.registry import Registry  # noqa: PLC0415

    settings = load_settings()
    registry = Registry(models or settings.models_dir)
    options = bulk.Options(settings.max_text_chars, settings.home_country, explain)
    raws = bulk.read_raw([(path, sys.stdin.buffer if path == _STDIN else None) for path in files])
    done, read = bulk.Begun(0, None, None), 0
    if output is not None and output.exists() and output.stat().st_size:
        if not resume:
            raise DatelineError(f"{output} exists; go on with it by --resume, or remove it")
        done = bulk.begun(output)
        read = bulk.skip(raws, done)
    folder = registry.folder(done.model)
    total = None if _STDIN in files else sum(path.stat().st_size for path in files)
    failed = 0
    with ExitStack() as stack:
        out = stack.enter_context(output.open("ab")) if output is not None else sys.stdout.buffer
        quiet = output is None and sys.stdout.isatty()
        show = stack.enter_context(_Progress(total, begun=done.n, read=read, quiet=quiet))
        jobs = jobs or bulk.cores()
        for answers in bulk.answer_all(raws, folder, options, jobs=jobs, prompt=jobs == 1 and _STDIN in files):
            out.write(answers.lines)
            if answers.n == 1 or output is not None:
                out.flush()
            for error in answers.errors:
                click.echo(error, err=True)
            failed += len(answers.errors)
            show.advance(answers)
        out.flush()
    return failed


class _Progress:
    """Tells how many texts are answered and how fast: a bar on a terminal, elsewhere a line now and then."""

    def __init__(self, total: int | None, *, begun: int, read: int, quiet: bool) -> None:
        self._begun, self._n, self._read, self._total = begun, 0, read, total
        self._start = self._told = time.monotonic()
        self._quiet = quiet
        self._stack = ExitStack()
        self._update: Callable[[], object] = self._tell

    def __enter__(self) -> "_Progress":
        """Show the bar where there is a terminal to show it on."""
        if self._quiet:
            self._update = lambda: None
        elif sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

            columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TimeRemainingColumn())
            bar = self._stack.enter_context(Progress(*columns, console=Console(stderr=True)))
            task = bar.add_task("", total=self._total)
            self._update = lambda: bar.update(task, completed=self._read, description=self._state())
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state of the bar."""
        self._stack.close()

    def advance(self, answers: "Answers") -> None:
        """Count answers."""
        self._n += answers.n
        self._read += answers.size
        self._update()

    def _state(self) -> str:
        rate = self._n / max(time.monotonic() - self._start, 1e-9)
        return f"{self._begun + self._n:,} texts, {rate:,.0f}/s"

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= _TOLD_EVERY_SECONDS:
            self._told = now
            click.echo(self._state(), err=True)


if __name__ == "__main__":
    main(prog_name="python -m dateline")
