"""Continuous deliveries: incremental queries, increments, versions; aggregation of series"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0021"
down_revision = "0025"
branch_labels = None
depends_on = None

PERIODS = "'none', 'day', 'week', 'month', 'year'"
OPEN = sa.text("state IN ('preparing', 'waiting')")


def upgrade() -> None:
    op.add_column("person", sa.Column("consent_at", UtcDateTime(), nullable=True))
    op.add_column(
        "delivery_setup", sa.Column("incremental", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.add_column("exclusion", sa.Column("run", sa.Integer(), nullable=True))
    with op.batch_alter_table("recipient") as recipient:
        recipient.alter_column("after", existing_type=sa.Integer(), nullable=True)
    op.execute(
        "ALTER TABLE series ADD COLUMN aggregation VARCHAR(24) DEFAULT 'none' NOT NULL"
        f" CONSTRAINT ck_series_aggregation CHECK (aggregation IN ({PERIODS}))"
    )
    op.execute(
        "ALTER TABLE series ADD COLUMN asks BOOLEAN DEFAULT TRUE NOT NULL"
        " CONSTRAINT ck_series_asks CHECK (aggregation = 'none' OR NOT asks)"
    )
    _intake()
    _increment()
    _content_version()


def downgrade() -> None:
    for table in ("content_version", "increment", "intake"):
        op.drop_table(table)
    op.drop_column("series", "asks")
    op.drop_column("series", "aggregation")
    op.execute("DELETE FROM recipient WHERE after IS NULL")
    with op.batch_alter_table("recipient") as recipient:
        recipient.alter_column("after", existing_type=sa.Integer(), nullable=False)
    op.drop_column("exclusion", "run")
    op.drop_column("delivery_setup", "incremental")
    op.drop_column("person", "consent_at")


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("history", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("largest", sa.Integer(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=True),
        _of_delivery("intake"),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_intake")),
    )


def _increment() -> None:
    op.create_table(
        "increment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            _one_of("incrementstate", "preparing", "waiting", "released", "dropped", "failed"),
            nullable=False,
        ),
        sa.Column("occasion", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column(
            "stage",
            _one_of("stage", "clearing", "without_address", "with_address", "over"),
            nullable=False,
        ),
        sa.Column("position", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("people", "targeted", "to_deliver", "excluded", "errors", "warnings")
        ),
        sa.Column("causes", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("targeted = to_deliver + excluded", name=op.f("ck_increment_targeted")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["user_account.id"], name=op.f("fk_increment_confirmed_by")
        ),
        _of_delivery("increment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_increment")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_increment_delivery_id_number")),
        sa.UniqueConstraint("delivery_id", "due_at", name=op.f("uq_increment_delivery_id_due_at")),
    )
    op.create_index(
        "ux_increment_open",
        "increment",
        ["delivery_id"],
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    )


def _content_version() -> None:
    op.create_table(
        "content_version",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_content_version_author_id")
        ),
        sa.ForeignKeyConstraint(["wording_id"], ["wording.id"], name=op.f("fk_content_version_wording_id")),
        _of_delivery("content_version"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_content_version")),
    )


def _of_delivery(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["delivery_id"], ["delivery.id"], name=op.f(f"fk_{table}_delivery_id"), ondelete="CASCADE"
    )


def _one_of(name: str, *members: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=24)
