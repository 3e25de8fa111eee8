"""Bulk lanes: mailboxes that send in batches, mails that are remembered by their recipe, buckets that pace them"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0009"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bucket",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("filled_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bucket")),
    )
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("bulk_lane", sa.Boolean(), nullable=False, server_default=sa.false()))
        mailbox.add_column(sa.Column("per_minute", sa.Integer(), nullable=True))
        mailbox.add_column(sa.Column("judged_from", UtcDateTime(), nullable=True))
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("recipe", sa.JSON(), nullable=True))
        message.add_column(sa.Column("mime_hash", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("message") as message:
        message.drop_column("mime_hash")
        message.drop_column("recipe")
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.drop_column("judged_from")
        mailbox.drop_column("per_minute")
        mailbox.drop_column("bulk_lane")
    op.drop_table("bucket")
