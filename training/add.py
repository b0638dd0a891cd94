"""The command `python -m training add`: options, progress and summary. The work is done by `training/importing.py`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dateline import bundle
from dateline.errors import DatelineError
from dateline.registry import Registry
from dateline.settings import Settings, load_settings
from dateline.taxonomy import Taxonomy, read_taxonomy

if TYPE_CHECKING:
    from training.importing import Summary

_SHOWN = 20
_FIELDS = ("id", "title", "text", "date", "source", "url", "by", "topics", "subtopics", "countries")
_LABELS = ("topics", "subtopics", "countries")


def _pairs(_ctx: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    allowed = {"fields": _FIELDS, "labels": _LABELS}.get(option.name or "")
    for pair in given:
        left, equals, right = pair.partition("=")
        if not (left and equals and right):
            raise click.BadParameter(f"{pair!r}: give it as {option.metavar}")
        if allowed and left not in allowed:
            raise click.BadParameter(f"{left!r}: give one of {', '.join(allowed)}")
        pairs[left] = right
    return pairs


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--labels",
    callback=_pairs,
    multiple=True,
    metavar="KIND=COLUMN",
    help="Which column or key holds topics, subtopics or countries.",
)
@click.option(
    "--field",
    "fields",
    callback=_pairs,
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column or key holds a field, if it has another name.",
)
@click.option(
    "--map",
    "codes",
    callback=_pairs,
    multiple=True,
    metavar="NAME=CODE",
    help="What a label in the files is called in the taxonomy.",
)
@click.option("--source", help="Publisher of the articles that do not say.")
@click.option("--by", default="import", show_default=True, help="Who says so of the labels.")
@click.option("--encoding", help="Encoding of the files, where it is found wrongly.")
@click.option(
    "--replace", is_flag=True, help="Put what the files say in place of what is there, where an id is there already."
)
@click.option(
    "--rejected", type=click.Path(path_type=Path), metavar="FILE", help="Write every rejection to FILE, one a line."
)
@click.pass_obj
def add(
    registry: Registry,
    paths: tuple[Path, ...],
    labels: dict[str, str],
    fields: dict[str, str],
    codes: dict[str, str],
    source: str | None,
    by: str,
    encoding: str | None,
    replace: bool,
    rejected: Path | None,
) -> None:  # fmt: skip
    """Add articles from files and folders to the article store.

    Text, Markdown, HTML, JSON, JSON Lines, CSV, RSS and Atom, told apart by the end of their names; folders with all
    that is in them. Encodings are found out, and said where it is not UTF-8. Columns and keys are found by their usual
    names. Labels may be codes or names, several of them with ; between.

    Adding what is there already changes nothing, so an import that was broken off is run again. The exit status is 1
    if anything was rejected.

    \b
    python -m training add archive/
    python -m training add feed.xml --source "Island Post"
    python -m training add news.csv --field text=story --labels topics=section --map Footy=medtop:15000000
    """
    from dateline.articles import ArticleStore  # noqa: PLC0415 - the database is slow to import
    from training.importing import Options, Summary, find_files, import_files  # noqa: PLC0415

    settings = load_settings()
    options = Options(
        fields=fields | labels,
        codes={name.lower(): code for name, code in codes.items()},
        encoding=encoding,
        source=source,
        by=by,
        replace=replace,
        max_text_chars=settings.max_text_chars,
    )
    store = ArticleStore(settings.database_url)
    summary = Summary()
    files = list(find_files(paths))
    broken_off: BaseException | None = None
    with _progress(files) as report:
        try:
            for summary, path, done in import_files(
                store, files, options=options, taxonomy=_taxonomy(registry, settings)
            ):
                report(path, done, summary)
        except (DatelineError, KeyboardInterrupt) as error:
            broken_off = error
    _print(summary)
    if rejected is not None:
        rejected.write_text("".join(f"{rejection}\n" for rejection in summary.rejections), encoding="utf-8")
    if broken_off is not None:
        click.echo("broken off; the same command goes on from here", err=True)
        if isinstance(broken_off, DatelineError):
            raise broken_off
        sys.exit(130)
    sys.exit(1 if summary.rejections else 0)


def _taxonomy(registry: Registry, settings: Settings) -> Taxonomy | None:
    """Return the labels of the serving model or, before there is one, of the seeds; None if there are neither."""
    try:
        return bundle.read(registry.folder(), signing=settings.signing)[1]
    except DatelineError:
        pass
    try:
        return read_taxonomy(settings.seeds_dir)
    except DatelineError:
        click.echo("labels are not checked: there is neither a model nor a seeds folder", err=True)
        return None


def _print(summary: "Summary") -> None:
    for path, encoding in summary.encodings.items():
        click.echo(f"{path}: read as {encoding}", err=True)
    for rejection in summary.rejections[:_SHOWN]:
        click.echo(f"rejected {rejection}", err=True)
    if len(summary.rejections) > _SHOWN:
        click.echo(f"… and {len(summary.rejections) - _SHOWN} more; see them all with --rejected FILE", err=True)
    if summary.skipped:
        click.echo(f"left out {len(summary.skipped)} files of other kinds, such as {summary.skipped[0]}", err=True)
    counts = summary.counts
    click.echo(
        f"{summary.files} files: {counts['added']} added, {counts['changed']} changed, "
        f"{counts['unchanged']} unchanged, {len(summary.rejections)} rejected"
    )


@contextmanager
def _progress(files: list[tuple[Path, bool]]) -> Iterator[Any]:
    """Give a function that shows how far an import is; it shows nothing where nobody looks."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    sizes = {path: path.stat().st_size + 1 for path, _ in files if path.exists()}
    columns = (TextColumn("{task.description:40}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("adding", total=sum(sizes.values()))
        read, current = 0, None

        def report(path: Path, done: float, summary: "Summary") -> None:
            nonlocal read, current
            if path != current:
                read += sizes.get(current, 0) if current else 0
                current = path
            counts = summary.counts
            shown = f"{counts['added']} added, {counts['unchanged']} unchanged, {len(summary.rejections)} rejected"
            bar.update(task, description=shown, completed=read + done * sizes.get(path, 0))

        yield report
