"""Tiers and limits, audit log, usage, model ledger, operators.

Revision ID: 0002
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for name in ("0002_tables.sql", "0002_security.sql", "0002_operators.sql"):
        # `%` would be read as a placeholder by the driver.
        run((HERE / name).read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0002 cannot be undone without losing ledgers and audit events; restore a backup instead"
    raise NotImplementedError(msg)
