"""Which draft of ours a mail was, that a rep sent from the own mailbox. Pure.

The rule: match in this order: 1 tag; 2 Message-ID or immutable id; 3 same thread and our draft is gone; 4 draft gone +
same recipient + sent after opening + same subject without Re:. Two candidates → ask (spec/5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sales_campaigns.content.quoting import reply_subject

SLACK = timedelta(minutes=2)  # between the clock of the provider and ours


class Signal(StrEnum):
    """What says that a draft was sent. `SAID`: its rep. `ANSWERED`: its rep, when asked."""

    TAG = "tag"
    NAME = "name"
    THREAD = "thread"
    ADDRESS = "address"
    SAID = "said"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Expected:
    """A draft that may have been sent. `names` are the ids it is known by; `gone`: it stands among the drafts no more.

    `over`: nobody waits for it any more, so that nobody is asked about it.
    """

    id: int
    send_key: str
    names: frozenset[str]
    thread_id: str
    recipient: str
    subject: str
    opened_at: datetime
    gone: bool
    over: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A mail that its owner sent. `names` are its Message-ID and the provider's own id; `recipients` lower-cased."""

    send_key: str
    names: frozenset[str]
    thread_id: str
    recipients: frozenset[str]
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """The draft it was, by which signal; or, with no signal, the drafts that its rep has to choose from."""

    signal: Signal | None
    drafts: tuple[int, ...]


Fits = Callable[[Seen, Expected], bool]


def match(mail: Seen, drafts: Iterable[Expected]) -> Match | None:
    """None when it is nothing of ours. A mail to the same person under another subject is never taken unasked."""
    known = tuple(drafts)
    for signal, fits in SIGNALS:
        found = _fitting(mail, known, fits)
        if found:
            return Match(signal if len(found) == 1 else None, found)
    perhaps = _fitting(mail, [draft for draft in known if not draft.over], _to_the_same)
    return Match(None, perhaps) if perhaps else None


def concerns(mail: Seen, draft: Expected) -> bool:
    """Whether it could become a match once the draft is gone."""
    return bool(
        (mail.send_key and mail.send_key == draft.send_key)
        or mail.names & draft.names
        or (mail.thread_id and mail.thread_id == draft.thread_id)
        or draft.recipient in mail.recipients
    )


def _fitting(mail: Seen, drafts: Sequence[Expected], fits: Fits) -> tuple[int, ...]:
    return tuple(draft.id for draft in drafts if fits(mail, draft))


def _tagged(mail: Seen, draft: Expected) -> bool:
    return bool(mail.send_key) and mail.send_key == draft.send_key


def _named(mail: Seen, draft: Expected) -> bool:
    return bool(mail.names & draft.names)


def _in_thread(mail: Seen, draft: Expected) -> bool:
    return bool(mail.thread_id) and mail.thread_id == draft.thread_id and _instead_of(mail, draft)


def _addressed(mail: Seen, draft: Expected) -> bool:
    return _to_the_same(mail, draft) and reply_subject(mail.subject) == reply_subject(draft.subject)


def _to_the_same(mail: Seen, draft: Expected) -> bool:
    return draft.recipient in mail.recipients and _instead_of(mail, draft)


def _instead_of(mail: Seen, draft: Expected) -> bool:
    return draft.gone and mail.at >= draft.opened_at - SLACK


SIGNALS: tuple[tuple[Signal, Fits], ...] = (
    (Signal.TAG, _tagged),
    (Signal.NAME, _named),
    (Signal.THREAD, _in_thread),
    (Signal.ADDRESS, _addressed),
)
