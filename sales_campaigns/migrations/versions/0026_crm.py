"""The CRM: connections, who is who there, what stands there; and the mark of tasks that were written"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0026"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "crm_connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("vendor", sa.String(length=24), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "connected",
                "lost",
                "ended",
                name="connectionstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("instance_url", sa.String(length=255), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("signing_key", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("subject_pattern", sa.String(length=255), nullable=False),
        sa.Column("syncs_tasks", sa.Boolean(), nullable=False),
        sa.Column("logs_mails", sa.Boolean(), nullable=False),
        sa.Column("logs_replies", sa.Boolean(), nullable=False),
        sa.Column("logs_calls", sa.Boolean(), nullable=False),
        sa.Column("syncs_opt_outs", sa.Boolean(), nullable=False),
        sa.Column("tasks_since", UtcDateTime(), nullable=True),
        sa.Column("watermark", sa.String(length=120), nullable=False),
        sa.Column("deleted_until", UtcDateTime(), nullable=True),
        sa.Column("opt_outs_read", sa.Integer(), nullable=False),
        sa.Column("opt_outs_until", UtcDateTime(), nullable=True),
        sa.Column("reconciled_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("synced_at", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("calls_used", sa.Integer(), nullable=False),
        sa.Column("calls_most", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_crm_connection_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_connection")),
        sa.UniqueConstraint("team_id", name=op.f("uq_crm_connection_team_id")),
    )
    op.create_table(
        "crm_contact",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("crm_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["crm_connection.id"],
            name=op.f("fk_crm_contact_connection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", "email", name=op.f("pk_crm_contact")),
    )
    op.create_index("ix_crm_contact_crm_id", "crm_contact", ["connection_id", "crm_id"], unique=False)
    op.create_table(
        "crm_user",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("crm_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["crm_connection.id"],
            name=op.f("fk_crm_user_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_crm_user_user_id")),
        sa.PrimaryKeyConstraint("connection_id", "user_id", name=op.f("pk_crm_user")),
        sa.UniqueConstraint("connection_id", "crm_id", name=op.f("uq_crm_user_connection_id_crm_id")),
    )
    op.create_table(
        "crm_addition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("crm_ids", sa.JSON(), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["crm_connection.id"],
            name=op.f("fk_crm_addition_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["people_import.id"], name=op.f("fk_crm_addition_import_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_crm_addition_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_addition")),
        sa.UniqueConstraint("signature", name=op.f("uq_crm_addition_signature")),
    )
    op.create_table(
        "crm_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "task",
                "mail",
                "reply",
                "call",
                name="recordkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("local_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("crm_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "agreed",
                "failed",
                name="recordstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("ours_at", sa.JSON(), nullable=False),
        sa.Column("agreed", sa.JSON(), nullable=False),
        sa.Column("doubtful", sa.JSON(), nullable=False),
        sa.Column("ending", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "access",
                "validation",
                "authentication",
                "intermittent",
                "mapping",
                "other",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["crm_connection.id"],
            name=op.f("fk_crm_record_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_crm_record_person_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_crm_record_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_record")),
        sa.UniqueConstraint(
            "connection_id", "external_id", name=op.f("uq_crm_record_connection_id_external_id")
        ),
        sa.UniqueConstraint(
            "connection_id", "kind", "local_id", name=op.f("uq_crm_record_connection_id_kind_local_id")
        ),
    )
    op.create_index("ix_crm_record_crm_id", "crm_record", ["connection_id", "crm_id"], unique=False)
    op.create_index(op.f("ix_crm_record_person_id"), "crm_record", ["person_id"], unique=False)
    op.create_index(
        "ix_crm_record_trouble",
        "crm_record",
        ["connection_id", "id"],
        unique=False,
        postgresql_where=sa.text("category IS NOT NULL"),
        sqlite_where=sa.text("category IS NOT NULL"),
    )
    op.create_index(
        "ix_crm_record_waiting",
        "crm_record",
        ["connection_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.add_column("task", sa.Column("unseen", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_task_unseen",
        "task",
        ["team_id", "id"],
        unique=False,
        postgresql_where=sa.text("unseen"),
        sqlite_where=sa.text("unseen"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_task_unseen",
        table_name="task",
        postgresql_where=sa.text("unseen"),
        sqlite_where=sa.text("unseen"),
    )
    op.drop_column("task", "unseen")
    op.drop_index(
        "ix_crm_record_waiting",
        table_name="crm_record",
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "ix_crm_record_trouble",
        table_name="crm_record",
        postgresql_where=sa.text("category IS NOT NULL"),
        sqlite_where=sa.text("category IS NOT NULL"),
    )
    op.drop_index(op.f("ix_crm_record_person_id"), table_name="crm_record")
    op.drop_index("ix_crm_record_crm_id", table_name="crm_record")
    op.drop_table("crm_record")
    op.drop_table("crm_addition")
    op.drop_table("crm_user")
    op.drop_index("ix_crm_contact_crm_id", table_name="crm_contact")
    op.drop_table("crm_contact")
    op.drop_table("crm_connection")
