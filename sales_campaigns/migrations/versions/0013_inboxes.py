"""Inboxes: how a mailbox is read, and which copies of sent mails were filed"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0013"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(length=254), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=12), nullable=False),
        sa.Column("username", sa.String(length=254), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("look_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_inbox_mailbox_id_mailbox")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_look_at"), "inbox", ["look_at"])
    op.add_column("message", sa.Column("filed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "filed_at")
    op.drop_index(op.f("ix_inbox_look_at"), table_name="inbox")
    op.drop_table("inbox")
