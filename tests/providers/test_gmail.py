"""Gmail: whatever breaks at whatever call, a mail leaves once; and what its answers mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.gmail import GmailProvider
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import HandOver, ThreadPlace
from tests.providers.mails import a_mail, kinds
from tests.stand_ins.google import Google, error
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.serving import Act, Delay, Fault, Reply, times
from tests.stand_ins.worlds import SEND_ONLY, gmail_account, gmail_settings

ANA = "ana@ana.example"


@pytest.fixture
def provider(google: Google) -> Iterator[GmailProvider]:
    made = GmailProvider(gmail_account(google), gmail_settings(google))
    yield made
    made.close()


@pytest.fixture
def box(google: Google) -> GmailBox:
    return google.box(ANA)


class Desk:
    """What a dispatcher keeps of one mail between two attempts."""

    def __init__(self, **other: Any) -> None:
        self.mail = a_mail(1, send_key="1.20261130", drafted=self.keep, **other)

    def keep(self, draft_id: str) -> None:
        self.mail = replace(self.mail, draft_id=draft_id)

    def once(self, provider: GmailProvider) -> HandOver:
        (outcome,) = provider.hand_over([self.mail])
        self.mail = replace(self.mail, again=True)
        return outcome


def test_a_mail_is_a_draft_first_whose_id_is_kept_before_it_is_sent(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    """The rule: create draft → commit the draft id → send draft (spec/5)."""
    seen: list[tuple[str, list[str]]] = []
    mail = a_mail(1, send_key="1.x", drafted=lambda id: seen.append((id, list(google.heard))))
    assert kinds(provider.hand_over([mail])) == ["sent"]
    ((id, heard),) = seen
    assert heard == ["drafts.create"] and id.startswith("r-")
    assert google.heard == ["drafts.create", "drafts.send", "messages.get"]


def test_the_real_message_id_and_thread_are_read_back(provider: GmailProvider, box: GmailBox) -> None:
    box.renames = True
    outcome = Desk().once(provider)
    (left,) = box.left
    assert outcome.message_id == left.message_id and outcome.message_id != a_mail(1).message_id
    assert outcome.provider_id in box.mails and outcome.thread_id == box.mails[outcome.provider_id].thread_id


def test_a_follow_up_stands_in_the_thread(provider: GmailProvider, box: GmailBox) -> None:
    first = Desk().once(provider)
    place = ThreadPlace(first.thread_id, first.provider_id)
    (second,) = provider.hand_over([a_mail(2, send_key="2.x", thread=place)])
    assert second.thread_id == first.thread_id


def test_a_thread_of_another_mailbox_is_left_out(provider: GmailProvider, box: GmailBox) -> None:
    """Thread ids belong to one mailbox; In-Reply-To and References hold in every one."""
    (outcome,) = provider.hand_over([a_mail(1, send_key="1.x", thread=ThreadPlace("t-elsewhere", "m-1"))])
    assert outcome.refused is None and len(box.left) == 1


def test_hidden_recipients_get_it_and_nobody_sees_them(provider: GmailProvider, box: GmailBox) -> None:
    mime = b"To: maria@ben.example\r\n" + a_mail(1).mime
    mail = a_mail(1, send_key="1.x", mime=mime, recipients=("maria@ben.example", "chef@ana.example"))
    list(provider.hand_over([mail]))
    (left,) = box.left
    assert set(left.recipients) == {"maria@ben.example", "chef@ana.example"} and b"chef" not in left.raw


CALLS = ("drafts.create", "drafts.send", "messages.get")
FAULTS: dict[str, Fault] = {
    "dropped before its effect": Act.DROP_BEFORE,
    "dropped after its effect": Act.DROP_AFTER,
    "500": error(500, "backendError", "Backend Error"),
    "503": Reply(503, b"over capacity"),
    "429": error(429, "rateLimitExceeded", "Too many requests", {"Retry-After": "30"}),
    "403 rate": error(403, "userRateLimitExceeded", "User-rate limit exceeded."),
    "too late": Delay(2.3),
}
SLOW = {"too late"}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in SLOW])
def test_whatever_fails_once_a_mail_leaves_once(
    provider: GmailProvider, google: Google, box: GmailBox, call: str, fault: str
) -> None:
    desk = Desk()
    google.obey(times(1, FAULTS[fault], call))
    outcome = desk.once(provider)
    if outcome.refused is not None:
        assert outcome.refused.kind is not OutsideKind.UNKNOWN, "the mailbox itself could be asked"
        assert box.left == []
        assert desk.once(provider).refused is None
    assert len(box.left) == 1 and box.drafts == {}


@pytest.mark.parametrize("call", CALLS[:2])
def test_an_answer_that_comes_too_late_is_one_copy(
    provider: GmailProvider, google: Google, box: GmailBox, call: str
) -> None:
    desk = Desk()
    google.obey(times(1, FAULTS["too late"], call))
    if desk.once(provider).refused is not None:
        assert desk.once(provider).refused is None
    assert len(box.left) == 1


def test_a_draft_that_nobody_kept_is_found_by_its_key(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    """The process died between the draft and its commit."""
    desk = Desk()
    desk.mail = replace(desk.mail, drafted=_dies)
    with pytest.raises(RuntimeError):
        desk.once(provider)
    assert len(box.drafts) == 1 and box.left == []
    again = replace(desk.mail, drafted=None, again=True)
    assert kinds(provider.hand_over([again])) == ["sent"] and len(box.left) == 1 and box.drafts == {}


def test_two_processes_with_one_draft_send_one_mail(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    desk = Desk()
    google.obey(times(1, error(429, "rateLimitExceeded", "later"), "drafts.send"))
    desk.once(provider)
    held = desk.mail
    assert kinds(provider.hand_over([held])) == ["sent"]
    assert kinds(provider.hand_over([held])) == ["sent"], "the second one finds it among the sent mails"
    assert len(box.left) == 1


def test_while_the_index_lags_it_stays_in_doubt(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    """The rule: unknown → uncertain; not found proves nothing (spec/5)."""
    box.lags = True
    desk = Desk()
    google.obey(times(1, Act.DROP_AFTER, "drafts.send"))
    assert kinds([desk.once(provider)]) == ["unknown"]
    assert kinds([desk.once(provider)]) == ["unknown"], "and it is not sent again"
    box.catch_up()
    assert kinds([desk.once(provider)]) == ["sent"] and len(box.left) == 1


def test_what_the_draft_says_is_what_is_said_now(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    desk = Desk()
    google.obey(times(1, error(429, "rateLimitExceeded", "later"), "drafts.send"))
    desk.once(provider)
    desk.mail = replace(desk.mail, mime=a_mail(1, b"Better.\r\n").mime)
    desk.once(provider)
    assert b"Better." in box.left[0].raw


def test_a_draft_that_somebody_threw_away_is_in_doubt(
    provider: GmailProvider, google: Google, box: GmailBox
) -> None:
    desk = Desk()
    google.obey(times(1, error(429, "rateLimitExceeded", "later"), "drafts.send"))
    desk.once(provider)
    box.throw_away(str(desk.mail.draft_id))
    assert kinds([desk.once(provider)]) == ["unknown"] and box.left == []


def test_sending_alone_has_nothing_to_look_for(google: Google, box: GmailBox) -> None:
    """The rule: `gmail.send` alone is a reduced mode: what is not answered stays in doubt."""
    provider = GmailProvider(gmail_account(google, ANA, *SEND_ONLY), gmail_settings(google))
    assert not provider.capabilities.drafts and not provider.capabilities.find_by_key
    google.obey(times(1, Act.DROP_AFTER, "messages.send"))
    assert kinds(provider.hand_over([a_mail(1), a_mail(2)])) == ["unknown", "sent"]
    google.obey(times(1, error(500, "backendError", "Backend Error"), "messages.send"))
    assert kinds(provider.hand_over([a_mail(3)])) == ["unknown"]
    provider.close()


REFUSALS = [
    ("the mail is malformed", error(400, "invalidArgument", "Invalid To header"), OutsideKind.MESSAGE),
    ("it is too large", error(413, "uploadTooLarge", "Too large"), OutsideKind.MESSAGE),
    ("a rate", error(403, "rateLimitExceeded", "Slow down"), OutsideKind.RATE_LIMITED),
    ("the rate of the day", error(403, "dailyLimitExceeded", "Daily limit"), OutsideKind.RATE_LIMITED),
    ("429", error(429, "userRateLimitExceeded", "Slow down"), OutsideKind.RATE_LIMITED),
    ("the domain", error(403, "domainPolicy", "Disabled Gmail apps"), OutsideKind.POLICY),
    ("scopes", error(403, "insufficientPermissions", "Insufficient Permission"), OutsideKind.POLICY),
    ("no Gmail", error(400, "failedPrecondition", "Mail service not enabled"), OutsideKind.POLICY),
    ("the token", error(401, "authError", "Invalid Credentials"), OutsideKind.AUTHORISATION),
    ("trouble", error(502, "backendError", "Bad gateway"), OutsideKind.TRANSIENT),
]


@pytest.mark.parametrize(("name", "reply", "kind"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_each_answer_has_its_meaning(
    provider: GmailProvider, google: Google, name: str, reply: Reply, kind: OutsideKind
) -> None:
    """The rule: the table of error kinds in spec/5."""
    google.obey(lambda call, _: reply if call == "drafts.create" else None)
    outcome = Desk().once(provider)
    assert outcome.refused is not None and outcome.refused.kind is kind
    assert "Gmail said" in outcome.refused.words


def test_retry_after_is_obeyed_in_a_header_and_in_words(provider: GmailProvider, google: Google) -> None:
    google.obey(lambda *_: error(429, "rateLimitExceeded", "Slow down", {"Retry-After": "120"}))
    outcome = Desk().once(provider)
    assert outcome.refused is not None and outcome.refused.retry_at is not None
    assert abs(outcome.refused.retry_at - machine_now() - timedelta(seconds=120)) < timedelta(seconds=5)
    words = "User-rate limit exceeded.  Retry after 2026-12-01T10:00:00.000Z"
    google.obey(lambda *_: error(429, "rateLimitExceeded", words))
    outcome = Desk().once(provider)
    assert outcome.refused is not None
    assert outcome.refused.retry_at == datetime(2026, 12, 1, 10, tzinfo=UTC)


def test_a_token_that_is_over_is_renewed_once_and_the_call_made_again(google: Google, box: GmailBox) -> None:
    asked: list[str] = []

    def renew(refused: str) -> str:
        asked.append(refused)
        return google.token_of(ANA)

    account = replace(gmail_account(google), renew=renew)
    google.tokens.expire()
    provider = GmailProvider(account, gmail_settings(google))
    assert kinds(provider.hand_over([a_mail(1, send_key="1.x"), a_mail(2, send_key="2.x")])) == [
        "sent",
        "sent",
    ]
    assert asked == [account.secret] and len(box.left) == 2
    provider.close()


def test_when_nothing_renews_it_the_authorisation_is_lost(google: Google, box: GmailBox) -> None:
    def no(_refused: str) -> str:
        raise Outside(OutsideKind.AUTHORISATION, "Token has been expired or revoked.")

    provider = GmailProvider(replace(gmail_account(google), renew=no), gmail_settings(google))
    google.tokens.expire()
    assert kinds(provider.hand_over([a_mail(1, send_key="1.x")])) == ["authorisation"] and box.left == []
    provider.close()


def test_no_call_is_repeated_on_a_connection_that_died(provider: GmailProvider, google: Google) -> None:
    """Google's own client would send a POST again; ours asks what became of it."""
    google.obey(times(1, Act.DROP_AFTER, "drafts.send"))
    Desk().once(provider)
    assert google.heard.count("drafts.send") == 1


def test_the_check_says_whose_mailbox_it_is(provider: GmailProvider, google: Google) -> None:
    provider.check()
    other = replace(gmail_account(google), address="ben@ana.example")
    wrong = GmailProvider(other, gmail_settings(google))
    with pytest.raises(Outside, match=r"Google let us into ana@ana\.example, not into ben@"):
        wrong.check()
    wrong.close()


def test_the_key_stands_in_a_header(provider: GmailProvider, box: GmailBox) -> None:
    Desk().once(provider)
    assert b"X-Sales-Campaigns-Key: 1.20261130\r\n" in box.left[0].raw


def _dies(_draft_id: str) -> None:
    raise RuntimeError("the process ends here")
