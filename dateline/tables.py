"""The tables of the article store, as SQLAlchemy knows them. How they come to be is for `migrations/`.

The full-text index is not here: each database has its own, and `dateline/articles.py` asks it in its own words.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment, in UTC both ways. SQLite keeps no zone, so it is taken off and put on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment as the database keeps it."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment with its zone."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if dialect.name == "sqlite" else moment.astimezone(UTC)


Number = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("number", Number, primary_key=True),
    Column("id", String(200), nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("date", UtcTime),
    Column("source", String(200)),
    Column("url", String(2000)),
    Column("provenance", String(200)),
    Column("added", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("articles_by_content", "content_hash"),
    Index("articles_by_date", "date", "number"),
    Index("articles_by_source", "source", "number"),
    sqlite_autoincrement=True,
)

labels = Table(
    "labels",
    metadata,
    Column("article", Number, ForeignKey("articles.number", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("code", String(200), primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("position", Integer, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("labels_by_code", "kind", "code", "verdict", "article"),
)
