"""A mail provider whose recipients behave by script, on the clock it is given. The same script, the same mails."""

from __future__ import annotations

import re
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integrations.sandbox.answers import answer_to
from integrations.sandbox.headers import Original, original_of
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import (
    Act,
    Capabilities,
    Changes,
    Deed,
    HandOver,
    IncomingMail,
    Look,
    MailAccount,
    OutgoingMail,
    Script,
    Taken,
)

_NOT_IN_A_PATH = re.compile(r"[\x00-\x20\x7f-\x9f<>\u2028\u2029]")
LOOKS = frozenset({Deed.OPEN, Deed.CLICK})
AT_THE_DOOR = {
    Deed.HARD: (OutsideKind.RECIPIENT, 550, "5.1.1", "550 5.1.1 nobody of this name is here"),
    Deed.SOFT: (OutsideKind.TRANSIENT, 451, "4.2.1", "451 4.2.1 not now, try again later"),
    Deed.SOFT_THEN_FINE: (OutsideKind.TRANSIENT, 451, "4.2.1", "451 4.2.1 not now, try again later"),
}


def silent(_address: str, _number: int) -> Sequence[Act]:
    """The script of people who never answer."""
    return ()


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happens to a mailbox at an instant; `number` keeps the order of what is due at once."""

    at: datetime
    number: int
    mailbox: str
    look: Look | None = None
    raw: bytes = b""


class SandboxMail:
    """The port's Sandbox: every mailbox of one rehearsal. For one thread.

    `down` and `mute` break it, as a network does: nobody answers, or the answer to a mail is lost.
    """

    def __init__(self, script: Script, now: Callable[[], datetime]) -> None:
        self.taken: list[Taken] = []
        self.down = False
        self.mute = False
        self._script = script
        self._now = now
        self._events: list[_Event] = []
        self._copies: dict[str, list[IncomingMail]] = defaultdict(list)
        self._mails_to: Counter[str] = Counter()
        self._refused: set[str] = set()  # Message-IDs that were refused once

    def open(self, account: MailAccount) -> SandboxProvider:
        return SandboxProvider(self, account)

    def changes(self, address: str, cursor: str) -> Changes:
        """The cursor counts what was read: mails that came in, and copies of what was sent."""
        read = [int(count) for count in (cursor or "0.0").split(".")]
        arrived = [event for event in self._until_now() if event.mailbox == address and event.raw]
        mails = [IncomingMail(f"in-{event.number}", event.at, event.raw) for event in arrived[read[0] :]]
        copies = self._copies[address]
        fresh = sorted([*mails, *copies[read[1] :]], key=lambda mail: mail.at)
        return Changes(tuple(fresh), f"{len(arrived)}.{len(copies)}")

    def looks(self, since: int) -> Sequence[Look]:
        return [event.look for event in self._until_now() if event.look][since:]

    def next_event(self, after: datetime) -> datetime | None:
        return next((event.at for event in self._events if event.at > after), None)

    def take(self, account: MailAccount, mail: OutgoingMail) -> HandOver:
        """What becomes of one mail at the door; once it is in, its recipient acts."""
        refusal = self._refusal(mail)
        if refusal is not None:
            return HandOver(mail.key, reply=refusal.words, code=refusal.code, refused=refusal)
        number = len(self.taken) + 1
        original = original_of(mail, account.address)
        self.taken.append(Taken(self._now(), mail))
        self._keep_copy(account, mail, original, number)
        self._act(account, mail, original)
        return HandOver(
            mail.key,
            reply=f"250 2.0.0 taken as {number}",
            code=250,
            provider_id=f"sandbox-{number}",
            thread_id=original.thread,
        )

    def _refusal(self, mail: OutgoingMail) -> Outside | None:
        if self.down:
            return Outside(OutsideKind.TRANSIENT, "Nobody answers.")
        if any(_NOT_IN_A_PATH.search(address) for address in (mail.sender, *mail.recipients)):
            return Outside(OutsideKind.MESSAGE, "An address holds a character that no envelope takes.")
        for recipient in mail.recipients:
            if refusal := self._at_the_door(recipient, mail):
                return refusal
        if self.mute:
            return Outside(OutsideKind.UNKNOWN, "The answer to the mail was lost.")
        return None

    def _at_the_door(self, recipient: str, mail: OutgoingMail) -> Outside | None:
        """A mail that was refused for now is the same mail when it comes again."""
        number = self._mails_to[recipient.lower()] + 1
        for act in self._script(recipient.lower(), number):
            again = act.deed is Deed.SOFT_THEN_FINE and mail.message_id in self._refused
            if act.deed in AT_THE_DOOR and not act.after and not again:
                self._refused.add(mail.message_id)
                kind, code, enhanced, words = AT_THE_DOOR[act.deed]
                return Outside(kind, words, code=code, enhanced=enhanced)
        return None

    def _keep_copy(self, account: MailAccount, mail: OutgoingMail, original: Original, number: int) -> None:
        copy = IncomingMail(f"own-{number}", self._now(), mail.mime, own=True, thread_id=original.thread)
        self._copies[account.address].append(copy)

    def _act(self, account: MailAccount, mail: OutgoingMail, original: Original) -> None:
        for recipient in mail.recipients:
            who = recipient.lower()
            self._mails_to[who] += 1
            for act in self._script(who, self._mails_to[who]):
                if act.after:
                    self._foresee(account.address, recipient, original, act)

    def _foresee(self, mailbox: str, recipient: str, original: Original, act: Act) -> None:
        at, number = self._now() + act.after, len(self._events) + 1
        if act.deed in LOOKS:
            look = Look(at, original.message_id, recipient, act.deed is Deed.CLICK)
            event = _Event(at, number, mailbox, look=look)
        else:
            raw = answer_to(original, recipient, _with_day(act, at), at, number)
            event = _Event(at, number, mailbox, raw=raw)
        insort(self._events, event, key=lambda one: (one.at, one.number))

    def _until_now(self) -> Iterator[_Event]:
        return (event for event in self._events if event.at <= self._now())


def _with_day(act: Act, at: datetime) -> Act:
    """Somebody who is away for ten days names the day."""
    return replace(act, until=(at + act.until).date()) if isinstance(act.until, timedelta) else act


class SandboxProvider:
    """One mailbox of the sandbox, as the dispatcher sees it."""

    capabilities = Capabilities(find_by_message_id=True)

    def __init__(self, sandbox: SandboxMail, account: MailAccount) -> None:
        self._sandbox = sandbox
        self._account = account

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        return (self._sandbox.take(self._account, mail) for mail in mails)

    def check(self) -> None:
        if self._sandbox.down:
            raise Outside(OutsideKind.TRANSIENT, "Nobody answers.")

    def close(self) -> None:
        """There is no connection to give back."""
