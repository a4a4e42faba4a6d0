"""Tenants, identity, documents, conversations and jobs, under row-level security.

Revision ID: 0001
"""

from importlib import resources
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HERE = Path(__file__).parent


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run((HERE / "0001_tables.sql").read_text())
    jobs = resources.files("procrastinate.sql").joinpath("schema.sql").read_text("utf-8")
    # `%` would be read as a placeholder by the driver.
    run(jobs.replace("%", "%%"))
    run((HERE / "0001_security.sql").read_text().replace("%", "%%"))


def downgrade() -> None:
    msg = "0001 is the first version; restore a backup instead"
    raise NotImplementedError(msg)
