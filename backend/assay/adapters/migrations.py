"""Brings the database to the schema that this version of Assay expects."""

from pathlib import Path

from psycopg import ProgrammingError
from sqlalchemy import Connection, create_engine, text

from assay.adapters.postgres import Database, postgres_url
from assay.errors import CannotStart
from assay.settings import Settings

FOLDER = Path(__file__).parents[2] / "migrations"
HEAD = "0006"
"""The revision this code is written for; a test holds it equal to the newest migration."""

_LOCK = 4_742_001
_LOGIN_ROLES = ("assay_app", "assay_worker")


class SchemaMismatch(CannotStart):
    """The database has another schema than this version of Assay needs."""


def migrate(settings: Settings) -> str:
    """Create the roles and run every migration that is missing.

    Safe to call from several processes at once: an advisory lock lets one of them work.

    :returns: the revision reached.
    """
    # Imported late: alembic costs 0.5 s and 13 MB, and a serving process never needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    url = postgres_url(
        settings,
        settings.postgres_owner_user,
        settings.postgres_owner_password.get_secret_value(),
    )
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:id)"), {"id": _LOCK})
            _ensure_roles(connection, settings)
            connection.commit()
            config = Config()
            config.set_main_option("script_location", str(FOLDER))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()
    return HEAD


async def check_schema(database: Database) -> None:
    """Refuse to run on a schema that another version made.

    :raises SchemaMismatch: with the command that mends it.
    """
    try:
        async with database.gate() as tx:
            row = await tx.first(text("select version_num from alembic_version"))
    except ProgrammingError:
        row = None
    found = row["version_num"] if row else "none"
    if found != HEAD:
        msg = f"the database has schema {found}, this version needs {HEAD}: run `assay migrate`"
        raise SchemaMismatch(msg)


def _ensure_roles(connection: Connection, settings: Settings) -> None:
    """Create what the migrations grant to; passwords follow the settings on every run."""
    passwords = {
        "assay_app": settings.postgres_app_password.get_secret_value(),
        "assay_worker": settings.postgres_worker_password.get_secret_value(),
    }
    for role in (*_LOGIN_ROLES, "assay_gate"):
        known = connection.scalar(text("select 1 from pg_roles where rolname = :r"), {"r": role})
        if not known:
            connection.exec_driver_sql(f"create role {role} nologin")
    for role in _LOGIN_ROLES:
        if passwords[role]:
            quoted = passwords[role].replace("'", "''")
            connection.exec_driver_sql(f"alter role {role} login password '{quoted}'")
        timeout = settings.statement_timeout_ms
        connection.exec_driver_sql(f"alter role {role} set statement_timeout = {timeout}")
        connection.exec_driver_sql(
            f"alter role {role} set idle_in_transaction_session_timeout = {2 * timeout}"
        )
    connection.exec_driver_sql("grant assay_app to assay_worker")
    connection.exec_driver_sql("grant assay_gate to current_user")
    connection.exec_driver_sql("grant usage on schema public to assay_app, assay_gate")
