"""Somebody without an address, a field emptied after the launch, an opt-out, a quarantine, a blocked domain."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.people.models import Address, BlockedDomain, Person
from sales_campaigns.tasks.models import TaskKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import a_person
from tests.stories.letters import letters
from tests.stories.telling import Story, enrollments, finish, let_pass, open_tasks, work_through
from tests.stories.telling import at as instant


def test_it_leaves_out_the_emails_of_somebody_without_an_address_and_the_tasks_still_come(
    story: Story,
) -> None:
    with story.work() as uow:
        steps = [a_mail(uow, 1), a_mail(uow, 2, send="task", at=None), a_call(2), a_mail(uow, 3, at="09:00")]
        campaign = a_campaign(uow, story.cast.ana, steps)
        maria = a_person(uow, story.cast.ana, "", phone="+46 8 123 456")
        launch(uow, story.cast.ana, Order(campaign.id, [maria.id]))
    let_pass(story, days=2)
    [call] = open_tasks(story)
    assert call.kind is TaskKind.CALL
    finish(story, call)
    let_pass(story, days=5)
    assert [one.state for one in enrollments(story)] == ["finished"]
    assert not story.sink.caught and not open_tasks(story)


def test_it_asks_for_a_mail_to_be_mended_and_goes_on_when_it_was_sent(story: Story) -> None:
    with story.work() as uow:
        steps = [a_mail(uow, 1), a_mail(uow, 2, "For {{ company }}", at="10:00"), a_follow_up(uow, 3)]
        campaign = a_campaign(uow, story.cast.ana, steps)
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))
    let_pass(story, hours=1)
    with story.work() as uow:
        uow.session.execute(sa.update(Person).values(company=""))
    let_pass(story, days=4)
    assert len(story.sink.caught) == 1
    [task] = open_tasks(story)
    assert (task.name, "company" in task.details) == ("Mend this mail", True)
    with story.work() as uow:
        uow.session.execute(sa.update(Person).values(company="Fjord Energy"))
    finish(story, task)
    let_pass(story, days=4)
    assert [one.subject for one in letters(story.sink)][1:] == ["For Fjord Energy", "Re: For Fjord Energy"]
    assert [one.state for one in enrollments(story)] == ["finished"] and not open_tasks(story)


def opt_out(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Address).values(opted_out_at=uow.now))


def quarantine(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Address).values(quarantined_at=uow.now))


def block_the_domain(uow: UnitOfWork) -> None:
    uow.session.add(BlockedDomain(domain="example.com"))


@pytest.mark.parametrize(
    ("stop", "state", "later_tasks"),
    [(opt_out, "ended", 0), (block_the_domain, "ended", 0), (quarantine, "active", 1)],
)
def test_it_stops_at_the_gate(
    story: Story, stop: Callable[[UnitOfWork], None], state: str, later_tasks: int
) -> None:
    """An opt-out and a block end everything; a quarantined address gets no mail, and the tasks still come."""
    with story.work() as uow:
        steps = [a_mail(uow, 1), a_mail(uow, 2, at="10:00"), a_call(3)]
        campaign = a_campaign(uow, story.cast.ana, steps)
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))
    let_pass(story, hours=1)
    with story.work() as uow:
        stop(uow)
    let_pass(story, days=5)
    assert len(story.sink.caught) == 1
    assert [one.state for one in enrollments(story)] == [state]
    assert len(open_tasks(story)) == later_tasks


def test_a_follow_up_of_a_skipped_mail_is_a_new_thread_with_the_subject_it_would_have_had(
    story: Story,
) -> None:
    from sales_campaigns.enrollments.progress import skip_task
    from sales_campaigns.tasks.working import task_of

    with story.work() as uow:
        steps = [
            a_mail(uow, 1, "Hello {{ first_name }}", send="task"),
            a_follow_up(uow, 2, at="10:00", send="at"),
        ]
        campaign = a_campaign(uow, story.cast.ana, steps)
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))
    let_pass(story, minutes=1)
    with story.work() as uow:
        skip_task(uow, story.cast.ana, task_of(uow, story.cast.ana, open_tasks(story)[0].id))
    work_through(story, instant("2026-12-04T12:00"))
    [mail] = letters(story.sink)
    assert (mail.subject, mail.references) == ("Hello Maria", ())
