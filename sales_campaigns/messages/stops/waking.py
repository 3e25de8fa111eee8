"""Nothing fires from a clone or a restored backup: sending is off until an administrator confirms."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Cause, Stop
from sales_campaigns.messages.stops.catching_up import catch_up
from sales_campaigns.messages.stops.reasons import lift_stop, put_stop
from sales_campaigns.unit_of_work import UnitOfWork

MOVED = "this database runs in a place where it did not run before: it is a copy, or it was moved"
OLDER = "this database knows less than it did: it was restored from a backup"


def wake(uow: UnitOfWork, place: str, beats: int) -> str:
    """At the start, before anything is sent; the words for which sending is off, "" where all is as before.

    `place` is where it runs now, `beats` what the witness remembers of its signs of life. The rule: after a
    restore or on a clone sending stays off until an administrator confirms.
    """
    instance = _instance(uow)
    if not instance.places:
        instance.places = [place]
    instance.woken_in = place
    why = MOVED if place not in instance.places else OLDER if beats > instance.beats else ""
    if why:
        _doubt(uow, instance, why, beats)
    return why


def live(uow: UnitOfWork, beats: int) -> int:
    """A sign of life; the number of those so far, for the witness. Sees a restore under a running process, too."""
    instance = _instance(uow)
    if beats > instance.beats:
        _doubt(uow, instance, OLDER, beats)
    instance.beats += 1
    return instance.beats


def doubted(uow: UnitOfWork) -> Stop | None:
    """The stop that waits for a confirmation."""
    return uow.session.get(Stop, (*INSTANCE, Cause.RESTORED))


def confirm_instance(uow: UnitOfWork, actor: User | None) -> int:
    """This is the installation, and what waits may leave: how many overdue mails are spread from now on.

    None acts for whoever may use the command line of the machine. Raises NotAllowed, IllegalMove.
    """
    if actor is not None:
        require(actor, "manage_installation")
    if not lift_stop(uow, *INSTANCE, Cause.RESTORED):
        raise IllegalMove("There is nothing to confirm: the installation runs where it did.")
    instance = _instance(uow)
    if instance.woken_in and instance.woken_in not in instance.places:
        instance.places = [*instance.places, instance.woken_in]
    about = {"actor_id": actor.id, "team_id": actor.team_id} if actor else {}
    uow.record("instance.confirmed", **about, data={"place": instance.woken_in})
    return catch_up(uow)


def _doubt(uow: UnitOfWork, instance: Instance, why: str, beats: int) -> None:
    """Said once: from here on the counters agree again."""
    if put_stop(uow, *INSTANCE, Cause.RESTORED, why):
        uow.record("instance.doubted", data={"why": why, "place": instance.woken_in})
    instance.beats = max(instance.beats, beats)


def _instance(uow: UnitOfWork) -> Instance:
    query = sa.select(Instance).where(Instance.id == 1).with_for_update()
    found = uow.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        found = Instance(id=1, places=[], woken_in="", beats=0)
        uow.session.add(found)
        uow.session.flush()
    return found
