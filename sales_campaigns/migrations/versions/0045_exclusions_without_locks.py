"""Exclusions of a preparation no longer lock and rewrite the row of every person who is left out"""

from alembic import op

revision = "0045"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("exclusion") as batch_op:
        batch_op.drop_constraint(op.f("fk_exclusion_person_id"), type_="foreignkey")


def downgrade() -> None:
    with op.batch_alter_table("exclusion") as batch_op:
        batch_op.create_foreign_key(op.f("fk_exclusion_person_id"), "person", ["person_id"], ["id"])
