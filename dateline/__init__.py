"""Dateline: news text to regions, countries, topics and themes. `load()` a model, then `analyse` texts."""

from dateline.analyser import Analyser, load
from dateline.results import Analysis, Country, Region, Subtopic, Theme, Topic

__all__ = ["Analyser", "Analysis", "Country", "Region", "Subtopic", "Theme", "Topic", "load"]
