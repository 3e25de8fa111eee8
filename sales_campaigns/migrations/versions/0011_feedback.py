"""feedback: qualification rules, texts to qualify, errors of addresses, notices of delivery, each report once"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0011"
down_revision = "0017"
branch_labels = None
depends_on = None

BEFORE = ("reply", "wrote", "auto_reply", "meeting", "unsubscribe", "bounce", "delay", "complaint")
AFTER = (*BEFORE, "receipt")
REASONS = (
    "not_defined",
    "unknown_recipient",
    "invalid_domain",
    "unreachable_server",
    "account_disabled",
    "mailbox_full",
    "refused",
    "error_ignored",
)


def upgrade() -> None:
    _bounce_rule()
    _unknown_bounce()
    op.add_column("address", sa.Column("errors", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("address", sa.Column("last_error_at", UtcDateTime(), nullable=True))
    op.add_column("address", sa.Column("error_reason", sa.String(24), nullable=False, server_default=""))
    op.add_column("address", sa.Column("allowed_at", UtcDateTime(), nullable=True))
    quarantined = sa.text("quarantined_at IS NOT NULL")
    op.create_index(
        "ix_address_quarantined",
        "address",
        ["quarantined_at"],
        postgresql_where=quarantined,
        sqlite_where=quarantined,
    )
    op.add_column("message", sa.Column("confirms", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("message", sa.Column("came_back_at", UtcDateTime(), nullable=True))
    op.add_column(
        "instance", sa.Column("quarantine_errors", sa.Integer(), nullable=False, server_default="5")
    )
    op.add_column(
        "instance", sa.Column("quarantine_lasting", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("attempt", sa.Column("key", sa.String(80), nullable=True))
    op.create_index("ux_attempt_key", "attempt", ["message_id", "key"], unique=True)
    _kinds(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM received_mail WHERE kind = 'receipt'")
    _kinds(AFTER, BEFORE)
    op.drop_index("ux_attempt_key", "attempt")
    op.drop_column("attempt", "key")
    for table, names in (
        ("instance", ("quarantine_lasting", "quarantine_errors")),
        ("message", ("came_back_at", "confirms")),
    ):
        for name in names:
            op.drop_column(table, name)
    op.drop_index("ix_address_quarantined", "address")
    for name in ("allowed_at", "error_reason", "last_error_at", "errors"):
        op.drop_column("address", name)
    op.drop_table("unknown_bounce")
    op.drop_table("bounce_rule")


def _kinds(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let the column hold other words; SQLite changes a check only in the text of its schema."""
    name = op.f("ck_received_mail_mailkind")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, "received_mail", type_="check")
        op.create_check_constraint(name, "received_mail", _words(after))
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    statement = "UPDATE sqlite_master SET sql = replace(sql, :old, :new) WHERE name = 'received_mail'"
    words = {"old": _words(before), "new": _words(after), "has": f"%{_words(before)}%"}
    changed = connection.execute(sa.text(f"{statement} AND sql LIKE :has"), words)
    assert changed.rowcount == 1, "the check of received_mail.kind is not what it was"
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _words(kinds: tuple[str, ...]) -> str:
    return f"kind IN ({', '.join(repr(kind) for kind in kinds)})"


def _bounce_rule() -> None:
    op.create_table(
        "bounce_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("codes", sa.String(120), nullable=False),
        sa.Column("failure", _one_of("failuretype", "hard", "soft", "ignored"), nullable=False),
        sa.Column("reason", _one_of("reason", *REASONS), nullable=False),
        sa.CheckConstraint("text != '' OR codes != ''", name=op.f("ck_bounce_rule_fits_something")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce_rule")),
    )
    op.create_index("ix_bounce_rule_place", "bounce_rule", ["place", "id"])


def _unknown_bounce() -> None:
    op.create_table(
        "unknown_bounce",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("example", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("enhanced", sa.String(12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unknown_bounce")),
        sa.UniqueConstraint("text", name=op.f("uq_unknown_bounce_text")),
    )


def _one_of(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=24)
