"""Series: when a recurring delivery runs, and the delivery that each run made"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("recurrence", sa.JSON(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
            name=op.f("fk_series_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["started_by"], ["user_account.id"], name=op.f("fk_series_started_by")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_series")),
    )
    op.create_table(
        "series_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "made",
                "skipped",
                "missed",
                name="runoutcome",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["series.delivery_id"],
            name=op.f("fk_series_run_series_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["delivery.id"],
            name=op.f("fk_series_run_child_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_run")),
        sa.UniqueConstraint("child_id", name=op.f("uq_series_run_child_id")),
        sa.UniqueConstraint("series_id", "due_at", name=op.f("uq_series_run_series_id_due_at")),
    )


def downgrade() -> None:
    op.drop_table("series_run")
    op.drop_table("series")
