"""Drafts of tasks in the mailboxes of their reps, and what reps sent from there themselves."""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

STATES = ("asked", "made", "scheduled", "gone", "sent", "deleted", "removed", "unmade")
SIGNALS = ("tag", "name", "thread", "address", "said", "answered")
LIVE = sa.text("state IN ('asked', 'made', 'scheduled', 'gone')")
WAITING = sa.text("settled_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("drafts_wait", sa.Boolean(), nullable=False, server_default=sa.false()))
    _mailbox_draft()
    _own_mail()


def downgrade() -> None:
    op.drop_table("own_mail")
    op.drop_table("mailbox_draft")
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.drop_column("drafts_wait")


def _mailbox_draft() -> None:
    op.create_table(
        "mailbox_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", _checked("mailboxdraftstate", STATES), nullable=False),
        sa.Column("send_key", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.String(length=255), nullable=False),
        sa.Column("thread_id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("wrote", sa.String(length=64), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("signal", _checked("signal", SIGNALS), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        _to("mailbox_draft", "team_id", "team"),
        _to("mailbox_draft", "mailbox_id", "mailbox", "CASCADE"),
        _to("mailbox_draft", "task_id", "task", "CASCADE"),
        _to("mailbox_draft", "person_id", "person"),
        _to("mailbox_draft", "message_id", "message", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_draft")),
        sa.UniqueConstraint("send_key", name=op.f("uq_mailbox_draft_send_key")),
    )
    op.create_index(
        "uq_mailbox_draft_live",
        "mailbox_draft",
        ["task_id"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )
    op.create_index(
        "ix_mailbox_draft_live",
        "mailbox_draft",
        ["mailbox_id", "checked_at"],
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )
    op.create_index("ix_mailbox_draft_task", "mailbox_draft", ["task_id", "id"])
    op.create_index("ix_mailbox_draft_ended", "mailbox_draft", ["mailbox_id", "ended_at"])


def _own_mail() -> None:
    op.create_table(
        "own_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("send_key", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("thread_id", sa.String(length=255), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        _to("own_mail", "team_id", "team"),
        _to("own_mail", "mailbox_id", "mailbox", "CASCADE"),
        _to("own_mail", "draft_id", "mailbox_draft", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_mail")),
        sa.UniqueConstraint(
            "mailbox_id", "uid", "scheduled", name=op.f("uq_own_mail_mailbox_id_uid_scheduled")
        ),
    )
    op.create_index(
        "ix_own_mail_waiting",
        "own_mail",
        ["mailbox_id", "at"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_index("ix_own_mail_draft", "own_mail", ["draft_id"])


def _checked(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def _to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
