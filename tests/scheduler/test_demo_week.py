"""Whenever the demo is loaded, its reps find work of every kind: a demo that is empty on Mondays shows nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from integrations.catcher import MailStore, catching
from sales_campaigns.accounts.models import User
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.tasks.models import TaskKind
from sales_campaigns.tasks.queue import task_lines
from sales_campaigns.tasks.wanted import TO_DO, Wanted
from scheduler import demo_week

# The tests in a browser load one of today.
LOADED_ON = [
    pytest.param(datetime(2026, 11, 23, 0, 30, tzinfo=UTC), id="Monday before anybody works"),
    pytest.param(datetime(2026, 11, 23, 18, 30, tzinfo=UTC), id="Monday evening", marks=pytest.mark.deep),
    pytest.param(datetime(2026, 11, 28, 11, 30, tzinfo=UTC), id="Saturday", marks=pytest.mark.deep),
]


@pytest.mark.parametrize("now", LOADED_ON)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_leaves_tasks_of_every_kind_to_be_done(
    room: PostRoom, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_week, "machine_now", lambda: now)
    with catching(MailStore(tmp_path)) as port:
        demo_week.load_demo(room, port)
    with room.reads() as session:
        ana = session.scalars(sa.select(User).where(User.email == "ana@nordlys.example")).one()
        kinds = {
            kind
            for kind in TaskKind
            if task_lines(session, ana, Wanted(TO_DO, ana.id, kind=kind), now + timedelta(minutes=1))[0]
        }
    assert kinds == set(TaskKind)
