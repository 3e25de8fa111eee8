"""Channels of a team, the verified identities that send through them, and what a mail left as"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

VERIFIED = sa.text("verified_at IS NOT NULL")


def upgrade() -> None:
    _channel()
    _identity()
    for table in ("mailbox", "message"):
        # Written out: copying the table in SQLite would lose what hangs on it.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN identity_id INTEGER"
            f" CONSTRAINT fk_{table}_identity_id REFERENCES identity (id)"
        )
    op.create_index("ix_mailbox_identity_id", "mailbox", ["identity_id"])


def downgrade() -> None:
    op.drop_index("ix_mailbox_identity_id", "mailbox")
    for table in ("message", "mailbox"):
        op.drop_column(table, "identity_id")
    for table in ("identity", "channel"):
        op.drop_table(table)


def _channel() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("host", sa.String(length=254), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("security", sa.String(length=12), nullable=False),
        sa.Column("username", sa.String(length=254), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("largest_mail", sa.Integer(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("lost_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("per_minute > 0 AND per_day > 0", name=op.f("ck_channel_positive")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_channel_team_id")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_channel_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_channel_team_id_name")),
    )


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_from", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_identity_user_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_identity_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint(
            "user_id", "channel_id", "address", name=op.f("uq_identity_user_id_channel_id_address")
        ),
    )
    op.create_index("ix_identity_channel_id", "identity", ["channel_id"])
    op.create_index(
        "ux_identity_verified",
        "identity",
        ["address"],
        unique=True,
        postgresql_where=VERIFIED,
        sqlite_where=VERIFIED,
    )
