"""Reading replies, and what each refusal means at its position."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.smtp.replies import (
    LONGEST_REPLY,
    Lost,
    Position,
    Reply,
    ReplyReader,
    kind_of,
    refusal,
    taken,
)

TABLE = [
    # position, code, enhanced, kind
    (Position.GREETING, 421, None, "rate_limited"),
    (Position.GREETING, 554, None, "policy"),
    (Position.GREETING, 450, "4.3.2", "transient"),
    (Position.HELLO, 550, "5.7.1", "policy"),
    (Position.STARTTLS, 454, "4.7.0", "transient"),
    (Position.AUTH, 535, "5.7.8", "authorisation"),
    (Position.AUTH, 534, "5.7.9", "authorisation"),
    (Position.AUTH, 535, None, "authorisation"),
    (Position.AUTH, 454, "4.7.0", "transient"),
    (Position.AUTH, 421, "4.7.0", "rate_limited"),
    (Position.MAIL, 530, "5.7.0", "authorisation"),
    (Position.MAIL, 421, "4.7.0", "rate_limited"),
    (Position.MAIL, 451, "4.7.1", "rate_limited"),
    (Position.MAIL, 451, "4.3.0", "transient"),
    (Position.MAIL, 452, "4.3.1", "transient"),
    (Position.MAIL, 550, None, "policy"),
    (Position.MAIL, 550, "5.1.8", "policy"),
    (Position.MAIL, 553, "5.7.1", "policy"),
    (Position.MAIL, 552, "5.3.4", "message"),
    (Position.MAIL, 552, None, "message"),
    (Position.RCPT, 550, "5.1.1", "recipient"),
    (Position.RCPT, 550, "5.1.2", "recipient"),
    (Position.RCPT, 550, None, "recipient"),
    (Position.RCPT, 553, None, "recipient"),
    (Position.RCPT, 552, "5.2.2", "recipient"),
    (Position.RCPT, 501, "5.1.3", "recipient"),
    (Position.RCPT, 554, "5.7.1", "policy"),
    (Position.RCPT, 550, "5.7.1", "policy"),
    (Position.RCPT, 550, "5.1.8", "policy"),
    (Position.RCPT, 503, "5.5.1", "policy"),
    (Position.RCPT, 552, "5.2.3", "message"),
    (Position.RCPT, 553, "5.6.7", "message"),
    (Position.RCPT, 450, "4.7.1", "rate_limited"),
    (Position.RCPT, 451, "4.7.500", "rate_limited"),
    (Position.RCPT, 450, "4.2.0", "transient"),
    (Position.RCPT, 452, "4.2.2", "transient"),
    (Position.RCPT, 450, None, "transient"),
    (Position.RCPT, 421, None, "rate_limited"),
    (Position.DATA, 550, None, "message"),
    (Position.DATA, 554, "5.7.1", "policy"),
    (Position.DATA, 451, None, "transient"),
    (Position.BODY, 552, None, "message"),
    (Position.BODY, 552, "5.3.4", "message"),
    (Position.BODY, 554, "5.2.3", "message"),
    (Position.BODY, 554, "5.6.0", "message"),
    (Position.BODY, 554, None, "message"),
    (Position.BODY, 550, "5.7.1", "policy"),
    (Position.BODY, 550, "5.1.1", "recipient"),
    (Position.BODY, 451, "4.7.1", "rate_limited"),
    (Position.BODY, 452, "4.3.1", "transient"),
    (Position.BODY, 421, "4.7.0", "transient"),
]


@pytest.mark.parametrize(("position", "code", "enhanced", "kind"), TABLE)
def test_it_judges_a_refusal_by_its_position(
    position: Position, code: int, enhanced: str | None, kind: str
) -> None:
    assert kind_of(position, code, enhanced) == kind


@settings(deadline=None)
@given(st.sampled_from(Position), st.integers(400, 499))
def test_it_never_calls_a_4xx_permanent(position: Position, code: int) -> None:
    assert kind_of(position, code) in ("transient", "rate_limited")


@settings(deadline=None)
@given(st.sampled_from(sorted(set(Position) - {Position.RCPT, Position.BODY})), st.integers(500, 599))
def test_it_never_blames_an_address_before_one_was_named(position: Position, code: int) -> None:
    assert kind_of(position, code) != "recipient"


def test_it_puts_the_server_into_a_sentence() -> None:
    refused = refusal(Reply(550, "5.1.1 No such\nperson\x07 here"), Position.RCPT)
    assert refused.words == "The mail server refused the recipient: 550 5.1.1 No such person here"
    assert (refused.code, refused.enhanced) == (550, "5.1.1")


def test_it_ignores_an_enhanced_code_of_another_class() -> None:
    assert Reply(450, "5.1.1 hm").enhanced is None
    assert Reply(450, "4.20000.1 hm").enhanced is None
    assert Reply(450, "4.2.1").enhanced == "4.2.1"


@pytest.mark.parametrize(
    ("position", "code", "yes"),
    [(Position.MAIL, 250, True), (Position.RCPT, 251, True), (Position.DATA, 354, True),
     (Position.DATA, 450, False)],
)  # fmt: skip
def test_it_knows_a_yes_from_a_no(position: Position, code: int, yes: bool) -> None:
    assert taken(Reply(code, ""), position) is yes


@pytest.mark.parametrize(
    ("position", "code"), [(Position.DATA, 250), (Position.BODY, 354), (Position.MAIL, 334)]
)
def test_it_gives_up_on_an_answer_that_cannot_be_meant(position: Position, code: int) -> None:
    with pytest.raises(Lost):
        taken(Reply(code, ""), position)


REPLIES = st.builds(
    Reply,
    st.integers(200, 599),
    st.lists(
        st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=30), min_size=1, max_size=5
    ).map("\n".join),
)


@settings(deadline=None)
@given(st.lists(REPLIES, max_size=6), st.integers(1, 40))
def test_it_reads_replies_however_the_bytes_are_cut(replies: list[Reply], size: int) -> None:
    stream = b"".join(_on_the_wire(reply) for reply in replies)
    reader, read = ReplyReader(), []
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
        while (reply := reader.next()) is not None:
            read.append(reply)
    assert read == replies
    assert reader.empty


def _on_the_wire(reply: Reply) -> bytes:
    lines = reply.text.split("\n")
    heads = [f"{reply.code}-"] * (len(lines) - 1) + [f"{reply.code} "]
    return "".join(f"{head}{line}\r\n" for head, line in zip(heads, lines, strict=True)).encode()


def test_it_reads_a_reply_that_is_only_a_code() -> None:
    reader = ReplyReader()
    reader.feed(b"250\r\n354\n")
    assert [reader.next(), reader.next(), reader.next()] == [Reply(250, ""), Reply(354, ""), None]


@pytest.mark.parametrize(
    "garbage",
    [b"\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"25\r\n", b"250?no\r\n", b"999 no\r\n", b"\xff\xfe\x00\n",
     b"250-one\r\n550 two\r\n", b"x" * (LONGEST_REPLY + 1), b"250-\r\n" * LONGEST_REPLY],
)  # fmt: skip
def test_it_gives_up_on_what_is_not_smtp(garbage: bytes) -> None:
    reader = ReplyReader()
    reader.feed(garbage)
    with pytest.raises(Lost):
        reader.next()


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_it_reads_or_gives_up_and_never_fails_otherwise(data: bytes) -> None:
    reader = ReplyReader()
    reader.feed(data)
    try:
        while reader.next() is not None:
            pass
    except Lost as lost:
        assert str(lost)
