"""Ways: start at a later step, jump, restart, move to another campaign"""

import sqlalchemy as sa
from alembic import op

from sales_campaigns.database import UtcDateTime

revision = "0020"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("launch") as launch:
        launch.add_column(sa.Column("first_key", sa.String(length=32), server_default="", nullable=False))
    with op.batch_alter_table("enrollment") as enrollment:
        enrollment.add_column(sa.Column("first_key", sa.String(length=32), server_default="", nullable=False))
        enrollment.add_column(sa.Column("first_day", sa.Integer(), server_default="1", nullable=False))
        enrollment.add_column(sa.Column("first_at", UtcDateTime(), nullable=True))
        enrollment.add_column(sa.Column("after_id", sa.Integer(), nullable=True))
        enrollment.create_foreign_key(op.f("fk_enrollment_after_id"), "enrollment", ["after_id"], ["id"])
    with op.batch_alter_table("step_run") as run:
        run.add_column(sa.Column("passed_over", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("people_group") as group:
        group.add_column(sa.Column("search", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("instance") as instance:
        instance.add_column(sa.Column("set_up_at", UtcDateTime(), nullable=True))
    _way_change()


def downgrade() -> None:
    with op.batch_alter_table("instance") as instance:
        instance.drop_column("set_up_at")
    with op.batch_alter_table("people_group") as group:
        group.drop_column("search")
    op.drop_table("way_change")
    with op.batch_alter_table("step_run") as run:
        run.drop_column("passed_over")
    with op.batch_alter_table("enrollment") as enrollment:
        enrollment.drop_constraint(op.f("fk_enrollment_after_id"), type_="foreignkey")
        for name in ("after_id", "first_at", "first_day", "first_key"):
            enrollment.drop_column(name)
    with op.batch_alter_table("launch") as launch:
        launch.drop_column("first_key")


def _way_change() -> None:
    op.create_table(
        "way_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("next_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_way_change_actor_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["activity.id"], name=op.f("fk_way_change_batch_id")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollment.id"],
            name=op.f("fk_way_change_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["next_id"], ["enrollment.id"], name=op.f("fk_way_change_next_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_way_change")),
    )
    for name in ("batch_id", "enrollment_id"):
        op.create_index(op.f(f"ix_way_change_{name}"), "way_change", [name])
