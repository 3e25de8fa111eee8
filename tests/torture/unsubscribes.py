"""People unsubscribe while several dispatchers send to them: whoever was told yes gets no mail any more.

What had begun is read inside the transaction of the opt-out, after the row of the address is written: whoever let a
mail through before has committed by then, whoever comes later waits and finds the opt-out.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from sales_campaigns.enrollments.answers.opting_out import unsubscribe, unsubscribe_by_link
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_campaign, a_mail
from tests.cast import Cast
from tests.sink import Sink
from tests.torture.campaign import add_people
from tests.torture.pauses import BEFORE_THE_GATE, empty

PEOPLE, OF_THEM, WORKERS = 20, 10, 3  # of a round


def unsubscribe_while_sending(room: PostRoom, cast: Cast, sink: Sink, *, rounds: int, seed: int) -> list[str]:
    """Ten of twenty people a round; a sentence for every mail that began after its recipient had unsubscribed."""
    chance, wrong = random.Random(seed), []
    for number in range(rounds):
        people = _launch(room, cast, number)
        stopped = _unsubscribe_meanwhile(room, cast, chance.sample(people, OF_THEM), chance)
        taken = {mail.recipients[0] for mail in sink.caught}
        wrong += [f"round {number}: {one} got mail after the opt-out" for one in sorted(taken & stopped)]
        if len(taken | stopped) != PEOPLE:
            wrong.append(f"round {number}: {PEOPLE - len(taken | stopped)} got nothing")
        sink.caught.clear()
    return wrong


def _launch(room: PostRoom, cast: Cast, number: int) -> list[int]:
    with unit_of_work(room.sessions, room.clock) as uow:
        people = add_people(uow, cast, PEOPLE, number * PEOPLE)
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"Unsubscribing {number}")
        launch(uow, cast.ana, Order(campaign.id, people))
        return people


def _unsubscribe_meanwhile(
    room: PostRoom, cast: Cast, people: Sequence[int], chance: random.Random
) -> set[str]:
    """The addresses whose mail had not begun when they unsubscribed."""
    rooms = [replace(room, owner=f"worker {number}") for number in range(WORKERS)]
    threads = [threading.Thread(target=empty, args=(one, cast.ana_box.id)) for one in rooms]
    for thread in threads:
        thread.start()
    stopped = set()
    for number, person_id in enumerate(people):
        time.sleep(chance.uniform(0, 0.02))
        with unit_of_work(room.sessions, room.clock) as uow:
            stopped |= _unsubscribe(uow, cast, person_id, by_link=number % 2 == 0)
    for thread in threads:
        thread.join()
    return stopped


def _unsubscribe(uow: UnitOfWork, cast: Cast, person_id: int, *, by_link: bool) -> set[str]:
    mine = sa.select(Message.id, Message.email, Message.state).where(Message.person_id == person_id)
    if by_link:
        unsubscribe_by_link(uow, uow.session.execute(mine).one().id, only_campaign=False)
    else:
        unsubscribe(uow, cast.cleo, uow.session.get_one(Person, person_id))
    uow.session.flush()
    row = uow.session.execute(mine).one()
    return {row.email} if row.state in BEFORE_THE_GATE else set()
