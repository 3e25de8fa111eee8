"""How often a token may ask, for all processes together"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0034"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_rate",
        sa.Column("token_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Double(), nullable=False),
        sa.Column("passes", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_api_rate_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_rate")),
    )


def downgrade() -> None:
    op.drop_table("api_rate")
