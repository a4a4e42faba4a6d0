"""The functions that act before or across tenants: no object of the caller's gets into them."""

import secrets

import pytest
from psycopg import errors

from tests.isolation.rows import World
from tests.isolation.tables import Connection

_DEFINERS = """
    select p.oid::regprocedure::text, pg_get_userbyid(p.proowner), p.proconfig,
        has_function_privilege('public', p.oid, 'execute')
    from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace
"""
SAFE_PATH = "search_path=pg_catalog, public, pg_temp"
"""Unless it is named, `pg_temp` comes first, and with it tables of the caller's making."""
TEMPORARY = {
    "table": "create temporary table operators (id uuid, digest bytea, revoked_at timestamptz)",
    "view": "create temporary view users as select 1 as id",
    "function": "create function pg_temp.one() returns int language sql as 'select 1'",
    "type": "create type pg_temp.refresh_tokens as (digest bytea)",
    "sequence": "create temporary sequence ids",
}


def test_the_gate_owns_its_functions_and_names_where_they_look(superuser: Connection):
    found = superuser.execute(_DEFINERS).fetchall()
    assert len(found) > 15
    for function, owner, config, public in found:
        assert (owner, config, public) == ("assay_gate", [SAFE_PATH], False), function


@pytest.mark.parametrize("kind", TEMPORARY)
def test_the_applications_role_makes_no_temporary_objects(session: Connection, kind: str):
    with pytest.raises(errors.InsufficientPrivilege):
        session.execute(TEMPORARY[kind])


@pytest.fixture
def smuggler(superuser: Connection, session: Connection):
    """A session that may make temporary objects nevertheless."""
    superuser.execute("grant temporary on database assay to assay_app, assay_gate")
    yield session
    superuser.execute("revoke temporary on database assay from assay_app, assay_gate")


def test_a_table_of_ones_own_makes_nobody_an_operator(smuggler: Connection):
    smuggler.execute(
        "create temporary table operators (id uuid, digest bytea, revoked_at timestamptz)"
    )
    smuggler.execute("grant select on operators to public")
    smuggler.execute("insert into pg_temp.operators values (gen_random_uuid(), 'mine')")
    with pytest.raises(errors.InvalidAuthorizationSpecification, match="not an operator"):
        smuggler.execute("select * from gate_operator_tenants('mine', null, null, null, null, 10)")


def test_a_trigger_of_ones_own_does_not_run_as_the_gate(
    smuggler: Connection, worlds: tuple[World, World]
):
    """A table in place of one that the gate writes to would bring its trigger along."""
    digest = secrets.token_bytes(32)
    smuggler.execute("create temporary table loot (email text)")
    smuggler.execute("create temporary table api_keys as select * from public.api_keys limit 0")
    smuggler.execute("grant all on loot, api_keys to public")
    smuggler.execute(
        "create function pg_temp.steal() returns trigger language plpgsql as $$ begin"
        " insert into pg_temp.loot select email from public.users; return new; end $$"
    )
    smuggler.execute(
        "create trigger steal before update on pg_temp.api_keys"
        " for each row execute function pg_temp.steal()"
    )
    theirs = worlds[1]
    values = [theirs.ids["api_keys"], theirs.tenant, theirs.ids["users"], digest]
    smuggler.execute(
        "insert into pg_temp.api_keys (id, tenant_id, user_id, digest, role)"
        " values (%s, %s, %s, %s, 'owner')",
        values,
    )
    assert smuggler.execute("select * from gate_api_key(%s)", [digest]).fetchall() == []
    assert smuggler.execute("select * from loot").fetchall() == []
