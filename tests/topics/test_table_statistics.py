"""SQLite is told about its tables: a rep's open tasks are found by the index of open ones, whatever was done before."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.table_statistics import gather_statistics
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.tasks.queue import matching_ids
from sales_campaigns.tasks.wanted import TO_DO, Wanted
from sales_campaigns.tasks.working import remind
from tests.cast import Cast
from tests.conftest import Work

OPEN = "SELECT id FROM task WHERE assignee_id = 1 AND state = 'open'"


def test_open_tasks_are_found_among_many_that_are_done(work: Work, cast: Cast, engine: Engine) -> None:
    with work() as uow:
        first = remind(uow, uow.session.merge(cast.ana), name="Call", due_at=uow.now)
        uow.session.flush()
        row = {one.name: getattr(first, one.name) for one in Task.__table__.columns if one.name != "id"}
        done = {**row, "state": TaskState.COMPLETED, "ended_at": uow.now - timedelta(days=9)}
        uow.session.execute(sa.insert(Task), [done] * 500)
        gather_statistics(uow)
    engine.dispose()  # as happens to each connection after a while
    with work() as uow:
        if uow.session.get_bind().dialect.name == "sqlite":
            plan = uow.session.execute(sa.text(f"EXPLAIN QUERY PLAN {OPEN}")).all()
            assert "ix_task_open" in str(plan)
        assert matching_ids(uow.session, cast.ana, Wanted(TO_DO), uow.now, 10) == [first.id]
