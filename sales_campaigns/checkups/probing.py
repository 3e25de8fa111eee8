"""Try what no document settles: a mail that a mailbox sends to itself, one to the return path, a task in the CRM.

Nothing here touches the database, and no transaction is open meanwhile. Whatever was made for the try is taken away
again, or said to be left. The rule: tested on the administrator's own account, and the answer kept (spec/5).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from threading import Event

from sales_campaigns.clock import machine_now, machine_seconds
from sales_campaigns.errors import NotFound, Outside
from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.incoming.matching import came_to
from sales_campaigns.messages.return_paths import PROBE, ReturnPath
from sales_campaigns.ports import Draft, Drafts, IncomingMail, MailProvider, MailReader, OutgoingMail
from sales_campaigns.ports.crm import Crm, CrmWrite


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until a mail has come back, until a server has filed a copy by itself, and between two looks at most."""

    comes: float = 60.0
    filed: float = 3.0
    every: float = 0.5


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Ways:
    """A mailbox as it sends (`drafts`: by way of them) and as it is read from `cursor` on."""

    address: str
    provider: MailProvider
    reader: MailReader
    drafts: Drafts | None = None
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Probed:
    """What became of a mail to itself. `seconds` until it came, None when it did not.

    `keeps_name`: our Message-ID stood in it, after its draft was edited where there are `drafts`. `files_copies`: the
    provider put one among the sent mails. `subject`: of what could not be taken away again, "" for nothing.
    """

    seconds: float | None
    keeps_name: bool = False
    files_copies: bool = False
    drafts: bool = False
    subject: str = ""


class Watch:
    """What has come into a mailbox of the mail that holds this word."""

    def __init__(self, reader: MailReader, cursor: str, word: str) -> None:
        self._reader, self._cursor, self._word = reader, cursor, word.encode()
        self.found: list[IncomingMail] = []
        self.look()

    def look(self) -> list[IncomingMail]:
        more = True
        while more:
            changes = self._reader.changes(self._cursor)
            self._cursor, more = changes.cursor, changes.more
            self.found += [mail for mail in changes.mails if self._word in mail.raw]
        return self.found

    def clean(self) -> bool:
        """Whether nothing of it is left."""
        uids = [mail.uid for mail in self.found]
        return not uids or self._reader.discard(uids)


def probe_mailbox(ways: Ways, patience: Patience = PATIENCE) -> Probed:
    """Send one mail to itself and read it back. Raises Outside where it cannot even be handed over."""
    mail, subject = _to_itself(ways.address, ways.address, ways.address)
    watch = Watch(ways.reader, ways.cursor, subject)
    begun = machine_seconds()
    _hand_over(ways.provider, _as_draft(ways.drafts, mail))
    drafts = ways.drafts is not None
    came = _until(lambda: any(drafts or not one.own for one in watch.look()), patience.comes, patience.every)
    seconds = machine_seconds() - begun if came else None
    _until(lambda: any(one.own for one in watch.look()), patience.filed if came else 0, patience.every)
    named = (facts_of(parsed(one.raw)).message_id for one in watch.found)
    keeps, files = mail.message_id in named, any(one.own for one in watch.found)
    return Probed(seconds, keeps, files, drafts, "" if watch.clean() and came else subject)


def probe_return_path(
    sender: str,
    provider: MailProvider,
    reading: Sequence[Ways],
    returns: ReturnPath,
    patience: Patience = PATIENCE,
) -> str:
    """Send one mail from the return path to itself, as `sender`; the mailbox that it came to, "" for none.

    Raises Outside where the server does not take it.
    """
    address = returns.address(PROBE)
    mail, subject = _to_itself(sender, address, address)
    watches = [(one, Watch(one.reader, one.cursor, subject)) for one in reading]
    _hand_over(provider, mail)

    def arrived() -> Iterator[str]:
        for one, watch in watches:
            if any(came_to(returns, facts_of(parsed(mail.raw))) == PROBE for mail in watch.look()):
                yield one.address

    _until(lambda: any(arrived()), patience.comes, patience.every)
    found = next(arrived(), "")
    for _, watch in watches:
        watch.clean()
    return found


def probe_crm(crm: Crm) -> str:
    """Write one task twice and delete it; what is wrong in words, "" for nothing. Raises Outside."""
    name = f"probe-{secrets.token_hex(8)}"
    fields = {"subject": f"{name}: a try, deleted at once", "status": "complete"}
    first, again = (crm.upsert_tasks([CrmWrite(1, name, fields)])[0] for _ in range(2))
    if first.refused or again.refused:
        return first.words or again.words
    gone = crm.delete_tasks([CrmWrite(1, name, {}, crm_id=first.crm_id)])[0]
    if again.crm_id and first.crm_id != again.crm_id:
        return f"a task that was written twice is there twice ({first.crm_id}, {again.crm_id})"
    return f"the task {first.crm_id} could not be deleted: {gone.words}" if gone.refused else ""


def _to_itself(address: str, sender: str, to: str) -> tuple[OutgoingMail, str]:
    """The mail, and its subject, which is found again whatever becomes of the other headers."""
    word = secrets.token_hex(8)
    subject, name = f"A try of Sales Campaigns {word}", f"<{word}@{address.rpartition('@')[2]}>"
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = address, to, subject, name
    mail["Date"] = format_datetime(machine_now())
    mail.set_content("Sent by flask doctor --probe, which deletes it when it has come.\n")
    return OutgoingMail(0, name, sender, (to,), mail.as_bytes(), send_key=f"probe.{word}"), word


def _as_draft(drafts: Drafts | None, mail: OutgoingMail) -> OutgoingMail:
    """Put among the drafts and edited there, as a rep does; sent as it is where there are none."""
    if drafts is None:
        return mail
    put = drafts.put(Draft(mail.send_key, mail.mime))
    with suppress(NotFound):
        put = drafts.update(put.id, Draft(mail.send_key, mail.mime.replace(b"when it", b"once it")))
    return OutgoingMail(
        mail.key,
        mail.message_id,
        mail.sender,
        mail.recipients,
        mail.mime,
        send_key=mail.send_key,
        draft_id=put.id,
        again=True,
    )


def _hand_over(provider: MailProvider, mail: OutgoingMail) -> None:
    for answer in provider.hand_over([mail]):
        if answer.refused is not None:
            raise answer.refused


def _until(true: Callable[[], bool], seconds: float, every: float) -> bool:
    """Whether it came true in time; a reader that fails meanwhile is asked again."""
    never, until, pause = Event(), machine_seconds() + seconds, every / 32
    while True:
        with suppress(Outside):
            if true():
                return True
        if machine_seconds() >= until:
            return False
        never.wait(pause)
        pause = min(2 * pause, every)
