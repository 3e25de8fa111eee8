"""How often a refused mail is tried again, and how long mails of campaigns and of reps are valid"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0032"
branch_labels = None
depends_on = None

COLUMNS = {"retry_first_day": "5", "retry_minutes": "60", "retry_hours": "24", "validity_hours": "120"}


def upgrade() -> None:
    for name, usual in COLUMNS.items():
        op.add_column("instance", sa.Column(name, sa.Integer(), nullable=False, server_default=usual))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("instance", name)
