"""Drafts of a Gmail mailbox, and how a rep opens one: Gmail has no dependable address for a draft of the API.

A draft's id stays when it is edited in Gmail, the id of its message does not: only the former is kept.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote, urlencode

from integrations.calls import answered
from integrations.gmail import finding
from integrations.gmail.api import ME, GmailApi
from integrations.gmail.envelopes import NO_SUCH_THREAD, message_of, without_thread
from integrations.gmail.settings import Settings, may_draft, may_read
from sales_campaigns.errors import NotFound, Outside
from sales_campaigns.ports import Draft, Drafted, DraftState, Found, MailAccount, OpenLink

GONE = "This draft is gone from the mailbox."
LONGEST_WORDS = 1_500  # of a prefilled text: the whole address must stay short enough for every browser


class GmailDrafts:
    """The port's Drafts. What may have had its effect and was not answered is transient: `find` tells what stands."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._account = account
        self._settings = settings
        self._api = GmailApi(account, settings)

    def put(self, draft: Draft) -> Drafted:
        body = message_of(draft.mime, draft.send_key, draft.thread)
        try:
            made = self._call(self._api.drafts.create(userId=ME, body={"message": body}))
        except Outside as refused:
            if refused.code not in NO_SUCH_THREAD or "threadId" not in body:
                raise
            made = self._call(self._api.drafts.create(userId=ME, body={"message": without_thread(body)}))
        if draft.made is not None:
            draft.made(str(made["id"]))
        return self._drafted(made, draft)

    def finish(self, id: str, draft: Draft) -> Drafted:
        """One call has put it there whole. Its version is ours to know where it still says what it was given."""
        try:
            found = self._call(self._api.drafts.get(userId=ME, id=id, format="raw"))
        except Outside as refused:
            if refused.code == 404:
                raise NotFound(GONE) from refused
            raise
        made = self._drafted(found, draft)
        return made if _says(found, draft.mime) else replace(made, version="")

    def update(self, id: str, draft: Draft) -> Drafted:
        body = {"message": message_of(draft.mime, draft.send_key, draft.thread)}
        try:
            return self._drafted(self._call(self._api.drafts.update(userId=ME, id=id, body=body)), draft)
        except Outside as refused:
            if refused.code == 404:
                raise NotFound(GONE) from refused
            raise

    def delete(self, id: str) -> None:
        try:
            self._call(self._api.drafts.delete(userId=ME, id=id))
        except Outside as refused:
            if refused.code != 404:
                raise

    def state(self, id: str) -> DraftState:
        return DraftState.GONE if self.version(id) is None else DraftState.THERE

    def version(self, id: str) -> str | None:
        """The id of its message: every change of a draft gives it another one."""
        try:
            draft = self._call(self._api.drafts.get(userId=ME, id=id, format="minimal"))
        except Outside as refused:
            if refused.code == 404:
                return None
            raise
        return str(draft.get("message", {}).get("id", ""))

    def find(self, send_key: str) -> Found | None:
        return answered(lambda: finding.find(self._api, send_key))

    def close(self) -> None:
        self._api.close()

    def _call(self, request: Any) -> dict[str, Any]:
        return answered(lambda: self._api.call(request))

    def _drafted(self, made: dict[str, Any], draft: Draft) -> Drafted:
        message = made.get("message", {})
        name = answered(lambda: finding.real_name(self._api, str(message.get("id", ""))))
        links, version = self._links(name, draft.mime), str(message.get("id", ""))
        return Drafted(str(made["id"]), name, message.get("threadId"), links, version)

    def _links(self, name: str | None, mime: bytes) -> tuple[OpenLink, ...]:
        box = f"{self._settings.web_url}/mail/u/{quote(self._account.address)}/"
        search = f"in:drafts rfc822msgid:{(name or '').strip('<>')}"
        found = [OpenLink("Open in Gmail", f"{box}#search/{quote(search, safe='')}")] if name else []
        return (*found, OpenLink("Compose in Gmail", f"{box}?{urlencode(_prefilled(mime), quote_via=quote)}"))


def drafts_of(account: MailAccount, settings: Settings) -> GmailDrafts | None:
    """None where what was granted has no drafts, or where nothing could be found again."""
    enough = may_draft(account.scopes) and may_read(account.scopes)
    return GmailDrafts(account, settings) if enough else None


def _says(draft: dict[str, Any], mime: bytes) -> bool:
    """Whether a draft with its bytes still goes to these people with these words."""
    raw = urlsafe_b64decode(str(draft.get("message", {}).get("raw", "")))
    names = ("To", "Cc", "Bcc", "Subject")
    stands, ours = _read(raw), _read(mime)
    return _text(stands) == _text(ours) and all(stands[name] == ours[name] for name in names)


def _read(mime: bytes) -> EmailMessage:
    mail = message_from_bytes(mime, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()).strip() if part is not None else ""


def _prefilled(mime: bytes) -> dict[str, str]:
    """What a compose window is given: it makes a mail of its own, with the text alone."""
    mail = _read(mime)
    text = _text(mail)[:LONGEST_WORDS]
    named = {"to": mail["To"], "cc": mail["Cc"], "su": mail["Subject"]}
    return {
        "view": "cm",
        "fs": "1",
        **{name: str(value) for name, value in named.items() if value},
        "body": text,
    }
