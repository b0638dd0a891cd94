"""The store of added articles and what people say of their labels: the part of the corpus that is the user's own.

Filled over HTTP and by `python -m training add`, read by training (`for_training`). Nothing is acknowledged that is
not committed. Imports SQLAlchemy, so classifying must not import it.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, exists, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from dateline.article import KINDS, LabelChange, NewArticle, content_hash, id_of
from dateline.database import Database
from dateline.errors import InvalidQuery, UnknownArticle
from dateline.tables import articles, labels
from dateline.textsearch import to_fts5, to_tsquery

Status = Literal["added", "changed", "unchanged", "conflict"]
Verdict = Literal["accepted", "rejected"]
UNNAMED = "unnamed"
_NONE = ""
"""Stands for a code where someone has said that no label of a kind applies."""
_CHUNK = 500
_LAST = 2**63 - 1
_FILLED = ("date", "source", "url", "provenance")


@dataclass(frozen=True, slots=True)
class Label:
    """What someone said of one label of an article, and when. `code` is None for "none of this kind"."""

    kind: str
    code: str | None
    verdict: Verdict
    by: str
    at: datetime
    position: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the label as JSON-ready data."""
        return {
            "kind": self.kind, "code": self.code, "verdict": self.verdict, "by": self.by, "at": _iso(self.at)
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article of the store. `labels` holds all that has been said of it, accepted ones best first."""

    id: str
    title: str
    text: str
    date: datetime | None
    source: str | None
    url: str | None
    provenance: str | None
    added: datetime
    changed: datetime
    content_hash: str
    labels: tuple[Label, ...] = ()

    @property
    def topics(self) -> tuple[str, ...] | None:
        """Accepted topics, the main one first; empty if it has none, None if nobody has said."""
        return self.accepted("topic")

    @property
    def subtopics(self) -> tuple[str, ...] | None:
        """Accepted sub-topics; empty if it has none, None if nobody has said."""
        return self.accepted("subtopic")

    @property
    def countries(self) -> tuple[str, ...] | None:
        """Accepted countries; empty if it has none, None if nobody has said."""
        return self.accepted("country")

    def accepted(self, kind: str) -> tuple[str, ...] | None:
        """Return the accepted codes of a kind, best first; None if nobody has said which they are."""
        of_kind = [label for label in self.labels if label.kind == kind and label.verdict == "accepted"]
        return tuple(label.code for label in of_kind if label.code is not None) if of_kind else None

    def rejected(self, kind: str) -> tuple[str, ...]:
        """Return the codes of a kind that someone has said are wrong."""
        return tuple(x.code for x in self.labels if x.kind == kind and x.verdict == "rejected" and x.code is not None)

    def to_dict(self) -> dict[str, Any]:
        """Return the article as JSON-ready data."""
        accepted = {field: self.accepted(kind) for field, kind in KINDS.items()}
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "date": _iso(self.date) if self.date else None,
            "source": self.source,
            "url": self.url,
            **{field: list(codes) if codes is not None else None for field, codes in accepted.items()},
            "rejected": {field: list(self.rejected(kind)) for field, kind in KINDS.items()},
            "labels": [label.to_dict() for label in self.labels],
            "provenance": self.provenance,
            "added": _iso(self.added),
            "changed": _iso(self.changed),
            "content_hash": self.content_hash,
        }


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an article that was to be added. `same_as` is an older article that says the same."""

    id: str
    status: Status
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles to list: those that fit everything given.

    `topic`, `subtopic`, `country`: codes with the `verdict` (accepted, by default). `labelled`: whether anyone has said
    anything. `since` and `until`: dates of publication, the second excluded. `text`: words, see `textsearch`.
    """

    topic: str | None = None
    subtopic: str | None = None
    country: str | None = None
    verdict: Verdict = "accepted"
    labelled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Articles, those added last first, and the cursor of the next page, None on the last."""

    articles: tuple[StoredArticle, ...]
    next: str | None


class ArticleStore:
    """The articles in one database, which is opened, made or brought up to date when it is first needed.

    Safe to share between threads; not across a fork. Every method raises StoreUnavailable if the database does not
    answer, and those that write StoreFull if it cannot grow; then nothing of the call is kept.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    def count(self, *, labelled: bool | None = None) -> int:
        """Return the number of articles: all, or those about whose topics someone has, or has not, said something."""
        query = select(func.count()).select_from(articles)
        if labelled is not None:
            query = query.where(_has_topics() if labelled else ~_has_topics())
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def for_training(self) -> Iterator[StoredArticle]:
        """Yield every article in the order of adding, with its labels: `topics`, `subtopics`, `countries`.

        Reads some hundred at a time, so that neither memory nor a transaction grows with the store. What is added
        meanwhile may or may not be among them.
        """
        last = 0
        while True:
            query = select(articles).where(articles.c.number > last).order_by(articles.c.number).limit(_CHUNK)
            with self._database.reading() as connection:
                rows = connection.execute(query).mappings().all()
                found = _with_labels(connection, rows)
            if not rows:
                return
            last = rows[-1]["number"]
            yield from found

    def get(self, id: str) -> StoredArticle:
        """Return an article. Raises UnknownArticle."""
        with self._database.reading() as connection:
            return _with_labels(connection, [_row(connection, id)])[0]

    def titles(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the titles, by id, of those of some articles that are there."""
        query = select(articles.c.id, articles.c.title).where(articles.c.id.in_(list(ids)))
        with self._database.reading() as connection:
            return {row.id: row.title for row in connection.execute(query)}

    def page(self, wanted: Filter, *, limit: int, cursor: str | None = None) -> Page:
        """Return a page of the articles that fit a filter, those added last first.

        Raises InvalidQuery for a cursor that is none of ours or a text without words.
        """
        before = _LAST if cursor is None else _number_of(cursor)
        conditions = self._conditions(wanted, before=before, most=limit + 1)
        query = select(articles.c.number).where(articles.c.number < before, *conditions)
        with self._database.reading() as connection:
            numbers = list(connection.scalars(query.order_by(articles.c.number.desc()).limit(limit + 1)))
            shown = numbers[:limit]
            rows = connection.execute(
                select(articles).where(articles.c.number.in_(shown)).order_by(articles.c.number.desc())
            )
            found = _with_labels(connection, rows.mappings().all())
        return Page(tuple(found), _cursor_of(shown[-1]) if len(numbers) > limit else None)

    def unlabelled(self, *, limit: int) -> list[StoredArticle]:
        """Return up to `limit` articles about whose topics nobody has said anything: always the same ones of them.

        The order is that of their content hashes, which is as good as a random one.
        """
        query = select(articles).where(~_has_topics()).order_by(articles.c.content_hash, articles.c.number).limit(limit)
        with self._database.reading() as connection:
            return _with_labels(connection, connection.execute(query).mappings().all())

    def add(self, given: Sequence[NewArticle], *, replace: bool = False) -> list[Added]:
        """Add articles, all in one transaction, and return what became of each, in the order given.

        An article whose id is there already is the same article. What is not known of it yet is filled in (changed, or
        unchanged if there is nothing to fill in); what is known stays. If it says something else, it is left alone and
        reported as a conflict. With `replace`, what is given takes the place of what is there.
        """
        digests = [content_hash(article.title, article.text) for article in given]
        ids = [article.id or id_of(digest) for article, digest in zip(given, digests, strict=True)]
        first = {id: index for index, id in reversed(list(enumerate(ids)))}
        outcomes = []
        with self._database.writing() as connection:
            now = datetime.now(UTC)
            older = _first_with_content(connection, digests)
            values = [_values(given[i], id=id, digest=digests[i], now=now) for id, i in reversed(first.items())]
            inserted = self._insert_new(connection, values)
            new_labels = ((n, label) for id, n in inserted.items() for label in _said(given[first[id]], now))
            _insert_labels(connection, new_labels)
            there = _articles(connection, {id for i, id in enumerate(ids) if i != first[id] or id not in inserted})
            for index, (id, digest) in enumerate(zip(ids, digests, strict=True)):
                if index == first[id] and id in inserted:
                    same = older.setdefault(digest, id)
                    outcomes.append(Added(id, "added", same if same != id else None))
                    continue
                number, stored = there[id]
                status, after = _merged(stored, given[index], digest=digest, now=now, replacing=replace)
                _rewrite(connection, number, stored, after)
                there[id] = number, after
                outcomes.append(Added(id, status))
        return outcomes

    def change(self, id: str, values: Mapping[str, Any]) -> StoredArticle:
        """Give fields of an article (title, text, date, source, url) new values. Raises UnknownArticle."""
        with self._database.writing() as connection:
            number, before = _locked(connection, id)
            after = replace(before, **values)
            after = replace(after, changed=datetime.now(UTC), content_hash=content_hash(after.title, after.text))
            _rewrite(connection, number, before, after)
        return after

    def delete(self, id: str) -> None:
        """Delete an article with its labels. Raises UnknownArticle."""
        with self._database.writing() as connection:
            number = _row(connection, id)["number"]
            connection.execute(delete(articles).where(articles.c.number == number))

    def label(self, id: str, change: LabelChange) -> StoredArticle:
        """Say something of an article's labels and return the article. Raises UnknownArticle."""
        with self._database.writing() as connection:
            number, before = _locked(connection, id)
            now = datetime.now(UTC)
            after = replace(before, labels=_relabelled(before.labels, change, now=now), changed=now)
            _rewrite(connection, number, before, after)
        return after

    def _insert_new(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Insert the articles whose ids are not there yet, and return the numbers of those by id."""
        if not values:
            return {}
        if self._database.is_sqlite:
            statement: Any = sqlite.insert(articles)
        else:
            # In one order everywhere, so that two transactions never wait for each other's ids.
            statement, values = postgresql.insert(articles), sorted(values, key=lambda article: article["id"])
        statement = statement.on_conflict_do_nothing(index_elements=["id"])
        rows = connection.execute(statement.returning(articles.c.id, articles.c.number), list(values))
        return {row.id: row.number for row in rows}

    def _conditions(self, wanted: Filter, *, before: int, most: int) -> Iterator[ColumnElement[bool]]:
        for kind in KINDS.values():
            code = getattr(wanted, kind)
            if code is not None:
                of_code = (labels.c.kind == kind) & (labels.c.code == code) & (labels.c.verdict == wanted.verdict)
                yield articles.c.number.in_(select(labels.c.article).where(of_code))
        if wanted.labelled is not None:
            has_any = exists().where(labels.c.article == articles.c.number)
            yield has_any if wanted.labelled else ~has_any
        if wanted.since is not None:
            yield articles.c.date >= wanted.since
        if wanted.until is not None:
            yield articles.c.date < wanted.until
        if wanted.source is not None:
            yield articles.c.source == wanted.source
        if wanted.text is not None:
            nothing_else = wanted == Filter(text=wanted.text, verdict=wanted.verdict)
            yield self._matches(wanted.text, before=before, most=most if nothing_else else -1)

    def _matches(self, query: str, *, before: int, most: int) -> ColumnElement[bool]:
        """Return the condition that articles have words; `most`: how many articles are needed, -1 for all."""
        if self._database.is_sqlite:
            # FTS5 begins at the cursor and stops at the end of the page only if it is told of them.
            found = (
                "SELECT rowid FROM articles_text WHERE articles_text MATCH :words AND rowid < :before "
                "ORDER BY rowid DESC LIMIT :most"
            )
            matching = text(f"articles.number IN ({found})")
            return matching.bindparams(words=to_fts5(query), before=before, most=most)  # type: ignore[return-value]
        return text("articles.words @@ to_tsquery('simple', :words)").bindparams(words=to_tsquery(query))  # type: ignore[return-value]


def _has_topics() -> ColumnElement[bool]:
    accepted = (labels.c.kind == "topic") & (labels.c.verdict == "accepted")
    return exists().where(labels.c.article == articles.c.number, accepted)


def _row(connection: Connection, id: str) -> RowMapping:
    row = connection.execute(select(articles).where(articles.c.id == id)).mappings().first()
    if row is None:
        raise UnknownArticle(f"no article {id!r}")
    return row


def _locked(connection: Connection, id: str) -> tuple[int, StoredArticle]:
    """Return an article and its number, kept from other writers until the transaction ends."""
    connection.execute(select(articles.c.number).where(articles.c.id == id).with_for_update())
    row = _row(connection, id)
    return row["number"], _with_labels(connection, [row])[0]


def _articles(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[int, StoredArticle]]:
    """Return (number, article) by id, in the transaction of a writer."""
    query = select(articles).where(articles.c.id.in_(sorted(ids))).order_by(articles.c.id).with_for_update()
    rows = connection.execute(query).mappings().all()
    found = _with_labels(connection, rows)
    return {article.id: (row["number"], article) for row, article in zip(rows, found, strict=True)}


def _with_labels(connection: Connection, rows: Sequence[RowMapping]) -> list[StoredArticle]:
    numbers = [row["number"] for row in rows]
    said: dict[int, list[Label]] = defaultdict(list)
    if numbers:
        query = select(labels).where(labels.c.article.in_(numbers))
        order = labels.c.kind, labels.c.verdict, labels.c.position, labels.c.code
        for row in connection.execute(query.order_by(*order)).mappings():
            values = {name: row[name] for name in ("kind", "verdict", "by", "at", "position")}
            said[row["article"]].append(Label(code=row["code"] or None, **values))
    return [
        StoredArticle(**{name: value for name, value in row.items() if name != "number"}, labels=tuple(said[number]))
        for number, row in zip(numbers, rows, strict=True)
    ]


def _first_with_content(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """Return the id of the oldest article with each content hash that is there."""
    query = select(articles.c.content_hash, articles.c.id).where(articles.c.content_hash.in_(set(digests)))
    rows = connection.execute(query.order_by(articles.c.number.desc()))
    return {row.content_hash: row.id for row in rows}


def _values(article: NewArticle, *, id: str, digest: str, now: datetime) -> dict[str, Any]:
    fields = {name: getattr(article, name) for name in ("title", "text", *_FILLED)}
    return {"id": id, "content_hash": digest, "added": now, "changed": now, **fields}


def _said(article: NewArticle, now: datetime) -> Iterator[Label]:
    """Yield the labels that an article comes with."""
    for kind, codes in article.said.items():
        for position, code in enumerate(codes or (None,)):
            yield Label(kind, code, "accepted", article.by or UNNAMED, now, position)


def _merged(
    stored: StoredArticle, given: NewArticle, *, digest: str, now: datetime, replacing: bool
) -> tuple[Status, StoredArticle]:
    """Return what adding an article does to the one under its id: the status, and the article as it is then."""
    if digest != stored.content_hash and not replacing:
        return "conflict", stored
    fields: dict[str, Any] = {}
    if digest != stored.content_hash:
        fields = {"title": given.title, "text": given.text, "content_hash": digest}
    for name in _FILLED:
        value, known = getattr(given, name), getattr(stored, name)
        changes = value is not None and value != known and (known is None or (replacing and name != "provenance"))
        if changes:
            fields[name] = value
    new = [label for label in _said(given, now) if replacing or stored.accepted(label.kind) is None]
    kinds = {x.kind for x in new if given.said[x.kind] != stored.accepted(x.kind)}
    if kinds:
        kept = [label for label in stored.labels if label.kind not in kinds or label.verdict == "rejected"]
        new = [label for label in new if label.kind in kinds]
        codes = {(label.kind, label.code) for label in new}
        fields["labels"] = (*new, *(label for label in kept if (label.kind, label.code) not in codes))
    if not fields:
        return "unchanged", stored
    return "changed", replace(stored, changed=now, **fields)


def _relabelled(before: Iterable[Label], change: LabelChange, *, now: datetime) -> tuple[Label, ...]:
    """Return an article's labels after someone has said something of them."""
    by = change.by or UNNAMED
    after = {(label.kind, label.code): label for label in before}
    for kind, codes in change.unset.said.items():
        for code in codes or (None,):
            after.pop((kind, code), None)
    for kind, codes in change.correct.said.items():
        for label in [label for label in after.values() if label.kind == kind and label.verdict == "accepted"]:
            if label.code is None:
                del after[kind, None]
            elif label.code not in codes:
                after[kind, label.code] = Label(kind, label.code, "rejected", by, now)
        for position, code in enumerate(codes or (None,)):
            after[kind, code] = Label(kind, code, "accepted", by, now, position)
    for kind, codes in change.accept.said.items():
        after.pop((kind, None), None)
        for code in codes:
            accepted = [label for label in after.values() if label.kind == kind and label.verdict == "accepted"]
            if code not in {label.code for label in accepted}:
                position = 1 + max((label.position for label in accepted), default=-1)
                after[kind, code] = Label(kind, code, "accepted", by, now, position)
    for kind, codes in change.reject.said.items():
        for code in codes:
            after[kind, code] = Label(kind, code, "rejected", by, now)
    return tuple(sorted(after.values(), key=lambda x: (x.kind, x.verdict, x.position, x.code or "")))


def _rewrite(connection: Connection, number: int, before: StoredArticle, after: StoredArticle) -> None:
    """Write what differs between an article as it was and as it is."""
    names = ("title", "text", "content_hash", "changed", *_FILLED)
    differing = {name: new for name in names if (new := getattr(after, name)) != getattr(before, name)}
    if differing:
        connection.execute(update(articles).where(articles.c.number == number).values(differing))
    if after.labels != before.labels:
        connection.execute(delete(labels).where(labels.c.article == number))
        _insert_labels(connection, ((number, label) for label in after.labels))


def _insert_labels(connection: Connection, numbered: Iterable[tuple[int, Label]]) -> None:
    values = [
        {"article": number, "kind": x.kind, "code": x.code or _NONE, "verdict": x.verdict, "position": x.position,
         "by": x.by, "at": x.at}
        for number, x in numbered
    ]  # fmt: skip
    if values:
        connection.execute(insert(labels), values)


def _cursor_of(number: int) -> str:
    return base64.urlsafe_b64encode(f"before {number}".encode()).decode().rstrip("=")


def _number_of(cursor: str) -> int:
    try:
        word, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(" ")
        if word == "before" and 0 < int(number) < 2**63:
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise InvalidQuery("cursor: give the one of the page before, as it is")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
