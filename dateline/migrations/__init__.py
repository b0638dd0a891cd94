"""Alembic migrations of the article store, run by `dateline.database` when a store is opened."""
