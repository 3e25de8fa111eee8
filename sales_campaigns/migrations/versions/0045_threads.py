"""The mail of a thread is found by its thread, however many its mailbox has sent"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

THREADED = sa.text("thread_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_message_thread",
        "message",
        ["mailbox_id", "thread_id"],
        postgresql_where=THREADED,
        sqlite_where=THREADED,
    )


def downgrade() -> None:
    op.drop_index("ix_message_thread", table_name="message")
