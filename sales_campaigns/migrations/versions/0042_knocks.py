"""Mailboxes whose provider says by itself that something came, and where that is heard"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox_watch",
        sa.Column("mailbox_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ask_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name=op.f("fk_mailbox_watch_mailbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_mailbox_watch")),
    )
    op.create_table(
        "knock_source",
        sa.Column("provider", sa.String(24), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("ask_at", UtcDateTime(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_knock_source")),
    )


def downgrade() -> None:
    op.drop_table("knock_source")
    op.drop_table("mailbox_watch")
