"""Alembic environment: called by `schema_changes.py` with an open connection."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from sales_campaigns.database import UtcDateTime
from sales_campaigns.schema import METADATA


def own_types(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types by their short names into a new revision."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from sales_campaigns.database import UtcDateTime")
        return "UtcDateTime()"
    return False


context.configure(
    render_item=own_types,
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
