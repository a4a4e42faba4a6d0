"""PostgreSQL: one engine per process and the transactions that carry a tenant."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, RowMapping, TextClause, text
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from assay.errors import CannotStart, Invalid, Unavailable
from assay.scope import TenantScope
from assay.settings import Settings

_SET_TENANT = "select set_config('app.tenant', %s, true)"
_ROLE_POWERS = text(
    """
    select r.rolsuper or r.rolbypassrls as bypasses,
        exists (select from pg_class c
                where pg_has_role(r.oid, c.relowner, 'usage') and c.relkind in ('r', 'p')
                    and c.relnamespace = 'public'::regnamespace) as owns
    from pg_roles r where r.rolname = current_user
    """
)


class UnsafeRole(CannotStart):
    """The login role could see through row-level security; Assay refuses to serve with it."""


class Transaction:
    """One open transaction; every statement of a unit of work goes through it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self, statement: TextClause, **values: Any) -> Sequence[RowMapping]:
        """Return every row of a statement."""
        return (await self._connection.execute(statement, values)).mappings().all()

    async def first(self, statement: TextClause, **values: Any) -> RowMapping | None:
        """Return the first row, or None."""
        return (await self._connection.execute(statement, values)).mappings().first()

    async def run(self, statement: TextClause, **values: Any) -> int:
        """Execute a statement and return how many rows it touched."""
        return (await self._connection.execute(statement, values)).rowcount

    async def run_many(self, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement for many rows of values."""
        if rows:
            await self._connection.execute(statement, rows)

    async def driver(self) -> Any:
        """Return the psycopg connection, for a library that joins this transaction."""
        return (await self._connection.get_raw_connection()).driver_connection


class Database:
    """The pool, and the only two ways to open a transaction on it."""

    def __init__(self, settings: Settings) -> None:
        self._engine = create_async_engine(
            postgres_url(
                settings, settings.postgres_user, settings.postgres_password.get_secret_value()
            ),
            pool_size=settings.pool_size,
            max_overflow=settings.pool_max_overflow,
            pool_timeout=settings.pool_timeout_seconds,
            pool_recycle=settings.pool_recycle_seconds,
            pool_pre_ping=True,
            connect_args={
                # PgBouncer in transaction mode (1.18) loses prepared statements.
                "prepare_threshold": None,
                "connect_timeout": 5,
                "application_name": "assay",
            },
        )

    @asynccontextmanager
    async def transaction(self, scope: TenantScope) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one tenant's rows; commit on leaving, roll back on error.

        :raises Unavailable: the database is away, or no connection came free in time.
        """
        async with self._begin() as tx:
            # Straight to the driver: the ORM's layers cost this statement as much as the server.
            driver = await tx.driver()
            await driver.execute(_SET_TENANT, [str(scope.tenant_id)])
            yield tx

    @asynccontextmanager
    async def gate(self) -> AsyncIterator[Transaction]:
        """Open a transaction without a tenant: it sees no tenant rows, only `gate_*` functions."""
        async with self._begin() as tx:
            yield tx

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[Transaction]:
        try:
            async with self._engine.begin() as connection:
                yield Transaction(connection)
        except DataError as error:
            raise Invalid(
                "A value holds characters or numbers that cannot be stored, such as NUL."
            ) from error
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable(
                "The database does not answer right now. Try again in a few seconds.",
                code="database_unavailable",
            ) from error

    async def check_role(self) -> None:
        """Refuse a login role that row-level security would not hold.

        :raises UnsafeRole: it is a superuser, has BYPASSRLS, or owns tables.
        """
        async with self.gate() as tx:
            role = await tx.first(_ROLE_POWERS)
        if role is None or role["bypasses"] or role["owns"]:
            msg = (
                "POSTGRES_USER must be a role that is no superuser, has no BYPASSRLS and owns no"
                " table: use assay_app (API) or assay_worker (worker), which `assay migrate` makes"
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
        await self._engine.dispose()


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


def constraint_of(error: DBAPIError) -> str | None:
    """Return the name of the constraint that a statement violated, if that was its fault."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)
