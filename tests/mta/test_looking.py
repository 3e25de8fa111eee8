"""Looking into mailboxes as the scheduler does: once what is new, proof of what is in doubt, copies of what left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.looking import LONGEST_PAUSE, inboxes_due, look
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail
from tests.mta.coming_back import is_due, move_in, working_with
from tests.mta.post_office import PostOffice
from tests.outgoing import due_mails, send, states

pytestmark = pytest.mark.mta


@pytest.fixture
def read_room(office: PostOffice, room: PostRoom, work: Work, cast: Cast) -> Iterator[PostRoom]:
    """Ana's mailbox sends and is read at the post office; it has not been looked at yet."""
    with working_with(office, room) as room:
        with work() as uow:
            move_in(uow, office, room, uow.session.get_one(Mailbox, cast.ana_box.id))
        yield room


def inbox(work: Work) -> Inbox:
    with work() as uow:
        return uow.session.scalars(sa.select(Inbox)).one()


def uncertain(work: Work) -> None:
    """As after a lost answer."""
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state="uncertain", sent_at=None, filed_at=None))


def looked(room: PostRoom, work: Work) -> int:
    is_due(work)
    (box,) = inboxes_due(room)
    return look(room, box)


def test_what_came_is_taken_in_once(read_room: PostRoom, office: PostOffice, work: Work, cast: Cast) -> None:
    (one,) = due_mails(work, cast, "maria@there.example")
    send(read_room)
    with work() as uow:
        name = str(uow.session.get_one(Message, one).message_id)
    office.drop(
        a_raw_mail(sender="maria@there.example", answers=name), a_raw_mail(sender="x@nowhere.example")
    )
    for _ in range(2):  # the server's own notice of the delivery may come at any time
        while looked(read_room, work):
            pass
        with work() as uow:
            (mail,) = uow.session.scalars(
                sa.select(ReceivedMail).where(ReceivedMail.kind != MailKind.RECEIPT)
            )
            assert mail.answers_id == one and mail.kind == MailKind.REPLY


def test_a_copy_is_put_among_the_sent_mails_once(
    read_room: PostRoom, office: PostOffice, clock: VirtualClock, work: Work, cast: Cast
) -> None:
    (one,) = due_mails(work, cast, "maria@here.example")
    send(read_room)
    looked(read_room, work)
    assert office.copies() == [], "the server has half a minute to file one by itself"
    clock.forward(timedelta(minutes=1))
    for _ in range(2):
        looked(read_room, work)
    with work() as uow:
        mail = uow.session.get_one(Message, one, options=[sa.orm.undefer(Message.mime)])
        assert mail.filed_at is not None
        assert office.copies() == [mail.mime]


def test_where_the_server_files_a_copy_none_is_added(
    read_room: PostRoom, office: PostOffice, clock: VirtualClock, work: Work, cast: Cast
) -> None:
    (one,) = due_mails(work, cast, "maria@here.example")
    send(read_room)
    looked(read_room, work)
    with work() as uow:
        mime = uow.session.get_one(Message, one, options=[sa.orm.undefer(Message.mime)]).mime
    assert mime is not None
    office.drop(mime, folder=".Sent")
    clock.forward(timedelta(minutes=1))
    looked(read_room, work)
    assert office.copies() == [mime]


def test_a_mail_in_doubt_that_stands_among_the_sent_ones_has_left(
    read_room: PostRoom, office: PostOffice, work: Work, cast: Cast
) -> None:
    """The rule: the mailbox is asked before a person is; found is proof."""
    (one,) = due_mails(work, cast, "maria@here.example")
    send(read_room)
    looked(read_room, work)
    with work() as uow:
        mime = uow.session.get_one(Message, one, options=[sa.orm.undefer(Message.mime)]).mime
    assert mime is not None
    office.drop(mime, folder=".Sent")
    uncertain(work)
    assert looked(read_room, work) == 1
    assert states(work) == ["sent"]


def test_a_mail_in_doubt_that_does_not_stand_there_stays_in_doubt(
    read_room: PostRoom, work: Work, cast: Cast
) -> None:
    """The rule: absent is not proof that it did not leave; a person says."""
    due_mails(work, cast, "maria@here.example")
    send(read_room)
    uncertain(work)
    looked(read_room, work)
    assert states(work) == ["uncertain"]


def test_trouble_is_kept_and_a_refused_sign_in_is_not_tried_again_at_once(
    read_room: PostRoom, work: Work, cast: Cast
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(sealed_secret=read_room.seal.close("wrong")))
    assert looked(read_room, work) == 0
    kept = inbox(work)
    assert "refused the sign-in" in kept.trouble and kept.failing_since is not None
    assert kept.look_at > machine_now() + LONGEST_PAUSE / 2


def test_two_processes_make_one_look(read_room: PostRoom, office: PostOffice, work: Work, cast: Cast) -> None:
    """Whoever comes second finds it not due, and reads nothing twice."""
    is_due(work)
    look(read_room, cast.ana_box.id)
    cursor = inbox(work).cursor
    assert look(read_room, cast.ana_box.id) == 0
    assert inbox(work).cursor == cursor
