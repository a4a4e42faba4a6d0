"""What the catalogue says of each table, and what of that would not isolate tenants."""

from dataclasses import dataclass
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

OWN = "(tenant_id = current_tenant())"
OWN_TENANT = "(id = current_tenant())"
LOGIN_ROLES = ("assay_app", "assay_worker")
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@dataclass(frozen=True)
class Free:
    """A table that is no tenant's: why, and all that each login role may do with it."""

    reason: str
    rights: dict[str, frozenset[str]]


_QUEUE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_NOTHING: frozenset[str] = frozenset()
FREE = {
    "alembic_version": Free(
        "the schema's version",
        {"assay_app": frozenset({"SELECT"}), "assay_worker": frozenset({"SELECT"})},
    ),
    "operators": Free(
        "who runs the service; compared by gate functions alone",
        {"assay_app": _NOTHING, "assay_worker": _NOTHING},
    ),
    **{
        name: Free(
            "the queue, which the worker runs for all tenants; it holds ids only",
            {"assay_app": _NOTHING, "assay_worker": _QUEUE},
        )
        for name in (
            "procrastinate_jobs",
            "procrastinate_events",
            "procrastinate_periodic_defers",
            "procrastinate_workers",
        )
    },
}


@dataclass(frozen=True)
class Policy:
    """A policy as `pg_policies` shows it."""

    name: str
    roles: frozenset[str]
    permissive: bool
    command: str
    using: str | None
    check: str | None


@dataclass(frozen=True)
class Table:
    """A relation that holds rows, of the public schema."""

    name: str
    kind: str
    owner: str
    enabled: bool
    forced: bool
    policies: tuple[Policy, ...]
    rights: dict[str, frozenset[str]]

    @property
    def tenant_column(self) -> str:
        return "id" if self.name == "tenants" else "tenant_id"


_TABLES = """
    select c.oid, c.relname as name, c.relkind::text as kind, pg_get_userbyid(c.relowner) as owner,
        c.relrowsecurity as enabled, c.relforcerowsecurity as forced
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
    order by c.relname
"""
_POLICIES = """
    select policyname, roles::text[], permissive = 'PERMISSIVE', cmd, qual, with_check
    from pg_policies where schemaname = 'public' and tablename = %s
"""
_RIGHTS = """
    select role, right_ from unnest(%s::text[]) role, unnest(%s::text[]) right_
    where has_table_privilege(role, %s::oid, right_) or right_ = any (%s)
        and has_any_column_privilege(role, %s::oid, right_)
"""
_OF_COLUMNS = ["SELECT", "INSERT", "UPDATE", "REFERENCES"]


def tables(connection: Connection) -> list[Table]:
    """Return every table and view of the public schema."""
    return [
        Table(
            name,
            kind,
            owner,
            enabled,
            forced,
            _policies(connection, name),
            _rights(connection, oid),
        )
        for oid, name, kind, owner, enabled, forced in connection.execute(_TABLES).fetchall()
    ]


def tenant_tables(connection: Connection) -> list[Table]:
    """Return those whose rows are tenants'."""
    return [table for table in tables(connection) if table.name not in FREE]


def _policies(connection: Connection, name: str) -> tuple[Policy, ...]:
    found = connection.execute(_POLICIES, [name]).fetchall()
    return tuple(Policy(row[0], frozenset(row[1]), *row[2:]) for row in found)


def _rights(connection: Connection, oid: int) -> dict[str, frozenset[str]]:
    values = [list(LOGIN_ROLES), list(RIGHTS), oid, _OF_COLUMNS, oid]
    found = connection.execute(_RIGHTS, values).fetchall()
    return {role: frozenset(right for name, right in found if name == role) for role in LOGIN_ROLES}


def faults(table: Table) -> list[str]:
    """Return what is wrong with a table; nothing when tenants are isolated in it."""
    wrong = [f"{table.name} belongs to {table.owner}"] if table.owner in LOGIN_ROLES else []
    if table.name in FREE:
        return wrong + _beyond(table, FREE[table.name])
    if table.kind not in ("r", "p"):
        return [
            *wrong,
            f"{table.name} is no plain table: say in FREE why it shows no tenant's rows",
        ]
    if not table.enabled:
        wrong.append(f"{table.name}: row-level security is off")
    if not table.forced:
        wrong.append(f"{table.name}: row-level security is not forced")
    return wrong + _loose(table)


def _beyond(table: Table, free: Free) -> list[str]:
    return [
        f"{role} may {', '.join(sorted(extra))} {table.name}"
        for role in LOGIN_ROLES
        if (extra := table.rights[role] - free.rights[role])
    ]


def _loose(table: Table) -> list[str]:
    """Return what the policies that bind the login roles allow besides the tenant's own rows."""
    own = OWN_TENANT if table.name == "tenants" else OWN
    expected = Policy("tenant", frozenset({"assay_app"}), True, "ALL", own, own)
    binding = [each for each in table.policies if each.roles & {*LOGIN_ROLES, "public"}]
    if binding == [expected]:
        return []
    return [f"{table.name}: the policies of the login roles are {binding}, not {expected}"]
