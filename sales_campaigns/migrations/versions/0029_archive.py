"""Archive: who was erased, and the hash that keeps their address from being mailed"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0029"
down_revision = "0031"
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
    op.create_table(
        "archive_import",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("parts_done >= 0 AND parts_done <= parts", name=op.f("ck_archive_import_within")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_archive_import")),
    )
    for table in ("address", "person"):
        op.add_column(table, sa.Column("erased_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    for table in ("person", "address"):
        op.drop_column(table, "erased_at")
    op.drop_table("archive_import")
    op.drop_table("erased_address")
    op.drop_table("erasure_key")
