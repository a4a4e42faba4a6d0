"""Connections straight to PostgreSQL: as the API's role, and as who may look behind it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from assay.embedded.postgres import SUPERUSER
from assay.settings import Settings
from tests.isolation.rows import World, seeded
from tests.isolation.tables import Connection

Connect = Callable[..., Connection]


@pytest.fixture(scope="module")
def connect(parts) -> Iterator[Connect]:
    """Open connections of the superuser, or of a role and its settings."""
    opened: list[Connection] = []

    def open_one(settings: Settings | None = None, **more: object) -> Connection:
        where = settings or parts.app_settings
        user, password = where.postgres_user, where.postgres_password.get_secret_value()
        if settings is None:
            user, password = SUPERUSER, parts.folder.secrets().postgres_superuser
        known = {
            "host": where.postgres_host,
            "port": where.postgres_port,
            "dbname": where.postgres_db,
            "user": user,
            "password": password,
            "autocommit": True,
        }
        opened.append(psycopg.connect(**(known | more)))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture(scope="module")
def superuser(connect: Connect) -> Connection:
    return connect()


@pytest.fixture(scope="module")
def app_role(connect: Connect, parts) -> Connection:
    return connect(parts.app_settings)


@pytest.fixture(scope="module")
def worlds(superuser: Connection) -> tuple[World, World]:
    """Two tenants with a row in every table."""
    return seeded(superuser), seeded(superuser)


@pytest.fixture
def session(connect: Connect, parts) -> Iterator[Connection]:
    """A connection of the API's role that a test may spoil."""
    with connect(parts.app_settings) as connection:
        yield connection
