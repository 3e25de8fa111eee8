"""Groups stand in categories, into which perhaps only administrators share"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("people_group") as table:
        table.add_column(sa.Column("category", sa.String(120), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("people_group") as table:
        table.drop_column("category")
