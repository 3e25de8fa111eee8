"""Sending by Outlook: a draft whose id is kept before it is sent, so that whatever breaks, one copy leaves at most.

The rule: draft with the send key → commit the id → send; recovery: draft still there → send; sent → taken as sent;
gone → look for its key; unknown → uncertain (spec/5). A call is never repeated while nobody knows what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.calls import NoAnswer, answered
from integrations.outlook import finding, placing
from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.files import add
from integrations.outlook.settings import Settings, may_send
from integrations.outlook.whose import address_in
from integrations.outlook.writing import MOST_BYTES, Written, written
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Capabilities, Found, HandOver, MailAccount, OutgoingMail, Place

LOST = "Outlook gave no answer after the mail was handed over."
NOT_FOUND = "Outlook no longer holds this draft, and it does not stand among the sent mails yet."
STILL_A_DRAFT = "Outlook did not send it: it still stands among the drafts."
THROWN_AWAY = "Somebody deleted its draft in Outlook, so it was not sent."


class OutlookProvider:
    """One mailbox, for one thread at a time."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._account = account
        self._api = GraphApi(account, settings)
        able = may_send(account.scopes)
        self.capabilities = Capabilities(drafts=able, open_link=able, find_by_key=able)

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        """One after the other. What `drafted` raises is passed on; nothing of that mail is sent then."""
        for mail in mails:
            yield self._outcome(mail)

    def check(self) -> int | None:
        """Ask whose mailbox it is. Raises Outside with what to do."""
        address = answered(lambda: address_in(self._api))
        if address != self._account.address.lower():
            words = f"Microsoft let us into {address}, not into {self._account.address}. Connect it again."
            raise Outside(OutsideKind.AUTHORISATION, words)
        return MOST_BYTES

    def close(self) -> None:
        self._api.close()

    def _outcome(self, mail: OutgoingMail) -> HandOver:
        try:
            draft = self._draft_of(mail)
        except Outside as refused:
            return _refused(mail, refused)
        except NoAnswer as lost:  # nothing was sent: a draft may stand there, which is looked for next time
            return _refused(mail, Outside(OutsideKind.TRANSIENT, str(lost)))
        return _taken(mail, draft) if draft.place is Place.SENT else self._sent(mail, draft)

    def _draft_of(self, mail: OutgoingMail) -> Found:
        """A draft that says what this mail says, its id kept by the caller; or the mail, which has left before."""
        letter = written(mail)
        known = self._known(mail)
        if known is None:
            return self._new_draft(mail, letter)
        return self._rewritten(known, letter) if known.place is Place.DRAFTS else known

    def _known(self, mail: OutgoingMail) -> Found | None:
        """What an earlier try has left: by its id, or by its key where nobody kept that."""
        if mail.draft_id is not None:
            return self._standing(mail, mail.draft_id)
        found = finding.find(self._api, mail.send_key) if mail.again else None
        if found is not None and found.place is Place.DRAFTS:
            self._keep(mail, found.id)
        return found

    def _standing(self, mail: OutgoingMail, id: str) -> Found:
        message = finding.message_of(self._api, id)
        if message is not None and finding.is_thrown_away(self._api, message):
            raise Outside(OutsideKind.MESSAGE, THROWN_AWAY)
        found = finding.found_in(message) if message else finding.find(self._api, mail.send_key)
        if found is None:
            raise Outside(OutsideKind.UNKNOWN, NOT_FOUND)
        return found

    def _rewritten(self, known: Found, letter: Written) -> Found:
        """A draft of an earlier try says what is said now; one that was sent this instant takes no other words."""
        try:
            placing.fill(self._api, known.id, letter)
        except Outside:
            found = finding.at(self._api, known.id)
            if found is None or found.place is Place.DRAFTS:
                raise
            return found
        return known

    def _new_draft(self, mail: OutgoingMail, letter: Written) -> Found:
        """Nothing is sent from it before its id is kept, and before every word and file stands in it."""
        try:
            made, is_bare = placing.begin(self._api, letter, mail.thread)
        except NoAnswer:
            found = finding.find(self._api, mail.send_key) if mail.send_key else None
            if found is None:
                raise
            made, is_bare = {"id": found.id, "isDraft": True, "conversationId": found.thread_id}, True
        draft = finding.found_in({**made, "isDraft": True})
        self._keep(mail, draft.id)
        if is_bare:
            placing.fill(self._api, draft.id, letter)
        else:
            add(self._api, draft.id, letter.files)
        return draft

    def _keep(self, mail: OutgoingMail, draft_id: str) -> None:
        if mail.drafted is not None:
            mail.drafted(draft_id)

    def _sent(self, mail: OutgoingMail, draft: Found) -> HandOver:
        try:
            self._api.post(message_at(draft.id, "send"))
        except NoAnswer:
            return self._looked_for(mail, draft, Outside(OutsideKind.TRANSIENT, STILL_A_DRAFT))
        except Outside as refused:
            return self._looked_for(mail, draft, refused) if _in_doubt(refused) else _refused(mail, refused)
        return _taken(mail, self._read_back(draft))

    def _looked_for(self, mail: OutgoingMail, draft: Found, trouble: Outside) -> HandOver:
        """Whether a mail has left whose sending was not answered as it should be."""
        try:
            found = finding.at(self._api, draft.id) or finding.find(self._api, mail.send_key)
        except (Outside, NoAnswer):
            return _refused(mail, Outside(OutsideKind.UNKNOWN, LOST))
        if found is None:
            return _refused(mail, Outside(OutsideKind.UNKNOWN, NOT_FOUND))
        if found.place is Place.SENT:
            return _taken(mail, found)
        if trouble.code == 404:  # it stands there all the same
            return _refused(mail, Outside(OutsideKind.TRANSIENT, STILL_A_DRAFT))
        return _refused(mail, trouble)

    def _read_back(self, draft: Found) -> Found:
        """What Outlook calls the mail: what comes next in the thread answers to that. The copy may be late."""
        try:
            found = finding.at(self._api, draft.id)
        except (Outside, NoAnswer):
            found = None  # the copy among the sent mails tells it later
        is_told = found is not None and found.place is Place.SENT
        return found if found is not None and is_told else Found(Place.SENT, draft.id, None, draft.thread_id)


def _in_doubt(refused: Outside) -> bool:
    """A draft that is gone, or sent already, is refused as well. What never left for want of a line has no code."""
    is_trouble = refused.kind is OutsideKind.TRANSIENT and refused.code is not None
    return is_trouble or refused.code in (400, 404)


def _taken(mail: OutgoingMail, found: Found) -> HandOver:
    name, thread = found.message_id, found.thread_id
    return HandOver(mail.key, "sent by Outlook", 202, None, found.id, thread, message_id=name)


def _refused(mail: OutgoingMail, refused: Outside) -> HandOver:
    return HandOver(mail.key, refused.words, refused.code, refused)
