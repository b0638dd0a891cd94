"""Shows what the gate found: a line where all is well, a table of what got worse where it is not."""

from rich.console import Console
from rich.table import Table

from training.gate import Comparison, Row


def show(comparison: Comparison, console: Console | None = None) -> None:
    """Print how a candidate compares with the version that serves."""
    console = console or Console()
    if comparison.note:
        console.print(f"not compared with {comparison.version}: {comparison.note}", soft_wrap=True)
        return
    console.print(
        f"against {comparison.version}: {comparison.articles:,} articles that neither learned from; "
        f"{comparison.new:,} new to the corpus, {comparison.gone:,} gone, {comparison.relabelled:,} relabelled",
        soft_wrap=True,
    )
    shown = comparison.worse or [row for row in comparison.rows if row.name.startswith("all ")]
    if shown:
        console.print(_table(shown, "worse beyond noise" if comparison.worse else "no worse than noise allows"))


def _table(rows: list[Row], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("figure (F1)", "against", "articles", "before", "after", "change", "likely between"):
        table.add_column(heading, justify="left" if heading in ("figure (F1)", "against") else "right")
    for row in rows:
        table.add_row(
            row.name,
            row.kind,
            f"{row.n:,}",
            f"{row.before:.3f}",
            f"{row.after:.3f}",
            f"{row.after - row.before:+.3f}",
            f"{row.low:+.3f} and {row.high:+.3f}",
        )
    return table
