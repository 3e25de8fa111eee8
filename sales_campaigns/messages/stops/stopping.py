"""Stop all sending, of the installation or of one mailbox, and let it go on."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Cause, Message
from sales_campaigns.messages.stops.catching_up import catch_up
from sales_campaigns.messages.stops.reasons import lift_stop, put_stop
from sales_campaigns.unit_of_work import UnitOfWork


def stop_everything(uow: UnitOfWork, actor: User) -> None:
    """The rule: effective as a pause is. Once this transaction stands, nothing new is handed over, whoever sends."""
    require(actor, "manage_installation")
    if not put_stop(uow, *INSTANCE, Cause.STOPPED, f"{actor.name} has stopped all sending", actor):
        raise IllegalMove("All sending is stopped already.")
    uow.record("instance.stopped", actor_id=actor.id, team_id=actor.team_id)


def release_everything(uow: UnitOfWork, actor: User) -> int:
    """Let mail leave again: what has become due meanwhile is spread, never a burst. How many mails that were.

    What is over the limit of its campaign by now follows the campaign's late policy.
    """
    require(actor, "manage_installation")
    if not lift_stop(uow, *INSTANCE, Cause.STOPPED):
        raise IllegalMove("Sending is not stopped.")
    uow.record("instance.released", actor_id=actor.id, team_id=actor.team_id)
    return catch_up(uow)


def stop_mailbox(uow: UnitOfWork, actor: User, mailbox_id: int) -> Mailbox:
    """The same for one mailbox: one's own, or one of the team for its administrators. Raises NotFound."""
    box = stoppable(uow, actor, mailbox_id)
    if not put_stop(uow, "mailbox", box.id, Cause.STOPPED, f"{actor.name} has stopped {box.address}", actor):
        raise IllegalMove(f"Sending from {box.address} is stopped already.")
    uow.record("mailbox.stopped", actor_id=actor.id, team_id=box.user.team_id, data=_told(box))
    return box


def release_mailbox(uow: UnitOfWork, actor: User, mailbox_id: int) -> tuple[Mailbox, int]:
    """Let its mail leave again, spread; and how many mails had become due."""
    box = stoppable(uow, actor, mailbox_id)
    if not lift_stop(uow, "mailbox", box.id, Cause.STOPPED):
        raise IllegalMove(f"Sending from {box.address} is not stopped.")
    uow.record("mailbox.released", actor_id=actor.id, team_id=box.user.team_id, data=_told(box))
    return box, catch_up(uow, Message.mailbox_id == box.id)


def stoppable(uow: UnitOfWork, actor: User, mailbox_id: int) -> Mailbox:
    """A mailbox that the actor may stop. Raises NotFound, NotAllowed."""
    query = sa.select(Mailbox).join(User, User.id == Mailbox.user_id).where(Mailbox.id == mailbox_id)
    if not sees_every_team(actor):
        query = query.where(User.team_id == actor.team_id)
    box = uow.session.scalar(query)
    if box is None:
        raise NotFound("This mailbox is not there, or it belongs to another team.")
    if box.user_id != actor.id:
        require(actor, "manage_team")
    return box


def _told(box: Mailbox) -> dict[str, object]:
    return {"mailbox": box.id, "address": box.address}
