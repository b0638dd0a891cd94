"""Files of every kind to articles, as fields still unchecked: text, Markdown, HTML, JSON, CSV, RSS and Atom.

Each reader takes a file's text and yields records with the line they begin at. What the fields must hold is for
`training/importing.py` to check. Imports the libraries of a kind when a file of it comes.
"""

import csv
import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import yaml

_MAX_TITLE = 300
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*\n", re.DOTALL)
_BREAKS = frozenset({"inline", "fence", "code_block", "html_block"})
csv.field_size_limit(2**27)


@dataclass(frozen=True, slots=True)
class Record:
    """One article of a file, or the fault that it has. `line` counts from 1; `done` is how much of the file is read."""

    line: int = 1
    fields: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    done: float = 1.0


Reader = Callable[[str], Iterator[Record]]


def read_text(text: str) -> Iterator[Record]:
    """Yield a text file as one article; a short first line with an empty one below it is its title."""
    lines = text.strip("\ufeff\r\n ").splitlines()
    if len(lines) > 2 and len(lines[0]) <= _MAX_TITLE and not lines[1].strip():
        yield Record(fields={"title": lines[0].strip(), "text": "\n".join(lines[2:]).strip()})
    else:
        yield Record(fields={"text": text})


def read_markdown(text: str) -> Iterator[Record]:
    """Yield a Markdown file as one article: YAML between `---` lines gives fields, the first heading the title."""
    from markdown_it import MarkdownIt  # noqa: PLC0415

    fields: dict[str, Any] = {}
    front = _FRONT_MATTER.match(text)
    if front:
        try:
            loaded = yaml.safe_load(front[1])
        except yaml.YAMLError as error:
            yield Record(fault=f"the front matter is not YAML: {str(error).splitlines()[0]}")
            return
        fields = {str(name).lower(): value for name, value in (loaded if isinstance(loaded, dict) else {}).items()}
        text = text[front.end() :]
    parts: list[str] = []
    in_heading = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        in_heading = token.type == "heading_open" if token.nesting else in_heading
        if token.type not in _BREAKS or token.type == "html_block":
            continue
        content = "".join(_inline(child) for child in token.children) if token.children else token.content
        if in_heading and not fields.get("title") and not parts:
            fields["title"] = content
        else:
            parts.append(content.strip())
    yield Record(fields=fields | {"text": "\n\n".join(part for part in parts if part)})


def _inline(token: Any) -> str:
    return "\n" if token.type in {"softbreak", "hardbreak"} else str(token.content) if not token.nesting else ""


def read_html(text: str) -> Iterator[Record]:
    """Yield a web page as one article: its main text without menus and the like, and what its head says of it."""
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415
    from resiliparse.parse.html import HTMLTree  # noqa: PLC0415

    tree = HTMLTree.parse(text)

    def found(selector: str, attribute: str) -> str | None:
        element = tree.document.query_selector(selector) if tree.document else None
        return (element.getattr(attribute) or "").strip() or None if element else None

    title = found("meta[property='og:title']", "content") or (tree.title or "").strip()
    body = extract_plain_text(tree, main_content=True, list_bullets=False, alt_texts=False).strip()
    first, _, rest = body.partition("\n")
    fields = {
        "title": title or None,
        # Most pages repeat their title as the heading above the text.
        "text": rest.strip() if rest.strip() and first.strip() and first.strip() in title else body,
        "date": _date_or_none(
            found("meta[property='article:published_time']", "content")
            or found("meta[itemprop='datePublished']", "content")
            or found("time[datetime]", "datetime")
        ),
        "source": found("meta[property='og:site_name']", "content"),
        "url": found("link[rel='canonical']", "href") or found("meta[property='og:url']", "content"),
    }
    yield Record(fields={name: value for name, value in fields.items() if value})


def _date_or_none(given: str | None) -> str | None:
    try:
        return datetime.fromisoformat(given).isoformat() if given else None
    except ValueError:
        return None


