"""Imports files and folders into the article store: walk, decode, read, check, add. `python -m training add`.

Added in batches, each committed by itself, and adding is idempotent: an import that was broken off is taken up again by
running it again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dateline.article import KINDS, NewArticle, check_codes
from dateline.articles import ArticleStore
from dateline.errors import DatelineError, UnknownLabel
from dateline.taxonomy import Taxonomy
from training.encodings import UnknownEncoding, decode
from training.readers import READERS, Record

_BATCH = 200
_MAX_PROVENANCE = 200
_ALIASES = {
    "id": ("id", "guid", "uuid"),
    "title": ("title", "headline"),
    "text": ("text", "body", "content", "article"),
    "date": ("date", "published", "published_at", "pubdate", "datetime"),
    "source": ("source", "publisher", "outlet"),
    "url": ("url", "link"),
    "by": ("by",),
    **{name: (name,) for name in KINDS},
}
"""Field of an article -> names under which files have it, best first; an option says another."""
_SEPARATORS = re.compile(r"[;|]")


@dataclass(frozen=True)
class Options:
    """How files are read.

    `fields`: field of an article -> name of the column or key that holds it. `codes`: what a file calls a label, in
    lower case -> code. `encoding`, `source`, `by`: for all files, where they do not say (an encoding: even if they do).
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    source: str | None = None
    by: str = "import"
    replace: bool = False
    max_text_chars: int = 500_000


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken, and why. `str()` of it is a line for the user."""

    path: Path
    line: int | None
    reason: str

    def __str__(self) -> str:
        """Return file, line and reason."""
        return f"{self.path}:{self.line}: {self.reason}" if self.line else f"{self.path}: {self.reason}"


@dataclass
class Summary:
    """What became of an import. `encodings`: files that are not in UTF-8 -> what they are in."""

    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    encodings: dict[Path, str] = field(default_factory=dict)
    skipped: list[Path] = field(default_factory=list)


def find_files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield every file below some paths, in order, and whether it was named itself. Hidden files in folders are not."""
    for path in paths:
        if path.is_dir():
            below = (
                p for p in sorted(path.rglob("*")) if not any(x.startswith(".") for x in p.relative_to(path).parts)
            )
            yield from ((p, False) for p in below if p.is_file())
        else:
            yield path, True


def import_files(
    store: ArticleStore, files: Iterable[tuple[Path, bool]], *, options: Options, taxonomy: Taxonomy | None
) -> Iterator[tuple[Summary, Path, float]]:
    """Add the articles of files to a store, and yield the summary so far with the file at work and how far it is.

    Labels are checked against `taxonomy`, if there is one; its names do for codes. A file or record that cannot be
    taken is rejected and the rest goes on. Raises StoreFull or StoreUnavailable; what was added before stays.
    """
    summary = Summary()
    importer = _Importer(store, summary, options, taxonomy)
    for path, named in files:
        if path.suffix.lower() not in READERS:
            if named:
                kinds = ", ".join(sorted(READERS))
                summary.rejections.append(Rejection(path, None, f"not a kind of file that can be imported ({kinds})"))
            else:
                summary.skipped.append(path)
            continue
        summary.files += 1
        for done in importer.add_file(path):
            yield summary, path, done
    importer.flush()
    if summary.files or summary.rejections:
        yield summary, Path(), 1.0


