"""absence: leave, own holidays, stops, rescues, the place of the installation"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0003"
down_revision = "0008"
branch_labels = None
depends_on = None

PLACE = ("places", "woken_in", "beats", "worked_at")
# Whatever was added before its hold came with it.
HOLDS = {"instance": "instance", "mailbox": "mailbox", "sender": "user_account"}


def upgrade() -> None:
    _leave()
    _own_holiday()
    _stop()
    _rescue()
    op.add_column("instance", sa.Column("places", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("instance", sa.Column("woken_in", sa.String(200), nullable=False, server_default=""))
    op.add_column("instance", sa.Column("beats", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("instance", sa.Column("worked_at", UtcDateTime(), nullable=True))
    # Written out: SQLite takes a reference with the column only, and copying the table would lose what hangs on it.
    op.execute(
        "ALTER TABLE task ADD COLUMN lent_by_id INTEGER "
        "CONSTRAINT fk_task_lent_by_id REFERENCES user_account (id)"
    )
    lent = sa.text("lent_by_id IS NOT NULL")
    op.create_index("ix_task_lent", "task", ["lent_by_id"], postgresql_where=lent, sqlite_where=lent)
    for kind, table in HOLDS.items():
        _give_holds(kind, table)


def downgrade() -> None:
    for table in ("rescued_task", "rescue", "stop", "own_holiday", "leave"):
        op.drop_table(table)
    op.execute("DELETE FROM hold WHERE kind IN ('mailbox', 'sender')")
    op.drop_index("ix_task_lent", "task")
    op.execute("ALTER TABLE task DROP COLUMN lent_by_id")
    for name in PLACE:
        op.drop_column("instance", name)


def _give_holds(kind: str, table: str) -> None:
    own = sa.table(table, sa.column("id"))
    hold = sa.table("hold", *(sa.column(name) for name in ("kind", "key", "stopped", "why")))
    known = sa.exists().where(hold.c.kind == kind, hold.c.key == own.c.id)
    rows = sa.select(sa.literal(kind), own.c.id, sa.false(), sa.literal("")).where(~known)
    op.execute(sa.insert(hold).from_select(["kind", "key", "stopped", "why"], rows))


def _leave() -> None:
    changing = sa.text("state IN ('planned', 'current')")
    op.create_table(
        "leave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("how", _one_of("leavekind", "pause", "shift", "hand_over"), nullable=False),
        sa.Column("colleague_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("state", _one_of("leavestate", "planned", "current", "over", "cancelled"), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leave"),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_leave_forwards")),
        sa.CheckConstraint(
            "(how = 'hand_over') = (colleague_id IS NOT NULL)", name=op.f("ck_leave_colleague")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_leave_team_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_leave_user_id"),
        sa.ForeignKeyConstraint(["colleague_id"], ["user_account.id"], name="fk_leave_colleague_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_leave_author_id"),
    )
    op.create_index("ix_leave_user_id_ends_at", "leave", ["user_id", "ends_at"])
    op.create_index("ix_leave_team_id_ends_at", "leave", ["team_id", "ends_at"])
    op.create_index(
        "ix_leave_changing",
        "leave",
        ["state", "begins_at"],
        postgresql_where=changing,
        sqlite_where=changing,
    )


def _own_holiday() -> None:
    op.create_table(
        "own_holiday",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_own_holiday"),
        sa.UniqueConstraint("team_id", "place", "day", name="uq_own_holiday_team_id_place_day"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_own_holiday_team_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_own_holiday_author_id"),
    )


def _stop() -> None:
    op.create_table(
        "stop",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("cause", _one_of("cause", "stopped", "restored", "paused", "leave"), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "key", "cause", name="pk_stop"),
        sa.ForeignKeyConstraint(["kind", "key"], ["hold.kind", "hold.key"], name="fk_stop_hold"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_stop_author_id"),
    )


def _rescue() -> None:
    op.create_table(
        "rescue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("how", _one_of("rescuekind", "spread", "skip", "clear"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("undo_until", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rescue"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_rescue_user_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_rescue_author_id"),
    )
    op.create_index("ix_rescue_user_id", "rescue", ["user_id"])
    op.create_table(
        "rescued_task",
        sa.Column("rescue_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("snoozed_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("rescue_id", "task_id", name="pk_rescued_task"),
        sa.ForeignKeyConstraint(
            ["rescue_id"], ["rescue.id"], name="fk_rescued_task_rescue_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_rescued_task_task_id", ondelete="CASCADE"),
    )


def _one_of(name: str, *values: str) -> sa.Enum:
    """Text that the database checks."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)
