"""Operators: who runs the service. Managed with the database owner's connection alone."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection, OperationalError, connect
from psycopg.rows import class_row
from uuid_utils.compat import uuid7

from assay.errors import CannotStart
from assay.identity.tokens import OPERATOR_KEY_PREFIX
from assay.settings import Settings


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator without the key, of which only the SHA-256 is kept."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create_operator(owner: Settings, name: str) -> str | None:
    """Make an operator and return the key; None when the name is in use.

    The name of a revoked operator may be given again.
    """
    key = OPERATOR_KEY_PREFIX + secrets.token_urlsafe(32)
    with _connected(owner) as connection:
        made = connection.execute(
            "insert into operators as o (id, name, digest) values (%s, %s, %s)"
            " on conflict (name) do update set id = excluded.id, digest = excluded.digest,"
            " created_at = now(), revoked_at = null where o.revoked_at is not null",
            [uuid7(), name, hashlib.sha256(key.encode()).digest()],
        )
    return key if made.rowcount else None


def replace_operator(owner: Settings, name: str) -> str:
    """Make an operator in place of whoever has the name, and return the new key."""
    while (key := create_operator(owner, name)) is None:
        revoke_operator(owner, name)
    return key


def list_operators(owner: Settings) -> list[Operator]:
    """Return all operators, oldest first."""
    with (
        _connected(owner) as connection,
        connection.cursor(row_factory=class_row(Operator)) as all_,
    ):
        all_.execute("select name, created_at, revoked_at from operators order by created_at, id")
        return all_.fetchall()


def revoke_operator(owner: Settings, name: str) -> bool:
    """Make an operator's key worthless at once; False when no living operator has the name."""
    with _connected(owner) as connection:
        revoked = connection.execute(
            "update operators set revoked_at = now() where name = %s and revoked_at is null", [name]
        )
    return bool(revoked.rowcount)


@contextmanager
def _connected(owner: Settings) -> Iterator[Connection]:
    try:
        with connect(
            host=owner.postgres_host,
            port=owner.postgres_port,
            dbname=owner.postgres_db,
            user=owner.postgres_owner_user,
            password=owner.postgres_owner_password.get_secret_value(),
            connect_timeout=5,
        ) as connection:
            yield connection
    except OperationalError as error:
        raise CannotStart(
            "The database does not answer, or refuses its owner's password"
            " (POSTGRES_OWNER_USER, POSTGRES_OWNER_PASSWORD)."
        ) from error
