"""The topic that Gmail tells of changes, and its one subscription: at least once, in no order, until acknowledged."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

TOPIC, SUBSCRIPTION = "projects/ours/topics/gmail", "projects/ours/subscriptions/sales"


@dataclass
class Subscription:
    """`loses`: what is published from now on reaches nobody."""

    loses: bool = False
    acknowledged: list[str] = field(default_factory=list)
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _given: dict[str, dict[str, Any]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def change(self, address: str, number: int) -> None:
        """As Gmail says it."""
        self.publish(json.dumps({"emailAddress": address, "historyId": number}).encode())

    def publish(self, data: bytes) -> None:
        if not self.loses:
            message = {"data": base64.b64encode(data).decode(), "messageId": str(next(self._numbers))}
            self._waiting.append({**message, "publishTime": "2026-11-26T09:00:00Z"})

    def pull(self, most: int) -> dict[str, Any]:
        """An empty answer has no list at all."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        given = {f"ack-{next(self._numbers)}": one for one in taken}
        self._given |= given
        shown = [{"ackId": id, "message": one} for id, one in given.items()]
        return {"receivedMessages": shown} if shown else {}

    def acknowledge(self, ids: list[str]) -> None:
        self.acknowledged += ids

    def tell_again(self) -> None:
        """Everything that was ever pulled, the last first, whether it was acknowledged or not."""
        self._waiting += reversed(self._given.values())
        self._given = {}

    @property
    def unacknowledged(self) -> int:
        return len(self._given.keys() - set(self.acknowledged))
