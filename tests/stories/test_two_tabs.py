"""The same call task completed in two tabs at once, then undone within its time, then completed again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, Thread

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.enrollments.undoing import undo_task
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.working import task_of
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import a_person
from tests.stories.telling import Story, finish, let_happen, let_pass, open_tasks


def test_it_plans_one_next_mail_and_undo_leaves_none(story: Story) -> None:
    add_maria(story)
    let_happen(story)
    [call] = open_tasks(story)

    together(
        lambda: complete(story, story.cast.ana, call.id), lambda: complete(story, story.cast.ben, call.id)
    )
    assert len(messages(story)) == 1, "two tabs are one completion"

    let_pass(story, seconds=4)
    with story.work() as uow:
        undo_task(uow, story.cast.ana, task_of(uow, story.cast.ana, call.id))
    let_pass(story, days=2)
    assert not story.sink.caught, "what an undone completion released never leaves"
    assert [message.state for message in messages(story)] == ["cancelled"]

    [call] = open_tasks(story)
    finish(story, call)
    let_pass(story, days=2)
    assert len(story.sink.caught) == 1
    assert [message.state for message in messages(story)] == ["cancelled", "sent"]


def test_it_completes_or_undoes_but_never_both(story: Story) -> None:
    add_maria(story)
    let_happen(story)
    [call] = open_tasks(story)
    finish(story, call)
    together(lambda: undo(story, call.id), lambda: let_pass(story, minutes=5))
    let_pass(story, days=1)
    assert len(story.sink.caught) == (0 if open_tasks(story) else 1)


def add_maria(story: Story) -> None:
    """A call, then a mail that leaves as soon as the call is done."""
    with story.work() as uow:
        steps = [a_call(1), a_mail(uow, 1, at="08:00", if_past="now")]
        campaign = a_campaign(uow, story.cast.ana, steps)
        launch(uow, story.cast.ana, Order(campaign.id, [a_person(uow, story.cast.ana).id]))


def complete(story: Story, actor: User, task_id: int) -> None:
    with story.work() as uow:
        complete_task(uow, actor, task_of(uow, actor, task_id))


def undo(story: Story, task_id: int) -> None:
    with suppress(IllegalMove), story.work() as uow:
        undo_task(uow, story.cast.ana, task_of(uow, story.cast.ana, task_id))


def together(*acts: Callable[[], None]) -> None:
    """All at once, each in its own transaction."""
    start = Barrier(len(acts))
    faults: list[Exception] = []

    def run(act: Callable[[], None]) -> None:
        start.wait(10)
        try:
            act()
        except Exception as fault:
            faults.append(fault)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults, faults


def messages(story: Story) -> list[Message]:
    with story.work() as uow:
        return list(uow.session.scalars(sa.select(Message).order_by(Message.id)))
