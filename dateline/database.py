"""The database under the article store: engine, transactions, migrations and what its errors mean.

SQLite in WAL mode, or PostgreSQL through pg8000. A commit is on the disk before it returns. Knows no articles.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from dateline.errors import StoreFull, StoreUnavailable

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_ADVISORY_LOCK = 0x0DA7E11E
_CANNOT_GROW_SQLITE = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_FSYNC"})
"""SQLite calls only a full disk full; a quota or a file-size limit is a failed write to it."""
_CANNOT_GROW_POSTGRESQL = frozenset({"53100", "58030"})
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+pg8000", "postgres": "postgresql+pg8000"}
_FULL = "the article store cannot grow: the disk is full, or a quota or file-size limit is reached; nothing was added"


def parse_url(url: str) -> URL:
    """Return a database URL with the driver that we use. Raises StoreUnavailable if it is none of ours."""
    try:
        parsed = make_url(url)
        return parsed.set(drivername=_DRIVERS[parsed.get_backend_name()])
    except (ArgumentError, KeyError, ValueError):
        raise StoreUnavailable(
            "DATELINE_DATABASE_URL: give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None


class Database:
    """One database, opened and brought to the current schema when it is first needed. Open it after forking."""

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        self._engine: Engine | None = None
        self._empty: Engine | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, and not PostgreSQL."""
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database. A SQLite file not there yet reads as empty."""
        with self._clear_errors():
            engine = self._opened(for_writing=False)
            with engine.connect() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction, committed at the end or rolled back by an error.

        Raises StoreFull if the database cannot grow, StoreUnavailable if it does not answer.
        """
        with self._clear_errors():
            engine = self._opened(for_writing=True)
            with engine.execution_options(dateline_writing=True).begin() as connection:
                yield connection

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _opened(self, *, for_writing: bool) -> Engine:
        if self._engine is None:
            file = self._file()
            if file is not None and not file.exists():
                if not for_writing:
                    self._empty = self._empty or _migrated(_memory_engine())
                    return self._empty
                file.parent.mkdir(parents=True, exist_ok=True)
            self._engine = _migrated(_engine(self._url))
        return self._engine

    def _file(self) -> Path | None:
        name = self._url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if _cannot_grow(error.orig):
                raise StoreFull(_FULL) from error
            raise StoreUnavailable(f"the article store does not answer: {_first_line(error.orig)}") from error
        except PoolTimeout as error:
            raise StoreUnavailable("the article store is busy; try again") from error
        except OSError as error:
            raise StoreUnavailable(f"the article store cannot be opened: {error}") from error


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema behind a connection to a revision, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, revision)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _with_sqlite_transactions(create_engine(url, connect_args={"timeout": _BUSY_SECONDS}))
    return create_engine(url, pool_pre_ping=True, connect_args={"timeout": _BUSY_SECONDS})


def _memory_engine() -> Engine:
    return _with_sqlite_transactions(create_engine("sqlite+pysqlite://", poolclass=StaticPool))


def _with_sqlite_transactions(engine: Engine) -> Engine:
    """Have transactions begin when SQLAlchemy says so, and those that write take SQLite's write lock at once."""

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        _switch_to_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("dateline_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging. Processes that start at once get in each other's way, and SQLite won't wait."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _migrated(engine: Engine) -> Engine:
    """Bring the schema up to date, one process at a time, in one transaction: wholly or not at all."""
    try:
        with engine.execution_options(dateline_writing=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            upgrade(connection)
    except CommandError as error:
        engine.dispose()
        raise StoreUnavailable(f"the article store was written by a newer Dateline: {error}") from error
    except SQLAlchemyError:
        engine.dispose()
        raise
    return engine


def _cannot_grow(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", "") in _CANNOT_GROW_SQLITE
    return _sqlstate(error) in _CANNOT_GROW_POSTGRESQL


def _sqlstate(error: BaseException | None) -> str | None:
    details = error.args[0] if error is not None and error.args else None
    return details.get("C") if isinstance(details, dict) else None


def _first_line(error: BaseException | None) -> str:
    details = error.args[0] if error is not None and error.args else error
    message = details.get("M") if isinstance(details, dict) else details
    return str(message).partition("\n")[0]
