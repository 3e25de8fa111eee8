"""An outbox with very many due mails, copied in the database from one that was launched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person


def fill(engine: Engine, mails: int) -> None:
    """So many more mails that are due, as a delivery to many has them: each to a person of its own. PostgreSQL."""
    numbers = sa.func.generate_series(1, mails).table_valued("n").render_derived()
    with engine.begin() as connection:
        first = connection.execute(
            sa.select(Message.id, Message.person_id).order_by(Message.id).limit(1)
        ).one()
        base = connection.scalar(sa.select(sa.func.max(Address.id)))
        last = connection.scalar(sa.select(sa.func.max(Message.id)))
        email = sa.func.concat("reader", numbers.c.n, "@example.com")
        own: dict[str, Any] = {"id": numbers.c.n + base, "email": email, "domain": sa.literal("example.com")}
        _copied(connection, Address, sa.select(sa.func.min(Address.id)).scalar_subquery(), own, numbers)
        person: dict[str, Any] = {"id": numbers.c.n + base, "address_id": numbers.c.n + base, "email": email}
        name = {"first_name": sa.func.concat("Maria ", numbers.c.n)}
        _copied(connection, Person, first.person_id, person | name, numbers)
        due = {"act_at": sa.literal(datetime.now(UTC), Message.act_at.type), "enrollment_id": sa.null()}
        message = {
            "id": numbers.c.n + last,
            "person_id": numbers.c.n + base,
            "occasion": numbers.c.n + 10_000,
        }
        _copied(connection, Message, first.id, {**message, **due, "email": email}, numbers)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _copied(
    connection: sa.Connection, model: type, like: object, own: dict[str, Any], numbers: sa.FromClause
) -> None:
    """Rows of this model like the one with the id `like`, but for the columns of their `own`."""
    table = model.__table__  # type: ignore[attr-defined]
    others = [column for column in table.c if column.name not in own]
    rows = sa.select(*others, *(value.label(name) for name, value in own.items())).where(table.c.id == like)
    names = [*(column.name for column in others), *own]
    connection.execute(sa.insert(table).from_select(names, rows.select_from(table.join(numbers, sa.true()))))
