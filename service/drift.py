"""Counts what this process answers, day by day, and adds up what all processes counted.

Each process keeps its own tallies, one for each day and model version, and writes them every few seconds to files of
its own in the data folder, so that no process waits for another; whoever is asked adds the files up. A request only
puts its answer on a pile, which is counted at once when it is high or when somebody asks. Where that folder cannot be
written (a read-only container without a volume), the counts stay in memory, and the answer says so.
"""

import logging
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import orjson
from flask import current_app

from dateline.drift import Tally, drift
from dateline.results import Analysis
from dateline.settings import Settings

EXTENSION = "dateline.drift"
FOLDER = "drift"
KEPT_DAYS = 90
_FLUSH_SECONDS = 5.0
_PILE = 256
_TOP = ("alarm", "watch", "stable")
log = logging.getLogger(__name__)

Day = tuple[str, str]
"""A day, ISO 8601 in UTC, and the model version that answered."""


class Counters:
    """The tallies of this process. `count` may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / FOLDER
        self._lock = threading.Lock()
        self._pile: deque[Analysis] = deque()
        self._tallies: defaultdict[Day, Tally] = defaultdict(Tally)
        self._changed: set[Day] = set()
        self._token = ""
        self._told = False
        self.writable = True

    def count(self, analysis: Analysis) -> None:
        """Count an answer that was given, now or with the next ones."""
        self._pile.append(analysis)
        if len(self._pile) >= _PILE:
            self.count_pile()

    def count_pile(self) -> None:
        """Count the answers that are on the pile."""
        today = _today().isoformat()
        with self._lock:
            while self._pile:
                analysis = self._pile.popleft()
                day = (today, analysis.model)
                self._tallies[day].add(analysis)
                self._changed.add(day)

    def watch(self) -> None:
        """Begin to write the counts every few seconds, in a thread of its own. Call it after forking."""
        self._token = f"{os.getpid()}-{token_hex(4)}"
        threading.Thread(target=self._watch, name="dateline-drift", daemon=True).start()

    def flush(self) -> None:
        """Write what has changed. Raises nothing."""
        self.count_pile()
        with self._lock:
            if not self._changed or not self._token:
                return
            contents = {day: orjson.dumps(self._tallies[day].to_dict()) for day in self._changed}
            self._changed.clear()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for day, content in contents.items():
                _write(self._folder / f"{'_'.join(day)}_{self._token}.json", content)
            self.writable = True
        except OSError as error:
            if self.writable or not self._told:
                log.warning("drift counters stay in memory: %s", error)
            self.writable, self._told = False, True
            with self._lock:
                self._changed.update(contents)
            return
        with self._lock:
            today = _today().isoformat()
            for day in [day for day in self._tallies if day[0] < today and day not in self._changed]:
                del self._tallies[day]

    def tallies(self, *, since: date) -> dict[Day, Tally]:
        """Return the tallies of all processes from a day on, or of this one where nothing can be written."""
        self.flush()
        found: defaultdict[Day, Tally] = defaultdict(Tally)
        if self.writable:
            for day, path in self._files():
                if day[0] >= since.isoformat() and (tally := _read(path)):
                    found[day].merge(tally)
            return dict(found)
        with self._lock:
            for day, tally in self._tallies.items():
                if day[0] >= since.isoformat():
                    found[day].merge(tally)
        return dict(found)

    def _watch(self) -> None:
        self._forget()
        while True:
            time.sleep(_FLUSH_SECONDS)
            self.flush()

    def _forget(self) -> None:
        oldest = (_today() - timedelta(days=KEPT_DAYS)).isoformat()
        for day, path in list(self._files()):
            if day[0] < oldest:
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    return

    def _files(self) -> Iterator[tuple[Day, Path]]:
        for path in sorted(self._folder.glob("[0-9]*_*_*.json")):
            day, version, _ = path.stem.split("_", 2)
            yield (day, version), path


def counters() -> Counters:
    """Return the counters of the current app."""
    found: Counters = current_app.extensions[EXTENSION]
    return found


def summary(counted: dict[Day, Tally], *, expected: Tally, version: str) -> dict[str, Any]:
    """Return how the texts that a version answered differ from its corpus: over all days given, and day by day."""
    days = {day: tally for (day, of_version), tally in sorted(counted.items()) if of_version == version}
    total = Tally()
    for tally in days.values():
        total.merge(tally)
    measures = drift(expected, total)
    found = {entry.status for entry in measures}
    return {
        "model": version,
        "texts": total.texts,
        "status": next((status for status in _TOP if status in found), "too few texts"),
        "measures": [asdict(entry) for entry in measures],
        "days": [_day(day, tally, expected) for day, tally in days.items()],
    }


def _day(day: str, tally: Tally, expected: Tally) -> dict[str, Any]:
    shares = {measure: tally.shares(measure) for measure in ("topics", "regions", "languages")}
    return {
        "day": day,
        "texts": tally.texts,
        "abstained": _rounded(tally.abstained),
        "confidence": _rounded(tally.mean("confidence")),
        "unknown_words": _rounded(tally.mean("unknown_words")),
        **shares,
        "status": {entry.measure: entry.status for entry in drift(expected, tally)},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _today() -> date:
    return datetime.now(UTC).date()


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole. Not forced to the disk: a power cut may cost a few seconds of counts."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


def _read(path: Path) -> Tally | None:
    try:
        return Tally.from_dict(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s left out: %r", path, error)
        return None
