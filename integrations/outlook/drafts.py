"""Drafts of an Outlook mailbox: each has an address that opens it, and keeps its id when the rep sends it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from integrations.calls import answered
from integrations.outlook import finding, placing
from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.files import add
from integrations.outlook.settings import Settings, may_send
from integrations.outlook.writing import written_in
from sales_campaigns.errors import NotFound, Outside
from sales_campaigns.ports import Draft, Drafted, DraftState, Found, MailAccount, OpenLink

GONE = "This draft is gone from the mailbox."


class OutlookDrafts:
    """The port's Drafts. What may have had its effect and was not answered is transient: `find` tells what stands."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._api = GraphApi(account, settings)

    def put(self, draft: Draft) -> Drafted:
        return answered(lambda: self._put(draft))

    def update(self, id: str, draft: Draft) -> Drafted:
        if self.state(id) is DraftState.GONE:
            raise NotFound(GONE)
        letter = written_in(draft.mime, draft.send_key, label=draft.label)
        try:
            return answered(lambda: self._drafted(placing.fill(self._api, id, letter)))
        except Outside as refused:
            if refused.code == 404:
                raise NotFound(GONE) from refused
            raise

    def finish(self, id: str, draft: Draft) -> Drafted:
        """An answer to a mail is written in two steps. Whatever was written later than it was made may be its rep's."""
        message = answered(lambda: finding.message_of(self._api, id))
        if message is None or self.state(id) is DraftState.GONE:
            raise NotFound(GONE)
        if finding.is_untouched(message):
            return self.update(id, draft)
        return replace(answered(lambda: self._drafted(message)), version="")

    def delete(self, id: str) -> None:
        """A draft alone: the mail that was sent from it has the same id, and stays."""
        if self.state(id) is DraftState.THERE:
            try:
                answered(lambda: self._api.delete(message_at(id)))
            except Outside as refused:
                if refused.code != 404:
                    raise

    def state(self, id: str) -> DraftState:
        return DraftState.GONE if self.version(id) is None else DraftState.THERE

    def version(self, id: str) -> str | None:
        """Its change key: whatever is written in a draft or enclosed with it gives it another one."""
        return answered(lambda: self._version(id))

    def find(self, send_key: str) -> Found | None:
        return answered(lambda: finding.find(self._api, send_key))

    def close(self) -> None:
        self._api.close()

    def _put(self, draft: Draft) -> Drafted:
        letter = written_in(draft.mime, draft.send_key, label=draft.label)
        made, is_bare = placing.begin(self._api, letter, draft.thread)
        if draft.made is not None:
            draft.made(str(made["id"]))
        if is_bare:
            made = placing.fill(self._api, str(made["id"]), letter)
        else:
            add(self._api, str(made["id"]), letter.files)
        return self._drafted(made)

    def _drafted(self, made: dict[str, Any]) -> Drafted:
        """As it stands by now: files that were added after the words have changed it once more."""
        id, link = str(made["id"]), str(made.get("webLink") or "")
        links = (OpenLink("Open in Outlook", link, exact=True),) if link.startswith("https://") else ()
        name, thread = made.get("internetMessageId") or None, made.get("conversationId")
        return Drafted(id, name, thread, links, self._version(id) or "")

    def _version(self, id: str) -> str | None:
        message = finding.message_of(self._api, id)
        if message is None or not message.get("isDraft") or finding.is_thrown_away(self._api, message):
            return None
        return str(message.get("changeKey") or "")


def drafts_of(account: MailAccount, settings: Settings) -> OutlookDrafts | None:
    """None where what was granted has no drafts."""
    return OutlookDrafts(account, settings) if may_send(account.scopes) else None
