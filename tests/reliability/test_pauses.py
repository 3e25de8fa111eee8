"""Nothing is handed over once a pause has returned, however many dispatchers are at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.pausing_work import pause_work, resume_work
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.stops.stopping import (
    release_everything,
    release_mailbox,
    stop_everything,
    stop_mailbox,
)
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink
from tests.torture.pauses import BEFORE_THE_GATE, pause_while_sending

Act = Callable[[UnitOfWork, Cast], object]

STOPS: tuple[tuple[Act, Act], ...] = (
    (
        lambda uow, cast: stop_everything(uow, cast.cleo),
        lambda uow, cast: release_everything(uow, cast.cleo),
    ),
    (
        lambda uow, cast: stop_mailbox(uow, cast.ana, cast.ana_box.id),
        lambda uow, cast: release_mailbox(uow, cast.ana, cast.ana_box.id),
    ),
    (
        lambda uow, cast: pause_work(uow, cast.ana, cast.ana),
        lambda uow, cast: resume_work(uow, cast.ana, cast.ana),
    ),
)


def _empty(room: PostRoom, mailbox_id: int) -> None:
    while dispatch(room, mailbox_id, 4):
        pass


def test_nothing_begins_after_all_sending_or_a_sender_was_stopped(
    room: PostRoom, cast: Cast, sink: Sink
) -> None:
    """Two dispatchers send while somebody stops: what had not begun by then is never handed over."""
    for number, (stop, release) in enumerate(STOPS):
        with unit_of_work(room.sessions, room.clock) as uow:
            campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)], f"Round {number}")
            ids = [a_person(uow, cast.ana, f"{number}-{n}@example.com").id for n in range(16)]
            launch(uow, cast.ana, Order(campaign.id, ids))
        rooms = [replace(room, owner=f"worker {one}") for one in range(2)]
        threads = [threading.Thread(target=_empty, args=(one, cast.ana_box.id)) for one in rooms]
        for thread in threads:
            thread.start()
        time.sleep(0.05 * (number + 1))
        with unit_of_work(room.sessions, room.clock) as uow:
            stop(uow, cast)
            uow.session.flush()
            waiting = set(
                uow.session.scalars(sa.select(Message.email).where(Message.state.in_(BEFORE_THE_GATE)))
            )
        for thread in threads:
            thread.join()
        assert not {mail.recipients[0] for mail in sink.caught} & waiting
        with unit_of_work(room.sessions, room.clock) as uow:
            release(uow, cast)
        _empty(room, cast.ana_box.id)
    assert len(sink.caught) == len({mail.recipients[0] for mail in sink.caught})


@pytest.mark.parametrize("bulk", [False, True])
def test_nothing_begins_after_a_pause_has_returned(
    bulk: bool, room: PostRoom, cast: Cast, sink: Sink, work: Work
) -> None:
    """Also where a bulk lane gates several at once."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))
    assert pause_while_sending(room, cast, sink, rounds=10, people=20, seed=1) == []
