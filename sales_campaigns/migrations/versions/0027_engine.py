"""How a mailbox gets known, and how many mails a minute a domain of recipients is given"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("ramp_first", sa.Integer(), nullable=True))
        mailbox.add_column(sa.Column("ramp_percent", sa.Integer(), nullable=False, server_default="50"))
        mailbox.add_column(sa.Column("ramp_most", sa.Integer(), nullable=False, server_default="500"))
        mailbox.add_column(sa.Column("ramp_begins", sa.Date(), nullable=True))
    op.create_table(
        "domain_limit",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("one_to_one", sa.Boolean(), nullable=False),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_domain_limit_positive")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_limit")),
    )


def downgrade() -> None:
    op.drop_table("domain_limit")
    with op.batch_alter_table("mailbox") as mailbox:
        for column in ("ramp_begins", "ramp_most", "ramp_percent", "ramp_first"):
            mailbox.drop_column(column)
