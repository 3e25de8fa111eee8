"""Mailboxes that are opened by consent: what was granted, what is being asked; the draft that a mail is sent from."""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0023"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox_grant",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("sealed_access", sa.Text(), nullable=False),
        sa.Column("sealed_refresh", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("delegated", sa.Boolean(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name=op.f("fk_mailbox_grant_mailbox_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_mailbox_grant")),
    )
    _consent_asked()
    _delegation_key()
    with op.batch_alter_table("message") as message:
        message.add_column(sa.Column("draft_id", sa.String(length=255), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("message") as message:
        message.drop_column("draft_id")
    for table in ("delegation_key", "consent_asked", "mailbox_grant"):
        op.drop_table(table)


def _consent_asked() -> None:
    op.create_table(
        "consent_asked",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("redirect", sa.String(length=500), nullable=False),
        sa.Column("sealed_verifier", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_consent_asked_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_consent_asked")),
    )
    op.create_index(op.f("ix_consent_asked_user_id"), "consent_asked", ["user_id"])


def _delegation_key() -> None:
    op.create_table(
        "delegation_key",
        sa.Column("provider", sa.String(length=24), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("whose", sa.String(length=254), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_delegation_key_author_id")),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_delegation_key")),
    )
