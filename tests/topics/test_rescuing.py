"""Overdue rescue: one action spreads, skips or clears overdue tasks older than N days."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from sales_campaigns.absence.models import RescueKind
from sales_campaigns.absence.rescuing import Wish, preview_rescue, rescue, undo_rescue
from sales_campaigns.absence.taking_leave import Absent, take_leave
from sales_campaigns.calendars.models import LeaveKind, OwnHoliday
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Priority, Task
from sales_campaigns.tasks.working import remind
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


def overdue(work: Work, cast: Cast, number: int, days: int = 3) -> None:
    """So many reminders of Ana that were due so many days ago."""
    with work() as uow:
        uow.session.add_all(
            Task(
                team_id=cast.ana.team_id,
                assignee_id=cast.ana.id,
                kind="custom",
                name=f"Task {n}",
                due_at=uow.now - timedelta(days=days, minutes=n),
                created_at=uow.now,
            )
            for n in range(number)
        )


def days_of(work: Work) -> dict[date, int]:
    with work() as uow:
        dues = uow.session.scalars(sa.select(Task.due_at).where(Task.state == "open"))
        return dict(sorted(Counter(due.date() for due in dues).items()))


def test_it_spreads_evenly_over_working_days_and_the_preview_says_the_same(work: Work, cast: Cast) -> None:
    overdue(work, cast, 12)
    wish = Wish(cast.ana, days=5, most=40)
    with work() as uow:
        preview = preview_rescue(uow, cast.ana, wish)
        assert preview.number == 12 and list(preview.by_day.values()) == [3, 3, 2, 2, 2]
        rescue(uow, cast.ana, wish)
    assert days_of(work) == preview.by_day


def test_it_leaves_out_leave_and_holidays_and_counts_what_is_there(work: Work, cast: Cast) -> None:
    overdue(work, cast, 4)
    with work() as uow:
        uow.session.merge(cast.ana).country = "SE"
        uow.session.flush()
        cast.ana.country = "SE"
        first = date(2026, 12, 1)
        take_leave(uow, cast.ana, Absent(cast.ana, first, first, LeaveKind.SHIFT))
        uow.session.add(
            OwnHoliday(
                team_id=cast.ana.team_id, place="SE", day=date(2026, 12, 2), free=True, author_id=cast.ana.id
            )
        )
        remind(uow, cast.ana, name="There already", due_at=datetime(2026, 12, 3, 9, tzinfo=UTC))
        preview = preview_rescue(uow, cast.ana, Wish(cast.ana, days=3, most=2))
        assert list(preview.by_day.items()) == [
            (date(2026, 11, 30), 2),
            (date(2026, 12, 3), 1),
            (date(2026, 12, 4), 1),
        ]
        assert preview.there == {date(2026, 12, 3): 1}


def test_it_says_how_many_have_no_room_and_leaves_them(work: Work, cast: Cast) -> None:
    overdue(work, cast, 10)
    with work() as uow:
        wish = Wish(cast.ana, days=2, most=3)
        assert preview_rescue(uow, cast.ana, wish).left == 4
        assert rescue(uow, cast.ana, wish)[1] == 6


def test_it_takes_only_what_is_older_and_the_urgent_ones_first(work: Work, cast: Cast) -> None:
    overdue(work, cast, 2, days=1)
    overdue(work, cast, 2, days=8)
    with work() as uow:
        urgent = uow.session.scalars(sa.select(Task).order_by(Task.id)).all()[2]
        urgent.priority = Priority.HIGH
        wish = Wish(cast.ana, older_than=5, days=2, most=1)
        assert preview_rescue(uow, cast.ana, wish).number == 2
        rescue(uow, cast.ana, wish)
        uow.session.expire_all()
        assert urgent.due_at.date() == date(2026, 11, 30)


def test_a_spread_is_undone_to_the_minute(work: Work, cast: Cast, clock: VirtualClock) -> None:
    overdue(work, cast, 5)
    with work() as uow:
        before = uow.session.scalars(sa.select(Task.due_at).order_by(Task.id)).all()
        row, _ = rescue(uow, cast.ana, Wish(cast.ana))
    with work() as uow, pytest.raises(NotFound):
        undo_rescue(uow, cast.ben, row.id)
    with work() as uow:
        assert undo_rescue(uow, cast.ana, row.id) == 5
        assert uow.session.scalars(sa.select(Task.due_at).order_by(Task.id)).all() == before
    with work() as uow, pytest.raises(IllegalMove):
        undo_rescue(uow, cast.ana, row.id)


@pytest.mark.parametrize("how", [RescueKind.SKIP, RescueKind.CLEAR])
def test_skipping_and_clearing_release_the_next_steps_and_undo_takes_them_back(
    work: Work, cast: Cast, clock: VirtualClock, how: RescueKind
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 2, at="10:00")])
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(3)]
        launch(uow, cast.ana, Order(campaign.id, people))
        open_due(uow)
    clock.forward(timedelta(days=4))
    with work() as uow:
        row, number = rescue(uow, cast.ana, Wish(cast.ana, how))
        assert number == 3
        ended = "skipped" if how is RescueKind.SKIP else "completed"
        assert set(uow.session.scalars(sa.select(Task.state))) == {ended}
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 3
        assert {act >= row.undo_until for act in uow.session.scalars(sa.select(Message.act_at))} == {True}
    with work() as uow:
        assert undo_rescue(uow, cast.ana, row.id) == 3
        assert set(uow.session.scalars(sa.select(Message.state))) == {"cancelled"}
        assert sorted(uow.session.scalars(sa.select(StepRun.state))) == ["cancelled"] * 3 + ["task_open"] * 3


def test_an_administrator_rescues_for_somebody_and_a_colleague_does_not(work: Work, cast: Cast) -> None:
    overdue(work, cast, 1)
    with work() as uow, pytest.raises(NotAllowed):
        rescue(uow, cast.ben, Wish(cast.ana))
    with work() as uow:
        assert rescue(uow, cast.cleo, Wish(cast.ana))[1] == 1


@pytest.mark.parametrize("wrong", [{"days": 0}, {"most": 0}, {"older_than": -1}, {"days": 1000}])
def test_it_refuses_numbers_that_mean_nothing(work: Work, cast: Cast, wrong: dict[str, Any]) -> None:
    with work() as uow, pytest.raises(Invalid) as refusal:
        preview_rescue(uow, cast.ana, Wish(cast.ana, **wrong))
    assert list(refusal.value.problems) == list(wrong)


def test_a_thousand_tasks_take_as_many_statements_as_ten(work: Work, cast: Cast, engine: sa.Engine) -> None:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *happened: seen.append(happened[2]))
    counts = []
    for number in (10, 990):
        overdue(work, cast, number)
        seen.clear()
        with work() as uow:
            rescue(uow, cast.ana, Wish(cast.ana, days=10, most=500))
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 2
