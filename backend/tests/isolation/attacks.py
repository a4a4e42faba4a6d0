"""What a tenant tries on another's rows in one table, as the API's own role."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
from psycopg import sql

from tests.isolation.rows import Values, World, add, new_row
from tests.isolation.tables import Connection, Table

REFUSED = -1
"""Permission denied, or row-level security violated."""
PASSED = 1

_READ = "select 1 from {table} where {tenant} = %s"
_CHANGE = "update {table} set {column} = {column} where {tenant} = %s"
_MOVE = "update {table} set {tenant} = %s where {tenant} = %s"
_DELETE = "delete from {table} where {tenant} = %s"
_UPDATABLE = """
    select attname from pg_attribute
    where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
        and has_column_privilege('assay_app', attrelid, attnum, 'UPDATE')
    order by attname = %s, attnum limit 1
"""
_KEY = """
    select array_agg(a.attname::text order by a.attnum)
    from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = %s::regclass and i.indisprimary
"""


def breaches(connection: Connection, table: Table, mine: World, theirs: World) -> list[str]:
    """Return what came of the attacks of one tenant on another that should not have.

    Also what the tenant could not do with its own rows: an attack proves nothing where nobody
    can do anything.

    :param connection: of `assay_app`.
    """
    attack = _Attack(connection, table, mine, theirs)
    found = [*attack.reading(), *attack.changing(), *attack.adding(), *attack.controls()]
    return [f"{table.name}: {each}" for each in found]


class _Attack:
    def __init__(self, connection: Connection, table: Table, mine: World, theirs: World) -> None:
        self.connection, self.table = connection, table
        self.mine, self.theirs = mine, theirs
        self.rights = table.rights["assay_app"]
        updatable = connection.execute(_UPDATABLE, [table.name, table.tenant_column]).fetchone()
        self.column = updatable[0] if updatable else table.tenant_column
        key = connection.execute(_KEY, [table.name]).fetchone()
        self.key: list[str] = key[0] if key else []

    def reading(self) -> Iterator[str]:
        for lock in ("", " for share", " for update"):
            if self.touched(_READ + lock, self.theirs.tenant) > 0:
                yield f"reads another tenant's rows{lock}"
        for nobody in ("", None):
            if self.touched("select 1 from {table}", tenant=nobody) > 0:
                yield f"reads rows as tenant {nobody!r}"
        if str(self.theirs.tenant) in self.copied():
            yield "copies another tenant's rows"

    def changing(self) -> Iterator[str]:
        if self.touched(_CHANGE, self.theirs.tenant) > 0:
            yield "changes another tenant's rows"
        if self.touched(_DELETE, self.theirs.tenant) > 0:
            yield "deletes another tenant's rows"
        if self.touched(_MOVE, self.theirs.tenant, self.mine.tenant) != REFUSED:
            yield "moves its own rows to another tenant"
        if self.touched(_MOVE, self.mine.tenant, self.theirs.tenant) > 0:
            yield "takes another tenant's rows"
        if self.touched("truncate {table} cascade") != REFUSED:
            yield "empties the table"

    def adding(self) -> Iterator[str]:
        if self.added(new_row(self.table.name, self.theirs), self.mine.tenant) != REFUSED:
            yield "adds a row for another tenant"
        if self.table.tenant_column not in self.key and self.overwritten() != REFUSED:
            yield "overwrites the row that has a key"

    def controls(self) -> Iterator[str]:
        if "SELECT" in self.rights:
            if self.touched(_READ, self.mine.tenant) < 1:
                yield "does not see its own row"
            if str(self.mine.tenant) not in self.copied():
                yield "does not copy its own row"
        if "UPDATE" in self.rights and self.touched(_CHANGE, self.mine.tenant) < 1:
            yield "does not change its own row"
        own = new_row(self.table.name, self.mine)
        tenant = own[self.table.tenant_column]
        if "INSERT" in self.rights and self.added(own, tenant) != 1:
            yield "does not add a row of its own"
        if "DELETE" in self.rights and self.added(own, tenant, then=_DELETE) < 1:
            yield "does not delete a row of its own"

    def touched(self, query: str, *values: object, tenant: object = ...) -> int:
        """Run a statement on the table; return how many rows it saw or changed."""

        def run() -> int:
            return self.connection.execute(self.named(query), values).rowcount

        return self.attempt(run, self.mine.tenant if tenant is ... else tenant)

    def added(self, values: Values, tenant: object, then: str | None = None) -> int:
        """Insert a row; return how many were, or what the statement after it changed."""

        def run() -> int:
            rows = add(self.connection, self.table.name, values)
            if then is None:
                return rows
            return self.connection.execute(self.named(then), [tenant]).rowcount

        return self.attempt(run, tenant)

    def overwritten(self) -> int:
        """Insert the key of another tenant's row, to change the row where it is taken."""
        columns = sql.SQL(", ").join(map(sql.Identifier, self.key))
        change = sql.SQL(" on conflict ({key}) do update set {column} = excluded.{column}")
        suffix = change.format(key=columns, column=sql.Identifier(self.column))
        stolen = self.theirs.rows[self.table.name] | {self.table.tenant_column: self.mine.tenant}
        if self.table.name == "tenants":
            stolen["id"] = self.theirs.tenant
        return self.attempt(
            lambda: add(self.connection, self.table.name, stolen, suffix), self.mine.tenant
        )

    def copied(self) -> str:
        """Return what `copy` gives of the table; it has a path of its own in PostgreSQL."""
        with self.connection.transaction(force_rollback=True):
            self.become(self.mine.tenant)
            try:
                with self.connection.cursor().copy(self.named("copy {table} to stdout")) as rows:
                    return b"".join(bytes(each) for each in rows).decode()
            except psycopg.errors.InsufficientPrivilege:
                return ""

    def attempt(self, run, tenant: object) -> int:
        try:
            with self.connection.transaction(force_rollback=True):
                self.become(tenant)
                return run()
        except psycopg.errors.InsufficientPrivilege:
            return REFUSED
        except psycopg.IntegrityError:
            return PASSED  # constraints are looked at after row-level security

    def become(self, tenant: UUID | object) -> None:
        if tenant is None:
            self.connection.execute("reset app.tenant")
        else:
            self.connection.execute("select set_config('app.tenant', %s, true)", [str(tenant)])

    def named(self, query: str) -> sql.Composed:
        return sql.SQL(query).format(
            table=sql.Identifier(self.table.name),
            tenant=sql.Identifier(self.table.tenant_column),
            column=sql.Identifier(self.column),
        )
