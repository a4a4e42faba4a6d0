"""Taking any one guard away makes the check of that guard fail.

In a database of its own, where guards may be lost.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from assay.adapters.migrations import migrate
from assay.settings import Settings
from tests.isolation.attacks import breaches
from tests.isolation.conftest import Connect
from tests.isolation.rows import ROWS, World, seeded
from tests.isolation.tables import Connection, Table, faults, tables

SCRATCH = "scratch"
POLICY = "create policy tenant on {table} to assay_app using ({using}) with check ({check})"
OWN = "{tenant} = current_tenant()"
MUTATIONS = {
    "security off": ["alter table {table} disable row level security"],
    "policy gone": ["drop policy tenant on {table}"],
    "policy for all rows": [
        "drop policy tenant on {table}",
        POLICY.format(table="{table}", using="true", check="true"),
    ],
    "policy for all reads": ["create policy more on {table} for select to assay_app using (true)"],
    "policy for everybody": ["create policy more on {table} using (true)"],
    "policy for rows of nobody's": [
        "drop policy tenant on {table}",
        POLICY.format(
            table="{table}",
            using=f"{OWN} or current_tenant() is null",
            check=f"{OWN} or current_tenant() is null",
        ),
    ],
}
"""Statements that open a table in a way that an attack shows."""
QUIET = {
    "not forced": ["alter table {table} no force row level security"],
    "owned by the application": ["alter table {table} owner to assay_app"],
    "policy that writes for others": [
        "drop policy tenant on {table}",
        POLICY.format(table="{table}", using=OWN, check="true"),
    ],
}
"""Those that the catalogue shows, though on some tables no attack does."""


@pytest.fixture(scope="module")
async def scratch(parts, superuser: Connection) -> AsyncIterator[Settings]:
    """Settings of a migrated database beside the others'."""
    owner = parts.owner_settings
    superuser.execute(f"create database {SCRATCH} owner {owner.postgres_owner_user}")
    await asyncio.to_thread(migrate, owner.model_copy(update={"postgres_db": SCRATCH}))
    yield parts.app_settings.model_copy(update={"postgres_db": SCRATCH})
    superuser.execute(f"drop database {SCRATCH} with (force)")


@pytest.fixture(scope="module")
def behind(scratch: Settings, connect: Connect) -> Connection:
    return connect(dbname=SCRATCH)


@pytest.fixture(scope="module")
def inside(scratch: Settings, connect: Connect) -> Connection:
    return connect(scratch)


@pytest.fixture(scope="module")
def pair(behind: Connection) -> tuple[World, World]:
    return seeded(behind), seeded(behind)


def of(connection: Connection, name: str) -> Table:
    return next(table for table in tables(connection) if table.name == name)


@contextmanager
def mutated(connection: Connection, statements: list[str], name: str) -> Iterator[Table]:
    """Lose a guard for others to see, and put it back."""
    before = of(connection, name)
    change(connection, statements, name)
    yield of(connection, name)
    for policy in of(connection, name).policies:
        if policy.name in ("tenant", "more"):
            connection.execute(f"drop policy {policy.name} on {name}")
    change(connection, [POLICY.format(table=name, using=OWN, check=OWN)], name)
    change(connection, ["alter table {table} enable row level security"], name)
    assert set(of(connection, name).policies) == set(before.policies)


def change(connection: Connection, statements: list[str], name: str) -> None:
    tenant = "id" if name == "tenants" else "tenant_id"
    for statement in statements:
        connection.execute(statement.format(table=name, tenant=tenant))


@pytest.mark.parametrize("name", ROWS)
def test_a_lost_guard_of_a_table_is_noticed_twice(behind, inside, pair, name: str):
    for what, statements in MUTATIONS.items():
        with mutated(behind, statements, name) as table:
            assert faults(table), what
            assert breaches(inside, table, *pair), what
    for what, statements in QUIET.items():
        with behind.transaction(force_rollback=True):
            change(behind, statements, name)
            assert faults(of(behind, name)), what
    assert faults(of(behind, name)) == []
    assert breaches(inside, of(behind, name), *pair) == []
