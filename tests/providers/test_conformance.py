"""What every mail provider does, whoever is behind it. A provider joins by one more factory in PROVIDERS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from integrations.gmail import GmailProvider
from integrations.outlook import OutlookProvider
from integrations.sandbox import SandboxMail
from integrations.smtp import SmtpProvider
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Act as Deeds
from sales_campaigns.ports import Capabilities, Deed, MailAccount, MailProvider
from tests.providers.mails import QUICK, a_mail, an_account, kinds, mails
from tests.sink import Act, Manners, Sink
from tests.stand_ins.google import Google, error, raw_in
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.serving import Act as WireAct
from tests.stand_ins.worlds import gmail_account, gmail_settings, outlook_account, outlook_settings


class Bench(NamedTuple):
    """A provider and the outside it talks to: what arrived there, and a way to break it."""

    provider: MailProvider
    arrived: Callable[[], list[str]]
    refuse_recipient: Callable[[str], None]
    lose_answers: Callable[[], None]
    stop: Callable[[], None]
    judges_recipients: bool = True  # at the hand-over; others hear of it by a bounce


@contextmanager
def smtp(pipelining: bool) -> Iterator[Bench]:
    with Sink(Manners(pipelining=pipelining)) as sink:
        provider = SmtpProvider(an_account(sink), QUICK)

        def refuse(address: str) -> None:
            sink.obey(
                lambda position, to: "550 5.1.1 nobody" if (position, to) == ("RCPT", address) else None
            )

        def lose() -> None:
            sink.obey(lambda position, _: Act.DROP if position == "BODY" else None)

        yield Bench(provider, lambda: [m.message_id for m in sink.caught], refuse, lose, sink.close)
        provider.close()


@contextmanager
def sandbox() -> Iterator[Bench]:
    refused: set[str] = set()
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    made = SandboxMail(lambda who, _: [Deeds(Deed.HARD)] if who in refused else [], lambda: noon)
    provider = made.open(MailAccount(1, "sandbox", "ana@ana.example"))

    def lose() -> None:
        made.mute = True

    def stop() -> None:
        made.down = True

    yield Bench(provider, lambda: [one.mail.message_id for one in made.taken], refused.add, lose, stop)


@contextmanager
def by_gmail() -> Iterator[Bench]:
    with Google() as google:
        provider = GmailProvider(gmail_account(google), gmail_settings(google))
        box = google.box("ana@ana.example")

        def refuse(address: str) -> None:
            google.obey(
                lambda name, asked: (
                    error(400, "invalidArgument", "550 5.1.1 nobody")
                    if name == "drafts.create" and address.encode() in raw_in(asked)
                    else None
                )
            )

        def lose() -> None:
            lost = ("drafts.send", "drafts.get", "messages.list", "messages.get")
            google.obey(lambda name, _: WireAct.DROP_AFTER if name in lost else None)

        yield Bench(provider, lambda: [one.message_id for one in box.left], refuse, lose, google.close, False)
        provider.close()


@contextmanager
def by_outlook() -> Iterator[Bench]:
    """Outlook gives mails names of its own, so whoever got one says which it was."""
    with Microsoft() as microsoft:
        provider = OutlookProvider(outlook_account(microsoft), outlook_settings(microsoft))
        box = microsoft.box("ana@ana.example")

        def refuse(address: str) -> None:
            microsoft.obey(
                lambda name, asked: (
                    graph_error(400, "ErrorInvalidRecipients", "550 5.1.1 nobody")
                    if name == "messages.create" and address.encode() in asked.body
                    else None
                )
            )

        def lose() -> None:
            lost = ("messages.send", "messages.get", "messages.list")
            microsoft.obey(lambda name, _: WireAct.DROP_AFTER if name in lost else None)

        def arrived() -> list[str]:
            got = [address for left in box.left for address in left.recipients]
            keys = [one.removeprefix("person").partition("@")[0] for one in got]
            return [a_mail(int(key)).message_id for key in keys]

        yield Bench(provider, arrived, refuse, lose, microsoft.close, False)
        provider.close()


Factory = Callable[[], AbstractContextManager[Bench]]
PROVIDERS: dict[str, Factory] = {
    "smtp, pipelined": lambda: smtp(pipelining=True),
    "smtp, one by one": lambda: smtp(pipelining=False),
    "sandbox": sandbox,
    "gmail": by_gmail,
    "outlook": by_outlook,
}


@pytest.fixture(params=PROVIDERS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with PROVIDERS[request.param]() as made:
        yield made


def test_it_says_what_it_can_do(bench: Bench) -> None:
    assert isinstance(bench.provider.capabilities, Capabilities)


def test_it_passes_a_harmless_check_without_sending_anything(bench: Bench) -> None:
    bench.provider.check()
    assert bench.arrived() == []


def test_it_hands_over_in_order_one_outcome_a_mail(bench: Bench) -> None:
    outcomes = list(bench.provider.hand_over(mails(20)))
    assert [outcome.key for outcome in outcomes] == list(range(1, 21))
    assert kinds(outcomes) == ["sent"] * 20
    assert bench.arrived() == [mail.message_id for mail in mails(20)]


def test_it_hands_over_nothing_when_there_is_nothing(bench: Bench) -> None:
    assert list(bench.provider.hand_over([])) == []


def test_it_keeps_working_call_after_call(bench: Bench) -> None:
    for key in (1, 2, 3):
        assert kinds(bench.provider.hand_over([a_mail(key)])) == ["sent"]
    assert len(bench.arrived()) == 3


def test_it_works_again_after_it_was_closed(bench: Bench) -> None:
    list(bench.provider.hand_over([a_mail(1)]))
    bench.provider.close()
    bench.provider.close()
    assert kinds(bench.provider.hand_over([a_mail(2)])) == ["sent"]


def test_it_gives_an_outcome_as_soon_as_it_is_known(bench: Bench) -> None:
    outcomes = iter(bench.provider.hand_over(mails(3)))
    assert next(outcomes).key == 1
    assert bench.arrived() == [a_mail(1).message_id]


def test_it_sends_no_further_mail_when_its_caller_stops(bench: Bench) -> None:
    outcomes = bench.provider.hand_over(mails(3))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert kinds(bench.provider.hand_over([a_mail(9)])) == ["sent"]
    assert bench.arrived() == [a_mail(1).message_id, a_mail(9).message_id]


def test_it_lets_a_refused_recipient_touch_no_other_mail(bench: Bench) -> None:
    bench.refuse_recipient("person2@ben.example")
    outcomes = list(bench.provider.hand_over(mails(3)))
    assert kinds(outcomes) == ["sent", "recipient" if bench.judges_recipients else "message", "sent"]
    assert bench.arrived() == [a_mail(1).message_id, a_mail(3).message_id]


def test_it_gives_the_refusal_in_the_words_of_the_server(bench: Bench) -> None:
    bench.refuse_recipient("person1@ben.example")
    (outcome,) = bench.provider.hand_over([a_mail(1)])
    assert outcome.refused is not None
    if bench.judges_recipients:
        assert outcome.code == 550 and outcome.refused.enhanced == "5.1.1"
    assert "nobody" in outcome.reply and "nobody" in outcome.refused.words


def test_it_says_unknown_when_the_answer_to_a_mail_is_lost(bench: Bench) -> None:
    bench.lose_answers()
    assert kinds(bench.provider.hand_over(mails(2))) == ["unknown", "unknown"]


def test_it_refuses_an_envelope_that_would_smuggle_commands(bench: Bench) -> None:
    evil = replace(a_mail(), recipients=("a@b.example>\r\nRCPT TO:<c@d.example",))
    assert kinds(bench.provider.hand_over([evil, a_mail(2)])) == ["message", "sent"]
    assert bench.arrived() == [a_mail(2).message_id]


def test_it_is_transient_when_nobody_answers(bench: Bench) -> None:
    bench.stop()
    assert kinds(bench.provider.hand_over(mails(2))) == ["transient", "transient"]
    with pytest.raises(Outside) as refused:
        bench.provider.check()
    assert refused.value.kind is OutsideKind.TRANSIENT
