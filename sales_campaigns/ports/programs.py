"""What the domain asks of programs elsewhere: to be told what happened, and to tell what became of mails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What the receiver of a webhook said; `status` None where nobody answered, `words` say why or begin its body."""

    status: int | None
    words: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class HookCaller(Protocol):
    """Tells a program elsewhere. Never follows a redirect, and reaches no private address unless that is set."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        """Raises Outside where there is no answer."""
        ...


@dataclass(frozen=True, slots=True)
class RelayEvent:
    """What a relay reports of one mail: delivered, delayed, failed or complaint.

    `id` names the event, `message_id` is the Message-ID of the mail with its angle brackets. `recipient`: whom it is
    about, lower-cased, "" where the relay does not say.
    """

    id: str
    kind: str
    message_id: str
    code: int | None = None
    enhanced: str = ""
    words: str = ""
    recipient: str = ""


class RelayReader(Protocol):
    """Reads what a relay posts."""

    def read(self, body: bytes) -> Sequence[RelayEvent]:
        """Raises NotAllowed for a signature that does not fit, Invalid for what is no event."""
        ...
