"""Reading a Gmail mailbox: what its history says since a cursor, each mail as the bytes that came.

The rule: sync by history.list from a stored id; 404 → bounded rescan (spec/5). Bounces are read from the raw bytes,
because Gmail hides the fields of a report deep in its own view of a mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.calls import answered
from integrations.gmail.api import ME, GmailApi
from integrations.gmail.cursors import Cursor, read_cursor, write_cursor
from integrations.gmail.envelopes import raw_of
from integrations.gmail.settings import Settings
from sales_campaigns.errors import Outside
from sales_campaigns.ports import Changes, IncomingMail, MailAccount

AT_ONCE = 50  # mails a call: each costs 20 of the 6,000 units a minute
LONGEST = 2_000_000  # bytes of one mail: what counts stands at its beginning
SENT, DRAFT = "SENT", "DRAFT"
SCHEDULED = "SCHEDULED"  # sent later, by Gmail itself
NOT_READ = {DRAFT, "CHAT", "TRASH"}


class GmailReader:
    """The port's MailReader, for one thread at a time."""

    def __init__(self, account: MailAccount, settings: Settings) -> None:
        self._account = account
        self._days = settings.reach_back_days
        self._api = GmailApi(account, settings)

    def changes(self, cursor: str) -> Changes:
        at = read_cursor(cursor)
        if not at.history:
            return self._rescan(at, rescanned=False)
        try:
            return self._since(at)
        except Outside as refused:
            if refused.code != 404:
                raise
            return self._rescan(Cursor(), rescanned=True)

    def is_sent(self, message_id: str) -> bool:
        """By Gmail's search, which lags: no proves nothing."""
        query = f"rfc822msgid:{message_id.strip('<>')}"
        found = self._call(self._api.messages.list(userId=ME, labelIds=[SENT], q=query, maxResults=1))
        return bool(found.get("messages"))

    def file_copy(self, mime: bytes, at: datetime) -> None:
        """Gmail files what leaves by itself."""

    def discard(self, uids: Sequence[str]) -> bool:
        """What is granted lets nobody delete a mail (`gmail.modify` would)."""
        return not uids

    def check(self) -> None:
        self._profile()

    def close(self) -> None:
        self._api.close()

    def _since(self, at: Cursor) -> Changes:
        listed = self._call(
            self._api.history.list(
                userId=ME,
                startHistoryId=at.history,
                historyTypes=["messageAdded", "labelAdded"],
                maxResults=AT_ONCE,
                **({"pageToken": at.page} if at.page else {}),
            )
        )
        page, latest = listed.get("nextPageToken", ""), str(listed.get("historyId", at.history))
        following = Cursor(at.history, page) if page else Cursor(latest)
        mails, scheduled = self._mails(_added(listed.get("history", [])))
        return Changes(mails, write_cursor(following), more=bool(page), scheduled=scheduled)

    def _rescan(self, at: Cursor, *, rescanned: bool) -> Changes:
        """The last days. Where the history goes on is fixed before the first page, so that nothing falls between."""
        until = at.until or str(self._profile().get("historyId", ""))
        where = {"q": f"newer_than:{self._days}d", "includeSpamTrash": True, "maxResults": AT_ONCE}
        paged = {"pageToken": at.page} if at.page else {}
        listed = self._call(self._api.messages.list(userId=ME, **where, **paged))
        page = listed.get("nextPageToken", "")
        following = Cursor(page=page, until=until) if page else Cursor(until)
        mails, scheduled = self._mails(one["id"] for one in listed.get("messages", []))
        return Changes(mails, write_cursor(following), rescanned, bool(page), scheduled)

    def _mails(self, ids: Iterable[str]) -> tuple[tuple[IncomingMail, ...], tuple[IncomingMail, ...]]:
        """Those that are read, and those that the owner has scheduled."""
        mails: list[IncomingMail] = []
        scheduled: list[IncomingMail] = []
        for message in self._messages(ids):
            labels = set(message.get("labelIds", []))
            if SCHEDULED in labels:
                scheduled.append(_incoming(message))
            elif not NOT_READ & labels:
                mails.append(_incoming(message))
        return tuple(mails), tuple(scheduled)

    def _messages(self, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Without those that are gone meanwhile."""
        for id in ids:
            try:
                yield self._call(self._api.messages.get(userId=ME, id=id, format="raw"))
            except Outside as refused:
                if refused.code != 404:
                    raise

    def _profile(self) -> dict[str, Any]:
        return answered(self._api.profile)

    def _call(self, request: Any) -> dict[str, Any]:
        return answered(lambda: self._api.call(request))


def _added(history: Iterable[dict[str, Any]]) -> list[str]:
    """What came, and what was sent: a draft that is sent may keep its message and only change its label."""
    records = list(history)
    came = [one["message"] for record in records for one in record.get("messagesAdded", [])]
    marked = [one for record in records for one in record.get("labelsAdded", [])]
    came += [one["message"] for one in marked if {SENT, SCHEDULED} & set(one.get("labelIds", []))]
    labelled = ((one["id"], set(one.get("labelIds", []))) for one in came)
    return list(dict.fromkeys(id for id, labels in labelled if DRAFT not in labels or SCHEDULED in labels))


def _incoming(message: dict[str, Any]) -> IncomingMail:
    at = datetime.fromtimestamp(int(message.get("internalDate", 0)) / 1000, UTC)
    own = SENT in message.get("labelIds", [])
    return IncomingMail(
        str(message["id"]), at, raw_of(message)[:LONGEST], own=own, thread_id=message.get("threadId")
    )
