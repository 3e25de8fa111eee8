"""What mails bear that leave by a server of our own: their domain's signature, and a return path that names them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sales_campaigns.accounts.models import Instance, Mailbox
from sales_campaigns.content.dkim import Signer, published
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recipes import copy_to_file
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.letters.postmarks import NO_POSTMARK, Postmark, postmark_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.messages.return_paths import ReturnPath
from sales_campaigns.settings import read_settings
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.dkim import verdicts
from tests.incoming import a_bounce, a_raw_mail, come_in
from tests.outgoing import due_mails, message, send
from tests.sink import Sink
from tests.topics.test_attachments import files, launched

PEOPLE = ("maria@example.com", "nils@example.net")
KEY = Ed25519PrivateKey.generate()
SIGNER = Signer("north.example", "s1", KEY)
RECORDS = {"s1._domainkey.north.example": f"v=DKIM1; k=ed25519; p={published(KEY)}"}
RETURNS = ReturnPath("bounces+*@mail.north.example", ("a key of this installation",))


def on_lane(work: Work, *, bulk: bool, probed: bool = True) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=bulk))
        uow.session.execute(sa.update(Instance).values(bounce_address=RETURNS.pattern if probed else ""))


@pytest.mark.parametrize("bulk", [False, True], ids=["one by one", "bulk lane"])
@pytest.mark.parametrize("with_files", [False, True], ids=["words", "files"])
def test_a_mail_is_signed_after_everything_else_and_shown_as_it_left(
    bulk: bool, with_files: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: the exact mail that left can be shown, also when the key that signed it is another one today."""
    on_lane(work, bulk=bulk)
    signing = replace(room, postmark=Postmark(SIGNER))
    if with_files:
        launched(work, cast, signing, *PEOPLE)
    else:
        due_mails(work, cast, *PEOPLE)
        send(signing)
    assert [verdicts(mail.raw, RECORDS) for mail in sink.caught] == [["pass"]] * 2
    assert [bool(files(mail.raw)) for mail in sink.caught] == [with_files] * 2
    with work() as uow:
        undeferred = (sa.orm.undefer(Message.mime), sa.orm.undefer(Message.mime_hash))
        rows = uow.session.scalars(sa.select(Message).options(*undeferred)).all()
        assert {exact_mail(uow.session, row) for row in rows} == {mail.raw for mail in sink.caught}
        if not bulk:
            assert {copy_to_file(uow.session, row.id) for row in rows} == {mail.raw for mail in sink.caught}


def test_a_domain_signs_only_what_is_its_own(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, PEOPLE[0])
    send(replace(room, postmark=Postmark(replace(SIGNER, domain="south.example"))))
    assert b"dkim-signature" not in sink.caught[0].raw.lower()


@pytest.mark.parametrize(
    ("bulk", "probed", "named"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_a_bulk_lane_names_its_mails_and_only_once_a_probe_has_come_back(
    bulk: bool, probed: bool, named: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: a rep's mailbox keeps its own envelope sender; VERP only with a configured bounce domain that doctor
    has probed (spec/5).
    """
    on_lane(work, bulk=bulk, probed=probed)
    ids = due_mails(work, cast, *PEOPLE)
    send(replace(room, postmark=Postmark(returns=RETURNS)))
    senders = {mail.sender for mail in sink.caught}
    assert senders == ({RETURNS.address(id) for id in ids} if named else {cast.ana_box.address})
    assert all(b"From: Ana Lind <ana@north.example>" in mail.raw for mail in sink.caught)


def sent_in_bulk(work: Work, cast: Cast, room: PostRoom) -> int:
    """The id of Ana's one mail, which has left."""
    on_lane(work, bulk=True)
    [id] = due_mails(work, cast, PEOPLE[0])
    send(replace(room, postmark=Postmark(returns=RETURNS)))
    return id


def comes_to_dirk(work: Work, cast: Cast, room: PostRoom, raw: bytes) -> list[ReceivedMail]:
    """The mailbox that reads the bounce domain may be one of another team."""
    with work() as uow:
        receive(uow, uow.session.get_one(Mailbox, cast.dirk_box.id), [come_in(raw)], RETURNS)
    run_until_quiet(room)
    with work() as uow:
        return list(uow.session.scalars(sa.select(ReceivedMail)))


def stripped(to: str) -> bytes:
    """A report without our headers, our envelope id, and whom it is about."""
    head = a_bounce("").replace(b"ana@north.example", to.encode()).partition(b"Final-Recipient")[0]
    return head + b"Action: failed\r\nStatus: 5.1.1\r\n\r\n--4F2--\r\n"


@pytest.mark.parametrize(
    "kind", ["a report without headers", "a few words of a server", "nothing but a return path"]
)
def test_what_comes_back_to_a_return_path_is_about_its_mail_whatever_was_stripped(
    kind: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    id = sent_in_bulk(work, cast, room)
    address = RETURNS.address(id).upper()
    plain = {"sender": "Mail Delivery System <MAILER-DAEMON@mx.example>", "answers": None}
    words = a_raw_mail("550 5.1.1 no such user here", to=address, subject="Sorry", **plain)  # type: ignore[arg-type]
    raws = {
        "a report without headers": stripped(address),
        "a few words of a server": words,
        "nothing but a return path": words.replace(b"To: ", b"Cc: ").replace(
            b"Subject:", f"Delivered-To: {address}\r\nSubject:".encode()
        ),
    }
    (kept,) = comes_to_dirk(work, cast, room, raws[kind])
    row = message(work, id)
    assert (kept.kind, kept.answers_id, kept.team_id) == (MailKind.BOUNCE, id, cast.ana.team_id)
    assert kept.user_id == cast.ana.id
    assert (row.state, row.reason) == ("failed", Reason.UNKNOWN_RECIPIENT)


def test_a_program_that_answers_to_the_return_path_is_an_automatic_reply(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """Vacation programs write to the envelope sender (RFC 3834, section 4)."""
    id = sent_in_bulk(work, cast, room)
    away = a_raw_mail(
        "Back on Monday.", to=RETURNS.address(id), subject="Away", Auto_Submitted="auto-replied"
    )
    (kept,) = comes_to_dirk(work, cast, room, away)
    assert (kept.kind, kept.answers_id) == (MailKind.AUTO_REPLY, id)
    assert message(work, id).state == "sent"


def test_a_forged_return_path_is_about_nothing(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    """The rule: forged without a token that is ours, ignored."""
    id = sent_in_bulk(work, cast, room)
    forged = ReturnPath(RETURNS.pattern, ("a key of somebody else",)).address(id)
    assert comes_to_dirk(work, cast, room, stripped(forged)) == []
    assert message(work, id).state == "sent"


def test_the_settings_say_what_mails_bear() -> None:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    given = {
        "DKIM_DOMAIN": "north.example",
        "DKIM_SELECTOR": "s1",
        "DKIM_KEY": KEY.private_bytes(*form).decode(),
        "BOUNCE_ADDRESS": RETURNS.pattern,
        "SECRET_KEY": "a key of this installation, long enough",
        "SECRET_KEY_OLD": "the one before, which is still known",
    }
    postmark = postmark_of(read_settings(given))
    assert postmark.signer is not None and published(postmark.signer.key) == published(KEY)
    assert postmark.returns is not None
    former = ReturnPath(RETURNS.pattern, (given["SECRET_KEY_OLD"],)).address(7)
    assert postmark.returns.message_in(former) == 7
    assert postmark_of(read_settings({"SECRET_KEY": given["SECRET_KEY"]})) == NO_POSTMARK
