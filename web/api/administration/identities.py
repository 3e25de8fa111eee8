"""As whom you send through a channel: ask for a code, type it, choose the way that mail leaves by."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.going_through import confirmed, send_by_own, send_through
from sales_campaigns.accounts.channels.models import SenderIdentity
from sales_campaigns.accounts.channels.reading import identities_of, open_channels
from sales_campaigns.accounts.channels.verifying import confirm_code, let_go
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.errors import Invalid, NotFound
from web.api.administration.own_mailbox import OwnMailboxShown, get_my_mailbox
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Line, Shown
from web.parts.channel_words import mail_code
from web.parts.mailbox_check import answer_of
from web.request_scope import house, keep_even_if_refused, me, work

api = Area("mailboxes", "")


class CodeAsked(Asked):
    channel_id: Id
    address: Line = Field(description="As which you want to send; a code is mailed to it.")


class CodeTyped(Asked):
    code: str = Field(min_length=1, max_length=20)


class OpenChannel(Shown):
    id: int
    name: str


class IdentityShown(Shown):
    id: int
    channel_id: int
    channel: str
    address: str
    asked_at: AwareDatetime
    verified_at: AwareDatetime | None


class IdentitiesShown(Shown):
    channels: list[OpenChannel] = Field(description="Through which you may send.")
    identities: list[IdentityShown]


@api.get("/identities")
def list_identities() -> IdentitiesShown:
    """The addresses that you have verified, or begun to."""
    session = work().session
    return IdentitiesShown(
        channels=[OpenChannel.model_validate(one) for one in open_channels(session, me())],
        identities=[_shown(one) for one in identities_of(session, me())],
    )


@api.post("/identities", outside=True, example={"channel_id": 1, "address": "ana@example.com"})
def ask_for_code(body: CodeAsked) -> IdentitiesShown:
    """Mail a code, which is good for an hour; the one before is good no longer."""
    mail_code(me(), body.channel_id, body.address)
    return list_identities()


@api.post("/identities/<int:identity_id>/confirm", example={"code": "123456"})
def confirm_identity(identity_id: int, body: CodeTyped) -> IdentityShown:
    """The address is yours from now on. A wrong code is counted, and after a few no code is taken."""
    keep_even_if_refused()
    identity = confirm_code(work(), me(), identity_id, body.code)
    confirmed(work(), me(), identity)
    return _shown(identity)


@api.post("/identities/<int:identity_id>/use")
def use_identity(identity_id: int) -> OwnMailboxShown:
    """Mail leaves as this address, through its channel."""
    send_through(work(), me(), identity_id)
    return get_my_mailbox()


@api.delete("/identities/<int:identity_id>")
def let_identity_go(identity_id: int) -> None:
    """Nothing leaves as it any more, until it is verified again."""
    let_go(work(), me(), identity_id)


@api.post("/identities/own", outside=True)
def use_own_server() -> OwnMailboxShown:
    """Mail leaves by your own server again, which is asked first."""
    box = mailbox_of(work().session, me())
    if box is None or not box.has_own_way:
        raise NotFound("Connect a mailbox of your own first.")
    answered = answer_of(own_account(box, house().seal, house().access))
    if answered.words:
        raise Invalid({"": answered.words})
    send_by_own(work(), me(), answered.largest_mail)
    return get_my_mailbox()


def _shown(identity: SenderIdentity) -> IdentityShown:
    work().session.flush()
    kept = {name: getattr(identity, name) for name in IdentityShown.model_fields if name != "channel"}
    return IdentityShown(**kept, channel=identity.channel.name)
