"""reminders, call outcomes, drafts, saved views"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED = {
    "task": ("reason", "origin_id"),
    "person": ("pinned_note",),
    "message": ("archived_at", "succeeded_at", "removed_at"),
}


def upgrade() -> None:
    op.add_column("task", sa.Column("reason", sa.String(80), nullable=False, server_default=""))
    # Written out: SQLite takes a reference with the column only, and copying the table would lose what hangs on it.
    op.execute(
        "ALTER TABLE task ADD COLUMN origin_id INTEGER CONSTRAINT fk_task_origin_id REFERENCES message (id)"
    )
    op.add_column("person", sa.Column("pinned_note", sa.Text(), nullable=False, server_default=""))
    for name in ADDED["message"]:
        op.add_column("message", sa.Column(name, UtcDateTime(), nullable=True))
    _task_change()
    _call_choice()
    _draft()
    _saved_view()


def downgrade() -> None:
    for table in ("saved_view", "draft", "call_choice", "task_change"):
        op.drop_table(table)
    for table, names in ADDED.items():
        for name in names:
            op.drop_column(table, name)


def _task_change() -> None:
    op.create_table(
        "task_change",
        sa.Column("id", sa.Integer(), primary_key=True),
        _key("batch_id", "activity.id", index=True),
        _key("task_id", "task.id", ondelete="CASCADE"),
        sa.Column("at", UtcDateTime(), nullable=False),
        _key("actor_id", "user_account.id"),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
    )
    op.create_index("ix_task_change_task", "task_change", ["task_id", "id"])


def _call_choice() -> None:
    op.create_table(
        "call_choice",
        sa.Column("id", sa.Integer(), primary_key=True),
        _key("team_id", "team.id"),
        _one_of("kind", "choicekind", "outcome", "reason"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        _one_of("tone", "tone", "positive", "neutral", "negative"),
        sa.UniqueConstraint("team_id", "kind", "name"),
        sa.UniqueConstraint("team_id", "kind", "place"),
    )


def _draft() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), primary_key=True),
        _key("team_id", "team.id"),
        _key("owner_id", "user_account.id"),
        _key("person_id", "person.id"),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("answers_id", sa.Integer(), sa.ForeignKey("message.id"), nullable=True),
        sa.Column("key", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("subject", "html", "cc", "bcc")),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("discarded_at", UtcDateTime(), nullable=True),
        sa.UniqueConstraint("owner_id", "key"),
        sa.UniqueConstraint("owner_id", "task_id"),
    )
    op.create_index("ix_draft_owner_changed", "draft", ["owner_id", "changed_at"])


def _saved_view() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), primary_key=True),
        _key("team_id", "team.id"),
        _key("owner_id", "user_account.id"),
        _one_of("list_name", "listname", "tasks", "emails"),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("owner_id", "list_name", "name"),
    )
    op.create_index("ix_saved_view_team", "saved_view", ["team_id", "list_name"])


def _key(name: str, target: str, *, index: bool = False, ondelete: str | None = None) -> sa.Column[Any]:
    return sa.Column(
        name, sa.Integer(), sa.ForeignKey(target, ondelete=ondelete), nullable=False, index=index
    )


def _one_of(name: str, words: str, *members: str) -> sa.Column[Any]:
    kinds = sa.Enum(*members, name=words, native_enum=False, create_constraint=True, length=24)
    return sa.Column(name, kinds, nullable=False)
