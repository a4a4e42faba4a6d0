"""Jobs of tenants take turns; uses of API keys are found by network.

Revision ID: 0003
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    # `%` would be read as a placeholder by the driver.
    op.get_bind().exec_driver_sql((HERE / "0003_fairness.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0003 is not taken back; restore a backup instead"
    raise NotImplementedError(msg)
