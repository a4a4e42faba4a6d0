"""Every table of the schema, by its catalogue and under attack; a new one is walked too."""

from uuid import UUID

import psycopg
import pytest
from psycopg import ProgrammingError, sql
from sqlalchemy import text

from assay.adapters.migrations import FOLDER, HEAD
from assay.adapters.postgres import Database, UnsafeRole
from assay.scope import TenantScope
from tests.conftest import Tenant
from tests.isolation.attacks import breaches
from tests.isolation.rows import ROWS, World, add, new_row
from tests.isolation.tables import FREE, Connection, faults, tables, tenant_tables

_FOREIGN_KEYS = """
    select child.relname, parent.relname, array_agg(a.attname::text order by k.place),
        array_agg(b.attname::text order by k.place)
    from pg_constraint f
    join pg_class child on child.oid = f.conrelid
    join pg_class parent on parent.oid = f.confrelid
    cross join unnest(f.conkey, f.confkey) with ordinality as k (own, far, place)
    join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.own
    join pg_attribute b on b.attrelid = f.confrelid and b.attnum = k.far
    where f.contype = 'f' and f.connamespace = 'public'::regnamespace
    group by f.oid, child.relname, parent.relname
"""


def test_every_table_isolates_tenants_or_is_none_of_theirs(superuser: Connection):
    assert [fault for table in tables(superuser) for fault in faults(table)] == []


def test_every_table_of_tenants_has_a_row_to_attack(superuser: Connection):
    assert {table.name for table in tenant_tables(superuser)} == set(ROWS)
    assert {table.name for table in tables(superuser)} == set(ROWS) | set(FREE)


@pytest.mark.parametrize("name", ROWS)
def test_no_tenant_touches_anothers_rows(
    superuser: Connection, app_role: Connection, worlds: tuple[World, World], name: str
):
    mine, theirs = worlds
    table = next(each for each in tables(superuser) if each.name == name)
    assert breaches(app_role, table, mine, theirs) == []
    assert breaches(app_role, table, theirs, mine) == []


@pytest.mark.parametrize("name", ROWS)
def test_the_worker_in_one_tenant_touches_no_others_rows(
    connect, parts, superuser: Connection, worlds: tuple[World, World], name: str
):
    table = next(each for each in tables(superuser) if each.name == name)
    assert breaches(connect(parts.worker_settings), table, *worlds) == []


def test_references_stay_within_the_tenant(superuser: Connection):
    """They are checked outside row-level security."""
    names = {table.name for table in tenant_tables(superuser)}
    found = superuser.execute(_FOREIGN_KEYS).fetchall()
    assert len(found) > 10
    for child, parent, own, far in found:
        if child not in names:
            assert parent not in names, f"{child} refers to {parent}"
        elif parent == "tenants":
            assert (own, far) == (["tenant_id"], ["id"]), child
        else:
            assert ("tenant_id", "tenant_id") in zip(own, far, strict=True), f"{child} to {parent}"


def test_anothers_row_cannot_be_referred_to(
    superuser: Connection, app_role: Connection, worlds: tuple[World, World]
):
    mine, theirs = worlds
    for child, parent, own, far in superuser.execute(_FOREIGN_KEYS).fetchall():
        if child not in ROWS or parent == "tenants":
            continue
        column = own[far.index("id")]
        said = {
            refusal(app_role, mine, child, new_row(child, mine) | {column: identifier})
            for identifier in (theirs.ids[parent], World().tenant)
        }
        assert len(said) == 1, said
        assert refusal(app_role, mine, child, new_row(child, mine)) is None


def refusal(connection: Connection, world: World, table: str, row: dict) -> tuple | None:
    """Return all that PostgreSQL says against a row; None when it takes it."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("select set_config('app.tenant', %s, true)", [str(world.tenant)])
            add(connection, table, row)
    except psycopg.errors.ForeignKeyViolation as error:
        return error.diag.message_primary, error.diag.message_detail, error.diag.constraint_name
    return None


def test_a_new_table_fails_until_somebody_thought_of_it(superuser: Connection):
    name = sql.Identifier("brand_new")
    with superuser.transaction(force_rollback=True):
        superuser.execute(sql.SQL("create table {} (tenant_id uuid)").format(name))
        assert any(faults(table) for table in tables(superuser))
        superuser.execute(sql.SQL("alter table {} enable row level security").format(name))
        superuser.execute(sql.SQL("alter table {} force row level security").format(name))
        assert any(faults(table) for table in tables(superuser))
        superuser.execute(
            sql.SQL(
                "create policy tenant on {} to assay_app using (tenant_id = current_tenant())"
                " with check (tenant_id = current_tenant())"
            ).format(name)
        )
        assert not any(faults(table) for table in tables(superuser))
        assert {table.name for table in tenant_tables(superuser)} != set(ROWS)
    with superuser.transaction(force_rollback=True):
        superuser.execute("create view all_users as select * from users")
        assert any(faults(table) for table in tables(superuser))
    with superuser.transaction(force_rollback=True):
        superuser.execute("grant select on procrastinate_jobs to assay_app")
        assert any(faults(table) for table in tables(superuser))


async def test_a_transaction_sees_its_tenant_and_a_gate_none(app, tenant: Tenant, other: Tenant):
    database: Database = app.state.database
    insert = text(
        "insert into collections (id, tenant_id, name) values (gen_random_uuid(), :tenant, 'x')"
    )
    async with database.transaction(TenantScope(UUID(tenant.id))) as tx:
        assert [row["id"] for row in await tx.all(text("select id from users"))] == [
            UUID(tenant.user_id)
        ]
        assert await tx.run(insert, tenant=UUID(tenant.id)) == 1
    async with database.gate() as tx:
        assert await tx.all(text("select id from users")) == []
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.transaction(TenantScope(UUID(tenant.id))) as tx:
            await tx.run(insert, tenant=UUID(other.id))


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


POWERS = {
    "superuser": ("alter role assay_app superuser", "alter role assay_app nosuperuser"),
    "bypassrls": ("alter role assay_app bypassrls", "alter role assay_app nobypassrls"),
    "makes roles": ("alter role assay_app createrole", "alter role assay_app nocreaterole"),
    "replicates": ("alter role assay_app replication", "alter role assay_app noreplication"),
    **{
        f"may become {role}": (f"grant {role} to assay_app", f"revoke {role} from assay_app")
        for role in (
            "assay_gate",
            "postgres",
            "pg_read_server_files",
            "pg_write_server_files",
            "pg_execute_server_program",
        )
    },
    "may become one who may become it": (
        "create role between noinherit in role assay_gate; grant between to assay_app",
        "drop role between",
    ),
    "owns a table": (
        "create table mine (id int); alter table mine owner to assay_app",
        "drop table mine",
    ),
    "a table without security": (
        "alter table pages disable row level security",
        "alter table pages enable row level security",
    ),
    "a table whose security is not forced": (
        "alter table pages no force row level security",
        "alter table pages force row level security",
    ),
}


@pytest.mark.parametrize("power", POWERS)
async def test_assay_refuses_a_role_with_any_power_too_many(app, superuser: Connection, power: str):
    """Also one that it would have to ask for first, by `set role`."""
    database: Database = app.state.database
    give, take = POWERS[power]
    await database.check_role()
    superuser.execute(give)
    try:
        with pytest.raises(UnsafeRole):
            await database.check_role()
    finally:
        superuser.execute(take)
    await database.check_role()


def test_the_code_expects_the_newest_migration():
    newest = max(path.name for path in (FOLDER / "versions").glob("*.py"))
    assert newest.startswith(HEAD)
