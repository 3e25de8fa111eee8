"""A/B tests of deliveries: their plan, their variants, and which of them a recipient tries"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0035"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ab_test()
    op.create_table(
        "delivery_variant",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=1), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=False),
        sa.Column("own_text", sa.Boolean(), nullable=False),
        sa.CheckConstraint("key IN ('B', 'C')", name=op.f("ck_delivery_variant_key")),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["ab_test.delivery_id"],
            name=op.f("fk_delivery_variant_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["wording_id"], ["wording.id"], name=op.f("fk_delivery_variant_wording_id")),
        sa.PrimaryKeyConstraint("delivery_id", "key", name=op.f("pk_delivery_variant")),
    )
    # Written out: copying the table in SQLite takes long where a million wait.
    op.execute("ALTER TABLE recipient ADD COLUMN variant VARCHAR(1) NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.drop_column("recipient", "variant")
    for table in ("delivery_variant", "ab_test"):
        op.drop_table(table)


def _ab_test() -> None:
    states = ("planned", "running", "waiting", "decided", "lapsed")
    op.create_table(
        "ab_test",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("state", _one_of("abteststate", *states), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("measure", _one_of("measure", "opened", "clicked", "replied"), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("chooser", _one_of("chooser", "person", "best", "sure"), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("winner", sa.String(length=1), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.CheckConstraint("share BETWEEN 1 AND 90", name=op.f("ck_ab_test_share")),
        sa.CheckConstraint("hours BETWEEN 1 AND 1440 AND floor >= 0", name=op.f("ck_ab_test_length")),
        sa.CheckConstraint("(state = 'decided') = (winner <> '')", name=op.f("ck_ab_test_winner")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_ab_test_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_ab_test_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ab_test")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_ab_test_delivery_id")),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)
