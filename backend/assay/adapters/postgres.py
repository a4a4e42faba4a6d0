"""PostgreSQL: one pool per process and the transactions that carry a tenant.

Statements are SQLAlchemy's `text` for its parameter style; they go straight to psycopg, since
the engine above it costs a request as much as the rest of its transaction.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, Self
from uuid import UUID

import psycopg
from psycopg.errors import InvalidAuthorizationSpecification
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import URL, TextClause, text
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect

from assay.adapters.bulkhead import Bulkhead
from assay.adapters.metering import count_query
from assay.adapters.telemetry_calls import statement as timed
from assay.errors import CannotStart, Forbidden, Invalid, Unavailable
from assay.scope import TenantScope
from assay.settings import Settings

Row = Mapping[str, Any]
"""A row by the names of its columns."""
Connection = psycopg.AsyncConnection[dict[str, Any]]

# Psycopg begins a transaction before its first statement. The tenant is set by one of its own: with
# the value in the text of one `begin; select ...`, which would save a round trip, every session of
# the role could read the tenant in pg_stat_activity.
_SET_TENANT = "select set_config('app.tenant', %s, true)"
_NO_TENANT = "select"
_ROLE_POWERS = text(
    """
    with me as (select oid from pg_roles where rolname = current_user),
    -- Every role that this one is or could become.
    reach as (select r.* from pg_roles r, me where pg_has_role(me.oid, r.oid, 'member'))
    select
        exists (select from reach where rolsuper or rolbypassrls or rolcreaterole or rolreplication
            -- Roles of PostgreSQL's that read and write the files beneath every policy.
            or rolname in ('pg_read_server_files', 'pg_write_server_files',
                           'pg_execute_server_program')) as bypasses,
        exists (select from pg_class c join reach on reach.oid = c.relowner
                where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace) as owns,
        exists (select from reach where rolname = 'assay_gate') as is_gate,
        array(select c.relname::text from pg_class c
              join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
              where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
                  and not (c.relrowsecurity and c.relforcerowsecurity)
              order by 1) as open_tables
    """
)
_DIALECT = psycopg_dialect()  # type: ignore[no-untyped-call]
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # a lost server is told by our own log
PATIENCE_SECONDS = 1.0
"""How long a request waits for a connection to a server that refuses connections."""


class UnsafeRole(CannotStart):
    """The login role could see through row-level security; Assay refuses to serve with it."""


class Transaction:
    """One open transaction; every statement of a unit of work goes through it."""

    def __init__(self, connection: Connection, tenant_id: UUID | None = None) -> None:
        self._connection, self._tenant_id = connection, tenant_id

    async def all(self, statement: TextClause, **values: Any) -> Sequence[Row]:
        """Return every row of a statement."""
        return await (await self._execute(statement, values)).fetchall()

    async def first(self, statement: TextClause, **values: Any) -> Row | None:
        """Return the first row, or None."""
        return await (await self._execute(statement, values)).fetchone()

    async def run(self, statement: TextClause, **values: Any) -> int:
        """Execute a statement and return how many rows it touched."""
        return (await self._execute(statement, values)).rowcount

    async def run_many(self, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement for many rows of values."""
        if rows:
            count_query()
            async with self._connection.cursor() as cursor:
                with timed(statement, self._tenant_id):
                    await cursor.executemany(_query(statement), rows)

    @property
    def driver(self) -> Connection:
        """The connection, for a library that joins this transaction."""
        return self._connection

    async def _execute(
        self, statement: TextClause, values: Mapping[str, Any]
    ) -> psycopg.AsyncCursor[dict[str, Any]]:
        count_query()
        with timed(statement, self._tenant_id):
            return await self._connection.execute(_query(statement), values)


