"""python -m training: train models, look at them, switch between them."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from dateline import bundle
from dateline.errors import DatelineError
from dateline.registry import Registry
from dateline.settings import load_settings
from training.add import add

_SEED = 20260101
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class _Commands(click.Group):
    """A group whose domain errors end the program with one clear line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DatelineError as error:
            message = str(error)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            message = f"{error.strerror}: {error.filename or ctx.obj.models_dir}; nothing was changed"
        click.echo(f"error: {message}", err=True)
        sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--models", type=click.Path(path_type=Path), help="Folder of the model versions. [DATELINE_MODELS_DIR]")
@click.pass_context
def main(ctx: click.Context, models: Path | None) -> None:
    """Train Dateline's models offline and decide which version serves.

    A typical round: put labelled articles into seeds/articles/, run `train`, look at `evaluate`; the new version serves
    from then on, and `rollback` returns to the one before.
    """
    ctx.obj = Registry(models or load_settings().models_dir)


main.add_command(add)


@main.command()
@click.option(
    "--seeds", type=click.Path(path_type=Path), help="Folder with topics.yaml and articles/. [DATELINE_SEEDS_DIR]"
)
@click.option(
    "--themes", "n_themes", type=click.IntRange(2, 1000), help="How many themes; by default as many as suit the corpus."
)
@click.option(
    "--seed", type=int, default=_SEED, show_default=True, help="Random seed; the same one gives the same model."
)
@click.option(
    "--force", metavar="REASON", help="Let the new version serve even if it is worse; the reason is kept with it."
)
@click.option("--dry-run", is_flag=True, help="Train and compare, but keep nothing.")
@click.option("--seeds-only", is_flag=True, help="Leave out the articles of the store. [DATELINE_DATABASE_URL]")
@click.option("--if-needed", is_flag=True, help="Do nothing if a model serves already.")
@click.pass_obj
def train(
    registry: Registry,
    seeds: Path | None,
    n_themes: int | None,
    seed: int,
    force: str | None,
    dry_run: bool,
    seeds_only: bool,
    if_needed: bool,
) -> None:
    """Train a new version, compare it with the serving one, and let it serve if it is not worse.

    Both answer the same articles, none of which they learned from. Only a difference beyond noise counts; then the new
    version is kept but does not serve, a table says where it is worse, and the exit status is 1.

    \b
    python -m training train
    python -m training train --dry-run
    python -m training train --force "sport is now labelled by another desk"
    """
    if if_needed and registry.versions() and _has_current(registry):
        click.echo(f"model {registry.current()} is there; train a new one with: python -m training train")
        return
    if force is not None and not force.strip():
        raise click.UsageError("--force needs a reason")
    from training import gate_table, pipeline  # noqa: PLC0415 - scikit-learn and gensim take seconds to import

    settings = load_settings()
    with _progress(pipeline.STEPS) as report:
        trained = pipeline.train(
            seeds=seeds or settings.seeds_dir,
            database_url=None if seeds_only else settings.database_url,
            registry=registry,
            seed=seed,
            n_themes=n_themes,
            report=report,
            signing=settings.signing,
            force=force,
            dry_run=dry_run,
        )
    _print_own(trained.manifest["own_articles"])
    _print_figures(trained.manifest)
    if trained.comparison:
        gate_table.show(trained.comparison)
    if not trained.may_serve:
        kept = "" if dry_run else f"; let it serve all the same with: python -m training promote {trained.version}"
        raise DatelineError(f"{trained.version} is worse than the serving version and does not serve{kept}")
    if dry_run:
        click.echo(f"{trained.version} would serve; a dry run keeps nothing.")
        return
    registry.promote(trained.version)
    click.echo(f"{trained.version} serves now.")


@main.command()
@click.option("--seeds", type=click.Path(path_type=Path), help="Folder of the seeds. [DATELINE_SEEDS_DIR]")
def validate(seeds: Path | None) -> None:
    """Check the seeds as training would, and print what the corpus is made of.

    A broken line ends it with file and line. Few distinct five-word runs mean template sentences; near-duplicates share
    three in ten of them.
    """
    from rich.console import Console  # noqa: PLC0415

    from dateline.taxonomy import read_taxonomy  # noqa: PLC0415
    from training import validation  # noqa: PLC0415
    from training.corpus import read_corpus  # noqa: PLC0415
    from training.places import read_places  # noqa: PLC0415

    folder = seeds or load_settings().seeds_dir
    taxonomy = read_taxonomy(folder)
    read_places(folder)
    corpus = read_corpus(folder, taxonomy)
    console = Console()
    console.print(validation.topic_table(corpus.articles, taxonomy))
    if taxonomy.regions:
        console.print(validation.region_table(corpus.articles, taxonomy))
    found = validation.breadth(corpus)
    click.echo(
        f"{found.articles:,} articles, {found.headlines:,} of them under {validation.HEADLINE_WORDS} words; "
        f"{found.words:,} words, {found.vocabulary:,} distinct; {found.distinct_runs:.2%} of five-word runs distinct; "
        f"{found.near_duplicates} near-duplicates"
    )