def read_json_lines(text: str) -> Iterator[Record]:
    """Yield an article for each line."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _object(line, number, number / len(lines))


def read_json(text: str) -> Iterator[Record]:
    """Yield the articles of a JSON file: an array of them, `{"articles": [...]}`, or one."""
    try:
        loaded = orjson.loads(text)
    except orjson.JSONDecodeError:
        if "\n{" in text.strip():
            yield from read_json_lines(text)
            return
        yield _object(text, 1, 1.0)
        return
    if isinstance(loaded, dict) and isinstance(loaded.get("articles"), list):
        loaded = loaded["articles"]
    items = loaded if isinstance(loaded, list) else [loaded]
    for number, item in enumerate(items, start=1):
        yield _record(item, 1, number / len(items))


def _object(text: str, line: int, done: float) -> Record:
    try:
        return _record(orjson.loads(text), line, done)
    except orjson.JSONDecodeError as error:
        return Record(line, fault=f"not JSON: {error}", done=done)


def _record(item: Any, line: int, done: float) -> Record:
    if not isinstance(item, dict):
        return Record(line, fault="not a JSON object", done=done)
    return Record(line, {str(name): value for name, value in item.items() if value is not None}, done=done)


def read_csv(text: str) -> Iterator[Record]:
    """Yield an article for each row of a table whose first row names the columns; , ; tab or | stand between."""
    n_lines = text.count("\n") + 1
    header = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t|", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line, names = 1, None
    try:
        for row in rows:
            begins, line = line, rows.line_num + 1
            done = min(1.0, line / n_lines)
            if not any(cell.strip() for cell in row):
                continue
            if names is None:
                names = [name.strip() for name in row]
            elif len(row) > len(names):
                yield Record(begins, fault=f"{len(row)} columns, but the first row names {len(names)}", done=done)
            else:
                cells = zip(names, row, strict=False)
                yield Record(begins, {name: cell for name, cell in cells if cell.strip()}, done=done)
    except csv.Error as error:
        yield Record(line, fault=f"not a table from here on: {error}")


def read_feed(text: str) -> Iterator[Record]:
    """Yield an article for each entry of an RSS or Atom feed; its id is made from the entry's."""
    import feedparser  # noqa: PLC0415
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415

    parsed = feedparser.parse(io.BytesIO(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff")).encode()))
    for number, entry in enumerate(parsed.entries, start=1):
        content = entry.get("content") or [{}]
        html = max((content[0].get("value", ""), entry.get("summary", "")), key=len)
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        known = entry.get("id") or entry.get("link")
        fields = {
            "id": f"feed-{hashlib.sha256(known.encode()).hexdigest()[:24]}" if known else None,
            "title": extract_plain_text(entry.get("title", "")).strip(),
            "text": extract_plain_text(html, list_bullets=False, alt_texts=False).strip(),
            "date": _utc(moment),
            "url": entry.get("link"),
            "source": (entry.get("source") or {}).get("title") or parsed.feed.get("title"),
        }
        present = {name: value for name, value in fields.items() if value}
        yield Record(_line_of(text, entry), present, done=number / len(parsed.entries))
    if parsed.bozo and not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride):
        yield Record(
            getattr(parsed.bozo_exception, "getLineNumber", lambda: 1)() or 1,
            fault=f"broken XML: {parsed.bozo_exception}",
        )
    elif not parsed.version:
        yield Record(fault="no RSS or Atom feed")


def _utc(moment: time.struct_time | None) -> str | None:
    return datetime(*moment[:6], tzinfo=UTC).isoformat() if moment else None


def _line_of(text: str, entry: Any) -> int:
    """Return the line where an entry's id, link or title stands; 1 if it is written otherwise there."""
    for name in ("id", "link", "title"):
        at = text.find(str(entry.get(name) or "\0"))
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 1


READERS: dict[str, Reader] = {
    ".txt": read_text, ".text": read_text, ".md": read_markdown, ".markdown": read_markdown, ".html": read_html,
    ".htm": read_html, ".xhtml": read_html, ".jsonl": read_json_lines, ".ndjson": read_json_lines, ".json": read_json,
    ".csv": read_csv, ".tsv": read_csv, ".rss": read_feed, ".atom": read_feed, ".xml": read_feed,
}  # fmt: skip
"""Suffix of a file's name, in lower case -> how it is read."""
