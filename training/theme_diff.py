"""What became of the themes between two versions: appeared, vanished, split, merged, grew, shrank, renamed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dateline.themes import ThemeEntry
from training.theme_history import ThemeHistory

_GROWN = 1.25
"""Ratio of shares from which a theme has grown; its inverse, shrunk."""
_LEAST_CHANGE = 0.003
_PART = 0.4
"""Share of a theme's articles from which it is a part of another theme, of before or after."""


@dataclass(frozen=True)
class VersionThemes:
    """The themes of a version: what people see of them, and what training remembers."""

    entries: Sequence[ThemeEntry]
    history: ThemeHistory


@dataclass(frozen=True)
class ThemeDiff:
    """Themes by what became of them, as entries of the later version (of the earlier one if it vanished).

    `split`: (earlier theme, its new parts); `merged`: (themes that vanished, the later theme that took them up);
    `grew` and `shrank`: (before, after); `renamed`: (before, after); `kept` counts ids that both versions have.
    """

    kept: int = 0
    appeared: list[ThemeEntry] = field(default_factory=list)
    vanished: list[ThemeEntry] = field(default_factory=list)
    split: list[tuple[ThemeEntry, list[ThemeEntry]]] = field(default_factory=list)
    merged: list[tuple[list[ThemeEntry], ThemeEntry]] = field(default_factory=list)
    grew: list[tuple[ThemeEntry, ThemeEntry]] = field(default_factory=list)
    shrank: list[tuple[ThemeEntry, ThemeEntry]] = field(default_factory=list)
    renamed: list[tuple[ThemeEntry, ThemeEntry]] = field(default_factory=list)


def diff(before: VersionThemes, after: VersionThemes) -> ThemeDiff:
    """Return what became of the themes of `before` in `after`.

    Splits and merges go by the articles: a new theme is a part of an earlier one if that had two fifths of the new
    theme's articles or more, and a theme that vanished went into the one that now has as many of its.
    """
    old = {entry.id: entry for entry in before.entries}
    new = {entry.id: entry for entry in after.entries}
    both = [id for id in old if id in new]
    flow = _flow(before.history, after.history)
    result = ThemeDiff(
        kept=len(both),
        appeared=[entry for id, entry in new.items() if id not in old],
        vanished=[entry for id, entry in old.items() if id not in new],
        renamed=[(old[id], new[id]) for id in both if old[id].name != new[id].name],
    )
    for id in both:
        if abs(new[id].share - old[id].share) >= _LEAST_CHANGE:
            if new[id].share >= _GROWN * old[id].share:
                result.grew.append((old[id], new[id]))
            elif old[id].share >= _GROWN * new[id].share:
                result.shrank.append((old[id], new[id]))
    parts: dict[str, list[ThemeEntry]] = {}
    for entry in result.appeared:
        origin = _mostly(flow.into(entry.id), old)
        if origin:
            parts.setdefault(origin, []).append(entry)
    result.split.extend((old[id], entries) for id, entries in parts.items())
    taken: dict[str, list[ThemeEntry]] = {}
    for entry in result.vanished:
        heir = _mostly(flow.out_of(entry.id), new)
        if heir:
            taken.setdefault(heir, []).append(entry)
    result.merged.extend((entries, new[id]) for id, entries in taken.items())
    return result


def render(found: ThemeDiff) -> str:
    """Return a diff as text, a line for each theme that something became of."""
    lines = [f"themes: {found.kept} kept their id"]
    lines += [f"  new       {_shown(entry)}" for entry in found.appeared]
    lines += [f"  vanished  {_shown(entry)}" for entry in found.vanished]
    for origin, parts in found.split:
        lines.append(f"  split     {_shown(origin)} → {', '.join(map(_called, parts))}")
    for gone, heir in found.merged:
        lines.append(f"  merged    {', '.join(map(_called, gone))} → {_shown(heir)}")
    for word, pairs in (("grew", found.grew), ("shrank", found.shrank)):
        lines += [f"  {word:9} {_called(new)}: {old.share:.1%} → {new.share:.1%} of the corpus" for old, new in pairs]
    lines += [f"  renamed   {_called(old)} → {new.name}" for old, new in found.renamed]
    if len(lines) == 1:
        lines.append("  nothing changed")
    return "\n".join(lines)


@dataclass(frozen=True)
class _Flow:
    """How many of the shared articles went from which theme to which, each counted for its main theme.

    `moved`: (n_old_themes, n_new_themes); `old_total`, `new_total`: articles of each theme, new ones included.
    """

    old_ids: Sequence[str]
    new_ids: Sequence[str]
    moved: np.ndarray
    old_total: np.ndarray
    new_total: np.ndarray

    def into(self, new_id: str) -> dict[str, float]:
        """Return earlier theme -> share of a later theme's articles that came from it."""
        column = self.new_ids.index(new_id)
        shares = self.moved[:, column] / max(1, int(self.new_total[column]))
        return dict(zip(self.old_ids, shares.tolist(), strict=True))

    def out_of(self, old_id: str) -> dict[str, float]:
        """Return later theme -> share of an earlier theme's articles, as far as still there, that went to it."""
        row = self.old_ids.index(old_id)
        shares = self.moved[row] / max(1, int(self.old_total[row]))
        return dict(zip(self.new_ids, shares.tolist(), strict=True))


def _flow(before: ThemeHistory, after: ThemeHistory) -> _Flow:
    earlier = before.main_topics()
    pairs = [(earlier[id], topic) for id, topic in after.main_topics().items() if id in earlier]
    moved = np.zeros((len(before.counts), len(after.counts)), dtype=np.int64)
    if pairs:
        np.add.at(moved, tuple(np.array(pairs).T), 1)
    n_old, n_new = len(before.ids), len(after.ids)
    new_total = np.bincount(list(after.main_topics().values()), minlength=len(after.counts))[:n_new]
    return _Flow(list(before.ids), list(after.ids), moved[:n_old, :n_new], moved[:n_old].sum(axis=1), new_total)


def _mostly(shares: Mapping[str, float], entries: Mapping[str, ThemeEntry]) -> str | None:
    """Return the theme with the largest share, if that is large enough to speak of a part."""
    share, best = max(((share, id) for id, share in shares.items() if id in entries), default=(0.0, None))
    return best if share >= _PART else None


def _called(entry: ThemeEntry) -> str:
    return f"{entry.id} {entry.name}"


def _shown(entry: ThemeEntry) -> str:
    return f"{_called(entry)} ({entry.share:.1%} of the corpus)"
