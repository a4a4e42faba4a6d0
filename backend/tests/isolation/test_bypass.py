"""What an attacker says who may send any statement as the API's role, within one tenant.

They may name another tenant's id, if they know it; nothing shows them one.
"""

import psycopg
import pytest
from psycopg import errors, sql

from assay.scope import TenantScope
from tests.isolation.attacks import breaches
from tests.isolation.rows import World, add, new_row
from tests.isolation.tables import Connection, Table, tables

DENIED = [
    "set role assay_gate",
    "set role assay_owner",
    "set role postgres",
    "set session authorization assay_gate",
    "select set_config('role', 'assay_gate', false)",
    "set session_replication_role = replica",
    "alter table users disable row level security",
    "alter table users no force row level security",
    "alter table users owner to assay_app",
    "drop policy tenant on users",
    "alter policy tenant on users using (true)",
    "create policy mine on users using (true)",
    "alter role assay_app bypassrls",
    "alter role assay_app superuser",
    "grant assay_gate to assay_app",
    "grant assay_owner to assay_app",
    "alter role assay_app set app.tenant = 'x'",
    "alter database assay set row_security = off",
    "reassign owned by assay_owner to assay_app",
    "create or replace function public.current_tenant() returns uuid language sql as 'select null'",
    "alter function current_tenant() owner to assay_app",
    "drop function current_tenant() cascade",
    "create function public.mine() returns int language sql as 'select 1'",
    "create table public.mine (id int)",
    "create view public.mine as select * from users",
    "create materialized view public.mine as select * from users",
    "create rule mine as on select to users do instead select 1",
    "create trigger mine before insert on users execute function bump_corpus_version()",
    "create index on users ((email || 'x'))",
    "create schema mine",
    "drop extension plpgsql cascade",
    "create operator public.=== (function = int4eq, leftarg = int, rightarg = int)",
    "create cast (int as text) without function",
    "create event trigger mine on ddl_command_start execute function bump_corpus_version()",
    "create publication mine for table users",
    "create statistics public.mine on id, email from users",
    "select * from procrastinate_jobs",
    "select * from procrastinate_events",
    "select procrastinate_fetch_job_v2(null, 1)",
    "select * from operators",
    "select * from gate_tenants()",
    "select * from gate_unfinished('0 s')",
    "select * from gate_removals('0 s')",
    "select * from gate_unfinished_analyses('0 s')",
    "select * from gate_has_blob(array['x'])",
    "select * from gate_deleted_tenants()",
    "select gate_remove_tenant(gen_random_uuid())",
    "select gate_lose_model_calls('0 s')",
    "select gate_measure_storage(1)",
    "select * from gate_operator_tenants('x', null, null, null, null, 1000)",
    "select * from gate_operator_usage('x', '-infinity', 'infinity')",
    "select * from gate_operator_failures('x', '-infinity')",
    "select gate_operator_delete_tenant('x', gen_random_uuid())",
    "copy users to '/tmp/users'",
    "copy users to program 'cat'",
    "copy (select 1) to '/tmp/one'",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('global/pg_control')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/one')",
    "select * from pg_statistic",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_largeobject",
    "select * from pg_hba_file_rules",
    "select * from pg_file_settings",
    "select * from pg_subscription",
    "select pg_reload_conf()",
    "load 'x'",
    "comment on table users is 'mine'",
    "alter system set row_security = off",
]  # fmt: skip

HARMLESS = [
    "reset all",
    "discard all",
    "set row_security = on",
    "set search_path = pg_temp, public",
    "set search_path = information_schema, pg_catalog, public",
    "set app.tenant = ''",
    "set app.tenant to default",
    "set local app.tenant = '00000000-0000-0000-0000-000000000000'",
    "set default_transaction_read_only = on; set default_transaction_read_only = off",
    "set plan_cache_mode = force_generic_plan",
    "set enable_seqscan = off",
    "set statement_timeout = 0",
    "set local_preload_libraries = 'x'",
    "select set_config(name, 'on', false) from pg_settings where name ~ '^(debug|force)_parallel'",
    "grant select on users to public",
    "do $$ begin perform set_config('app.tenant', '', false); end $$",
    "prepare mine as select * from users",
    "declare mine cursor with hold for select * from users",
    "listen procrastinate_any_queue",
    "select pg_export_snapshot()",
    "select lo_create(0)",
]
"""Statements that the role may say, after which everything holds as before."""


@pytest.fixture(scope="module")
def walked(superuser: Connection) -> list[Table]:
    chosen = {"tenants", "users", "passages", "messages", "api_keys", "usage_hours"}
    return [table for table in tables(superuser) if table.name in chosen]


@pytest.fixture
def attacker(session: Connection, worlds: tuple[World, World]) -> Connection:
    """A session in which a tenant has the word."""
    return within(session, worlds[0])


def within(connection: Connection, world: World) -> Connection:
    connection.execute("select set_config('app.tenant', %s, false)", [str(world.tenant)])
    return connection


@pytest.mark.parametrize("statement", DENIED)
def test_what_is_denied(attacker: Connection, statement: str):
    with pytest.raises((errors.InsufficientPrivilege, errors.InvalidAuthorizationSpecification)):
        attacker.execute(statement)


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_is_allowed_opens_nothing(
    attacker: Connection, walked: list[Table], worlds: tuple[World, World], statement: str
):
    attacker.execute(statement)
    for table in walked:
        assert breaches(attacker, table, *worlds) == []