@main.command()
@click.argument("name")
@click.option(
    "--country", "code", metavar="CODE", help="The country that NAME is in or stands for, as in regions.yaml."
)
@click.option("--kind", default="cities", show_default=True, help="A section of places.yaml, such as institutions.")
@click.option("--none", "nowhere", is_flag=True, help="NAME is no place.")
@click.option("--seeds", type=click.Path(path_type=Path), help="Folder of the seeds. [DATELINE_SEEDS_DIR]")
def place(name: str, code: str | None, kind: str, nowhere: bool, seeds: Path | None) -> None:
    """Show what NAME means to the gazetteer, or say what it means.

    With --country or --none, writes to places.own.yaml in the seeds folder, which stands above all other place files;
    the next training takes it in.

    \b
    python -m training place Georgia
    python -m training place "Te Papa" --country NZ --kind institutions
    python -m training place "Lima Street" --none
    """
    from training import own_places  # noqa: PLC0415

    folder = seeds or load_settings().seeds_dir
    if nowhere and code:
        raise click.UsageError("give --country or --none, not both")
    if nowhere or code:
        own_places.add(folder, name, section=own_places.NOWHERE if nowhere else kind, code=code)
    click.echo(own_places.meaning(folder, name))


@main.command()
@click.argument("packs", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--version", help="Version to evaluate; the current one by default.")
@click.pass_obj
def evaluate(registry: Registry, packs: tuple[Path, ...], version: str | None) -> None:
    """Print a version's figures: cross-validated on its corpus, or measured on labelled PACKS (JSON Lines).

    A line of a pack is {"text", "expect": {"topics", "primary", "regions", "countries"}} with any of the labels, or an
    article in the format of seeds/articles/.
    """
    folder = registry.folder(version)
    if not packs:
        _print_figures(bundle.read_manifest(folder))
        _print_topics(folder)
        return
    from dateline.analyser import load  # noqa: PLC0415
    from training import evaluation  # noqa: PLC0415

    analyser = load(folder, signing=load_settings().signing)
    for pack in packs:
        click.echo(evaluation.render(pack.name, evaluation.evaluate(analyser, pack)))


@main.command()
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help='JSON Lines, one {"text": "…", "title": "…"} each; other fields are ignored.',
)
@click.option(
    "--themes", "n_themes", type=click.IntRange(2, 1000), help="How many themes; by the corpus's size if not given."
)
@click.option("--sweep", "sweeping", is_flag=True, help="Try several numbers of themes and recommend one.")
@click.option("--show", is_flag=True, help="Print the themes too.")
@click.option("--seed", type=int, default=_SEED, show_default=True, help="Random seed.")
def themes(corpus: Path, n_themes: int | None, sweeping: bool, show: bool, seed: int) -> None:
    """Measure themes on any corpus, or find out how many suit it. Trains no version.

    Fits our themes to nine tenths of the texts and prints coherence (NPMI by document co-occurrence, C_v), diversity,
    perplexity of the other tenth by document completion, and CPU seconds; beside them the same for gensim with its
    default settings and for plain collapsed Gibbs sampling given the same CPU time.

    \b
    python -m training themes --corpus news.jsonl --themes 50
    python -m training themes --corpus news.jsonl --sweep
    """
    from rich.console import Console  # noqa: PLC0415

    from training import theme_comparison, theme_sweep  # noqa: PLC0415
    from training.theme_corpus import read_theme_corpus  # noqa: PLC0415
    from training.themes import themes_for  # noqa: PLC0415

    def report(step: str) -> None:
        click.echo(f"{step} …", err=True)

    report("reading")
    texts = read_theme_corpus(corpus)
    report(
        f"{texts.matrix.shape[0]:,} texts, {texts.matrix.shape[1]:,} words, {int(texts.matrix.sum()):,} of them in all"
    )
    console = Console()
    if sweeping:
        points = theme_sweep.sweep(texts.matrix, theme_sweep.grid_for(len(texts.documents)), seed=seed, report=report)
        console.print(theme_sweep.table(points))
        click.echo(f"recommended: {theme_sweep.recommended(points)} themes")
        return
    wanted = n_themes or themes_for(len(texts.documents))
    figures, learned = theme_comparison.compare(texts, n_themes=wanted, seed=seed, report=report)
    console.print(theme_comparison.table(figures, n_themes=wanted))
    if show:
        for line in theme_comparison.listing(texts, learned):
            click.echo(line)