class Database:
    """The pool, and the only two ways to open a transaction on it."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.pool_timeout_seconds
        capacity = settings.pool_size + settings.pool_max_overflow
        self.bulkhead = Bulkhead(capacity)
        self._server = _Server()
        self._pool: AsyncConnectionPool[_Connection] = AsyncConnectionPool(
            connection_class=_Connection,
            kwargs={"server": self._server, **_parameters(settings)},
            min_size=0,
            max_size=capacity,
            max_idle=600,
            max_lifetime=settings.pool_recycle_seconds,
            reconnect_timeout=5,
            open=False,
        )

    @asynccontextmanager
    async def transaction(self, scope: TenantScope) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one tenant's rows; commit on leaving, roll back on error.

        :raises Unavailable: the database is away, or no connection came free in time.
        """
        async with self._begin(scope.tenant_id) as tx:
            yield tx

    @asynccontextmanager
    async def gate(self) -> AsyncIterator[Transaction]:
        """Open a transaction without a tenant: it sees no tenant rows, only `gate_*` functions."""
        async with self._begin(None) as tx:
            yield tx

    @asynccontextmanager
    async def _begin(self, tenant_id: UUID | None) -> AsyncIterator[Transaction]:
        try:
            await self.bulkhead.enter(tenant_id, self._timeout)
        except TimeoutError as error:
            raise Unavailable(
                "Your workspace's share of the database is in use. Try again in a few seconds.",
                code="database_share_used",
            ) from error
        try:
            async with self._begun(tenant_id) as connection:
                yield Transaction(connection, tenant_id)
                await connection.commit()
        except psycopg.DataError as error:
            raise Invalid(
                "A value holds characters or numbers that cannot be stored, such as NUL."
            ) from error
        except InvalidAuthorizationSpecification as error:
            raise Forbidden("Only an operator may do this.", code="operator_only") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(
                "The database does not answer right now. Try again in a few seconds.",
                code="database_unavailable",
            ) from error
        finally:
            self.bulkhead.leave(tenant_id)

    @asynccontextmanager
    async def _begun(self, tenant_id: UUID | None) -> AsyncIterator[Connection]:
        """Lend a connection with its transaction begun; what was not committed is rolled back."""
        await self._pool.open()
        while True:
            connection = await self._checked_out()
            try:
                if await connection.begin(tenant_id):
                    yield connection
                    return
            finally:
                await self._give_back(connection)

    async def _give_back(self, connection: "_Connection") -> None:
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            with contextlib.suppress(psycopg.Error):
                await connection.rollback()
        await self._pool.putconn(connection)

    async def _checked_out(self) -> "_Connection":
        deadline = monotonic() + self._timeout
        while True:
            try:
                return await self._pool.getconn(PATIENCE_SECONDS)
            except PoolTimeout:
                if self._server.refuses or monotonic() >= deadline:
                    raise

    async def check_role(self) -> None:
        """Refuse a login role that row-level security would not hold.

        :raises UnsafeRole: it is, or could become, a superuser, a role with BYPASSRLS or with
            the server's files, an owner of tables, or the gate; or a table has no security.
        """
        async with self.gate() as tx:
            role = await tx.first(_ROLE_POWERS)
        if role is not None and role["open_tables"]:
            tables = ", ".join(role["open_tables"])
            msg = f"row-level security is off for {tables}: run `assay migrate`, or restore it"
            raise UnsafeRole(msg)
        if role is None or role["bypasses"] or role["owns"] or role["is_gate"]:
            msg = (
                "POSTGRES_USER must be a role that is no superuser, has no BYPASSRLS, owns no"
                " table and belongs to no role that does: use assay_app (API) or assay_worker"
                " (worker), which `assay migrate` makes"
            )
            raise UnsafeRole(msg)

    async def healthy(self) -> bool:
        """Tell whether a statement is answered."""
        try:
            async with self.gate() as tx:
                await tx.first(text("select 1"))
        except Unavailable:
            return False
        return True

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._pool.close()


@dataclass(slots=True)
class _Server:
    """Whether the last attempt to connect failed."""

    refuses: bool = False


class PatientConnection(psycopg.AsyncConnection[dict[str, Any]]):
    """Never asks the server to cancel what a cancelled task waited for.

    Psycopg would ask by a connection of its own, and PgBouncer 1.18 ends itself when that one is
    closed before the answer (pgbouncer#801, mended in 1.20). So it waits five seconds for the end
    of the statement, which `statement_timeout` bounds, and closes the connection after them.
    """

    async def cancel_safe(
        self,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - psycopg's signature
    ) -> None:
        """Do nothing."""


class _Connection(PatientConnection):
    """Tells the pool's owner whether the server takes connections.

    The pool keeps its callers waiting for the whole time-out, be it busy or the server gone.
    """

    @classmethod
    async def connect(  # type: ignore[override]
        cls, conninfo: str = "", *, server: _Server, **parameters: Any
    ) -> Self:
        """Connect, and remember how it went."""
        try:
            connection = await super().connect(conninfo, **parameters)
        except psycopg.Error:
            server.refuses = True
            raise
        server.refuses = False
        return connection

    used = False
    """Whether a transaction was begun on it before."""

    async def begin(self, tenant_id: UUID | None) -> bool:
        """Begin a transaction; False where the server closed the connection while it lay idle.

        The pool could check each connection before it is lent, by a round trip of its own.
        """
        waited, self.used = self.used, True
        try:
            if tenant_id is None:
                await self.execute(_NO_TENANT)
            else:
                await self.execute(_SET_TENANT, [str(tenant_id)])
        except psycopg.OperationalError:
            if waited and self.closed:
                return False
            raise
        return True


def _parameters(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.postgres_host,
        "port": settings.postgres_port,
        "dbname": settings.postgres_db,
        "user": settings.postgres_user,
        "password": settings.postgres_password.get_secret_value(),
        "application_name": "assay",
        "connect_timeout": 5,
        # PgBouncer in transaction mode (1.18) loses prepared statements.
        "prepare_threshold": None,
        "row_factory": dict_row,
    }


@lru_cache(maxsize=1024)
def _query(statement: TextClause) -> bytes:
    """Return a statement with psycopg's own placeholders."""
    return str(statement.compile(dialect=_DIALECT)).encode()


def postgres_url(settings: Settings, user: str, password: str) -> URL:
    """Return the SQLAlchemy URL of the configured server for a login role."""
    return URL.create(
        "postgresql+psycopg",
        username=user,
        password=password,
        host=settings.postgres_host,
        port=settings.postgres_port,
        database=settings.postgres_db,
    )


def constraint_of(error: psycopg.Error) -> str | None:
    """Return the name of the constraint that a statement violated, if that was its fault."""
    return error.diag.constraint_name
