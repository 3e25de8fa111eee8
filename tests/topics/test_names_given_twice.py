"""A provider that calls two mails the same: both have left, and what comes back finds its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.draft_ids import send_key
from sales_campaigns.messages.inboxes.recognising import recognise
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.models import Message
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail, come_in
from tests.outgoing import Meanwhile, attempts, due_mails, message, send, states

pytestmark = pytest.mark.usefixtures("sink")
SAME, LONG = "<CA+the-same@mail.gmail.example>", f"<{'a' * 300}@mail.gmail.example>"
MARIA, NOOR = "maria@example.com", "noor@example.com"


def calling_all(room: PostRoom, name: str) -> PostRoom:
    """The real outside, which calls every mail by this name; each stands in a thread of its own."""
    return replace(
        room,
        providers=Meanwhile(
            room.providers, says=lambda one: one._replace(message_id=name, thread_id=f"thread {one.key}")
        ),
    )


@pytest.fixture(params=[False, True], ids=["singly", "bulk"])
def ids(request: pytest.FixtureRequest, work: Work, cast: Cast, room: PostRoom) -> list[int]:
    """Two mails that left, and were called the same."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=request.param))
    ids = due_mails(work, cast, MARIA, NOOR)
    send(calling_all(room, SAME))
    return ids


def came(work: Work, cast: Cast, raw: bytes, thread: str | None = None) -> tuple[MailKind, int | None]:
    """What this mail was taken for, and what it is about."""
    with work() as uow:
        receive(uow, uow.session.get_one(Mailbox, cast.ana_box.id), [come_in(raw, thread_id=thread)])
        kept = uow.session.scalars(sa.select(ReceivedMail)).one()
        return kept.kind, kept.answers_id


def test_both_have_left_and_the_first_keeps_the_name(work: Work, ids: list[int]) -> None:
    """The rule: nothing is lost, and what was accepted is sent (spec/6)."""
    assert states(work) == ["sent", "sent"]
    assert [one.outcome for one in attempts(work)] == ["accept", "accept"]
    first, second = (message(work, id) for id in ids)
    assert first.message_id == SAME and second.message_id not in (None, SAME)
    assert [first.thread_id, second.thread_id] == [f"thread {id}" for id in ids]


def test_the_recipient_of_the_second_answers_it_in_its_thread(work: Work, cast: Cast, ids: list[int]) -> None:
    reply = a_raw_mail(sender=f"Noor <{NOOR}>", answers=SAME)
    assert came(work, cast, reply, f"thread {ids[1]}") == (MailKind.REPLY, ids[1])


def test_a_copy_among_the_sent_mails_settles_a_mail_in_doubt_whose_name_is_taken(
    work: Work, cast: Cast, ids: list[int]
) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Message).where(Message.id == ids[1]).values(state="uncertain"))
    copy = replace(come_in(a_raw_mail(message_id=SAME), own=True), send_key=send_key(message(work, ids[1])))
    for settled in (1, 0):
        with work() as uow:
            assert recognise(uow, uow.session.get_one(Mailbox, cast.ana_box.id), [copy]) == settled
    assert states(work) == ["sent", "sent"]
    assert message(work, ids[0]).message_id == SAME != message(work, ids[1]).message_id


def test_a_name_longer_than_any_is_not_kept(work: Work, cast: Cast, room: PostRoom) -> None:
    (id,) = due_mails(work, cast, MARIA)
    send(calling_all(room, LONG))
    assert states(work) == ["sent"] and message(work, id).message_id != LONG
