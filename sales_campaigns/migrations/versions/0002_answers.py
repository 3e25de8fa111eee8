"""what comes back"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0002"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("subscribed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name=op.f("fk_subscription_change_address_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_subscription_change_team_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_subscription_change_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_change")),
    )
    with op.batch_alter_table("subscription_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_change_address_id"), ["address_id"], unique=False)

    op.create_table(
        "comeback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_comeback_campaign_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comeback_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_comeback_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_comeback_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comeback")),
    )
    with op.batch_alter_table("comeback", schema=None) as batch_op:
        batch_op.create_index(
            "ix_comeback_due",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_comeback_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_comeback_waiting",
            ["campaign_id", "person_id"],
            unique=True,
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        )

    op.create_table(
        "received_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("references", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.String(length=255), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "reply",
                "wrote",
                "auto_reply",
                "meeting",
                "unsubscribe",
                "bounce",
                "delay",
                "complaint",
                name="mailkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("enrollment_id", sa.Integer(), nullable=True),
        sa.Column("from_email", sa.String(length=320), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column(
            "disposal",
            sa.Enum(
                "answered",
                "interested",
                "not_now",
                "wrong_person",
                "no",
                "read",
                name="disposal",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("disposed_at", UtcDateTime(), nullable=True),
        sa.Column("disposed_by_id", sa.Integer(), nullable=True),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["message.id"], name=op.f("fk_received_mail_answer_id")),
        sa.ForeignKeyConstraint(["answers_id"], ["message.id"], name=op.f("fk_received_mail_answers_id")),
        sa.ForeignKeyConstraint(
            ["disposed_by_id"], ["user_account.id"], name=op.f("fk_received_mail_disposed_by_id")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_received_mail_mailbox_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_received_mail_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_received_mail_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_received_mail_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_mail")),
        sa.UniqueConstraint("mailbox_id", "uid", name="uq_received_mail_uid"),
    )
    with op.batch_alter_table("received_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_received_mail_answer_id"), ["answer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_received_mail_answers_id"), ["answers_id"], unique=False)
        batch_op.create_index("ix_received_mail_message_id", ["team_id", "message_id"], unique=False)
        batch_op.create_index("ix_received_mail_person", ["person_id", "at"], unique=False)
        batch_op.create_index(
            "ix_received_mail_waiting",
            ["user_id", "at"],
            unique=False,
            postgresql_where=sa.text("kind IN ('reply', 'wrote') AND disposal IS NULL"),
            sqlite_where=sa.text("kind IN ('reply', 'wrote') AND disposal IS NULL"),
        )

    op.add_column("activity", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("activity", sa.Column("trouble", sa.Text(), nullable=False, server_default=""))
    set_aside = sa.text("trouble <> ''")
    op.create_index(
        "ix_activity_set_aside", "activity", ["id"], postgresql_where=set_aside, sqlite_where=set_aside
    )
    op.add_column("enrollment", sa.Column("resume_at", UtcDateTime(), nullable=True))
    paused = sa.text("state = 'paused'")
    op.create_index(
        "ix_enrollment_resuming", "enrollment", ["resume_at"], postgresql_where=paused, sqlite_where=paused
    )
    op.add_column("message", sa.Column("replies_to_id", sa.Integer(), nullable=True))
    op.add_column(
        "message", sa.Column("despite_opt_out", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Columns are dropped where they are: a table that others point to is never rebuilt."""
    op.drop_column("message", "despite_opt_out")
    op.drop_column("message", "replies_to_id")
    op.drop_index("ix_enrollment_resuming", "enrollment")
    op.drop_column("enrollment", "resume_at")
    op.drop_index("ix_activity_set_aside", "activity")
    op.drop_column("activity", "trouble")
    op.drop_column("activity", "tries")
    op.drop_table("received_mail")
    op.drop_table("comeback")
    op.drop_table("subscription_change")
