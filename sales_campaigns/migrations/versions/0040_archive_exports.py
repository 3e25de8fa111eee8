"""Archives that this installation gave out: who asked, how far each is, and what names it"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("parts_done >= 0 AND parts_done <= parts", name=op.f("ck_archive_export_within")),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_archive_export_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_export")),
    )


def downgrade() -> None:
    op.drop_table("archive_export")