def test_switching_policies_off_shows_errors_and_no_rows(
    attacker: Connection, superuser: Connection
):
    attacker.execute("set row_security = off")
    with pytest.raises(errors.InsufficientPrivilege, match="would be affected"):
        attacker.execute("select * from users")
    attacker.execute("alter role assay_app set row_security = off")
    superuser.execute("alter role assay_app reset row_security")


def test_a_statement_prepared_in_one_tenant_sees_the_other_in_the_other(
    attacker: Connection, worlds: tuple[World, World]
):
    attacker.execute("prepare mine as select tenant_id from users")
    for _ in range(7):  # past the runs after which PostgreSQL keeps one plan for all
        for world in worlds:
            within(attacker, world)
            seen = attacker.execute("execute mine").fetchall()
            assert {row[0] for row in seen} == {world.tenant}


def test_a_cursor_of_one_tenant_shows_its_rows_only(
    attacker: Connection, worlds: tuple[World, World]
):
    attacker.execute("declare mine cursor with hold for select tenant_id from users")
    within(attacker, worlds[1])
    assert {row[0] for row in attacker.execute("fetch all mine")} == {worlds[0].tenant}


def secrets_of(world: World) -> set[str]:
    return {
        str(world.tenant),
        world.tenant.hex,
        *(str(identifier) for identifier in world.ids.values()),
        str(world.rows["users"]["email"]),
        str(world.rows["collections"]["name"]),
        str(world.rows["documents"]["sha256"]),
        str(world.rows["documents"]["storage_key"]),
        str(world.rows["idempotency_keys"]["key"]),
    }


def test_what_is_taken_is_refused_without_saying_by_whom(
    attacker: Connection, worlds: tuple[World, World]
):
    mine, theirs = worlds
    taken = {"users": ("id", "email"), "api_keys": ("digest",), "documents": ("id",)}
    for table, columns in taken.items():
        for column in columns:
            row = new_row(table, mine) | {column: theirs.rows[table][column]}
            with pytest.raises(errors.UniqueViolation) as caught:
                add(attacker, table, row)
            assert caught.value.diag.message_detail is None
            assert not any(each in str(caught.value) for each in secrets_of(theirs))
            quiet = add(attacker, table, row, sql.SQL(" on conflict do nothing returning 1"))
            assert quiet == 0


@pytest.mark.parametrize(
    "condition",
    [
        "1 / (case when email = {email} then 0 else 1 end) > 0",
        "('{{' || email || '}}')::int[] is not null",
        "cast(email as xml) is not null or true",
        "cast(case when email = {email} then email else '0' end as int) = 0",
    ],
)
def test_conditions_are_asked_of_own_rows_only(
    attacker: Connection, worlds: tuple[World, World], condition: str
):
    email = sql.Literal(worlds[1].rows["users"]["email"])
    query = sql.SQL("select email from users where " + condition).format(email=email)
    try:
        seen = attacker.execute(query).fetchall()
    except psycopg.Error as error:
        assert not any(each in str(error) for each in secrets_of(worlds[1]))
    else:
        assert {row[0] for row in seen} <= {worlds[0].rows["users"]["email"]}


@pytest.mark.parametrize(
    "query",
    [
        "explain (analyze, verbose, buffers) select * from users",
        "explain (analyze, verbose) select * from passages where text = 'secret'",
        "select * from pg_stats where schemaname = 'public'",
        "select * from pg_stats_ext",
        "select * from pg_stat_activity",
        "select * from pg_locks",
        "select * from pg_prepared_statements",
        "select * from pg_cursors",
        "select * from pg_settings",
        "select * from pg_stat_all_tables",
        "select query_to_xml('select * from users', true, false, '')",
        "select table_to_xml('users', true, false, '')",
        "select database_to_xml(true, false, '')",
        "select ts_stat.* from ts_stat('select words from passages')",
        "select xmlforest(u) from users u",
        "table users",
        "select * from users tablesample system (100)",
        "select (select string_agg(u::text, ',') from users u)",
        "with recursive x as (select * from only users) select * from x",
        "select * from users u join users v on u.tenant_id <> v.tenant_id",
    ],
)
def test_nothing_that_can_be_read_shows_others(
    superuser: Connection, attacker: Connection, worlds: tuple[World, World], query: str
):
    superuser.execute("analyze users, passages, documents")
    other = within(superuser, worlds[1])
    assert other.execute("select count(*) from users").fetchone()
    try:
        shown = "\n".join(str(row) for row in attacker.execute(query))
    except (errors.InsufficientPrivilege, errors.FeatureNotSupported):
        return
    assert not any(each in shown for each in secrets_of(worlds[1]))


async def test_statements_of_others_name_no_tenant(
    app, attacker: Connection, worlds: tuple[World, World]
):
    """A role sees the statements of all its sessions, but not the values bound to them."""
    async with app.state.database.transaction(TenantScope(worlds[1].tenant)):
        shown = attacker.execute("select query from pg_stat_activity").fetchall()
    assert not any(worlds[1].tenant.hex in str(row) for row in shown)


def test_rows_are_not_read_from_a_file(attacker: Connection):
    with (
        pytest.raises(errors.FeatureNotSupported, match="row-level security"),
        attacker.cursor().copy("copy users from stdin") as rows,
    ):
        rows.write(b"")
