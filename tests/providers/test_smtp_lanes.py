"""Several connections of one mailbox, side by side in one thread."""

from __future__ import annotations

import socket
from collections import deque
from dataclasses import replace
from threading import Barrier

import pytest

from integrations.smtp import SmtpProvider
from integrations.smtp.connection import Connection
from integrations.smtp.dialogue import Line
from integrations.smtp.envelopes import Offers
from integrations.smtp.lanes import Lane
from tests.fault_proxy import Fault, FaultProxy
from tests.providers.mails import QUICK, a_mail, an_account, handed_over, ids, kinds, mails
from tests.sink import Act, Sink

FOUR = replace(QUICK, connections=4)


@pytest.fixture
def sink(either: Sink) -> Sink:
    return either


def test_it_sends_every_mail_once_over_all_its_connections(sink: Sink) -> None:
    outcomes = handed_over(sink, mails(50), FOUR)
    assert kinds(outcomes) == ["sent"] * 50
    assert sorted(one.key for one in outcomes) == list(range(1, 51))
    assert sorted(ids(sink.caught)) == sorted(mail.message_id for mail in mails(50))
    assert sink.connections == 4


def test_a_mailbox_says_itself_how_many_connections_it_may_use(sink: Sink) -> None:
    provider = SmtpProvider(an_account(sink, connections=3), QUICK)
    assert kinds(provider.hand_over(mails(9))) == ["sent"] * 9
    assert sink.connections == 3
    provider.close()


def test_it_opens_no_more_connections_than_there_are_mails(sink: Sink) -> None:
    provider = SmtpProvider(an_account(sink), FOUR)
    assert kinds(provider.hand_over(mails(2))) == ["sent", "sent"]
    assert sink.connections == 2
    assert kinds(provider.hand_over(mails(2))) == ["sent", "sent"]
    assert sink.connections == 2
    provider.close()


def test_once_one_is_let_in_the_others_are_opened_side_by_side(sink: Sink) -> None:
    others = Barrier(3)

    def let_in(position: str, _argument: str) -> None:
        if position == "CONNECT" and sink.connections > 1:
            others.wait(20)  # raises unless all three stand at the door together

    sink.obey(let_in)
    assert kinds(handed_over(sink, mails(9), FOUR)) == ["sent"] * 9
    assert sink.connections == 4


def test_it_makes_do_with_the_connections_it_is_given(sink: Sink) -> None:
    def two_at_most(position: str, argument: str) -> str | None:
        return "421 4.7.0 two at most" if position == "CONNECT" and sink.connections > 2 else None

    sink.obey(two_at_most)
    assert kinds(handed_over(sink, mails(9), FOUR)) == ["sent"] * 9


def test_it_lets_no_slow_answer_hold_up_the_other_connections(sink: Sink) -> None:
    sink.obey(lambda where, to: Act.SILENCE if (where, to) == ("BODY", "person1@ben.example") else None)
    outcomes = handed_over(sink, mails(20), replace(FOUR, final_reply_seconds=0.5))
    assert {one.key: one.refused and one.refused.kind.value for one in outcomes if one.refused} == {
        1: "unknown"
    }
    assert len(outcomes) == 20
    # only the mail whose envelope had gone ahead on the same connection comes later
    assert [one.key for one in outcomes].index(1) >= 18


def test_it_gives_back_what_a_broken_connection_had_not_begun(sink: Sink) -> None:
    sink.obey(lambda where, to: Act.DROP if (where, to) == ("BODY", "person3@ben.example") else None)
    outcomes = handed_over(sink, mails(30), FOUR)
    assert [one.key for one in outcomes if one.refused] == [3]
    assert len(set(ids(sink.caught))) == len(sink.caught) == 29


def test_it_stops_offering_when_one_connection_hears_that_the_mailbox_must_wait(sink: Sink) -> None:
    sink.obey(lambda where, _: "450 4.7.1 not so fast" if where == "MAIL" else None)
    assert kinds(handed_over(sink, mails(40), FOUR)) == ["rate_limited"] * 40
    assert sum(line.startswith("MAIL") for line in sink.heard) <= 8


def test_it_never_sends_a_mail_twice_over_lines_that_are_cut(sink: Sink) -> None:
    with FaultProxy(sink.host, sink.port, Fault(cut_to_server=1_000)) as proxy:
        outcomes = handed_over(proxy, mails(25), FOUR)
    assert sorted(one.key for one in outcomes) == list(range(1, 26))
    assert len(set(ids(sink.caught))) == len(sink.caught)
    certain = {a_mail(one.key).message_id for one in outcomes if one.refused is None}
    assert certain <= set(ids(sink.caught))


def test_a_body_and_the_envelope_behind_it_are_one_write() -> None:
    """The rule: one write of body and next envelope. Of such a socket each write is read by itself."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        lane = Lane(Connection(ours, 5), Line(Offers(pipelining=True, eight_bit=True), 5, 5))
        outcomes, writes = list(lane.begin(deque(mails(3)))), [theirs.recv(10_000)]
        for _ in range(3):
            theirs.send(b"250 yes\r\n" * (2 if len(writes) == 1 else 3) + b"354 go on\r\n")
            outcomes += lane.hear()
            writes.append(theirs.recv(10_000))
    assert [write.count(b"\r\n.\r\n") for write in writes] == [0, 1, 1, 1]
    assert [write.count(b"MAIL FROM") for write in writes] == [1, 1, 1, 0]
    assert [one.key for one in outcomes] == [1, 2]


def test_it_takes_what_is_not_usual_among_what_is(sink: Sink) -> None:
    """A body of many pieces, and a mail to two people, each with usual ones before and behind it."""
    large = a_mail(4, text=b"x" * 76 + b"\r\n" + b".\r\n" * 50_000)
    two = replace(a_mail(7), recipients=("ben@ben.example", "cleo@cleo.example"))
    given = [{4: large, 7: two}.get(mail.key, mail) for mail in mails(10)]
    assert kinds(handed_over(sink, given, replace(QUICK, connections=1))) == ["sent"] * 10
    assert [(mail.recipients, mail.raw) for mail in sink.caught] == [
        (one.recipients, one.mime) for one in given
    ]


def test_it_starts_afresh_after_its_caller_stopped(sink: Sink) -> None:
    provider = SmtpProvider(an_account(sink), FOUR)
    abandoned = iter(provider.hand_over(mails(20)))
    next(abandoned)
    assert kinds(provider.hand_over([a_mail(99)])) == ["sent"]
    abandoned.close()  # type: ignore[attr-defined]
    assert kinds(provider.hand_over([a_mail(100)])) == ["sent"]
    assert len(set(ids(sink.caught))) == len(sink.caught)
    provider.close()
