"""What the domain asks of a mailbox that holds drafts: put one there, rewrite it, take it away, find it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from sales_campaigns.ports.mail import MailAccount, ThreadPlace


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail as it should stand among the drafts of its mailbox.

    `send_key` names it for good. `mime` is the whole message, CRLF line ends. `label` is what it is filed under
    ("" for none). `made` is told the id of a new draft as soon as there is one, be it finished or not.
    """

    send_key: str
    mime: bytes
    thread: ThreadPlace | None = None
    label: str = ""
    made: Callable[[str], None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OpenLink:
    """An address for the rep's browser. `exact`: it opens this very draft, with everything in it."""

    label: str
    url: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft that stands in the mailbox. `links`: how to open it, best first. `message_id`: the provider's.

    `version` names its words as they were written, where the provider tells versions apart (`DraftVersions`).
    """

    id: str
    message_id: str | None
    thread_id: str | None
    links: tuple[OpenLink, ...] = ()
    version: str = ""


class DraftState(StrEnum):
    THERE = "there"
    GONE = "gone"  # it was sent or deleted: look for its key


class Place(StrEnum):
    DRAFTS = "drafts"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a mail with a send key stands. `id` is the draft's id among the drafts, the mail's among the sent ones.

    `at` is when it was sent, in machine time; None for a draft.
    """

    place: Place
    id: str
    message_id: str | None = None
    thread_id: str | None = None
    at: datetime | None = None


class Drafts(Protocol):
    """The drafts of one mailbox. All of it raises Outside; `close` gives the connection back."""

    def put(self, draft: Draft) -> Drafted:
        """Make a draft. After an unknown outcome `find` says whether it stands there."""
        ...

    def update(self, id: str, draft: Draft) -> Drafted:
        """Put other words into it; the links may change with it. Raises NotFound when it is gone."""
        ...

    def finish(self, id: str, draft: Draft) -> Drafted:
        """Take over a draft whose making was not answered to the end: words are put in where none of ours stand there.

        Nothing is written over that somebody may have written since; then it has no `version`. Raises NotFound when it
        is gone.
        """
        ...

    def delete(self, id: str) -> None:
        """Take it away; one that is gone already is no error."""
        ...

    def state(self, id: str) -> DraftState: ...

    def find(self, send_key: str) -> Found | None:
        """The mail of this key, a sent one before a draft. Found is proof; None proves nothing about the sent ones."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class DraftVersions(Protocol):
    """What drafts may tell besides: whether somebody wrote in them. Without it nobody's words are ever written over."""

    def version(self, id: str) -> str | None:
        """The name of its present words, another one after every change of them; None when it is gone."""
        ...


class DraftFolders(Protocol):
    """Opens the drafts of an account; None where its provider or what was granted has none."""

    def open(self, account: MailAccount) -> Drafts | None: ...
