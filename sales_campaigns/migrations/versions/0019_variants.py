"""variants of an e-mail step, which of them a mail says, what mails of a wording and a time became"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "step_variant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=1), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("wording_id", sa.Integer(), nullable=False),
        sa.Column("from_template", sa.String(length=200), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.CheckConstraint("weight BETWEEN 1 AND 100", name=op.f("ck_step_variant_weight")),
        sa.ForeignKeyConstraint(
            ["step_id"], ["step.id"], name=op.f("fk_step_variant_step_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wording_id"], ["wording.id"], name=op.f("fk_step_variant_wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_variant")),
        sa.UniqueConstraint("step_id", "key", name=op.f("uq_step_variant_step_id_key")),
    )
    # Without copying the table: what hangs on it in SQLite would be lost.
    op.execute("ALTER TABLE message ADD COLUMN variant VARCHAR(1) NOT NULL DEFAULT ''")
    op.create_index("ix_message_wording", "message", ["wording_id"])
    op.create_index("ix_tracking_event_at", "tracking_event", ["at"])


def downgrade() -> None:
    op.drop_index("ix_tracking_event_at", table_name="tracking_event")
    op.drop_index("ix_message_wording", table_name="message")
    op.drop_column("message", "variant")
    op.drop_table("step_variant")
