"""What the provider tests send, and to whom; and what they read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.ports import HandOver, IncomingMail, MailAccount, MailReader, OutgoingMail
from tests.sink import Caught, Sink

QUICK = Settings(connect_seconds=2, reply_seconds=2, final_reply_seconds=2)


def a_mail(key: int = 1, text: bytes = b"Hello.\r\n", **other: object) -> OutgoingMail:
    """One mail to one person, named by its key."""
    message_id = f"<{key}@mail.ana.example>"
    mime = b"Message-ID: %s\r\nSubject: A thought\r\n\r\n%s" % (message_id.encode(), text)
    mail = OutgoingMail(key, message_id, "ana@ana.example", (f"person{key}@ben.example",), mime)
    return dataclasses.replace(mail, **other)  # type: ignore[arg-type]


def mails(count: int) -> list[OutgoingMail]:
    return [a_mail(key) for key in range(1, count + 1)]


def an_account(server: object, **other: object) -> MailAccount:
    """A mailbox on anything that has a host and a port."""
    where = {"host": server.host, "port": server.port}  # type: ignore[attr-defined]
    return MailAccount(1, "smtp", "ana@ana.example", **(where | other))


def handed_over(
    server: object, what: Sequence[OutgoingMail], settings: Settings = QUICK, **account: object
) -> list[HandOver]:
    provider = SmtpProvider(an_account(server, **account), settings)
    try:
        return list(provider.hand_over(what))
    finally:
        provider.close()


def kinds(outcomes: Iterable[HandOver]) -> list[str]:
    """`sent`, or the kind of the refusal, for each mail."""
    return ["sent" if outcome.refused is None else outcome.refused.kind.value for outcome in outcomes]


def ids(caught: Iterable[Caught]) -> list[str]:
    return [mail.message_id for mail in caught]


def the_only(sink: Sink) -> Caught:
    (mail,) = sink.caught
    return mail


def everything(reader: MailReader, cursor: str) -> tuple[list[IncomingMail], str]:
    """All that came since the cursor, however many looks it takes; and the cursor behind it."""
    mails, more = list[IncomingMail](), True
    while more:
        changes = reader.changes(cursor)
        mails, cursor, more = [*mails, *changes.mails], changes.cursor, changes.more
    return mails, cursor
