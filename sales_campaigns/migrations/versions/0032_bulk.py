"""Indexes for sending much: due mails in their order, what is stopped, and none of rows that are never looked for"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0034"
branch_labels = None
depends_on = None

DUE = "state IN ('pending', 'retrying')"
# Name → its columns, whether it is unique, and of which rows it is from now on.
NARROWED = {
    "ux_message_proof": (["proof_of", "proof_number", "email"], True, "proof_of IS NOT NULL"),
    "ix_message_enrollment": (["enrollment_id"], False, "enrollment_id IS NOT NULL"),
    "ix_message_campaign_step": (["campaign_id", "step_key", "state"], False, "campaign_id IS NOT NULL"),
}


def upgrade() -> None:
    _due(["mailbox_id", "act_at", "id"])
    for name, (columns, unique, condition) in NARROWED.items():
        op.drop_index(name, "message")
        _of_rows(name, "message", columns, condition, unique=unique)
    _of_rows("ix_hold_stopped", "hold", ["kind", "key"], "stopped")
    op.drop_index("ix_attempt_message_id", "attempt")


def downgrade() -> None:
    op.create_index("ix_attempt_message_id", "attempt", ["message_id"])
    op.drop_index("ix_hold_stopped", "hold")
    for name, (columns, unique, _condition) in NARROWED.items():
        op.drop_index(name, "message")
        op.create_index(name, "message", columns, unique=unique)
    _due(["mailbox_id", "act_at"])


def _due(columns: list[str]) -> None:
    op.drop_index("ix_message_due", "message")
    _of_rows("ix_message_due", "message", columns, DUE)


def _of_rows(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    rows = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, postgresql_where=rows, sqlite_where=rows)
