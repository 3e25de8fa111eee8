"""What a dead process left behind: claimed goes back, begun is uncertain, and what others hold is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.messages.handing_over.claiming import claim_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import OutgoingMail
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, send, states, with_meanwhile
from tests.sink import Sink


class Killed(BaseException):
    """The process is gone: nothing below it is executed any more."""


def killed_while_sending(work: Work, room: PostRoom, *, before: bool) -> None:
    """Leave the rows as a kill leaves them: the first mail is begun, the rest of the batch is claimed."""

    def die(_mail: OutgoingMail) -> None:
        raise Killed

    doomed = with_meanwhile(room, before=die) if before else with_meanwhile(room, after=die)
    with pytest.raises(Killed):
        send(doomed)
    with work() as uow:  # a dying Python gives back what it had not looked at; a killed one does not
        uow.session.execute(
            sa.update(Message)
            .where(Message.state == "pending")
            .values(state="claimed", owner=room.owner, lease_until=machine_now() + timedelta(minutes=15))
        )


@pytest.mark.parametrize("before", [True, False])
def test_only_the_mail_in_hand_is_uncertain_and_the_others_go_out(
    before: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    killed_while_sending(work, room, before=before)
    assert states(work) == ["sending", "claimed", "claimed"]
    with work() as uow:
        assert recover(uow, everything=True) == (2, 1)
    assert states(work) == ["uncertain", "pending", "pending"]
    send(room)
    assert states(work) == ["uncertain", "sent", "sent"]
    assert len(sink.caught) == (2 if before else 3), "the uncertain one is not sent again by itself"


def test_it_says_so_in_the_history(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    killed_while_sending(work, room, before=True)
    with work() as uow:
        recover(uow, everything=True)
    with work() as uow:
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "message.uncertain")).one()
        assert told.message_id == first
    assert "ended before the server's answer" in message(work, first).words


def test_a_lease_that_runs_is_respected(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    killed_while_sending(work, room, before=True)
    with work() as uow:
        assert recover(uow) == (0, 0)
        uow.session.execute(sa.update(Message).values(lease_until=machine_now() - timedelta(seconds=1)))
    with work() as uow:
        assert recover(uow) == (1, 1)
    with work() as uow:
        assert recover(uow, everything=True) == (0, 0), "there is nothing more to take over"


def test_the_lease_begins_anew_with_the_hand_over(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    """The last of a batch may be begun long after the batch was claimed."""
    due_mails(work, cast, "maria@example.com", "nils@example.com")
    left: list[timedelta] = []

    def look(mail: OutgoingMail) -> None:
        with work() as uow:
            lease = uow.session.get_one(Message, mail.key).lease_until
            assert lease is not None
            left.append(lease - machine_now())
            ended = machine_now() + timedelta(seconds=1)  # the others have been waiting for long
            uow.session.execute(sa.update(Message).where(Message.id != mail.key).values(lease_until=ended))

    send(with_meanwhile(replace(room, lease_seconds=600), before=look))
    assert [round(time.total_seconds() / 60) for time in left] == [10, 10]


def test_what_three_processes_died_with_is_set_aside_for_a_person(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: three recoveries, then it is set aside. Those that were only taken with it are not what ended them."""
    first, *others = due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    for died in range(4):
        with work() as uow:
            claim_due(uow, cast.ana_box.id, "dead", 900, 10)
        with work() as uow:
            assert recover(uow, everything=True) == ((3, 0) if died < 3 else (2, 0))
    row = message(work, first)
    assert (row.state, row.reason, row.owner) == ("cancelled", "set_aside", None)
    assert {message(work, other).recoveries for other in others} == {0, 1}, "one is next now"
    run_until_quiet(room)
    assert {mail.recipients[0] for mail in sink.caught} == {"nils@example.com", "olga@example.com"}
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        assert task.name == "Mend this mail" and "Three processes" in task.details


def test_nothing_uncertain_is_ever_sent_again_by_itself(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com")
    killed_while_sending(work, room, before=True)
    with work() as uow:
        recover(uow, everything=True)
    fast_forward(room, clock, clock.now() + timedelta(days=60))
    assert states(work) == ["uncertain"] and not sink.caught
