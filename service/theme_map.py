"""The map of themes as a picture in SVG: no script, readable in any browser, every disc with its terms as a tooltip."""

from collections.abc import Sequence
from html import escape
from math import sqrt

from dateline.themes import ThemeEntry

_WIDTH, _HEIGHT, _MARGIN, _LEGEND = 1100, 760, 90, 230
_LARGEST = 46
_HUES = 17
_GREY = "#999999"
_STYLE = "text{font-family:system-ui,sans-serif;fill:#222}.n{font-size:12px;text-anchor:middle}.l{font-size:12px}"


def drawn(entries: Sequence[ThemeEntry]) -> str:
    """Return the map of themes, the largest given first, as an SVG document."""
    topics = sorted({(entry.topic.code, entry.topic.name) for entry in entries if entry.topic})
    colours = {code: f"hsl({360 * i * 7 // _HUES % 360},55%,55%)" for i, (code, _) in enumerate(topics)}
    largest = max((entry.share for entry in entries), default=0.0) or 1.0
    discs = [_disc(entry, _spot(entry, entries), largest, colours) for entry in entries]
    names = [_name(entry, _spot(entry, entries)) for entry in entries]
    legend = [
        f'<circle cx="{_WIDTH + 14}" cy="{30 + 22 * i}" r="7" fill="{colours[code]}"/>'
        f'<text class="l" x="{_WIDTH + 28}" y="{34 + 22 * i}">{escape(name[:32])}</text>'
        for i, (code, name) in enumerate(topics)
    ]
    size = f"0 0 {_WIDTH + _LEGEND} {_HEIGHT}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{len(entries)} themes">'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(discs)}{''.join(names)}{''.join(legend)}</svg>"
    )


def _spot(entry: ThemeEntry, entries: Sequence[ThemeEntry]) -> tuple[float, float]:
    """Return where a theme lies in the picture; both axes have the same scale."""
    xs, ys = zip(*(e.place for e in entries), strict=True)
    extent = max(max(xs) - min(xs), (max(ys) - min(ys)) * _WIDTH / _HEIGHT) or 1.0
    scale = (_WIDTH - 2 * _MARGIN) / extent
    x = _WIDTH / 2 + (entry.place[0] - (max(xs) + min(xs)) / 2) * scale
    y = _HEIGHT / 2 - (entry.place[1] - (max(ys) + min(ys)) / 2) * scale
    return x, y


def _radius(entry: ThemeEntry, largest: float) -> float:
    return max(4.0, _LARGEST * sqrt(entry.share / largest))


def _disc(entry: ThemeEntry, spot: tuple[float, float], largest: float, colours: dict[str, str]) -> str:
    colour = colours[entry.topic.code] if entry.topic else _GREY
    told = f"{entry.id} {entry.name}: {entry.share:.1%} of the corpus. {', '.join(entry.terms)}"
    return (
        f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="{_radius(entry, largest):.1f}" fill="{colour}" '
        f'fill-opacity="0.55" stroke="{colour}"><title>{escape(told)}</title></circle>'
    )


def _name(entry: ThemeEntry, spot: tuple[float, float]) -> str:
    return f'<text class="n" x="{spot[0]:.1f}" y="{spot[1] + 4:.1f}">{escape(entry.name.split(", ")[0])}</text>'
