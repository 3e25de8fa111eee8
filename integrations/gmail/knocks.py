"""Gmail says by Pub/Sub which mailboxes have something new: each is watched, and what is told is pulled (guides/push).

Pub/Sub tells at least once and in no order. What was pulled and is not acknowledged comes again.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.calls import Answer, Calls, NoAnswer, answered
from integrations.gmail.api import GmailApi
from integrations.gmail.consent import granted_in
from integrations.gmail.delegation import ask_by_key
from integrations.gmail.settings import PUBSUB, Settings
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Granted, Heard, Knock, MailAccount

LABELS = ["INBOX", "SENT", "DRAFT"]
AT_ONCE = 100
# A pull waits at Pub/Sub until something comes. It ends soon enough for a process that should stop.
ANSWER_SECONDS = 5.0
NUMBERS = range(1, 2**63)
SPARE = timedelta(minutes=1)  # a token is over a little earlier
LONGEST_WORDS = 300
WHAT_TO_DO = {
    401: "Lay down another key of the service account.",
    403: "Give the service account the role Pub/Sub Subscriber on this subscription.",
    404: "GOOGLE_PUBSUB_SUBSCRIPTION names none that is there.",
}


class GmailKnocks:
    """The port's Knocks. The key is the one of a service account, as for delegation; it needs no delegation here."""

    provider = "gmail"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manners = replace(settings.manners, answer_seconds=ANSWER_SECONDS)
        self._known: tuple[str, Granted] | None = None
        self._lock = threading.Lock()

    def watch(self, account: MailAccount) -> datetime:
        asked = {"topicName": self._settings.topic, "labelIds": LABELS, "labelFilterBehavior": "include"}
        with closing(GmailApi(account, self._settings)) as api:
            given = answered(lambda: api.watch(asked))
        return datetime.fromtimestamp(int(given.get("expiration", 0)) / 1000, UTC)

    def pull(self, key: str) -> Heard:
        """No answer in time: nothing came, or it comes again."""
        try:
            given = self._ask(key, "pull", {"maxMessages": AT_ONCE})
        except NoAnswer:
            return Heard()
        came = [one for one in given.get("receivedMessages", []) if isinstance(one, dict)]
        knocks = (_knock(one.get("message")) for one in came)
        receipts = (str(one["ackId"]) for one in came if one.get("ackId"))
        return Heard(tuple(one for one in knocks if one), tuple(receipts))

    def acknowledge(self, key: str, receipts: Sequence[str]) -> None:
        answered(lambda: self._ask(key, "acknowledge", {"ackIds": list(receipts)}))

    def _ask(self, key: str, verb: str, body: dict[str, object]) -> dict[str, Any]:
        where = f"{self._settings.pubsub_url}/v1/{self._settings.subscription}:{verb}"
        how = {"authorization": f"Bearer {self._token(key)}", "content-type": "application/json"}
        with closing(Calls(self._manners)) as calls:
            answer = calls.ask("POST", where, how, json.dumps(body))
        if answer.status >= 300:
            self._known = None
            raise _refusal(answer)
        return answer.json()

    def _token(self, key: str) -> str:
        """One that counts for an hour, asked for once."""
        with self._lock:
            known = self._known
            if known is None or known[0] != key or known[1].expires_at < machine_now() + SPARE:
                known = self._known = (key, granted_in(ask_by_key(self._settings, key, (PUBSUB,)), ""))
            return known[1].tokens.access


def _knock(message: object) -> Knock | None:
    """None for what is no word of Gmail's: others may publish there, too."""
    try:
        told = json.loads(base64.b64decode(message["data"]))  # type: ignore[index]
        address, number = str(told["emailAddress"]).lower(), int(told["historyId"])
    except (LookupError, TypeError, ValueError):
        return None
    return Knock(address, number) if address.isprintable() and number in NUMBERS else None


def _refusal(answer: Answer) -> Outside:
    error = answer.json().get("error")
    said = str(error.get("message", "")) if isinstance(error, dict) else ""
    words = (said or f"it answered {answer.status}")[:LONGEST_WORDS].rstrip(".")
    told = f"Pub/Sub said: {words}. {WHAT_TO_DO.get(answer.status, '')}".rstrip()
    return Outside(_kind(answer.status), told, code=answer.status, retry_at=answer.retry_at)


def _kind(status: int) -> OutsideKind:
    if status == 429:
        return OutsideKind.RATE_LIMITED
    return OutsideKind.POLICY if status in WHAT_TO_DO else OutsideKind.TRANSIENT
