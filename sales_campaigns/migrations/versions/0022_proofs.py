"""Proofs of deliveries and their test profiles, alarms, templates of settings, retention of logs"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

NOTICES = ("reply", "bounce", "task", "mailbox")
RULES = ("filtering", "pressure", "capacity")
RULES_NOW = ("filtering", "collision", "pressure", "capacity")
CRITERIA = (
    "preparation_failed",
    "delivery_failed",
    "hard_ratio",
    "soft_ratio",
    "pending_too_long",
    "throughput_too_low",
    "confirmation_overdue",
)


def upgrade() -> None:
    op.add_column("message", sa.Column("proof_of", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("proof_number", sa.Integer(), nullable=True))
    op.create_index("ux_message_proof", "message", ["proof_of", "proof_number", "email"], unique=True)
    with op.batch_alter_table("notice") as notice:
        notice.add_column(sa.Column("delivery_id", sa.Integer(), nullable=True))
        notice.create_foreign_key(
            op.f("fk_notice_delivery_id"), "delivery", ["delivery_id"], ["id"], ondelete="SET NULL"
        )
    _kinds("notice", "noticekind", NOTICES, (*NOTICES, "delivery"))
    typology = sa.Column("typology", sa.String(80), nullable=False, server_default="")
    op.add_column("typology_rule", typology)
    _kinds("typology_rule", "rulekind", RULES, RULES_NOW)
    op.add_column("preparation", sa.Column("computed_at", UtcDateTime(), nullable=True))
    _test_profile()
    _delivery_template()
    _delivery_alarm()
    _retention()


def downgrade() -> None:
    for table in ("kept_figures", "retention", "delivery_alarm", "delivery_template", "test_profile"):
        op.drop_table(table)
    op.drop_column("preparation", "computed_at")
    op.execute("DELETE FROM typology_rule WHERE kind = 'collision'")
    _kinds("typology_rule", "rulekind", RULES_NOW, RULES)
    op.drop_column("typology_rule", "typology")
    op.execute("DELETE FROM notice WHERE kind = 'delivery'")
    _kinds("notice", "noticekind", (*NOTICES, "delivery"), NOTICES)
    with op.batch_alter_table("notice") as notice:
        notice.drop_constraint(op.f("fk_notice_delivery_id"), type_="foreignkey")
        notice.drop_column("delivery_id")
    op.drop_index("ux_message_proof", "message")
    op.drop_column("message", "proof_number")
    op.drop_column("message", "proof_of")


def _kinds(table: str, enum: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let the column hold other words; SQLite changes a check only in the text of its schema."""
    name = op.f(f"ck_{table}_{enum}")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, _words(after))
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    statement = "UPDATE sqlite_master SET sql = replace(sql, :old, :new) WHERE name = :table"
    words = {"old": _words(before), "new": _words(after), "has": f"%{_words(before)}%", "table": table}
    changed = connection.execute(sa.text(f"{statement} AND sql LIKE :has"), words)
    assert changed.rowcount == 1, f"the check of {table}.kind is not what it was"
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _words(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(repr(kind) for kind in kinds)})"


def _test_profile() -> None:
    op.create_table(
        "test_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("seed", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_test_profile_team_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_test_profile_person_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_profile")),
        sa.UniqueConstraint("team_id", "email", name=op.f("uq_test_profile_team_id_email")),
    )


def _delivery_template() -> None:
    op.create_table(
        "delivery_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_delivery_template_team_id")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_delivery_template_author_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_template")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_delivery_template_team_id_name")),
    )


def _delivery_alarm() -> None:
    op.create_table(
        "delivery_alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column(
            "criterion",
            sa.Enum(*CRITERIA, name="criterion", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_alarm_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_alarm")),
        sa.UniqueConstraint(
            "delivery_id", "criterion", "day", name=op.f("uq_delivery_alarm_delivery_id_criterion_day")
        ),
    )


def _retention() -> None:
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tracking_days", sa.Integer(), nullable=True),
        sa.Column("exclusion_days", sa.Integer(), nullable=True),
        sa.Column("sending_days", sa.Integer(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_retention_one_row")),
        sa.CheckConstraint(
            "tracking_days > 0 AND exclusion_days > 0 AND sending_days > 0",
            name=op.f("ck_retention_positive"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
    )
    op.create_table(
        "kept_figures",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("fates", sa.JSON(), nullable=False),
        sa.Column("field_missing", sa.Integer(), nullable=False),
        sa.Column("causes", sa.JSON(), nullable=False),
        sa.Column("engagement", sa.JSON(), nullable=False),
        sa.Column("tracking_removed_at", UtcDateTime(), nullable=True),
        sa.Column("exclusions_removed_at", UtcDateTime(), nullable=True),
        sa.Column("sending_removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_kept_figures_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_kept_figures")),
    )
