"""Many machines: the queue of work, in a schema of its own on PostgreSQL; the trace of a message"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("trace_id", sa.String(32), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        _make_queue()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SCHEMA work_queue CASCADE")
    with op.batch_alter_table("message") as table:
        table.drop_column("trace_id")


def _make_queue() -> None:
    """What the library brings is many statements with per cents in them: it goes past the ways of SQLAlchemy."""
    op.execute("CREATE SCHEMA work_queue")
    path = op.get_bind().scalar(sa.text("SHOW search_path"))
    op.execute("SET LOCAL search_path TO work_queue")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(SchemaManager.get_schema())
    op.execute(f"SET LOCAL search_path TO {path}")
