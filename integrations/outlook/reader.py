"""Reading an Outlook mailbox: what is new in its folders since a cursor, each mail as the bytes that came.

The rule: sync by delta queries, 410 → rescan (spec/5). Reports of failed deliveries are read from the bytes as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from integrations.calls import answered
from integrations.outlook.answers import GONE
from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.cursors import read_cursor, write_cursor
from integrations.outlook.settings import Settings
from integrations.outlook.whose import address_in
from integrations.outlook.writing import KEY, key_of
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Changes, IncomingMail, MailAccount

SENT = "sentitems"
FOLDERS = ("inbox", "junkemail", SENT)
AT_ONCE = 25  # mails a folder and call
A_PAGE = f"odata.maxpagesize={AT_ONCE}"
LONGEST = 2_000_000  # bytes of one mail: what counts stands at its beginning
NEXT, LAST = "@odata.nextLink", "@odata.deltaLink"


class OutlookReader:
    """The port's MailReader, for one thread at a time."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._days = settings.reach_back_days
        self._api = GraphApi(account, settings)

    def changes(self, cursor: str) -> Changes:
        return answered(lambda: self._changes(read_cursor(cursor)))

    def is_sent(self, message_id: str) -> bool:
        wanted = message_id.replace("'", "''")
        asked = {"$filter": f"internetMessageId eq '{wanted}'", "$select": "id", "$top": "1"}
        found = answered(lambda: self._api.get(f"/me/mailFolders/{SENT}/messages", asked))
        return bool(found.get("value"))

    def file_copy(self, mime: bytes, at: datetime) -> None:
        """Outlook files what leaves by itself."""

    def discard(self, uids: Sequence[str]) -> bool:
        """They lie among the deleted mails."""
        for uid in uids:
            try:
                answered(partial(self._api.delete, message_at(uid)))
            except Outside as refused:
                if refused.code != 404:
                    raise
        return True

    def check(self) -> None:
        answered(lambda: address_in(self._api))

    def close(self) -> None:
        self._api.close()

    def _changes(self, links: dict[str, str]) -> Changes:
        mails, rescanned, more = list[IncomingMail](), False, False
        for folder in FOLDERS:
            page, again = self._page(folder, links.get(folder, ""))
            mails += self._mails(folder, page.get("value", []))
            links[folder] = page.get(NEXT) or page.get(LAST) or ""
            rescanned, more = rescanned or again, more or NEXT in page
        return Changes(tuple(mails), write_cursor(links), rescanned=rescanned, more=more)

    def _page(self, folder: str, link: str) -> tuple[dict[str, Any], bool]:
        """One page of a folder; True where its link was too old, so that it reaches back a bounded time."""
        if not link:
            return self._from_the_beginning(folder), False
        try:
            return self._api.follow(link, A_PAGE), False
        except Outside as refused:
            if refused.code != GONE:
                raise
            return self._from_the_beginning(folder), True

    def _from_the_beginning(self, folder: str) -> dict[str, Any]:
        since = machine_now() - timedelta(days=self._days)
        asked = {
            "changeType": "created",  # neither what is read nor what is moved on is new
            "$select": "id,conversationId,receivedDateTime,isDraft",
            "$filter": f"receivedDateTime ge {since:%Y-%m-%dT%H:%M:%SZ}",
        }
        return self._api.get(f"/me/mailFolders/{folder}/messages/delta", asked, A_PAGE)

    def _mails(self, folder: str, listed: Iterable[dict[str, Any]]) -> Iterator[IncomingMail]:
        """Without those that are gone meanwhile."""
        for one in listed:
            if "@removed" in one or one.get("isDraft"):
                continue
            try:
                yield self._mail(folder, one)
            except Outside as refused:
                if refused.code != 404:
                    raise

    def _mail(self, folder: str, one: dict[str, Any]) -> IncomingMail:
        id, own = str(one["id"]), folder == SENT
        raw = self._api.content(message_at(id, "$value"))[:LONGEST]
        at = datetime.fromisoformat(one["receivedDateTime"])
        thread, key = one.get("conversationId"), self._key(id) if own else ""
        return IncomingMail(id, at, raw, own=own, thread_id=thread, send_key=key)

    def _key(self, id: str) -> str:
        """Ours, which stands beside the bytes and not in them."""
        expanded = f"singleValueExtendedProperties($filter=id eq '{KEY}')"
        return key_of(self._api.get(message_at(id), {"$select": "id", "$expand": expanded}))
