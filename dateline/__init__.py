"""Dateline files news texts: where, what about, which themes. `load(folder).analyse(text)` is all most callers need."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dateline.analyser import Analyser, load
    from dateline.results import Analysis, Country, Language, Region, Subtopic, Theme, Topic

__all__ = ["Analyser", "Analysis", "Country", "Language", "Region", "Subtopic", "Theme", "Topic", "load"]

_HOME = {"Analyser": "dateline.analyser", "load": "dateline.analyser"}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for, so that `--help` and settings cost no NumPy."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME.get(name, "dateline.results")), name)
