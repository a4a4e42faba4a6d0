"""Analyses over many documents: what is asked, each document's state, rows, paid calls, templates.

Revision ID: 0004
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for name in ("0004_tables.sql", "0004_security.sql"):
        # `%` would be read as a placeholder by the driver.
        run((HERE / name).read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0004 cannot be undone without losing analyses that were paid for; restore a backup instead"
    raise NotImplementedError(msg)
