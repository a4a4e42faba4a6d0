"""What an operator's console shows: tenants' states beside their usage, and what failed.

Revision ID: 0006
"""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    # `%` would be read as a placeholder by the driver.
    op.get_bind().exec_driver_sql((HERE / "0006_console.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0006 changed functions that version 0.1 reads by name; restore a backup instead"
    raise NotImplementedError(msg)
