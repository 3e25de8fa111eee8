"""The connection is cut at every region of the conversation: never called sent when it was not, and the
outcome is called unknown exactly when the server may have the mail."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from integrations.smtp import Settings
from tests.fault_proxy import Fault, FaultProxy
from tests.providers.mails import QUICK, a_mail, handed_over, ids, kinds, mails
from tests.sink import Manners, Sink

TEXT = b".Hello.\r\n" * 10


def bytes_of_one_mail() -> int:
    """How many bytes one whole conversation sends to the server, QUIT left out."""
    with Sink() as sink, FaultProxy(sink.host, sink.port) as proxy:
        handed_over(proxy, [a_mail(text=TEXT)])
        return proxy.passed_to_server - len("QUIT\r\n")


def check_cut_to_server(place: int, whole: int) -> None:
    with Sink() as sink, FaultProxy(sink.host, sink.port, Fault(cut_to_server=place, connections=1)) as proxy:
        kind = kinds(handed_over(proxy, [a_mail(text=TEXT)]))[0]
        assert kind in {"transient", "unknown"}
        if sink.caught:
            assert (kind, place) == ("unknown", whole)
        if kind == "transient":
            assert place < whole and sink.caught == []


def test_it_knows_what_a_cut_on_the_way_to_the_server_means() -> None:
    whole = bytes_of_one_mail()
    for place in [*range(1, whole, 17), *range(whole - 6, whole + 1)]:
        check_cut_to_server(place, whole)


@pytest.mark.deep
def test_it_knows_what_a_cut_at_any_byte_means() -> None:
    whole = bytes_of_one_mail()
    for place in range(1, whole + 1):
        check_cut_to_server(place, whole)


@pytest.mark.parametrize("pipelining", [True, False])
def test_it_knows_what_a_cut_on_the_way_back_means(pipelining: bool) -> None:
    for place in range(1, 260, 9):
        with (
            Sink(Manners(pipelining=pipelining)) as sink,
            FaultProxy(sink.host, sink.port, Fault(cut_to_client=place, connections=1)) as proxy,
        ):
            kind = kinds(handed_over(proxy, [a_mail(text=TEXT)]))[0]
            assert not (kind == "sent" and not sink.caught)
            assert not (kind == "transient" and sink.caught)


@pytest.mark.parametrize("together", [True, False])
def test_it_sends_every_mail_once_through_a_line_that_is_cut_again_and_again(together: bool) -> None:
    for place in range(300, 1_500, 150):
        with (
            Sink(Manners(together=together)) as sink,
            FaultProxy(sink.host, sink.port, Fault(cut_to_server=place)) as proxy,
        ):
            outcomes = handed_over(proxy, mails(6))
            arrived = ids(sink.caught)
            assert len(arrived) == len(set(arrived))
            sent = {f"<{one.key}@mail.ana.example>" for one in outcomes if one.refused is None}
            safe = {
                f"<{one.key}@mail.ana.example>"
                for one in outcomes
                if one.refused and one.refused.kind == "transient"
            }
            assert sent <= set(arrived)
            assert not safe & set(arrived)


def test_it_calls_a_mail_unsent_while_its_last_piece_was_not_written() -> None:
    large = a_mail(text=b"x" * 78 * 100_000)
    with Sink() as sink, FaultProxy(sink.host, sink.port, Fault(cut_to_server=2_000)) as proxy:
        assert kinds(handed_over(proxy, [large])) == ["transient"]
        assert sink.caught == []


def test_it_calls_a_mail_unknown_when_the_line_goes_quiet_after_it() -> None:
    with Sink() as sink, FaultProxy(sink.host, sink.port, Fault(seconds=0.05)) as proxy:
        patient = replace(QUICK, final_reply_seconds=1)
        assert kinds(handed_over(proxy, [a_mail()], patient)) == ["sent"]
        assert kinds(handed_over(proxy, [a_mail(2)], replace(QUICK, final_reply_seconds=0.02))) == ["unknown"]


def test_it_waits_ten_minutes_for_the_answer_to_a_body_and_one_for_any_other() -> None:
    """The rule: 600 s after the final dot (RFC 5321 section 4.5.3.2.6): who asks earlier makes two mails of one."""
    assert (Settings().final_reply_seconds, Settings().reply_seconds) == (600, 60)


@pytest.mark.parametrize("together", [True, False])
def test_a_server_that_takes_its_time_with_a_body_may_have_it(together: bool) -> None:
    def slowly(position: str, argument: str) -> None:
        if (position, argument) == ("BODY", "person2@ben.example"):
            time.sleep(0.4)

    with Sink(Manners(together=together, script=slowly)) as sink:
        patient = replace(QUICK, reply_seconds=0.2, final_reply_seconds=5)
        assert kinds(handed_over(sink, mails(3), patient)) == ["sent"] * 3


def test_it_is_transient_when_the_line_holds_everything_back() -> None:
    with Sink() as sink, FaultProxy(sink.host, sink.port, Fault(hold=True)) as proxy:
        assert kinds(handed_over(proxy, mails(2), replace(QUICK, reply_seconds=0.1))) == ["transient"] * 2
        assert sink.caught == []