class _Importer:
    """Adds checked articles batch by batch, and keeps the summary."""

    def __init__(self, store: ArticleStore, summary: Summary, options: Options, taxonomy: Taxonomy | None) -> None:
        self._store = store
        self._summary = summary
        self._options = options
        self._taxonomy = taxonomy
        self._codes = dict(options.codes)
        if taxonomy is not None:
            self._codes = _names(taxonomy) | self._codes
        self._waiting: list[tuple[Rejection, NewArticle]] = []

    def add_file(self, path: Path) -> Iterator[float]:
        """Read a file and add its articles; yield how much of it is read."""
        try:
            decoded = decode(path.read_bytes(), encoding=self._options.encoding)
        except (OSError, UnknownEncoding) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._summary.rejections.append(Rejection(path, None, reason))
            return
        if decoded.encoding not in {"utf-8", "ascii"}:
            self._summary.encodings[path] = decoded.encoding
        for record in READERS[path.suffix.lower()](decoded.text):
            self._take(path, record)
            yield record.done

    def flush(self) -> None:
        """Add what waits, in one transaction."""
        waiting, self._waiting = self._waiting, []
        fates = self._store.add([article for _, article in waiting], replace=self._options.replace) if waiting else []
        for (rejection, _), fate in zip(waiting, fates, strict=True):
            if fate.status == "conflict":
                self._summary.rejections.append(rejection)
            else:
                self._summary.counts[fate.status] += 1

    def _take(self, path: Path, record: Record) -> None:
        try:
            article = self._article(path, record)
        except (ValueError, DatelineError) as error:
            self._summary.rejections.append(Rejection(path, record.line, _reason(error)))
            return
        conflict = f"id {article.id!r} is there and says something else; take this one with --replace"
        self._waiting.append((Rejection(path, record.line, conflict), article))
        if len(self._waiting) >= _BATCH:
            self.flush()

    def _article(self, path: Path, record: Record) -> NewArticle:
        """Return the article that a record holds. Raises ValueError or UnknownLabel, with the reason for the user."""
        if record.fault:
            raise ValueError(record.fault)
        fields = self._renamed(record.fields)
        for name in KINDS.keys() & fields.keys():
            fields[name] = [self._code(label) for label in _split(fields[name])]
        if isinstance(fields.get("date"), str):
            fields["date"] = _date(fields["date"])
        if isinstance(fields.get("id"), int):
            fields["id"] = str(fields["id"])
        fields.setdefault("source", self._options.source)
        fields.setdefault("by", self._options.by)
        fields["provenance"] = f"{path}:{record.line}"[-_MAX_PROVENANCE:]
        article = NewArticle.model_validate(fields)
        for name in ("title", "text"):
            length = len(getattr(article, name))
            if length > self._options.max_text_chars:
                limit = f"{self._options.max_text_chars:,} (DATELINE_MAX_TEXT_CHARS)"
                raise ValueError(f"{name}: {length:,} characters, the limit is {limit}")
        if self._taxonomy is not None:
            check_codes(article.said, self._taxonomy)
        return article

    def _renamed(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of an article that a record has under whatever name; the rest is left out."""
        lower = {name.lower(): value for name, value in reversed(list(given.items()))}
        fields = {}
        for name, aliases in _ALIASES.items():
            mapped = self._options.fields.get(name)
            names = (mapped.lower(), *aliases) if mapped else aliases
            found = next((alias for alias in names if alias in lower), None)
            if found is not None:
                fields[name] = lower[found]
        return fields

    def _code(self, label: str) -> str:
        return self._codes.get(label.lower(), label)


def _names(taxonomy: Taxonomy) -> dict[str, str]:
    """Return name in lower case -> code, for every label."""
    entries = [(topic.name, topic.code) for topic in taxonomy.topics]
    entries += [(subtopic.name, subtopic.code) for topic in taxonomy.topics for subtopic in topic.subtopics]
    entries += [(name, code) for code, name in taxonomy.country_names.items()]
    return {name.lower(): code for name, code in reversed(entries)}


def _split(given: Any) -> list[str]:
    """Return the labels of a field: a list as it is, a string split at semicolons and bars."""
    labels = given if isinstance(given, list | tuple) else _SEPARATORS.split(str(given))
    return [str(label).strip() for label in labels if str(label).strip()]


def _date(given: str) -> str:
    """Return an RFC 2822 date as ISO 8601, and anything else as it is."""
    try:
        return parsedate_to_datetime(given).isoformat() if "," in given or given[:1].isalpha() else given
    except (ValueError, TypeError):
        return given


def _reason(error: ValueError | DatelineError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        missing = f"{where}: missing" if first["type"] == "missing" else None
        return missing or f"{where}: {first['msg'].removeprefix('Value error, ')}"
    if isinstance(error, UnknownLabel):
        return f"{error}; say what it means with --map NAME=CODE"
    return str(error)
