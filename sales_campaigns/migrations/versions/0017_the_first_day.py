"""The first day: named schedules, since when a mailbox is away, notices and letters to users"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = ("reply", "bounce", "task", "mailbox")


def upgrade() -> None:
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("lost_at", UtcDateTime(), nullable=True))
    op.create_table(
        "schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("days", sa.String(length=7), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("opens", sa.Time(), nullable=True),
        sa.Column("closes", sa.Time(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("days <> ''", name=op.f("ck_schedule_some_day")),
        sa.CheckConstraint("(opens IS NULL) = (closes IS NULL)", name=op.f("ck_schedule_both_hours")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_schedule_opens_first")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_schedule_author_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_schedule_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_schedule_team_id_name")),
    )
    _notice()
    _user_letter()


def downgrade() -> None:
    op.drop_table("user_letter")
    op.drop_table("notice")
    op.drop_table("schedule")
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.drop_column("lost_at")


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="noticekind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("mail_at", UtcDateTime(), nullable=True),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_notice_activity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_person_id")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name=op.f("fk_notice_task_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "activity_id", name=op.f("uq_notice_user_id_activity_id")),
    )
    _index("ix_notice_unseen", "notice", "user_id", "seen_at IS NULL")
    _index("ix_notice_to_mail", "notice", "mail_at", "mailed_at IS NULL")


def _user_letter() -> None:
    op.create_table(
        "user_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_letter_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_letter")),
        sa.UniqueConstraint("user_id", "occasion", name=op.f("uq_user_letter_user_id_occasion")),
    )
    _index("ix_user_letter_to_send", "user_letter", "id", "claimed_at IS NULL")


def _index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], postgresql_where=sa.text(where), sqlite_where=sa.text(where))
