"""Two people, or a person and a process, at the same moment: one of them wins, the other is told so in words."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import sqlalchemy as sa

from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.enrollments.ending import end_for_person
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_task, messages_ended
from sales_campaigns.enrollments.undoing import undo_task
from sales_campaigns.errors import IllegalMove, Invalid, Refusal
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.reactions import react
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.sink import Sink

Act = Callable[[UnitOfWork], object]
Result = object | BaseException
NUMBERS = count(1)


def at_once(room: PostRoom, *acts: Act) -> list[Result]:
    """Each act in a transaction of its own, all begun at the same moment; what each returned or raised."""
    results: list[Result] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(number: int, act: Act) -> None:
        gate.wait()
        try:
            with unit_of_work(room.sessions, room.clock) as uow:
                results[number] = act(uow)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def broken(results: list[Result], *, allowed: type[Refusal] = Refusal) -> list[str]:
    """The errors that nobody could show to a person."""
    return [repr(one) for one in results if isinstance(one, BaseException) and not isinstance(one, allowed)]


def complete_twice(room: PostRoom, cast: Cast) -> list[str]:
    """Two tabs complete one task: one completion, one next mail."""
    [task] = _open_tasks(room, cast, calls=1)
    results = at_once(room, *[lambda uow: complete_task(uow, cast.ana, task_of(uow, cast.ana, task))] * 2)
    return broken(results) + _one_mail(room)


def both_mails_end(room: PostRoom, cast: Cast) -> list[str]:
    """Two mails that left at once end in two reactions at the same moment: the next mail is scheduled, once."""
    with unit_of_work(room.sessions, room.clock) as uow:
        steps = [
            a_mail(uow, 1),
            a_mail(uow, 1, "At once", send=SendOption.SAME_AS_PREVIOUS),
            a_mail(uow, 2, at="10:00"),
        ]
        campaign = a_campaign(uow, cast.ana, steps, f"Race {next(NUMBERS)}")
        person = a_person(uow, cast.ana, f"race{next(NUMBERS)}@example.com")
        launch(uow, cast.ana, Order(campaign.id, [person.id]))
        ids = uow.session.scalars(sa.select(Message.id).where(Message.person_id == person.id)).all()
        assert len(ids) == 2, "both are ready at the launch"
    dispatch(room, cast.ana_box.id)
    results = at_once(room, *(lambda uow, id=id: messages_ended(uow, [id]) for id in ids))
    with unit_of_work(room.sessions, room.clock) as uow:
        react(uow)
    return broken(results) + _one_mail(room, 3)


def undo_while_it_leaves(room: PostRoom, cast: Cast, sink: Sink, chance: random.Random) -> list[str]:
    """Either the completion is undone and nothing leaves, or the mail leaves and undoing is refused."""
    [task] = _open_tasks(room, cast, calls=1)
    _complete(room, cast, task, undo_seconds=0)
    sink.caught.clear()
    box, wait = cast.ana_box.id, chance.uniform(0, 0.01)
    thread = threading.Thread(target=dispatch, args=(room, box))
    thread.start()
    time.sleep(wait)
    [result] = at_once(room, lambda uow: undo_task(uow, cast.ana, task_of(uow, cast.ana, task)))
    thread.join()
    undone, left = result is None, len(sink.caught)
    wrong = broken([result], allowed=IllegalMove)
    if undone == bool(left):
        wrong.append(f"undone: {undone}, mails that left: {left}")
    return wrong


def launch_twice(room: PostRoom, cast: Cast) -> list[str]:
    """Two reps add the same person: one enrollment, and the other rep reads why not."""
    with unit_of_work(room.sessions, room.clock) as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"Race {next(NUMBERS)}")
        person = a_person(uow, cast.ana, f"race{next(NUMBERS)}@example.com")
        order = Order(campaign.id, [person.id])
    results = at_once(room, *[lambda uow: launch(uow, cast.ana, order)] * 2)
    with unit_of_work(room.sessions, room.clock) as uow:
        there = uow.session.scalar(
            sa.select(sa.func.count(Enrollment.id)).where(Enrollment.campaign_id == order.campaign_id)
        )
    wrong = broken(results, allowed=Invalid)
    return wrong if there == 1 else [*wrong, f"{there} enrollments of one person"]


def end_while_sending(room: PostRoom, cast: Cast, sink: Sink, chance: random.Random) -> list[str]:
    """A person is ended while the batch with her mail is at the gate: no deadlock, and what is left is cancelled."""
    sink.caught.clear()
    ids = [_launched_person(room, cast) for _ in range(6)]
    rooms = [replace(room, owner=f"worker {number}") for number in range(2)]
    threads = [threading.Thread(target=dispatch, args=(one, cast.ana_box.id, 3)) for one in rooms]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0, 0.02))
    results = at_once(room, *(lambda uow, id=id: end_for_person(uow, id, "asked to") for id in reversed(ids)))
    for thread in threads:
        thread.join()
    with unit_of_work(room.sessions, room.clock) as uow:
        rows = uow.session.execute(
            sa.select(Message.state, Message.email).where(Message.person_id.in_(ids))
        ).all()
    states, theirs = [row.state for row in rows], {row.email for row in rows}
    # Earlier races leave mails that come due meanwhile; only those to these people are judged here.
    taken = sum(not theirs.isdisjoint(mail.recipients) for mail in sink.caught)
    left = [state for state in states if state not in ("sent", "cancelled")]
    wrong = broken(results) + [f"a mail of an ended enrollment is {state}" for state in left]
    sent = sum(state == "sent" for state in states)
    return wrong if sent == taken else [*wrong, f"{sent} sent, {taken} taken"]


def _launched_person(room: PostRoom, cast: Cast) -> int:
    with unit_of_work(room.sessions, room.clock) as uow:
        campaign = uow.session.scalars(sa.select(Campaign).where(Campaign.name == "Ending")).first()
        campaign = campaign or a_campaign(uow, cast.ana, [a_mail(uow, 1)], "Ending")
        person = a_person(uow, cast.ana, f"race{next(NUMBERS)}@example.com")
        launch(uow, cast.ana, Order(campaign.id, [person.id]))
        return person.id


def _open_tasks(room: PostRoom, cast: Cast, calls: int) -> list[int]:
    """The open tasks of a person launched just now: so many calls on the first day, a mail after them."""
    with unit_of_work(room.sessions, room.clock) as uow:
        steps = [*(a_call(1) for _ in range(calls)), a_mail(uow, 1, at="08:00", if_past="now")]
        campaign = a_campaign(uow, cast.ana, steps, f"Race {next(NUMBERS)}")
        person = a_person(uow, cast.ana, f"race{next(NUMBERS)}@example.com")
        launch(uow, cast.ana, Order(campaign.id, [person.id]))
        open_due(uow)
        return list(uow.session.scalars(sa.select(Task.id).where(Task.person_id == person.id)))


def _complete(room: PostRoom, cast: Cast, task_id: int, undo_seconds: int = 10) -> None:
    with unit_of_work(room.sessions, room.clock) as uow:
        complete_task(uow, cast.ana, task_of(uow, cast.ana, task_id), undo_seconds=undo_seconds)


def _one_mail(room: PostRoom, expected: int = 1) -> list[str]:
    with unit_of_work(room.sessions, room.clock) as uow:
        newest = uow.session.scalar(sa.select(sa.func.max(Person.id)))
        mails = uow.session.scalar(
            sa.select(sa.func.count(Message.id)).where(
                Message.person_id == newest, Message.state != "cancelled"
            )
        )
    return [] if mails == expected else [f"{mails} mails where {expected} is due"]
