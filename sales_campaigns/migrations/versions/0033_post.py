"""which bounce address a probe has come back to; what a probe of a mailbox has found"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "instance", sa.Column("bounce_address", sa.String(length=254), server_default="", nullable=False)
    )
    op.add_column("mailbox", sa.Column("probed_at", UtcDateTime(), nullable=True))
    op.add_column("mailbox", sa.Column("probed", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("mailbox", "probed")
    op.drop_column("mailbox", "probed_at")
    op.drop_column("instance", "bounce_address")
