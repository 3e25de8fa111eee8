"""Analytics and the calendar: what came of the work, counted from the rows, and what a week holds."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.ramping import ramp_mailbox
from sales_campaigns.analytics.periods import Period
from sales_campaigns.analytics.reading import figures_by_campaign, figures_by_template, figures_by_user
from sales_campaigns.analytics.report import Activity
from sales_campaigns.analytics.week import DayCell, week_of
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState, OwnHoliday
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_bounce, a_raw_mail, answered, sent
from tests.outgoing import send
from tests.sink import Sink

MONDAY = date(2026, 11, 30)
TODAY, EARLIER = Period(MONDAY, MONDAY), Period(MONDAY - timedelta(days=1), MONDAY - timedelta(days=1))


def test_unique_counts_people_and_total_counts_mails(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    names = sent(work, cast, room, "maria@example.com", "jonas@example.com")
    replies = [a_raw_mail(f"Answer {n}", answers=names[0]) for n in range(2)]
    answered(work, cast, room, *replies, a_bounce(names[1], recipient="jonas@example.com"))
    with work() as uow:
        found = figures_by_user(uow.session, cast.ana, TODAY)
        assert found[cast.ana.id].sent == 1 and found[cast.ana.id].people == 1, "one came back"
        assert found[cast.ana.id].bounced == 1
        assert (found[cast.ana.id].replies, found[cast.ana.id].repliers) == (2, 1)
        assert cast.ben.id not in found
        assert figures_by_user(uow.session, cast.ana, EARLIER) == {}
        assert figures_by_user(uow.session, cast.dirk, TODAY) == {}, "another team"


def test_campaigns_are_compared_for_the_team_and_for_one_rep(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        mail = a_mail(uow, 1, from_template="Hello")
        campaign = a_campaign(uow, cast.ana, [mail])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    send(room)
    with work() as uow:
        team = figures_by_campaign(uow.session, cast.ana, TODAY, None)
        assert team == {campaign.id: Activity(sent=1, people=1, launched=1)}
        assert figures_by_campaign(uow.session, cast.ana, TODAY, cast.ana.id) == team
        assert figures_by_campaign(uow.session, cast.ben, TODAY, cast.ben.id) == {}
        assert figures_by_template(uow.session, cast.ana, TODAY) == {"Hello": Activity(sent=1, people=1)}


def days(work: Work, actor: User, user: User) -> dict[date, DayCell]:
    with work() as uow:
        week = week_of(uow.session, uow.session.get_one(User, actor.id), MONDAY, uow.now)
        [rep] = [rep for rep in week.reps if rep.user.id == user.id]
        return {cell.date: cell for cell in rep.days}


def under_way(work: Work, cast: Cast, number: int = 1) -> None:
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2), a_mail(uow, 4, at="10:00")]
        campaign = a_campaign(uow, cast.ana, steps)
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign.id, people))


def test_a_week_holds_what_is_planned_and_what_the_planner_foresees(work: Work, cast: Cast) -> None:
    under_way(work, cast, 3)
    week = days(work, cast.ana, cast.ana)
    assert week[MONDAY] == DayCell(MONDAY, planned=3)
    tuesday, thursday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)
    assert week[tuesday] == DayCell(tuesday, foreseen_tasks=3)
    assert week[thursday] == DayCell(thursday, foreseen_mails=3)


def test_a_day_is_full_where_the_ramp_lets_no_more_leave(work: Work, cast: Cast) -> None:
    """Ramp-up: a mailbox that is still getting known is full long before its daily limit."""
    under_way(work, cast, 3)
    assert full_at(work, cast) == [None] * 7
    with work() as uow:
        ramp_mailbox(uow, cast.ana, {"ramp_first": "2", "ramp_percent": "50", "ramp_most": "100"})
    assert full_at(work, cast) == [2, *[None] * 6], "on Thursday it sends six"


def full_at(work: Work, cast: Cast) -> list[int | None]:
    with work() as uow:
        [rep] = week_of(uow.session, uow.session.get_one(User, cast.ana.id), MONDAY, uow.now).reps
        return [rep.full_at(cell) for cell in rep.days]


def test_nothing_is_foreseen_for_a_day_that_is_over(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """What is still open is never assumed to have ended before now."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    clock.forward(timedelta(days=2))
    found = {day: cell.foreseen_mails for day, cell in days(work, cast.ana, cast.ana).items()}
    assert sum(found.values()) == 1 and found[MONDAY] == found[MONDAY + timedelta(days=1)] == 0


def test_what_has_left_stands_on_its_day(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    sent(work, cast, room)
    assert days(work, cast.ana, cast.ana)[MONDAY].sent == 1


def test_days_are_those_of_the_reps_own_zone(work: Work, cast: Cast) -> None:
    under_way(work, cast)
    with work() as uow:
        uow.session.get_one(User, cast.ana.id).zone = "Pacific/Auckland"
        uow.session.execute(sa.update(Message).values(due_at=uow.now + timedelta(hours=6)))
    tuesday = MONDAY + timedelta(days=1)
    assert days(work, cast.ana, cast.ana)[tuesday].planned == 1, "14:00 UTC is Tuesday there"


def test_leave_and_holidays_stand_beside_it(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.get_one(User, cast.ana.id).country = "SE"
        uow.session.add_all(
            [
                Leave(
                    team_id=cast.ana.team_id,
                    user_id=cast.ana.id,
                    first_day=MONDAY - timedelta(days=3),
                    last_day=MONDAY,
                    begins_at=uow.now,
                    ends_at=uow.now + timedelta(days=1),
                    how=LeaveKind.SHIFT,
                    state=LeaveState.PLANNED,
                    author_id=cast.ana.id,
                    created_at=uow.now,
                ),
                OwnHoliday(
                    team_id=cast.ana.team_id,
                    place="SE",
                    day=MONDAY + timedelta(days=1),
                    free=True,
                    author_id=cast.cleo.id,
                ),
            ]
        )
    week = days(work, cast.ana, cast.ana)
    assert [cell.leave for cell in week.values()] == [LeaveKind.SHIFT, *[None] * 6]
    assert [cell.holiday for cell in week.values()] == [False, True, *[False] * 5]


def test_a_rep_sees_their_own_week_and_administrators_the_teams(work: Work, cast: Cast) -> None:
    with work() as uow:
        assert [rep.user.id for rep in week_of(uow.session, cast.ana, MONDAY, uow.now).reps] == [cast.ana.id]
        everybody = [rep.user.id for rep in week_of(uow.session, cast.cleo, MONDAY, uow.now).reps]
        assert everybody == [cast.ana.id, cast.ben.id, cast.cleo.id]


def test_a_week_takes_the_same_queries_however_much_is_in_it(work: Work, cast: Cast, queries: object) -> None:
    def needed() -> int:
        with queries() as seen:  # type: ignore[operator]
            days(work, cast.cleo, cast.ana)
        return len(seen)

    under_way(work, cast)
    few = needed()
    with work() as uow:
        campaign = a_campaign(uow, cast.ben, [a_mail(uow, 1, at="10:00"), a_call(2)], "Another")
        launch(
            uow,
            cast.ben,
            Order(campaign.id, [a_person(uow, cast.ben, f"q{n}@x.example").id for n in range(9)]),
        )
    assert needed() == few
