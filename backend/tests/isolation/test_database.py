"""Row-level security as the database itself enforces it, for every table."""

from uuid import UUID

import pytest
from psycopg import ProgrammingError
from sqlalchemy import text

from assay.adapters.migrations import FOLDER, HEAD
from assay.adapters.postgres import Database, UnsafeRole
from assay.scope import TenantScope
from tests.conftest import Tenant

FREE = {"alembic_version"}
"""Tables without tenant rows that the application's role may read."""


@pytest.fixture(scope="module")
async def database(parts, app) -> Database:
    database = Database(parts.app_settings)
    yield database
    await database.close()


async def tables(database: Database) -> list[dict]:
    async with database.gate() as tx:
        return await tx.all(
            text(
                "select c.relname as name, c.relrowsecurity as enabled,"
                " c.relforcerowsecurity as forced,"
                " has_table_privilege(current_user, c.oid, 'select') as readable,"
                " has_table_privilege(current_user, c.oid, 'insert, update, delete, truncate')"
                " as writable,"
                " pg_get_userbyid(c.relowner) = current_user as owned"
                " from pg_class c"
                " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')"
            )
        )


async def test_every_table_is_under_row_level_security_or_out_of_reach(database: Database):
    found = await tables(database)
    assert len(found) > 10
    for table in found:
        assert not table["owned"], table
        guarded = table["enabled"] and table["forced"]
        if table["name"] in FREE:
            assert not table["writable"], table
        else:
            assert guarded or not (table["readable"] or table["writable"]), table


async def test_without_a_tenant_no_table_shows_a_row(database: Database, tenant: Tenant):
    for table in await tables(database):
        if not table["readable"] or table["name"] in FREE:
            continue
        async with database.gate() as tx:
            row = await tx.first(text(f'select count(*) as n from "{table["name"]}"'))
        assert row["n"] == 0, table["name"]


async def test_a_tenant_sees_and_changes_its_own_rows_only(
    database: Database, tenant: Tenant, other: Tenant
):
    scope = TenantScope(UUID(tenant.id))
    async with database.transaction(scope) as tx:
        mine = await tx.all(text("select id from users"))
        taken = await tx.run(
            text("update users set role = 'viewer' where id = :id"), id=UUID(other.user_id)
        )
        gone = await tx.run(text("delete from users where id = :id"), id=UUID(other.user_id))
    assert [row["id"] for row in mine] == [UUID(tenant.user_id)]
    assert (taken, gone) == (0, 0)
    assert (await other.client.get("/v1/me")).json()["user"]["role"] == "owner"


async def test_a_row_cannot_be_written_for_another_tenant(
    database: Database, tenant: Tenant, other: Tenant
):
    scope = TenantScope(UUID(tenant.id))
    insert = text(
        "insert into collections (id, tenant_id, name) values (gen_random_uuid(), :tenant, 'x')"
    )
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction(scope) as tx:
            await tx.run(insert, tenant=UUID(other.id))
    async with database.transaction(scope) as tx:
        assert await tx.run(insert, tenant=UUID(tenant.id)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "set role assay_gate",
        "set role assay_owner",
        "set session authorization postgres",
        "set row_security = off",
        "alter table users disable row level security",
        "drop policy tenant on users",
        "create policy mine on users using (true)",
        "alter role current_user bypassrls",
        "select * from procrastinate_jobs",
        "select * from gate_unfinished('0 s')",
        "select * from gate_tenants()",
        "create table public.mine (id int)",
    ],
)
async def test_nothing_the_application_role_can_say_opens_the_door(
    database: Database, tenant: Tenant, statement: str
):
    scope = TenantScope(UUID(tenant.id))
    try:
        async with database.transaction(scope) as tx:
            await tx.run(text(statement))
            rows = await tx.all(text("select tenant_id from users"))
    except ProgrammingError as error:
        assert any(
            word in str(error) for word in ("permission denied", "must be", "would be affected")
        )
    else:
        assert {str(row["tenant_id"]) for row in rows} <= {tenant.id}


async def test_assay_refuses_to_serve_as_a_role_that_sees_through(parts):
    owner = parts.owner_settings
    database = Database(
        owner.model_copy(
            update={
                "postgres_user": owner.postgres_owner_user,
                "postgres_password": owner.postgres_owner_password,
            }
        )
    )
    with pytest.raises(UnsafeRole, match="assay_app"):
        await database.check_role()
    await database.close()


def test_the_code_expects_the_newest_migration():
    newest = max(path.name for path in (FOLDER / "versions").glob("*.py"))
    assert newest.startswith(HEAD)
