"""Whether a provider says by itself what is new, where that is set up; mail is read every few minutes in any case."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import DelegationKey, Mailbox
from sales_campaigns.checkups.findings import Finding, fine, note
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.inboxes.models import KnockSource, MailboxWatch

NO_KEY = "GOOGLE_PUBSUB_TOPIC is set, and there is no key to fetch with what is told there"
MEANWHILE = "Until then mail is read every two minutes."


def look_at_knocks(session: Session, provider: str) -> Iterator[Finding]:
    """What was kept of the last hearing, and of the mailboxes whose watch was refused."""
    what = f"news of {provider}"
    if session.get(DelegationKey, provider) is None:
        fix = "Lay down the key of a service account: Users, Connect mailboxes for all."
        yield note(what, NO_KEY, f"{fix} {MEANWHILE}")
        return
    source = session.get(KnockSource, provider)
    if source is not None and source.trouble:
        yield note(what, source.trouble.rstrip("."), MEANWHILE)
    else:
        yield fine(what, f"heard, mailboxes that are watched: {_watched(session, provider)}")
    yield from (_refused(address, words) for address, words in _untold(session, provider))


def _watched(session: Session, provider: str) -> int:
    rows = sa.select(sa.func.count(MailboxWatch.mailbox_id)).join(
        Mailbox, Mailbox.id == MailboxWatch.mailbox_id
    )
    found = rows.where(Mailbox.provider == provider, MailboxWatch.until > machine_now())
    return session.scalar(found) or 0


def _untold(session: Session, provider: str) -> list[tuple[str, str]]:
    """Addresses, and why."""
    rows = sa.select(Mailbox.address, MailboxWatch.trouble).join(
        MailboxWatch, Mailbox.id == MailboxWatch.mailbox_id
    )
    found = rows.where(Mailbox.provider == provider, MailboxWatch.trouble != "").order_by(Mailbox.address)
    return [(address, words) for address, words in session.execute(found)]


def _refused(address: str, words: str) -> Finding:
    return note(f"news of {address}", words.rstrip("."), f"It is asked again every hour. {MEANWHILE}")
