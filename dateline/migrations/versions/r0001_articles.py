"""Articles and their labels."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "articles",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(200), nullable=False, unique=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("date", _TIME),
        sa.Column("source", sa.String(200)),
        sa.Column("url", sa.String(2000)),
        sa.Column("provenance", sa.String(200)),
        sa.Column("added", _TIME, nullable=False),
        sa.Column("changed", _TIME, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("articles_by_content", "articles", ["content_hash"])
    op.create_index("articles_by_date", "articles", ["date", "number"])
    op.create_index("articles_by_source", "articles", ["source", "number"])
    op.create_table(
        "labels",
        sa.Column("article", _NUMBER, sa.ForeignKey("articles.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("code", sa.String(200), primary_key=True),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_index("labels_by_code", "labels", ["kind", "code", "verdict", "article"])
