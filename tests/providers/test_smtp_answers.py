"""What each answer does to its mail and to the mails around it, pipelined and one by one alike."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.smtp import SmtpProvider
from tests.providers.mails import QUICK, a_mail, an_account, handed_over, ids, kinds, mails
from tests.sink import Act, Manners, Script, Sink

Answer = bytes | str | Act


def at(position: str, answer: Answer, to: str | None = None) -> Script:
    """This answer at this position, for everybody or for one address."""
    return lambda where, argument: answer if where == position and to in (None, argument) else None


def spoken(sink: Sink) -> list[str]:
    """The commands after the greeting, without their arguments."""
    return [line.split()[0] for line in sink.heard if not line.startswith(("EHLO", "QUIT"))]


REFUSALS: list[tuple[str, Answer, str]] = [
    ("MAIL", "550 5.7.1 not you", "policy"),
    ("MAIL", "451 4.3.0 later", "transient"),
    ("RCPT", "550 5.1.1 nobody", "recipient"),
    ("RCPT", "554 5.7.1 spam", "policy"),
    ("RCPT", "450 4.7.1 slowly", "rate_limited"),
    ("RCPT", "450 4.2.0 later", "transient"),
    ("DATA", "451 4.3.0 later", "transient"),
    ("DATA", "554 5.7.1 no", "policy"),
    ("BODY", "552 5.3.4 too big", "message"),
    ("BODY", "550-5.7.1 a story\r\n550 5.7.1 in lines", "policy"),
    ("BODY", "451 4.7.1 slowly", "rate_limited"),
    ("RCPT", "421 4.3.2 closing", "rate_limited"),
    ("DATA", "421 4.3.2 closing", "rate_limited"),
    ("BODY", "421 4.3.2 closing", "transient"),
    ("RCPT", Act.DROP, "transient"),
    ("DATA", Act.RESET, "transient"),
    ("BODY", Act.DROP, "unknown"),
    ("BODY", Act.RESET, "unknown"),
    ("BODY", Act.SILENCE, "unknown"),
    ("RCPT", b"so what\r\n", "transient"),
    ("BODY", b"\x16\x03\x01 what\r\n", "unknown"),
    ("BODY", "354 go on and on", "unknown"),
    ("DATA", "250 done already", "transient"),
    ("BODY", Act.DROP_AFTER_YES, "sent"),
]


@pytest.mark.parametrize(("position", "answer", "kind"), REFUSALS)
def test_it_settles_one_mail_and_sends_the_others(
    either: Sink, position: str, answer: Answer, kind: str
) -> None:
    unlucky = "ana-2@ana.example" if position == "MAIL" else "person2@ben.example"
    either.obey(at(position, answer, to=unlucky))
    first, second, third = mails(3)
    outcomes = handed_over(
        either,
        [first, replace(second, sender="ana-2@ana.example"), third],
        replace(QUICK, final_reply_seconds=0.3),
    )
    assert kinds(outcomes) == ["sent", kind, "sent"]
    arrived = set(ids(either.caught)) - {second.message_id}
    assert arrived == {first.message_id, third.message_id}


def test_it_sends_the_dot_alone_when_the_server_wants_a_mail_for_nobody(sink: Sink) -> None:
    def keen(position: str, argument: str) -> Answer | None:
        if position == "RCPT" and argument == "person1@ben.example":
            return "550 5.1.1 nobody"
        return "354 go on" if position == "DATA" else None

    sink.obey(keen)
    assert kinds(handed_over(sink, mails(2))) == ["recipient", "sent"]
    assert ids(sink.caught) == [a_mail(2).message_id]
    assert "RSET" not in spoken(sink)


def test_it_starts_afresh_after_a_transaction_left_half_way(sink: Sink) -> None:
    sink.obey(at("RCPT", "550 5.1.1 nobody", to="person1@ben.example"))
    handed_over(sink, mails(2))
    assert spoken(sink) == ["MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA"]
    assert sink.connections == 1


@pytest.mark.parametrize("answer", ["550 5.1.1 nobody", "452 4.2.2 full", "554 5.7.1 not here"])
def test_a_copy_that_is_refused_is_left_out_and_the_mail_leaves(either: Sink, answer: str) -> None:
    """The rule: no copy to whom none may go; the mail still leaves, and says so."""
    both = replace(a_mail(1), recipients=("ben@ben.example", "cleo@cleo.example"))
    either.obey(at("RCPT", answer, to="cleo@cleo.example"))
    outcomes = handed_over(either, [both, a_mail(2), both])
    assert kinds(outcomes) == ["sent"] * 3
    assert [one.left_out for one in outcomes] == [(no := (("cleo@cleo.example", answer),)), (), no]
    one, two = ("ben@ben.example",), ("person2@ben.example",)
    assert [mail.recipients for mail in either.caught] == [one, two, one]


def test_without_its_recipient_a_mail_leaves_to_nobody(either: Sink) -> None:
    both = replace(a_mail(1), recipients=("ben@ben.example", "cleo@cleo.example"))
    either.obey(at("RCPT", "550 5.1.1 nobody", to="ben@ben.example"))
    outcomes = handed_over(either, [both, a_mail(2)])
    assert kinds(outcomes) == ["recipient", "sent"]
    assert [mail.recipients for mail in either.caught] == [("person2@ben.example",)]


def test_it_offers_nothing_more_when_the_server_asks_the_whole_mailbox_to_wait(either: Sink) -> None:
    either.obey(at("MAIL", "450 4.7.1 not so fast"))
    assert kinds(handed_over(either, mails(4))) == ["rate_limited"] * 4
    assert spoken(either).count("MAIL") == 1


def test_it_asks_once_when_the_server_takes_no_connections(sink: Sink) -> None:
    sink.obey(at("CONNECT", "421 4.7.0 too many"))
    assert kinds(handed_over(sink, mails(4))) == ["rate_limited"] * 4
    assert sink.connections == 1


def test_it_goes_on_over_a_fresh_connection_when_the_server_limits_mails(either: Sink) -> None:
    taken: list[str] = []

    def five_each(position: str, argument: str) -> Answer | None:
        if position == "EHLO":
            taken.clear()
        if position == "MAIL":
            taken.append(argument)
        return "421 4.4.2 enough for one connection" if position == "MAIL" and len(taken) > 5 else None

    either.obey(five_each)
    assert kinds(handed_over(either, mails(12))) == ["sent"] * 12
    assert either.connections == 3


def test_it_keeps_to_its_own_limit_of_mails_for_a_connection(either: Sink) -> None:
    assert kinds(handed_over(either, mails(7), replace(QUICK, mails_per_connection=3))) == ["sent"] * 7
    assert either.connections == 3
    assert spoken(either) == ["MAIL", "RCPT", "DATA"] * 7
    assert [line for line in either.heard if line == "QUIT"] == ["QUIT"] * 3


def test_it_notices_that_an_idle_connection_was_ended(either: Sink) -> None:
    provider = SmtpProvider(an_account(either), QUICK)
    assert kinds(provider.hand_over([a_mail(1)])) == ["sent"]
    either.hang_up()
    assert kinds(provider.hand_over([a_mail(2)])) == ["sent"]
    assert ids(either.caught) == [a_mail(1).message_id, a_mail(2).message_id]
    provider.close()


def test_it_sends_a_mail_elsewhere_when_the_server_left_while_its_caller_paused(either: Sink) -> None:
    provider = SmtpProvider(an_account(either), QUICK)
    outcomes = iter(provider.hand_over(mails(3)))
    assert next(outcomes).refused is None
    time.sleep(0.25)
    either.hang_up()
    assert kinds(outcomes) == ["sent", "sent"]
    assert ids(either.caught) == [mail.message_id for mail in mails(3)]
    provider.close()


def test_it_asks_for_a_sign_of_life_after_a_pause(sink: Sink) -> None:
    provider = SmtpProvider(an_account(sink), replace(QUICK, idle_seconds=0))
    assert [kinds(provider.hand_over([a_mail(key)])) for key in (1, 2)] == [["sent"], ["sent"]]
    assert spoken(sink) == ["MAIL", "RCPT", "DATA", "NOOP", "MAIL", "RCPT", "DATA"]
    sink.obey(at("NOOP", "421 4.4.2 idle"))
    assert kinds(provider.hand_over([a_mail(3)])) == ["sent"]
    assert sink.connections == 2
    provider.close()


def test_it_believes_a_server_that_refuses_while_the_body_is_on_its_way(sink: Sink) -> None:
    sink.obey(at("DATA", b"354 go on\r\n552 5.3.4 no, too much\r\n"))
    outcome = handed_over(sink, [a_mail(text=b"x" * 1_000)])[0]
    assert outcome.refused is not None
    assert (outcome.refused.kind, outcome.code) == ("message", 552)


def test_it_waits_no_longer_than_it_was_told(sink: Sink) -> None:
    sink.obey(at("RCPT", Act.SILENCE))
    assert kinds(handed_over(sink, [a_mail()], replace(QUICK, reply_seconds=0.1))) == ["transient"]


SURPRISES: Sequence[tuple[str, Answer]] = [
    (position, answer)
    for position, answer, _ in REFUSALS
    if answer is not Act.SILENCE and position != "MAIL"
]  # fmt: skip


PIPELINED, TOGETHER, ONE_BY_ONE = Manners(), Manners(together=True), Manners(pipelining=False)


def outcomes_of(
    manners: Manners, fates: list[tuple[str, Answer] | None], connections: int = 1
) -> tuple[list[object], list[str]]:
    """Each mail meets its own fate: an unusual answer at one position, or none."""

    def script(position: str, argument: str) -> Answer | None:
        number = argument.removeprefix("person").partition("@")[0]
        fate = fates[int(number) - 1] if number.isdecimal() else None
        return fate[1] if fate and fate[0] == position else None

    with Sink(replace(manners, script=script)) as sink:
        outcomes = handed_over(sink, mails(len(fates)), replace(QUICK, connections=connections))
        seen = [
            (one.key, one.code, one.reply, kind) for one, kind in zip(outcomes, kinds(outcomes), strict=True)
        ]
        return list(seen), ids(sink.caught)


FATES = st.lists(st.none() | st.sampled_from(SURPRISES), max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FATES)
def test_it_comes_to_the_same_outcomes_pipelined_and_one_by_one(
    fates: list[tuple[str, Answer] | None],
) -> None:
    pipelined = outcomes_of(PIPELINED, fates)
    assert pipelined == outcomes_of(TOGETHER, fates) == outcomes_of(ONE_BY_ONE, fates)
    side_by_side = outcomes_of(TOGETHER, fates, connections=3)
    assert [sorted(some, key=str) for some in side_by_side] == [sorted(some, key=str) for some in pipelined]


@pytest.mark.deep
@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FATES)
def test_it_comes_to_the_same_outcomes_in_many_more_runs(fates: list[tuple[str, Answer] | None]) -> None:
    assert outcomes_of(TOGETHER, fates) == outcomes_of(ONE_BY_ONE, fates)
