"""What is written for a mail: its commands, their groups, its body; and what cannot be offered at all."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.smtp import SmtpProvider
from integrations.smtp.dialogue import Line, Read, Write, converse
from integrations.smtp.envelopes import Offers, body
from integrations.smtp.replies import Reply
from sales_campaigns.ports import OutgoingMail
from tests.providers.mails import QUICK, a_mail, an_account, handed_over, ids, kinds, mails, the_only
from tests.sink import Manners, Sink


def written(offers: Offers, count: int) -> list[bytes]:
    """Each write of a dialogue with a server that says yes to everything."""
    writes: list[bytes] = []
    asked: deque[bytes] = deque()
    talk = converse(Line(offers, 60, 600), deque(mails(count)))
    step = next(talk, None)
    while step is not None:
        if isinstance(step, Write):
            writes.append(step.data)
            asked.extend(re.findall(rb"^(?:MAIL|RCPT|DATA|\.(?=\r))", step.data, re.M))
        answer = Reply(354 if asked.popleft() == b"DATA" else 250, "") if isinstance(step, Read) else None
        try:
            step = talk.send(answer)
        except StopIteration:
            step = None
    return writes


def test_it_writes_each_body_together_with_the_next_envelope() -> None:
    first, second = (
        b"MAIL FROM:<ana@ana.example>\r\nRCPT TO:<person%d@ben.example>\r\nDATA\r\n" % key for key in (1, 2)
    )
    bodies = [mail.mime + b".\r\n" for mail in mails(2)]
    assert written(Offers(pipelining=True), 2) == [first, bodies[0] + second, bodies[1]]


def test_it_writes_one_command_at_a_time_where_pipelining_is_not_offered() -> None:
    (mail,) = mails(1)
    lines = [b"MAIL FROM:<ana@ana.example>\r\n", b"RCPT TO:<person1@ben.example>\r\n", b"DATA\r\n"]
    assert written(Offers(), 1) == [*lines, mail.mime + b".\r\n"]


def test_it_gives_server_size_encoding_and_name_of_the_mail(sink: Sink) -> None:
    sink.behave(Manners(size=10_000, dsn=True))
    mail = a_mail(text="Grüße\r\n".encode())
    handed_over(sink, [replace(mail, message_id="<a+b=c@ana.example>")])
    assert (
        f"MAIL FROM:<ana@ana.example> SIZE={len(mail.mime)} BODY=8BITMIME RET=HDRS ENVID=a+2Bb+3Dc@ana.example"
        in sink.heard
    )
    assert "RCPT TO:<person1@ben.example> ORCPT=rfc822;person1@ben.example" in sink.heard


def test_it_asks_for_delivery_notices_where_that_is_wanted_and_offered(sink: Sink) -> None:
    wanted = replace(QUICK, success_notices=True)
    handed_over(sink, [a_mail()], wanted)
    assert "RCPT TO:<person1@ben.example>" in sink.heard
    sink.behave(Manners(dsn=True))
    handed_over(sink, [a_mail()], wanted)
    assert (
        "RCPT TO:<person1@ben.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;person1@ben.example"
        in sink.heard
    )
    assert SmtpProvider(an_account(sink), wanted).capabilities.confirms_deliveries


@pytest.mark.parametrize("dsn", [True, False])
def test_every_mail_of_a_batch_asks_for_its_notice_and_is_promised_one_only_where_that_is_offered(
    dsn: bool, either: Sink
) -> None:
    either.behave(replace(either.manners, dsn=dsn))
    outcomes = handed_over(either, mails(6), replace(QUICK, success_notices=True))
    assert [one.confirms for one in outcomes] == [dsn] * 6
    assert [line for line in either.heard if "NOTIFY=SUCCESS" in line] == [
        f"RCPT TO:<person{key}@ben.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;person{key}@ben.example"
        for key in (range(1, 7) if dsn else ())
    ]
    assert sum("ENVID=" in line for line in either.heard) == (6 if dsn else 0)


def test_it_names_the_recipient_as_it_was_written_where_ascii_can(sink: Sink) -> None:
    """RFC 3461 section 4.2: xtext; an address beyond ASCII would need another type, and is left out."""
    sink.behave(Manners(dsn=True, utf8=True))
    handed_over(sink, [a_mail(recipients=("a+b=c@ben.example",)), a_mail(2, recipients=("zoë@ben.example",))])
    assert "RCPT TO:<a+b=c@ben.example> ORCPT=rfc822;a+2Bb+3Dc@ben.example" in sink.heard
    assert "RCPT TO:<zoë@ben.example>" in sink.heard


def test_it_asks_for_nothing_that_is_not_offered(sink: Sink) -> None:
    sink.behave(Manners(eight_bit=False, utf8=False, dsn=False))
    handed_over(sink, [a_mail()])
    assert "MAIL FROM:<ana@ana.example>" in sink.heard


BODIES = {
    "nothing": (b"", b""),
    "a lone dot": (b".", b".\r\n"),
    "leading dots": (b".\r\n..\r\n.a\r\nb.\r\n", b".\r\n..\r\n.a\r\nb.\r\n"),
    "bare line feeds": (b"a\nb\n\n.c\n", b"a\r\nb\r\n\r\n.c\r\n"),
    "bare returns": (b"a\rb\r.c", b"a\r\nb\r\n.c\r\n"),
    "a smuggled end": (b"a\n.\nMAIL FROM:<x@y>\n.\r\nRCPT", b"a\r\n.\r\nMAIL FROM:<x@y>\r\n.\r\nRCPT\r\n"),
    "returns in a row": (b"a\r\r\nb\r\n", b"a\r\n\r\nb\r\n"),
    "no line end": (b"a", b"a\r\n"),
    "beyond ASCII": ("Grüße ✉".encode(), "Grüße ✉\r\n".encode()),
    "many lines": (b".line\r\n" * 20_000, b".line\r\n" * 20_000),
    "one long line": (b"x" * 300_000, b"x" * 300_000 + b"\r\n"),
}


@pytest.mark.parametrize("name", BODIES)
def test_it_brings_every_body_over_as_one_mail(either: Sink, name: str) -> None:
    text, arrives = BODIES[name]
    assert kinds(handed_over(either, [a_mail(1, text), a_mail(2)])) == ["sent", "sent"]
    assert ids(either.caught) == [a_mail(1).message_id, a_mail(2).message_id]
    assert either.caught[0].raw.partition(b"\r\n\r\n")[2] == arrives


PIECES = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"a", b"..", b"\x00", b"DATA"]), max_size=20)
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@settings(max_examples=300, deadline=None)
@given(PIECES)
@example([b"a", b"\n", b".", b"\r\n"])
@example([b".", b"\r\n"])
def test_no_server_can_see_another_end_than_the_last(pieces: list[bytes]) -> None:
    """The rule: dot-stuffing and line-ending safety, whatever a server takes for the end of a line."""
    wire = body(b"".join(pieces))
    assert BARE.search(wire) is None
    *lines, end, nothing = wire.split(b"\r\n")
    assert (end, nothing) == (b".", b"") and b"." not in lines
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in lines)


@settings(max_examples=60, deadline=None)
@given(PIECES)
@example([b"\r\n", b".", b"\r\n"])
def test_it_brings_any_mix_of_dots_and_line_ends_over_as_one_mail(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    arrives = b"\r\n".join(lines if lines[-1] == b"" else [*lines, b""])
    with Sink() as sink:
        handed_over(sink, [a_mail(1, text), a_mail(2)])
        assert [mail.raw.partition(b"\r\n\r\n")[2] for mail in sink.caught] == [arrives, b"Hello.\r\n"]


@pytest.mark.parametrize(
    ("manners", "mail", "words"),
    [
        (Manners(size=100), a_mail(text=b"x" * 200), "100 at most"),
        (Manners(utf8=False), a_mail(recipients=("jörg@b.example",), needs_utf8=True), "SMTPUTF8"),
        (Manners(utf8=False), a_mail(sender="jörg@b.example"), "SMTPUTF8"),
        (Manners(eight_bit=False), a_mail(text="Grüße".encode()), "8BITMIME"),
        (Manners(), a_mail(recipients=()), "no recipient"),
        (Manners(), a_mail(recipients=("a b@c.example",)), "envelope"),
        (Manners(), a_mail(sender="a@b>\r\nRSET\r\n"), "envelope"),
    ],
)  # fmt: skip
def test_it_refuses_what_the_server_could_not_take(manners: Manners, mail: OutgoingMail, words: str) -> None:
    with Sink(manners) as sink:
        outcomes = handed_over(sink, [a_mail(8, b""), mail, a_mail(9, b"")])
        assert kinds(outcomes) == ["sent", "message", "sent"]
        assert outcomes[1].refused is not None and words in outcomes[1].refused.words
        assert ids(sink.caught) == [a_mail(8).message_id, a_mail(9).message_id]


def test_it_takes_any_size_where_the_server_names_no_limit(sink: Sink) -> None:
    sink.behave(Manners(size=0))
    assert kinds(handed_over(sink, [a_mail(text=b"x" * 99_999)])) == ["sent"]


def test_it_sends_addresses_beyond_ascii_with_smtputf8(sink: Sink) -> None:
    handed_over(sink, [a_mail(recipients=("jörg@b.example",), needs_utf8=True)])
    assert the_only(sink).recipients == ("jörg@b.example",)
    assert "MAIL FROM:<ana@ana.example> SMTPUTF8" in sink.heard
