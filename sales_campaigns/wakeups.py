"""Work that is due now wakes whoever keeps time, so that it does not wait for the next tick.

On PostgreSQL it is a notification that goes with the commit, to any machine; on SQLite an event of this process. It is
given where mail comes into the outbox, and never by the gate or by recording: the commits of all who notify wait for
each other. Nothing is lost with a wake-up that is: the rows are due, and the next tick finds them.
"""

from __future__ import annotations

import threading

import sqlalchemy as sa

from sales_campaigns.unit_of_work import UnitOfWork

CHANNEL = "due_now"
woken = threading.Event()


def wake_up(uow: UnitOfWork) -> None:
    """Once this transaction stands, work is looked for at once."""
    if uow.session.get_bind().dialect.name == "postgresql":
        uow.session.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
    elif woken.set not in uow.afterwards:
        uow.after_commit(woken.set)
