"""Begin a campaign again, or move to another one: the old enrollment ends, a new one follows it, history stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.detours.jumping import Done
from sales_campaigns.enrollments.detours.keeping import keep
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.launches.checking import Excluded
from sales_campaigns.enrollments.launches.forecasting import forecast
from sales_campaigns.enrollments.launches.launching import LAUNCH_LIMIT, launch, launch_limit
from sales_campaigns.enrollments.launches.orders import Order, Prepared, not_allowed, prepare
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.putting_back import waiting_at
from sales_campaigns.errors import IllegalMove, NotAllowed
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Lot:
    """People who start together: those of one sender and one mailbox."""

    order: Order
    prepared: Prepared
    enrollments: Sequence[Enrollment]

    @property
    def starting(self) -> list[Enrollment]:
        people = {person.id for person in self.prepared.checked.to_deliver}
        return [one for one in self.enrollments if one.person_id in people]


@dataclass(frozen=True)
class Foreseen:
    """What it would do: how many start and between which instants, who stays where they are and why."""

    starting: int = 0
    begins: datetime | None = None
    finishes: datetime | None = None
    excluded: Sequence[Excluded] = ()
    refusal: str = ""


@dataclass(frozen=True)
class Wanted:
    """Where to: a campaign, and the step to start at ("" is the first). The same campaign again is a restart."""

    campaign_id: int
    first_key: str = ""
    limit: int = field(default=LAUNCH_LIMIT)


def foresee_again(
    uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment], wanted: Wanted
) -> Foreseen:
    """Asked before it is done; nothing is written. Raises NotFound, NotAllowed, IllegalMove, Invalid."""
    lots = _lots(uow, actor, enrollments, wanted)
    dates = [forecast(uow.session, actor, lot.prepared, lot.order, uow.now) for lot in lots if lot.starting]
    firsts = [step.first.at for one in dates for step in one.steps if step.first]
    return Foreseen(
        sum(len(lot.starting) for lot in lots),
        min(firsts, default=None),
        max((one.finishes for one in dates if one.finishes), default=None),
        [one for lot in lots for one in lot.prepared.checked.excluded],
        _not_allowed(uow, actor, lots, wanted.limit),
    )


def begin_again(
    uow: UnitOfWork,
    actor: User,
    enrollments: Sequence[Enrollment],
    wanted: Wanted,
    *,
    undo_seconds: int = 10,
) -> Done:
    """Restart, or move to another campaign, whoever can be added there; the others stay where they are.

    The sender and the mailbox stay. Raises NotFound, NotAllowed, IllegalMove, Invalid; then nothing has happened.
    """
    require(actor, "work_tasks")
    target = campaign_of(uow.session, actor, wanted.campaign_id, lock=True)
    one_at_a_time(uow, [one.id for one in enrollments])
    lots = [lot for lot in _lots(uow, actor, enrollments, wanted) if lot.starting]
    if not lots:
        raise IllegalMove("Nobody of these can be added there. Look at what excludes them.")
    if words := _not_allowed(uow, actor, lots, wanted.limit):
        raise NotAllowed(words)
    stood = {one.id: {"state": one.state.value, "why": one.why} for lot in lots for one in lot.starting}
    waited = waiting_at(uow.session, stood)
    until = uow.now + uow.people_seconds(undo_seconds)
    for lot in lots:
        _end(uow, actor, lot, target)
        launch(uow, actor, lot.order, wanted.limit, until)
    return _kept(uow, actor, target, {id: {**was, "waited": waited.get(id, [])} for id, was in stood.items()})


def _lots(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment], wanted: Wanted) -> list[Lot]:
    """The newest enrollment of each person counts: whoever went through twice starts once."""
    newest = {one.person_id: one for one in sorted(enrollments, key=lambda one: one.id)}
    together: dict[tuple[int, int], list[Enrollment]] = defaultdict(list)
    for one in newest.values():
        together[one.sender_id, one.mailbox_id].append(one)
    lots = []
    for (sender_id, mailbox_id), found in sorted(together.items()):
        order = Order(
            wanted.campaign_id,
            [one.person_id for one in found],
            mailbox_id,
            first_key=wanted.first_key,
            sender_id=sender_id,
            after={one.person_id: one.id for one in found},
        )
        lots.append(Lot(order, prepare(uow, actor, order), found))
    return lots


def _not_allowed(uow: UnitOfWork, actor: User, lots: Sequence[Lot], limit: int) -> str:
    most = launch_limit(uow.session, actor, limit)
    return next(
        (words for lot in lots if (words := not_allowed(uow.session, actor, lot.prepared.checked, most))), ""
    )


def _end(uow: UnitOfWork, actor: User, lot: Lot, target: Campaign) -> None:
    """The rule: a restart ends the old enrollment as “restarted”, a move as “moved to X”."""
    campaigns = {one.id: one.campaign_id for one in lot.starting}
    for restarted in (True, False):
        ids = [id for id, campaign_id in campaigns.items() if (campaign_id == target.id) is restarted]
        cause = "restarted" if restarted else f"moved to {target.name}"
        end(uow, f"{cause}, says {actor.name}", Enrollment.id.in_(ids), actor_id=actor.id)


def _kept(uow: UnitOfWork, actor: User, target: Campaign, stood: dict[int, dict[str, Any]]) -> Done:
    after = sa.select(Enrollment.after_id, sa.func.max(Enrollment.id)).where(Enrollment.after_id.in_(stood))
    nexts = {row[0]: row[1] for row in uow.session.execute(after.group_by(Enrollment.after_id))}
    rows = [{"enrollment_id": id, "next_id": nexts[id], "before": before} for id, before in stood.items()]
    here = uow.session.get_one(Enrollment, rows[0]["enrollment_id"]).campaign_id
    what = "restarted" if here == target.id else "moved"
    return Done(keep(uow, actor, what, rows, {"to": target.name}), len(rows))
