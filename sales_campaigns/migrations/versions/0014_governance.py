"""what a team's administrators lay down, the basis on which people are written to"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0014"
down_revision = "0007"
branch_labels = None
depends_on = None

BASES = "'consent', 'legitimate_interest', 'contract', 'legal_obligation', 'vital_interest', 'public_interest', 'other'"


def upgrade() -> None:
    op.create_table(
        "team_policy",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("templates_locked", sa.Boolean(), nullable=False),
        sa.Column("campaigns_locked", sa.Boolean(), nullable=False),
        sa.Column("guarded_categories", sa.JSON(), nullable=False),
        sa.Column("people_per_launch", sa.Integer(), nullable=True),
        sa.Column("launches_per_day", sa.Integer(), nullable=False),
        sa.Column("mails_per_day", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "people_per_launch > 0 AND launches_per_day > 0 AND mails_per_day > 0",
            name=op.f("ck_team_policy_positive"),
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_team_policy_team_id_team"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_team_policy")),
    )
    # Written out: copying the table in SQLite would lose what hangs on it.
    op.execute(
        "ALTER TABLE person ADD COLUMN consent VARCHAR(24)"
        f" CONSTRAINT ck_person_consent CHECK (consent IN ({BASES}))"
    )


def downgrade() -> None:
    op.drop_column("person", "consent")
    op.drop_table("team_policy")
