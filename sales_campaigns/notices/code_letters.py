"""The mail with a one-time code, as the channel mails it to the address that is to be verified."""

from __future__ import annotations

from html import escape

from sales_campaigns.accounts.channels.codes import as_shown
from sales_campaigns.accounts.channels.models import SenderIdentity
from sales_campaigns.accounts.models import User
from sales_campaigns.addresses import check_address
from sales_campaigns.content.mime import Letter, build, new_message_id
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.stops.reasons import is_stopped
from sales_campaigns.ports import OutgoingMail
from sales_campaigns.unit_of_work import UnitOfWork

SUBJECT = "Your code is {code}"
WORDS = """{user} wants to send mail as this address from Sales Campaigns, through “{channel}”.

The code is {code}. Type it under Mailbox within an hour; it works once.

If that was not you, do nothing: without the code nobody sends as this address.
"""


def code_letter(uow: UnitOfWork, user: User, identity: SenderIdentity, code: str) -> OutgoingMail:
    """Ready to be handed over, once its code is kept. Raises IllegalMove while all sending is stopped."""
    if is_stopped(uow.session, *INSTANCE):
        raise IllegalMove("All sending is stopped, so no code can be mailed now.")
    sender, recipient = check_address(identity.channel.address), check_address(identity.address)
    message_id = new_message_id(f"code-{identity.id}-{uow.now:%Y%m%d%H%M%S%f}", sender.domain)
    mime = build(_letter(uow, user, identity, as_shown(code), message_id))
    needs_utf8 = sender.needs_utf8 or recipient.needs_utf8
    return OutgoingMail(identity.id, message_id, sender.wire, (recipient.wire,), mime, needs_utf8)


def _letter(uow: UnitOfWork, user: User, identity: SenderIdentity, code: str, message_id: str) -> Letter:
    text = WORDS.format(user=user.name, channel=identity.channel.name, code=code)
    return Letter(
        message_id=message_id,
        date=uow.now,
        zone=user.zone,
        from_name="Sales Campaigns",
        from_email=identity.channel.address,
        to_name=user.name,
        to_email=identity.address,
        subject=SUBJECT.format(code=code),
        html="".join(f"<p>{escape(line)}</p>\n" for line in text.splitlines() if line),
        text=text,
        headers={"Auto-Submitted": "auto-generated"},
    )
