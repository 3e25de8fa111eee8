"""By which way a rep's mailbox sends, the team's channel or its own; what waited goes on by the new one."""

from __future__ import annotations

from sales_campaigns.absence.reconnecting import forget_drafts, reconnect
from sales_campaigns.accounts.channels.models import Channel, SenderIdentity, identity_behind
from sales_campaigns.accounts.channels.reading import channel_of, identity_of, open_channel
from sales_campaigns.accounts.channels.sharing import boxes_of
from sales_campaigns.accounts.mailboxes import mailbox_for, mailbox_of, note_largest_mail
from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork


def send_through(uow: UnitOfWork, actor: User, identity_id: int) -> Mailbox:
    """The actor's mailbox sends as this identity, through its channel; a new mailbox where there was none.

    The rule: only a verified identity sends. Raises NotFound; Invalid for one that is not verified, or not the address
    of the actor's own mailbox; IllegalMove while the channel is lost.
    """
    identity = identity_of(uow.session, actor, identity_id)
    channel = open_channel(uow.session, actor, identity.channel_id)
    if identity.verified_at is None:
        raise Invalid({"identity": f"Verify {identity.address} first: type the code that was mailed to it."})
    if channel.lost_at is not None:
        raise IllegalMove(
            f"“{channel.name}” sends nothing now. An administrator of your team has to check it."
        )
    before = mailbox_of(uow.session, actor)
    if before is not None and before.has_own_way and before.address != identity.address:
        raise Invalid({"identity": f"Your mailbox sends as {before.address}. Verify that address."})
    if before is not None and before.state is MailboxState.STOPPED:
        require(actor, "manage_team")
    box = mailbox_for(uow, actor, identity.address)
    box.identity_id, box.bulk_lane = identity.id, False
    note_largest_mail(box, channel.largest_mail)
    uow.session.flush()
    forget_drafts(uow, box)
    reconnect(uow, actor, box)
    data = {"mailbox": box.id, "address": box.address, "channel": channel.id}
    uow.record("mailbox.sends_through", actor_id=actor.id, team_id=actor.team_id, data=data)
    return box


def send_by_own(uow: UnitOfWork, actor: User, largest_mail: int | None) -> Mailbox:
    """It sends by its own way again, once that was tried with success. Raises NotFound where there is none."""
    box = mailbox_of(uow.session, actor)
    if box is None or not box.has_own_way:
        raise NotFound("Connect a mailbox of your own first.")
    box.identity_id = None
    note_largest_mail(box, largest_mail)
    uow.session.flush()
    forget_drafts(uow, box)
    reconnect(uow, actor, box)
    data = {"mailbox": box.id, "address": box.address}
    uow.record("mailbox.sends_itself", actor_id=actor.id, team_id=actor.team_id, data=data)
    return box


def confirmed(uow: UnitOfWork, actor: User, identity: SenderIdentity) -> Mailbox | None:
    """After its code was right: whoever has no other way to send sends through it at once, and so does whoever sent
    as this address through a channel before. None: the choice is the rep's.
    """
    box = mailbox_of(uow.session, actor)
    by_channel = box is not None and box.identity_id is not None and box.address == identity.address
    if identity.channel.lost_at is None and (box is None or not box.has_own_way or by_channel):
        return send_through(uow, actor, identity.id)
    return None


def channel_works(
    uow: UnitOfWork, actor: User, channel_id: int, largest_mail: int | None
) -> tuple[Channel, int]:
    """After a successful check it sends again, for all of its verified identities; and how many people get new dates.

    Also one that was taken away. Raises NotFound, NotAllowed.
    """
    channel = channel_of(uow.session, actor, channel_id)
    channel.trouble, channel.lost_at, channel.closed_at = "", None, None
    channel.largest_mail = largest_mail
    people = 0
    for box in boxes_of(uow.session, channel):
        identity = identity_behind(box)
        if identity is not None and identity.verified_at is not None:
            note_largest_mail(box, largest_mail)
            people += reconnect(uow, actor, box)
    data = {"channel": channel.id, "name": channel.name, "people": people}
    uow.record("channel.works", actor_id=actor.id, team_id=channel.team_id, data=data)
    return channel, people
