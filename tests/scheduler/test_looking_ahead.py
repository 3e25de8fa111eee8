"""Mail that comes due between two ticks does not wait for the second one (spec/6: within 0.3 s where all is idle)."""

from __future__ import annotations

from datetime import timedelta

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

PACE = 600.0  # seconds, so that a slow machine tells the ticks apart


@pytest.mark.parametrize(
    ("due_in", "state", "expected"),
    [
        (300, MailboxState.CONNECTED, 300),
        (0.001, MailboxState.CONNECTED, 0.1),  # one look is for all that come due in a tenth of a second
        (601, MailboxState.CONNECTED, PACE),  # the usual tick will see it
        (300, MailboxState.STOPPED, PACE),  # nothing leaves from there
    ],
)
def test_the_next_look_for_due_mail_is_when_it_comes_due(
    due_in: float, state: MailboxState, expected: float, work: Work, cast: Cast, room: PostRoom
) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(act_at=uow.now + timedelta(seconds=due_in)))
        uow.session.execute(sa.update(Mailbox).values(state=state))
    clockwork = clockwork_of({Job(SEND, always, lambda _room, _key: 0): lambda _job: None}, PACE)
    clockwork.start(paused=True)
    try:
        begun = machine_now()
        look_ahead(clockwork, room, PACE)
        assert _next_look(clockwork) - begun.timestamp() == pytest.approx(
            expected, abs=30 if due_in > 1 else 0.1
        )
    finally:
        clockwork.shutdown()


def _next_look(clockwork: BackgroundScheduler) -> float:
    job = clockwork.get_job(SEND)
    assert job is not None
    return float(job.next_run_time.timestamp())
