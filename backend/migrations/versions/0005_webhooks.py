"""Webhooks: where a workspace wants to be told, and each delivery.

Revision ID: 0005
"""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    # `%` would be read as a placeholder by the driver.
    op.get_bind().exec_driver_sql((HERE / "0005_webhooks.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0005 cannot be undone without losing where workspaces want to be told; restore a backup"
    raise NotImplementedError(msg)