@main.command("diff")
@click.argument("before")
@click.argument("after", required=False)
@click.pass_obj
def diff_versions(registry: Registry, before: str, after: str | None) -> None:
    """Tell what became of the themes of version BEFORE in version AFTER, the current one by default.

    Which are new, vanished, split, merged, grew, shrank or changed their name. Ids stay with a theme from version to
    version.
    """
    from training import theme_diff  # noqa: PLC0415
    from training.theme_versions import version_themes  # noqa: PLC0415

    signing = load_settings().signing
    old, new = (version_themes(registry, v, signing=signing) for v in (before, after or registry.current()))
    click.echo(theme_diff.render(theme_diff.diff(old, new)))


@main.command("list")
@click.pass_obj
def list_versions(registry: Registry) -> None:
    """List the versions, oldest first; the serving one has a star."""
    current = registry.current() if _has_current(registry) else None
    for version in registry.versions():
        manifest = bundle.read_manifest(registry.folder(version))
        figures = " ".join(f"{name}={value}" for name, value in manifest["evaluation"].items())
        click.echo(f"{'*' if version == current else ' '} {version}  {manifest['articles']} articles  {figures}")


@main.command()
@click.argument("version")
@click.pass_obj
def promote(registry: Registry, version: str) -> None:
    """Let VERSION serve."""
    from dateline.analyser import load  # noqa: PLC0415

    load(registry.folder(version), signing=load_settings().signing)
    registry.promote(version)
    click.echo(f"{version} serves now.")


@main.command()
@click.pass_obj
def rollback(registry: Registry) -> None:
    """Return to the version that served before; running servers follow within seconds."""
    click.echo(f"{registry.rollback()} serves now.")


@main.command()
@click.argument("versions", nargs=-1)
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="How many of the newest, and of those that served, to keep.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.pass_obj
def prune(registry: Registry, versions: tuple[str, ...], keep: int, dry_run: bool) -> None:
    """Remove VERSIONS, or all but the serving one, the newest and those to roll back to."""
    doomed = list(versions) or registry.prunable(keep=keep)
    if not dry_run:
        registry.prune(doomed)
    for version in doomed:
        click.echo(f"{version} {'would be removed' if dry_run else 'removed'}")
    if not doomed:
        click.echo("nothing to remove")


@main.command()
@click.argument("version", required=False)
@click.pass_obj
def show(registry: Registry, version: str | None) -> None:
    """Show what is known of VERSION, the current one by default."""
    manifest = bundle.read_manifest(registry.folder(version))
    for name in ("version", "created", "articles", "seed", "format", "normaliser", "corpus_sha256", "taxonomy_sha256"):
        click.echo(f"{name:16} {manifest[name]}")
    if manifest["forced"]:
        click.echo(f"{'forced':16} {manifest['forced']}")
    for kind in ("libraries", "evaluation"):
        click.echo(f"{kind:16} " + ", ".join(f"{name} {value}" for name, value in manifest[kind].items()))
    for name, facts in manifest["files"].items():
        click.echo(f"{name:16} {facts['bytes']:>12,} bytes  sha256 {facts['sha256'][:16]}…")


def _has_current(registry: Registry) -> bool:
    try:
        registry.folder()
    except DatelineError:
        return False
    return True


def _print_own(own: dict[str, Any]) -> None:
    if not any(own.values()):
        return
    click.echo(
        f"from the store: {own['labelled']:,} labelled articles, {own['background']:,} without labels, "
        f"{own['duplicates']:,} left out that the corpus has already"
    )
    for code in own["unknown_labels"]:
        click.echo(f"  label {code!r} is not in the taxonomy and was passed over")


def _print_topics(folder: Path) -> None:
    from training.heldout import ATTACHMENT, HeldOut  # noqa: PLC0415

    if (content := bundle.attachment(folder, ATTACHMENT)) is None:
        return
    click.echo(f"\n{'topic':34} articles  given  right  precision  recall  F1")
    for topic in HeldOut.from_bytes(content).per_topic():
        click.echo(
            f"{topic.code:34} {topic.articles:>8} {topic.given:>6} {topic.hits:>6}      {topic.precision:.3f}   "
            f"{topic.recall:.3f}  {topic.f1:.3f}"
        )
    click.echo(f"\nwith plots: {folder / 'report.html'}")


def _print_figures(manifest: dict[str, Any]) -> None:
    click.echo(f"cross-validated on its own {manifest['articles']} articles:")
    for name, value in manifest["evaluation"].items():
        click.echo(f"  {name:14} {value:.3f}")


@contextmanager
def _progress(steps: tuple[str, ...]) -> Iterator[Any]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("training", total=len(steps))
        begun = 0

        def report(step: str) -> None:
            nonlocal begun
            if bar.disable:
                click.echo(f"{step} ({begun + 1}/{len(steps)})", err=True)
            bar.update(task, description=step, completed=begun)
            begun += 1

        yield report
        bar.update(task, description="trained", completed=len(steps))


if __name__ == "__main__":
    main(prog_name="python -m training")
