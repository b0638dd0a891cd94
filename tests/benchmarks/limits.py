"""What was asked of the figures that the benchmarks print, and whether they keep to it; told at once and at the end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure with the least or the most that it may be."""

    name: str
    value: float
    least: float | None
    most: float | None

    @property
    def met(self) -> bool:
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    def row(self, width: int = 0) -> str:
        limit = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        verdict = "met" if self.met else "NOT MET"
        return f"{self.name:<{width}}  {shown(self.value):>10}  {limit:>15}  {verdict}"


_figures: list[Figure] = []


def check(name: str, value: float, *, least: float | None = None, most: float | None = None) -> bool:
    """Print a figure beside its limit and keep it for the summary; return whether it is met."""
    figure = Figure(name, value, least, most)
    _figures.append(figure)
    print(f"  {figure.row()}", flush=True)
    return figure.met


def summary() -> str:
    """Return a table of all figures that have a limit."""
    width = max((len(figure.name) for figure in _figures), default=0)
    met = sum(figure.met for figure in _figures)
    return "\n".join([*(figure.row(width) for figure in _figures), f"{met} of {len(_figures)} limits met"])


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
