"""A full-text index over titles and texts: FTS5 in SQLite, a generated column with a GIN index in PostgreSQL.

Both index whole words in lower case, without stemming, so that a search finds the same in either.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_SQLITE = (
    """CREATE VIRTUAL TABLE articles_text USING fts5(
        title, text, content='articles', content_rowid='number', tokenize='unicode61 remove_diacritics 0')""",
    "INSERT INTO articles_text (rowid, title, text) SELECT number, title, text FROM articles",
    """CREATE TRIGGER articles_text_added AFTER INSERT ON articles BEGIN
        INSERT INTO articles_text (rowid, title, text) VALUES (new.number, new.title, new.text);
    END""",
    """CREATE TRIGGER articles_text_deleted AFTER DELETE ON articles BEGIN
        INSERT INTO articles_text (articles_text, rowid, title, text)
        VALUES ('delete', old.number, old.title, old.text);
    END""",
    """CREATE TRIGGER articles_text_changed AFTER UPDATE OF title, text ON articles BEGIN
        INSERT INTO articles_text (articles_text, rowid, title, text)
        VALUES ('delete', old.number, old.title, old.text);
        INSERT INTO articles_text (rowid, title, text) VALUES (new.number, new.title, new.text);
    END""",
)
# PostgreSQL's parser keeps hyphenated words, host names and numbers whole; without punctuation there are none. A
# tsvector holds at most a megabyte, so the words beyond the first 200,000 characters are not indexed.
_POSTGRESQL = (
    r"""ALTER TABLE articles ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(
        left(title || ' ' || text, 200000), '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F]+', ' ',
        'g'))) STORED""",
    "CREATE INDEX articles_by_words ON articles USING gin (words)",
)


def upgrade() -> None:
    """Make the index and fill it."""
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[op.get_context().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
