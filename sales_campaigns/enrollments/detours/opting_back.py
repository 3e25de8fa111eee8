"""Undo unsubscribing many people by hand: the wrong ones were chosen. What somebody asked for is never undone."""

from __future__ import annotations

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.detours.standing import stand_again
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.putting_back import put_back
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.people.unsubscribing import opt_back_in
from sales_campaigns.unit_of_work import UnitOfWork


def undo_unsubscribing(uow: UnitOfWork, actor: User, batch_id: int, undo_seconds: int = 10) -> int:
    """Let in again those whom this act of the actor unsubscribed; how many addresses.

    Their campaigns go on where they stood. Raises NotFound for somebody else's act, IllegalMove when its time is over.
    """
    require(actor, "edit_people")
    act = uow.session.get(Activity, batch_id)
    if act is None or act.kind != "people.unsubscribed" or act.actor_id != actor.id:
        raise NotFound("There is nothing of yours to undo here.")
    if act.at < uow.now - uow.people_seconds(undo_seconds):
        raise IllegalMove("It is too late to undo this. An administrator can let people in again.")
    back = opt_back_in(uow, actor, act.data["addresses"], since=act.at)
    if not back:
        raise IllegalMove("It was undone already.")
    stood = {int(id): where for id, where in act.data["stood"].items()}
    one_at_a_time(uow, stood)
    standing = stand_again(uow, stood)
    put_back(uow, [run for id in standing for run in act.data["waited"].get(str(id), ())])
    go_on(uow, standing)
    data = {"people": len(back)}
    uow.record("people.subscribed_again", actor_id=actor.id, team_id=actor.team_id, data=data)
    return len(back)
