"""What comes into a mailbox: what it is taken for, whose it is, and that reading it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.activity import Activity
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import Disposal, MailKind, ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.models import Message
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import MONDAY, a_bounce, a_complaint, a_raw_mail, come_in, sent, taken_in
from tests.mail_collection import BACK_ON, KINDS, OURS, raw

pytestmark = pytest.mark.usefixtures("sink")
Queries = Callable[[], AbstractContextManager[list[str]]]


def test_a_reply_is_matched_by_message_id_and_the_replying_address_does_not_matter(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = sent(work, cast, room)
    (mail,) = taken_in(work, cast, a_raw_mail(sender="assistant@elsewhere.example", answers=name))
    with work() as uow:
        message = uow.session.scalars(sa.select(Message).order_by(Message.id)).first()
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "reply.received")).one()
    assert message is not None
    assert (mail.kind, mail.answers_id, mail.person_id) == (MailKind.REPLY, message.id, message.person_id)
    assert (told.enrollment_id, told.data["received"]) == (message.enrollment_id, mail.id)


def test_an_earlier_mail_of_the_thread_is_enough(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = sent(work, cast, room)
    (mail,) = taken_in(
        work, cast, a_raw_mail(answers="<phone-note@example.com>", references=[name, "<x@y.example>"])
    )
    assert mail.kind is MailKind.REPLY


def test_a_mail_that_is_read_twice_is_one_mail(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = sent(work, cast, room)
    raw = a_raw_mail(answers=name)
    assert len(taken_in(work, cast, raw, raw, uid="7")) == 1
    assert len(taken_in(work, cast, raw, uid="7")) == 1
    assert len(taken_in(work, cast, raw, uid="8")) == 1, "moved to another folder it has another uid"


def test_own_sent_copies_never_count_but_say_that_a_reply_was_answered(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = sent(work, cast, room)
    (mail,) = taken_in(work, cast, a_raw_mail(answers=name))
    copy = a_raw_mail(sender="Ana <ana@north.example>", to="maria@example.com", answers=mail.message_id)
    (mail,) = taken_in(work, cast, copy, own=True)
    assert mail.disposal is Disposal.ANSWERED


def test_a_new_mail_from_somebody_known_wrote_to_you_and_a_stranger_leaves_nothing(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    sent(work, cast, room)
    taken = taken_in(
        work,
        cast,
        a_raw_mail(subject="A thought", sender="MARIA@Example.com"),
        a_raw_mail(subject="Private", sender="friend@home.example"),
        a_raw_mail(subject="Our news", List_Unsubscribe="<https://example.com>"),
    )
    assert [(mail.kind, mail.subject) for mail in taken] == [(MailKind.WROTE, "A thought")]


def test_people_of_another_team_are_strangers(work: Work, cast: Cast, room: PostRoom) -> None:
    with work() as uow:
        a_person(uow, cast.dirk, "southern@example.com")
    assert taken_in(work, cast, a_raw_mail(sender="southern@example.com", subject="Hello")) == []


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda name: a_bounce(name), MailKind.BOUNCE),
        (lambda name: a_bounce("<not-ours@example.com>"), None),
        (lambda name: a_bounce(name, action="delayed", status="4.4.1"), MailKind.DELAY),
        (lambda name: a_bounce(name, action="delivered", status="2.0.0"), MailKind.RECEIPT),
        (lambda name: a_complaint(name), MailKind.COMPLAINT),
        (lambda name: a_raw_mail(answers=name, Auto_Submitted="auto-replied"), MailKind.AUTO_REPLY),
        (lambda name: a_raw_mail("Unsubscribe", answers=name), MailKind.UNSUBSCRIBE),
        (lambda name: a_raw_mail("", subject="unsubscribe"), MailKind.UNSUBSCRIBE),
    ],
)
def test_each_kind_is_told_apart(
    work: Work, cast: Cast, room: PostRoom, make: Callable[[str], bytes], kind: MailKind | None
) -> None:
    (name,) = sent(work, cast, room)
    assert [mail.kind for mail in taken_in(work, cast, make(name))] == ([kind] if kind else [])


def test_many_mails_need_as_many_queries_as_a_few(
    work: Work, cast: Cast, room: PostRoom, queries: Queries
) -> None:
    names = sent(work, cast, room, *(f"p{number}@example.com" for number in range(60)))
    needed = []
    for some in (names[:3], names[3:]):
        with queries() as seen:
            taken_in(work, cast, *(a_raw_mail(answers=name) for name in some))
        needed.append(len(seen))
    assert needed[0] == needed[1]


def test_what_came_before_is_older(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = sent(work, cast, room)
    later, earlier = a_raw_mail("second", answers=name), a_raw_mail("first", answers=name)
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        mails = [come_in(later, at=MONDAY + timedelta(hours=1)), come_in(earlier, at=MONDAY)]
        assert receive(uow, box, mails) == 2
        texts = uow.session.scalars(sa.select(ReceivedMail.text).order_by(ReceivedMail.id)).all()
    assert texts == ["first", "second"]


def test_every_mail_of_the_collection_is_taken_for_what_it_is(work: Work, cast: Cast, room: PostRoom) -> None:
    sent(work, cast, room)
    with work() as uow:
        uow.session.execute(sa.update(Message).where(Message.sent_at.is_not(None)).values(message_id=OURS))
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        receive(uow, box, [come_in(raw(name), name) for name in KINDS])
        kept = {row.uid: row for row in uow.session.scalars(sa.select(ReceivedMail))}
        told = uow.session.scalars(sa.select(Activity.kind).where(Activity.kind.like("%.received"))).all()
    assert {name: kept[name].kind.value if name in kept else "" for name in KINDS} == KINDS
    assert {name: row.back_on for name, row in kept.items() if row.back_on} == BACK_ON
    assert sorted(told) == sorted(f"{kind}.received" for kind in KINDS.values() if kind)
