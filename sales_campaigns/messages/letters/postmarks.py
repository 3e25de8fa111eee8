"""What an installation adds to mails that leave by a server of its own: its domain's signature, and a return path.

Gmail and Outlook sign what they send and keep the sender they know; so mails of theirs bear neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.mailboxes import BY_CONSENT
from sales_campaigns.accounts.models import Instance, Mailbox
from sales_campaigns.content.dkim import Signer, signature
from sales_campaigns.domain_keys import key_from
from sales_campaigns.messages.return_paths import ReturnPath
from sales_campaigns.settings import Settings


@dataclass(frozen=True, slots=True)
class Postmark:
    """`signer` is None where mails are not signed here, `returns` where reports come back to the sender's address."""

    signer: Signer | None = None
    returns: ReturnPath | None = None

    def seal(self, box: Mailbox, sender: str, whole: bytes) -> bytes:
        """The header that goes before everything else of this mail from `sender`; b"" where none does."""
        if self.signer is None or not (_own_way(box) and self.signer.signs_for(sender)):
            return b""
        return signature(whole, self.signer)

    def return_path(self, box: Mailbox, sender: str, message_id: int) -> str:
        """The envelope sender. The rule: a rep's mailbox keeps its own; a bulk lane names the mail (spec/5)."""
        if self.returns is None or not box.bulk_lane:
            return sender
        return self.returns.address(message_id)


NO_POSTMARK = Postmark()


def postmark_of(settings: Settings) -> Postmark:
    """As the operator has set it."""
    signer = None
    if settings.dkim_key:
        signer = Signer(settings.dkim_domain, settings.dkim_selector, key_from(settings.dkim_key))
    keys = tuple(key for key in (settings.secret_key, settings.secret_key_old) if key)
    returns = ReturnPath(settings.bounce_address, keys) if settings.bounce_address else None
    return Postmark(signer, returns)


def probed(session: Session, postmark: Postmark) -> Postmark:
    """The rule: only with a configured bounce domain that doctor has probed. One that was not is left out."""
    if postmark.returns is None:
        return postmark
    proved = session.scalar(sa.select(Instance.bounce_address))
    return postmark if proved == postmark.returns.pattern else replace(postmark, returns=None)


def sealed(seal: bytes, bare: bytes, whole: bytes) -> tuple[bytes, bytes]:
    """Both with the seal before them; one and the same where the mail carries no files."""
    if not seal:
        return bare, whole
    marked = seal + bare
    return marked, marked if whole is bare else seal + whole


def _own_way(box: Mailbox) -> bool:
    return box.identity_id is not None or box.provider not in BY_CONSENT
