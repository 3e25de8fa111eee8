"""Mail that comes due between two ticks does not wait for the second one (spec/6: within 0.3 s where all is idle)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from scheduler.jobs import Job, always
from scheduler.looking_ahead import SEND, look_ahead
from scheduler.runner import clockwork_of
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails

PACE = 600.0  # seconds


@pytest.mark.parametrize(
    ("due_in", "state", "wait"),
    [
        (300, MailboxState.CONNECTED, 300),
        (0.001, MailboxState.CONNECTED, 0.1),  # one look is for all that come due in a tenth of a second
        (601, MailboxState.CONNECTED, None),  # the usual tick will see it
        (300, MailboxState.STOPPED, None),  # nothing leaves from there
    ],
)
def test_the_next_look_for_due_mail_is_when_it_comes_due(
    due_in: float, state: MailboxState, wait: float | None, work: Work, cast: Cast, room: PostRoom
) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(act_at=uow.now + timedelta(seconds=due_in)))
        uow.session.execute(sa.update(Mailbox).values(state=state))
    clockwork = clockwork_of({Job(SEND, always, lambda _room, _key: 0): lambda _job: None}, PACE)
    clockwork.start(paused=True)
    try:
        usual, begun = _next_look(clockwork), machine_now()
        look_ahead(clockwork, room, PACE)
        over = machine_now()
        if wait is None:
            assert _next_look(clockwork) == usual
        else:
            assert begun <= _next_look(clockwork) - timedelta(seconds=wait) <= over
    finally:
        clockwork.shutdown()


def _next_look(clockwork: BackgroundScheduler) -> datetime:
    job = clockwork.get_job(SEND)
    assert job is not None and isinstance(job.next_run_time, datetime)
    return job.next_run_time
