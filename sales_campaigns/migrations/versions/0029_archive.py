"""Archive: who was erased, and the hash that keeps their address from being mailed"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0029"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_key")),
    )
    op.create_table(
        "erased_address",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["erasure_key.id"], name=op.f("fk_erased_address_key_id")),
        sa.PrimaryKeyConstraint("key_id", "digest", name=op.f("pk_erased_address")),
    )
    for table in ("address", "person"):
        op.add_column(table, sa.Column("erased_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    for table in ("person", "address"):
        op.drop_column(table, "erased_at")
    op.drop_table("erased_address")
    op.drop_table("erasure_key")
