"""Sending by Gmail: a draft, its id kept by the caller, then the draft is sent. What may have left is looked for.

The rule: draft → commit the draft id → send draft. Recovery: draft still there → send; gone → look in SENT by header
(spec/5). A draft is sent once whoever asks for it and how often: the second one finds it gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.calls import NoAnswer
from integrations.gmail import finding
from integrations.gmail.api import ME, GmailApi
from integrations.gmail.envelopes import MOST_BYTES, NO_SUCH_THREAD, body_of, without_thread
from integrations.gmail.settings import Settings, may_draft, may_read
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Capabilities, Found, HandOver, MailAccount, OutgoingMail, Place

LOST = "Gmail gave no answer, so nobody knows whether it left."
NOT_FOUND = "Its draft is gone, and it does not stand among the sent mails yet."
STILL_A_DRAFT = "Gmail did not send it: it still stands among the drafts."


class GmailProvider:
    """One mailbox, for one thread at a time. With `gmail.send` alone there is no draft, and nothing is found again."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._account = account
        self._api = GmailApi(account, settings)
        drafts, reads = may_draft(account.scopes), may_read(account.scopes)
        self.capabilities = Capabilities(drafts=drafts, open_link=drafts, find_by_key=drafts and reads)

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        """One after the other. What `drafted` raises is passed on; nothing of that mail is sent then."""
        for mail in mails:
            yield self._outcome(mail)

    def check(self) -> int | None:
        """Ask whose mailbox it is. Raises Outside with what to do; `gmail.send` alone may not even ask that."""
        if not (self.capabilities.drafts or may_read(self._account.scopes)):
            self._renewed()
            return MOST_BYTES
        try:
            address = str(self._api.profile().get("emailAddress", ""))
        except NoAnswer as lost:
            raise Outside(OutsideKind.TRANSIENT, str(lost)) from lost
        if address.lower() != self._account.address.lower():
            words = f"Google let us into {address}, not into {self._account.address}. Connect it again."
            raise Outside(OutsideKind.AUTHORISATION, words)
        return MOST_BYTES

    def close(self) -> None:
        self._api.close()

    def _renewed(self) -> None:
        if self._account.renew is not None:
            self._account.renew(self._account.secret)

    def _outcome(self, mail: OutgoingMail) -> HandOver:
        try:
            if not self.capabilities.drafts:
                return self._send_at_once(mail)
            draft_id = self._draft_of(mail)
        except Outside as refused:
            return HandOver(mail.key, refused.words, refused.code, refused)
        except (
            NoAnswer
        ) as lost:  # nothing was sent: only a draft may stand there, which is looked for next time
            return _refused(mail, Outside(OutsideKind.TRANSIENT, str(lost)))
        if isinstance(draft_id, Found):
            return self._taken(mail, draft_id.id, draft_id.thread_id, draft_id.message_id)
        return self._sent(mail, draft_id)

    def _draft_of(self, mail: OutgoingMail) -> str | Found:
        """The id of a draft that says what this mail says, kept by the caller; or the mail, which has left before."""
        body = body_of(mail)
        known = mail.draft_id
        if known is None and mail.again and (found := self._left_behind(mail)) is not None:
            if found.place is Place.SENT:
                return found
            known = found.id
            self._keep(mail, known)
        if known is None:
            known = self._new_draft(mail, body)
            self._keep(mail, known)
            return known
        return self._rewritten(mail, known, body)

    def _left_behind(self, mail: OutgoingMail) -> Found | None:
        if not self.capabilities.find_by_key:
            return finding.find_draft(self._api, mail.send_key)
        return finding.find(self._api, mail.send_key)

    def _keep(self, mail: OutgoingMail, draft_id: str) -> None:
        if mail.drafted is not None:
            mail.drafted(draft_id)

    def _new_draft(self, mail: OutgoingMail, body: dict[str, object]) -> str:
        try:
            made = self._api.call(self._api.drafts.create(userId=ME, body={"message": body}))
        except Outside as refused:
            if refused.code not in NO_SUCH_THREAD or "threadId" not in body:
                raise
            return self._new_draft(mail, without_thread(body))
        except NoAnswer:
            found = finding.find_draft(self._api, mail.send_key)
            if found is None:
                raise
            return found.id
        return str(made["id"])

    def _rewritten(self, mail: OutgoingMail, draft_id: str, body: dict[str, object]) -> str | Found:
        """A draft of an earlier try says what is said now. One that is gone was sent, or thrown away by somebody."""
        try:
            self._api.call(self._api.drafts.update(userId=ME, id=draft_id, body={"message": body}))
        except Outside as refused:
            if refused.code != 404:
                raise
            found = self._among_sent(mail)
            if found is None:
                raise Outside(OutsideKind.UNKNOWN, NOT_FOUND) from refused
            return found
        return draft_id

    def _sent(self, mail: OutgoingMail, draft_id: str) -> HandOver:
        try:
            sent = self._api.call(self._api.drafts.send(userId=ME, body={"id": draft_id}))
        except NoAnswer:
            return self._looked_for(mail, draft_id, Outside(OutsideKind.TRANSIENT, STILL_A_DRAFT))
        except Outside as refused:
            if refused.code == 404 or (refused.kind is OutsideKind.TRANSIENT and refused.code is not None):
                return self._looked_for(mail, draft_id, refused)
            return _refused(mail, refused)
        return self._taken(mail, str(sent["id"]), sent.get("threadId"))

    def _looked_for(self, mail: OutgoingMail, draft_id: str, trouble: Outside) -> HandOver:
        """Whether a mail has left whose sending was not answered as it should be."""
        try:
            if self._is_there(draft_id):
                return _refused(mail, Outside(OutsideKind.TRANSIENT, trouble.words, code=trouble.code))
            found = self._among_sent(mail)
        except (Outside, NoAnswer):
            return _refused(mail, Outside(OutsideKind.UNKNOWN, LOST))
        if found is None:
            return _refused(mail, Outside(OutsideKind.UNKNOWN, NOT_FOUND))
        return self._taken(mail, found.id, found.thread_id, found.message_id)

    def _is_there(self, draft_id: str) -> bool:
        try:
            self._api.call(self._api.drafts.get(userId=ME, id=draft_id, format="minimal"))
        except Outside as refused:
            if refused.code != 404:
                raise
            return False
        return True

    def _among_sent(self, mail: OutgoingMail) -> Found | None:
        return finding.find_sent(self._api, mail.send_key) if self.capabilities.find_by_key else None

    def _send_at_once(self, mail: OutgoingMail) -> HandOver:
        """Without drafts there is nothing to find again: what is not answered stays in doubt until a person says."""
        try:
            sent = self._api.call(self._api.messages.send(userId=ME, body=body_of(mail)))
        except NoAnswer:
            return _refused(mail, Outside(OutsideKind.UNKNOWN, LOST))
        except Outside as refused:
            if refused.kind is OutsideKind.TRANSIENT and refused.code is not None:
                return _refused(mail, Outside(OutsideKind.UNKNOWN, refused.words, code=refused.code))
            return _refused(mail, refused)
        return HandOver(mail.key, "taken by Gmail", 200, None, str(sent["id"]), sent.get("threadId"))

    def _taken(self, mail: OutgoingMail, id: str, thread_id: str | None, name: str | None = None) -> HandOver:
        """With the Message-ID that it really has, read back: what comes next in the thread answers to that."""
        try:
            name = name or finding.real_name(self._api, id)
        except (Outside, NoAnswer):
            name = None  # the copy among the sent mails tells it later
        return HandOver(mail.key, "sent by Gmail", 200, None, id, thread_id, message_id=name)


def _refused(mail: OutgoingMail, refused: Outside) -> HandOver:
    return HandOver(mail.key, refused.words, refused.code, refused)
