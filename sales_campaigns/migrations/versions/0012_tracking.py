"""Tracking: what became of mails after they arrived, what is noticed, and the text under the mails of a team"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("team", sa.Column("footer", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("team", sa.Column("unsubscribe_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("person", sa.Column("untracked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "tracking_choice",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("clicks", sa.Boolean(), nullable=False),
        sa.Column("utm", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_tracking_choice_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_tracking_choice")),
    )
    op.create_table(
        "tracking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "open",
                "click",
                "mirror",
                "opt_out",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("link", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("machine", sa.String(length=24), nullable=False),
        sa.Column("agent_hash", sa.String(length=16), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_tracking_event_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracking_event")),
    )
    op.create_index("ix_tracking_event_message", "tracking_event", ["message_id", "kind"])
    op.create_index(
        "ix_tracking_event_untold",
        "tracking_event",
        ["id"],
        postgresql_where=sa.text("NOT told"),
        sqlite_where=sa.text("NOT told"),
    )


def downgrade() -> None:
    op.drop_index("ix_tracking_event_untold", "tracking_event")
    op.drop_index("ix_tracking_event_message", "tracking_event")
    op.drop_table("tracking_event")
    op.drop_table("tracking_choice")
    op.drop_column("person", "untracked")  # not a new table on SQLite: checks of other columns would move
    op.drop_column("team", "unsubscribe_text")
    op.drop_column("team", "footer")
