"""Pause a campaign or a person while several dispatchers send: nothing begins after the pause has returned.

What had begun is read inside the pausing transaction, after its row of holds is written: whoever wanted to let a
message through before has committed by then, whoever comes later waits and finds it stopped. So every mail that
the server takes and that is not among those is a violation.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import pause_campaign, pause_enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_campaign, a_mail
from tests.cast import Cast
from tests.sink import Sink
from tests.torture.campaign import add_people

BEFORE_THE_GATE = ("pending", "claimed", "retrying", "cancelled")
BATCH = 4


@dataclass(frozen=True)
class Paused:
    """One pause: the addresses it stopped, and how many mails had left before."""

    stopped: frozenset[str]
    before: int


def pause_while_sending(
    room: PostRoom,
    cast: Cast,
    sink: Sink,
    *,
    rounds: int,
    people: int,
    seed: int,
    workers: int = 3,
    batch: int = BATCH,
) -> list[str]:
    """So many pauses, half of them of a whole campaign; a sentence for every mail that began after its pause.

    `batch` is how many mails a dispatcher takes at a time.
    """
    chance = random.Random(seed)
    with unit_of_work(room.sessions, room.clock) as uow:
        everybody = add_people(uow, cast, people)
    wrong = []
    for number in range(rounds):
        campaign_id = _launch(room, cast, everybody, number)
        paused = _pause_meanwhile(room, cast, campaign_id, chance, workers, batch, whole=number % 2 == 0)
        taken = {mail.recipients[0] for mail in sink.caught}
        wrong += [f"round {number}: {one} got mail after the pause" for one in sorted(taken & paused.stopped)]
        sink.caught.clear()
        _leave_none(room, campaign_id)
    return wrong


def _launch(room: PostRoom, cast: Cast, people: Sequence[int], number: int) -> int:
    with unit_of_work(room.sessions, room.clock) as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"Round {number}")
        launch(uow, cast.ana, Order(campaign.id, people))
        return campaign.id


def _pause_meanwhile(
    room: PostRoom,
    cast: Cast,
    campaign_id: int,
    chance: random.Random,
    workers: int,
    batch: int,
    *,
    whole: bool,
) -> Paused:
    rooms = [replace(room, owner=f"worker {number}") for number in range(workers)]
    threads = [threading.Thread(target=empty, args=(one, cast.ana_box.id, batch)) for one in rooms]
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0, 0.15))
    with unit_of_work(room.sessions, room.clock) as uow:
        paused = _pause(uow, cast.ana, campaign_id, chance, whole=whole)
    for thread in threads:
        thread.join()
    return paused


def empty(room: PostRoom, mailbox_id: int, batch: int = BATCH) -> None:
    while dispatch(room, mailbox_id, batch):
        pass


def _pause(uow: UnitOfWork, actor: User, campaign_id: int, chance: random.Random, *, whole: bool) -> Paused:
    if whole:
        pause_campaign(uow, actor, uow.session.get_one(Campaign, campaign_id))
        mine = Message.campaign_id == campaign_id
    else:
        ids = uow.session.scalars(sa.select(Enrollment.id).where(Enrollment.campaign_id == campaign_id)).all()
        enrollment = uow.session.get_one(Enrollment, chance.choice(ids))
        if enrollment.state != "active":  # it had all its mail already
            return Paused(frozenset(), 1)
        pause_enrollment(uow, actor, enrollment)
        mine = Message.enrollment_id == enrollment.id
    uow.session.flush()
    rows = uow.session.execute(sa.select(Message.email, Message.state).where(mine)).all()
    stopped = frozenset(row.email for row in rows if row.state in BEFORE_THE_GATE)
    return Paused(stopped, len(rows) - len(stopped))


def _leave_none(room: PostRoom, campaign_id: int) -> None:
    """The next round must not find what this one held."""
    with unit_of_work(room.sessions, room.clock) as uow:
        uow.session.execute(
            sa.update(Message)
            .where(Message.campaign_id == campaign_id, Message.state == "pending")
            .values(state="cancelled")
        )
