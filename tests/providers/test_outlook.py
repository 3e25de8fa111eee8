"""Outlook: whatever breaks at whatever call, a mail leaves once; and what the answers of Graph mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from integrations.outlook import MicrosoftDelegation, OutlookProvider, OutlookReader
from integrations.outlook.answers import NO_MAILBOX
from integrations.outlook.api import GraphApi
from integrations.outlook.turns import Turns
from integrations.outlook.writing import KEY
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import HandOver, MailAccount, OutgoingMail, ThreadPlace
from tests.providers.mails import a_mail, kinds
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.microsoft_mail import OutlookBox
from tests.stand_ins.microsoft_oauth import APPLICATION, TENANT
from tests.stand_ins.serving import Act, Delay, Fault, Reply, times
from tests.stand_ins.worlds import outlook_account, outlook_settings

ANA = "ana@ana.example"


@pytest.fixture
def provider(microsoft: Microsoft) -> Iterator[OutlookProvider]:
    made = OutlookProvider(outlook_account(microsoft), outlook_settings(microsoft))
    yield made
    made.close()


@pytest.fixture
def box(microsoft: Microsoft) -> OutlookBox:
    return microsoft.box(ANA)


def to_maria(key: int = 1, **other: Any) -> OutgoingMail:
    mime = b"To: maria@ben.example\r\n" + a_mail(key).mime
    return a_mail(
        key, **{"mime": mime, "recipients": ("maria@ben.example",), "send_key": f"{key}.x", **other}
    )


class Desk:
    """What a dispatcher keeps of one mail between two attempts."""

    def __init__(self, **other: object) -> None:
        self.mail = to_maria(1, drafted=self.keep, **other)

    def keep(self, draft_id: str) -> None:
        self.mail = replace(self.mail, draft_id=draft_id)

    def once(self, provider: OutlookProvider) -> HandOver:
        (outcome,) = provider.hand_over([self.mail])
        self.mail = replace(self.mail, again=True)
        return outcome


def test_a_mail_is_a_draft_first_whose_id_is_kept_and_is_that_of_the_sent_copy(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """The rule: draft with the send key → commit the id → send; the same id is the sent copy (spec/5)."""
    seen: list[tuple[str, list[str]]] = []
    mail = to_maria(drafted=lambda id: seen.append((id, list(microsoft.heard))))
    (outcome,) = provider.hand_over([mail])
    ((id, heard),) = seen
    assert heard == ["messages.create"] and outcome.provider_id == id
    assert microsoft.heard == ["messages.create", "messages.send", "messages.get"]
    assert (box.mails[id].folder, box.mails[id].properties[KEY]) == ("sentitems", "1.x")


def test_every_call_asks_for_ids_that_last(provider: OutlookProvider, microsoft: Microsoft) -> None:
    """The rule: `Prefer: IdType="ImmutableId"` on every call (spec/5)."""
    provider.check()
    Desk().once(provider)
    assert {asked.headers["prefer"] for _, asked, _ in microsoft.said} == {'IdType="ImmutableId"'}


def test_the_real_message_id_and_conversation_are_read_back(
    provider: OutlookProvider, box: OutlookBox
) -> None:
    box.renames = True
    outcome = Desk().once(provider)
    (left,) = box.left
    assert outcome.message_id == left.message_id and outcome.message_id != a_mail(1).message_id
    assert outcome.thread_id == box.mails[str(outcome.provider_id)].thread_id


def test_a_follow_up_answers_to_the_mail_before_it_and_goes_to_its_own_person(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """The rule: follow-ups by createReply on the previous message, recipients patched (spec/5)."""
    first = Desk().once(provider)
    place = ThreadPlace(first.thread_id, first.provider_id)
    mime = to_maria().mime.replace(b"Subject: A thought", b"Subject: Re: A thought")
    (second,) = provider.hand_over([to_maria(2, thread=place, mime=mime)])
    assert "messages.create_reply" in microsoft.heard and second.thread_id == first.thread_id
    left = box.left[1]
    assert left.recipients == ("maria@ben.example",), "an answer to an own mail would go to its writer"
    assert f"In-Reply-To: {first.message_id}".encode() in left.raw
    assert b"Subject: Re: A thought" in left.raw and b"From: \xe2\x80\xa6" not in left.raw, (
        "no quote but ours"
    )


def test_a_mail_before_it_that_this_mailbox_does_not_hold_is_answered_by_its_name(
    provider: OutlookProvider, box: OutlookBox
) -> None:
    mime = b"In-Reply-To: <0@elsewhere>\r\nReferences: <0@elsewhere>\r\n" + to_maria().mime
    mail = to_maria(mime=mime, thread=ThreadPlace("t-elsewhere", "m-elsewhere"))
    assert kinds(provider.hand_over([mail])) == ["sent"]
    assert (
        b"In-Reply-To: <0@elsewhere>" in box.left[0].raw and b"References: <0@elsewhere>" in box.left[0].raw
    )


def test_a_draft_for_other_people_is_not_sent(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """What was made is looked at before it is sent: an answer to an own mail was reported to go to its writer."""
    first = Desk().once(provider)
    wrong = {"id": "x", "toRecipients": [{"emailAddress": {"address": ANA}}]}
    microsoft.obey(lambda name, _: Reply(body=wrong) if name == "messages.update" else None)
    mail = to_maria(2, thread=ThreadPlace(first.thread_id, first.provider_id))
    (outcome,) = provider.hand_over([mail])
    assert outcome.refused is not None and "other people" in outcome.refused.words and len(box.left) == 1


def test_hidden_recipients_get_it_and_nobody_sees_them(provider: OutlookProvider, box: OutlookBox) -> None:
    list(provider.hand_over([to_maria(recipients=("maria@ben.example", "chef@ana.example"))]))
    (left,) = box.left
    assert set(left.recipients) == {"maria@ben.example", "chef@ana.example"} and b"chef" not in left.raw


def test_what_outlook_takes_by_other_names_is_given_by_them(
    provider: OutlookProvider, box: OutlookBox
) -> None:
    """List-Unsubscribe is refused as a header, so it goes as a property, of a follow-up too; headers of ours begin with
    X-. Nothing carries List-Unsubscribe-Post (RFC 8058), so it is not given: docs/outlook.md and the page say so.
    """
    ways = b"List-Unsubscribe: <https://ana.example/u/1>, <mailto:ana@ana.example>"
    post = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    head = ways + b"\r\n" + post + b"X-Campaign: spring\r\n"
    (first,) = provider.hand_over([to_maria(mime=head + to_maria().mime)])
    place = ThreadPlace(first.thread_id, first.provider_id)
    list(provider.hand_over([to_maria(2, mime=head + to_maria(2).mime, thread=place)]))
    assert all(ways in left.raw and b"One-Click" not in left.raw for left in box.left) and len(box.left) == 2
    item = box.mails[str(first.provider_id)]
    assert item.fields["internetMessageHeaders"] == [{"name": "X-Campaign", "value": "spring"}]


CALLS = ("messages.create", "messages.send", "messages.get")
FAULTS: dict[str, Fault] = {
    "dropped before its effect": Act.DROP_BEFORE,
    "dropped after its effect": Act.DROP_AFTER,
    "500": graph_error(500, "InternalServerError", "Oops"),
    "503": Reply(503, b"over capacity"),
    "504": graph_error(504, "UnknownError", "Gateway timeout"),
    "429": graph_error(429, "ApplicationThrottled", "Too many requests", {"Retry-After": "30"}),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_once_a_mail_leaves_once(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox, call: str, fault: str
) -> None:
    desk = Desk()
    microsoft.obey(times(1, FAULTS[fault], call))
    outcome = desk.once(provider)
    if outcome.refused is not None:
        assert outcome.refused.kind is not OutsideKind.UNKNOWN, "the mailbox itself could be asked"
        assert box.left == []
        assert desk.once(provider).refused is None
    assert len(box.left) == 1 and box.drafts == {}


@pytest.mark.parametrize("call", ["messages.create_reply", "messages.update", "files.list"])
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_once_a_follow_up_leaves_once(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox, call: str, fault: str
) -> None:
    first = Desk().once(provider)
    desk = Desk(thread=ThreadPlace(first.thread_id, first.provider_id))
    desk.mail = replace(desk.mail, send_key="2.x")
    microsoft.obey(times(1, FAULTS[fault], call))
    if desk.once(provider).refused is not None:
        assert desk.once(provider).refused is None
    assert [left.recipients for left in box.left] == [("maria@ben.example",)] * 2 and box.drafts == {}


@pytest.mark.parametrize("call", CALLS[:2])
def test_an_answer_that_comes_too_late_is_one_copy(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox, call: str
) -> None:
    desk = Desk()
    microsoft.obey(times(1, Delay(2.3), call))
    if desk.once(provider).refused is not None:
        assert desk.once(provider).refused is None
    assert len(box.left) == 1


def test_an_error_after_which_it_left_all_the_same_is_no_second_copy(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """Gateways were seen to answer 504 to what was sent."""

    def left_but_504(name: str, _asked: object) -> Fault | None:
        if name != "messages.send":
            return None
        box.send_draft(next(iter(box.drafts)))
        return FAULTS["504"]

    microsoft.obey(left_but_504)
    assert kinds([Desk().once(provider)]) == ["sent"] and len(box.left) == 1


def test_a_draft_that_nobody_kept_is_found_by_its_key(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
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
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    desk = Desk()
    microsoft.obey(times(1, FAULTS["429"], "messages.send"))
    desk.once(provider)
    held = desk.mail
    assert kinds(provider.hand_over([held])) == ["sent"]
    assert kinds(provider.hand_over([held])) == ["sent"], "the second one finds that it was sent"
    assert len(box.left) == 1


def test_a_draft_that_is_sent_while_it_is_rewritten_is_taken_as_sent(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    desk = Desk()
    microsoft.obey(times(1, FAULTS["429"], "messages.send"))
    desk.once(provider)

    def somebody_was_faster(name: str, _asked: object) -> None:
        if name == "messages.update" and box.drafts:
            box.send_draft(str(desk.mail.draft_id))

    microsoft.obey(somebody_was_faster)
    assert kinds([desk.once(provider)]) == ["sent"] and len(box.left) == 1


def test_while_the_copy_is_late_it_stays_in_doubt(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """The rule: unknown → uncertain; not found proves nothing (spec/5)."""
    box.lags = True
    desk = Desk()
    microsoft.obey(times(1, Act.DROP_AFTER, "messages.send"))
    assert kinds([desk.once(provider)]) == ["unknown"]
    assert kinds([desk.once(provider)]) == ["unknown"], "and it is not sent again"
    box.catch_up()
    assert kinds([desk.once(provider)]) == ["sent"] and len(box.left) == 1


def test_what_the_draft_says_is_what_is_said_now(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    desk = Desk()
    microsoft.obey(times(1, FAULTS["429"], "messages.send"))
    desk.once(provider)
    desk.mail = replace(desk.mail, mime=to_maria().mime.replace(b"Hello.", b"Better."))
    desk.once(provider)
    assert b"Better." in box.left[0].raw


def test_a_draft_that_somebody_deleted_is_not_sent(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    """It keeps its id among the deleted mails, so here nothing is in doubt."""
    desk = Desk()
    microsoft.obey(times(1, FAULTS["429"], "messages.send"))
    desk.once(provider)
    box.throw_away(str(desk.mail.draft_id))
    outcome = desk.once(provider)
    assert (
        kinds([outcome]) == ["message"] and "Somebody deleted its draft" in outcome.reply and box.left == []
    )


REFUSALS = [
    (
        "the mail is malformed",
        graph_error(400, "ErrorInvalidRecipients", "No recipient"),
        OutsideKind.MESSAGE,
    ),
    ("a header", graph_error(400, "InvalidInternetMessageHeader", "No"), OutsideKind.MESSAGE),
    ("it is too large", graph_error(413, "ErrorMessageSizeExceeded", "Too large"), OutsideKind.MESSAGE),
    ("429", graph_error(429, "TooManyRequests", "Slow down"), OutsideKind.RATE_LIMITED),
    (
        "the rate of the day",
        graph_error(400, "ErrorExceededMessageLimit", "No more"),
        OutsideKind.RATE_LIMITED,
    ),
    ("access", graph_error(403, "ErrorAccessDenied", "Access is denied"), OutsideKind.POLICY),
    ("taken for spam", graph_error(400, "ErrorMessageSubmissionBlocked", "Blocked"), OutsideKind.POLICY),
    ("full", graph_error(507, "ErrorQuotaExceeded", "The mailbox is full"), OutsideKind.POLICY),
    ("no licence", graph_error(404, "MailboxNotEnabledForRESTAPI", "Inactive"), OutsideKind.POLICY),
    ("the token", graph_error(401, "InvalidAuthenticationToken", "Expired"), OutsideKind.AUTHORISATION),
    ("a conflict", graph_error(409, "ErrorIrresolvableConflict", "Conflict"), OutsideKind.TRANSIENT),
    ("trouble", Reply(502, b"<html>Bad gateway</html>"), OutsideKind.TRANSIENT),
]


@pytest.mark.parametrize(("name", "reply", "kind"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_each_answer_has_its_meaning(
    provider: OutlookProvider, microsoft: Microsoft, name: str, reply: Reply, kind: OutsideKind
) -> None:
    """The rule: the table of error kinds in spec/5."""
    microsoft.obey(lambda call, _: reply if call == "messages.create" else None)
    outcome = Desk().once(provider)
    assert outcome.refused is not None and outcome.refused.kind is kind
    assert "Outlook said" in outcome.refused.words


def test_retry_after_is_obeyed(provider: OutlookProvider, microsoft: Microsoft) -> None:
    """The rule: 429 + Retry-After (spec/5)."""
    microsoft.obey(lambda *_: graph_error(429, "ApplicationThrottled", "Slow down", {"Retry-After": "120"}))
    outcome = Desk().once(provider)
    assert outcome.refused is not None and outcome.refused.retry_at is not None
    assert abs(outcome.refused.retry_at - machine_now() - timedelta(seconds=120)) < timedelta(seconds=5)


def test_a_token_that_is_over_is_renewed_once_and_the_call_made_again(
    microsoft: Microsoft, box: OutlookBox
) -> None:
    asked: list[str] = []

    def renew(refused: str) -> str:
        asked.append(refused)
        return microsoft.token_of(ANA)

    account = replace(outlook_account(microsoft), renew=renew)
    microsoft.tokens.expire()
    provider = OutlookProvider(account, outlook_settings(microsoft))
    assert kinds(provider.hand_over([to_maria(1), to_maria(2)])) == ["sent", "sent"]
    assert asked == [account.secret] and len(box.left) == 2
    provider.close()


def test_when_nothing_renews_it_the_authorisation_is_lost(microsoft: Microsoft, box: OutlookBox) -> None:
    def no(_refused: str) -> str:
        raise Outside(OutsideKind.AUTHORISATION, "The grant was revoked.")

    provider = OutlookProvider(replace(outlook_account(microsoft), renew=no), outlook_settings(microsoft))
    microsoft.tokens.expire()
    assert kinds(provider.hand_over([to_maria()])) == ["authorisation"] and box.left == []
    provider.close()


def test_no_call_is_repeated_on_a_connection_that_died(
    provider: OutlookProvider, microsoft: Microsoft
) -> None:
    microsoft.obey(times(1, Act.DROP_AFTER, "messages.send"))
    Desk().once(provider)
    assert microsoft.heard.count("messages.send") == 1


def test_the_check_says_whose_mailbox_it_is(provider: OutlookProvider, microsoft: Microsoft) -> None:
    provider.check()
    other = replace(outlook_account(microsoft), address="ben@ana.example")
    wrong = OutlookProvider(other, outlook_settings(microsoft))
    with pytest.raises(Outside, match=r"Microsoft let us into ana@ana\.example, not into ben@"):
        wrong.check()
    wrong.close()


def test_the_check_finds_an_account_without_a_mailbox(provider: OutlookProvider, box: OutlookBox) -> None:
    box.licensed = False
    with pytest.raises(Outside) as refused:
        provider.check()
    assert refused.value.kind is OutsideKind.POLICY and NO_MAILBOX in refused.value.words


def test_a_link_of_another_server_is_not_followed(microsoft: Microsoft) -> None:
    """Our token goes to nobody else."""
    api = GraphApi(outlook_account(microsoft), outlook_settings(microsoft))
    with pytest.raises(Outside, match="another server"):
        api.follow(f"{microsoft.address}.evil.example/v1.0/me")
    api.close()


TAKEN = {"toRecipients": [{"emailAddress": {"address": "maria@ben.example"}}], "subject": "Prices"}
NOT_TAKEN = [
    {**TAKEN, "sender_name": "Ana"},
    {**TAKEN, "toRecipients": ["maria@ben.example"]},
    {**TAKEN, "toRecipients": [{"emailAddress": "maria@ben.example"}]},
    {**TAKEN, "internetMessageHeaders": [{"name": "List-Unsubscribe-Post", "value": "x"}]},
]


def test_the_stand_in_refuses_what_graph_refuses(microsoft: Microsoft) -> None:
    """Unknown properties, bare strings as recipients, headers that do not begin with X-."""
    api = GraphApi(outlook_account(microsoft), outlook_settings(microsoft))
    assert api.post("/me/messages", TAKEN)["isDraft"]
    for wrong in NOT_TAKEN:
        with pytest.raises(Outside):
            api.post("/me/messages", wrong)
    api.close()


def test_by_an_application_every_call_names_the_mailbox(microsoft: Microsoft, box: OutlookBox) -> None:
    """The rule: Graph application permission limited to named mailboxes (spec/5)."""
    microsoft.tokens.delegated = {ANA}
    settings = replace(outlook_settings(microsoft), tenant=TENANT)
    granted = MicrosoftDelegation(settings).grant(" ".join(APPLICATION), ANA)
    scopes, token = granted.scopes, granted.tokens.access
    account = MailAccount(1, "outlook", ANA, secret=token, token=True, scopes=scopes)
    provider, reader = OutlookProvider(account, settings), OutlookReader(account, settings)
    first = next(iter(provider.hand_over([to_maria()])))
    place = ThreadPlace(first.thread_id, first.provider_id)
    assert provider.check() and kinds(provider.hand_over([to_maria(2, thread=place)])) == ["sent"]
    changes = reader.changes("")
    while changes.more:
        changes = reader.changes(changes.cursor)
    box.comes_in(to_maria(3).mime)
    assert len(reader.changes(changes.cursor).mails) == 1 and len(box.left) == 2
    asked = {asked.path for name, asked, _ in microsoft.said if name not in ("token", "configuration")}
    assert all(path.startswith(f"/v1.0/users/{ANA}/") for path in asked)
    provider.close()
    reader.close()


def test_four_calls_of_a_mailbox_are_under_way_at_once() -> None:
    """The rule: limits: 4 concurrent (spec/5)."""
    turns, lock = Turns(), threading.Lock()
    under_way, most = [0], [0]

    def call(_number: int) -> None:
        with turns.of(ANA):
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            together.wait(5)
            with lock:
                under_way[0] -= 1

    together = threading.Barrier(4)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(call, range(12)))
    assert most[0] == 4


def test_people_are_the_same_however_their_addresses_are_written(
    provider: OutlookProvider, microsoft: Microsoft, box: OutlookBox
) -> None:
    first = Desk().once(provider)
    shown = {"id": "x", "toRecipients": [{"emailAddress": {"address": "Maria@BÜCHER.example"}}]}
    microsoft.obey(lambda name, _: Reply(body=shown) if name == "messages.update" else None)
    mime = to_maria().mime.replace(b"maria@ben.example", b"maria@xn--bcher-kva.example")
    place = ThreadPlace(first.thread_id, first.provider_id)
    mail = to_maria(2, thread=place, mime=mime, recipients=("maria@xn--bcher-kva.example",))
    assert kinds(provider.hand_over([mail])) == ["sent"]


def _dies(_draft_id: str) -> None:
    raise RuntimeError("the process ends here")
