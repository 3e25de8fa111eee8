"""Give notice: what happened becomes a line for whoever it concerns, once each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.holders import holders_of
from sales_campaigns.accounts.models import Role, User
from sales_campaigns.activity import Activity
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.notices.models import Notice, NoticeKind
from sales_campaigns.notices.wishes import wishes_of
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskChange
from sales_campaigns.unit_of_work import UnitOfWork

GATHERED = timedelta(minutes=2)  # what comes within two minutes goes out in one mail


class Told(NamedTuple):
    """What one user is told of one activity."""

    user_id: int
    activity: Activity
    kind: NoticeKind
    words: str
    task_id: int | None = None
    delivery_id: int | None = None


def mail_came(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """A reply, a mail of theirs, or a bounce: for the owner of the mailbox it came into."""
    ids = [row.data["received"] for row in happened]
    boxes = sa.select(ReceivedMail.id, ReceivedMail.user_id).where(ReceivedMail.id.in_(ids))
    owners = {row.id: row.user_id for row in uow.session.execute(boxes)}
    names = _names(uow.session, happened)
    _give(uow, (_of_mail(row, owners[row.data["received"]], names) for row in happened))


def tasks_given(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """Tasks that somebody else gave to a user: one line an act, however many tasks it was."""
    number, first = sa.func.count().label("number"), sa.func.min(Task.id).label("first")
    rows = uow.session.execute(
        sa.select(TaskChange.batch_id, Task.assignee_id, number, first, sa.func.min(Task.name).label("name"))
        .join(Task, Task.id == TaskChange.task_id)
        .where(TaskChange.batch_id.in_([row.id for row in happened]))
        .group_by(TaskChange.batch_id, Task.assignee_id)
    ).all()
    by_id = {row.id: row for row in happened}
    givers = _user_names(uow.session, happened)
    _give(uow, (_of_tasks(row, by_id[row.batch_id], givers) for row in rows if _by_another(row, by_id)))


def mailboxes_lost(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """For its owner, and for the administrators of the team: once where several were lost by the same."""
    _give(uow, (told for row in happened for told in _of_mailbox(uow.session, row)))


def confirmations_wanted(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """For everybody who may start deliveries in the team of what waits for a confirmation."""
    _give(uow, (told for row in happened for told in _of_confirmation(uow.session, row)))


def _of_confirmation(session: Session, row: Activity) -> Iterator[Told]:
    what = f"Run {row.data['run']} of “{row.data['name']}”" if "run" in row.data else f"“{row.data['name']}”"
    everybody = holders_of("start_deliveries", row.team_id or 0)
    of_the_team = session.scalars(everybody.where(User.team_id == row.team_id)).all()
    for user_id in of_the_team or session.scalars(everybody).all():
        words = f"{what} waits for your confirmation"
        yield Told(user_id, row, NoticeKind.DELIVERY, words, delivery_id=row.data["delivery"])


def deliveries_alarm(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """For the owner of the delivery, and for whoever of the team may start it."""
    owners = _owners(uow.session, {row.data["delivery"] for row in happened})
    starters = _starters(uow.session, {row.team_id for row in happened if row.team_id})
    _give(
        uow,
        (
            Told(id, row, NoticeKind.DELIVERY, _of_delivery(row), delivery_id=row.data["delivery"])
            for row in happened
            for id in sorted({owners.get(row.data["delivery"], 0), *starters.get(row.team_id or 0, ())})
        ),
    )


def _of_delivery(row: Activity) -> str:
    return f"“{row.data['name'][:100]}”: {row.data['words']}"


def _owners(session: Session, delivery_ids: set[int]) -> dict[int, int]:
    rows = session.execute(sa.select(Delivery.id, Delivery.owner_id).where(Delivery.id.in_(delivery_ids)))
    return {id: owner for id, owner in rows}  # noqa: C416


def _starters(session: Session, teams: set[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    may_start = sa.or_(User.can_start, User.role == Role.ADMINISTRATOR)
    for id, team in session.execute(
        sa.select(User.id, User.team_id).where(User.team_id.in_(teams), User.active, may_start)
    ):
        found[team].append(id)
    return found


def _of_mail(row: Activity, user_id: int, names: dict[int, str]) -> Told:
    who = names.get(row.person_id or 0, "Somebody")
    if row.kind == "bounce.received":
        return Told(
            user_id, row, NoticeKind.BOUNCE, f"A mail to {who} came back: {row.data.get('subject', '')}"
        )
    verb = "replied" if row.kind == "reply.received" else "wrote to you"
    return Told(user_id, row, NoticeKind.REPLY, f"{who} {verb}: {row.data.get('subject', '')}")


def _by_another(row: Any, by_id: dict[int, Activity]) -> bool:
    return bool(row.assignee_id != by_id[row.batch_id].actor_id)


def _of_tasks(row: Any, act: Activity, givers: dict[int, str]) -> Told:
    what = f"“{row.name}”" if row.number == 1 else f"{row.number:,} tasks"
    words = f"{givers.get(act.actor_id or 0, 'Somebody')} gave you {what}"
    return Told(row.assignee_id, act, NoticeKind.TASK, words, row.first if row.number == 1 else None)


def _of_mailbox(session: Session, row: Activity) -> Iterator[Told]:
    owner = session.get(User, row.actor_id)
    if owner is None:
        return
    yield Told(
        owner.id, row, NoticeKind.MAILBOX, f"Your mailbox no longer sends: {row.data.get('words', '')}"
    )
    if row.data.get("beside_others"):
        return
    team = (User.team_id == owner.team_id, User.role != Role.USER, User.id != owner.id, User.active)
    for admin_id in session.scalars(sa.select(User.id).where(*team)):
        words = f"The mailbox of {owner.name} no longer sends: {row.data.get('words', '')}"
        yield Told(admin_id, row, NoticeKind.MAILBOX, words)


def _give(uow: UnitOfWork, told: Iterator[Told]) -> None:
    lines = list(told)
    users = uow.session.scalars(
        sa.select(User).where(User.id.in_({one.user_id for one in lines}), User.active)
    )
    wishes = {user.id: wishes_of(user) for user in users}
    rows = [
        {
            "user_id": one.user_id,
            "activity_id": one.activity.id,
            "kind": one.kind,
            "at": one.activity.at,
            "words": one.words[:300],
            "person_id": one.activity.person_id,
            "task_id": one.task_id,
            "delivery_id": one.delivery_id,
            "mail_at": uow.now + GATHERED if one.kind in wishes[one.user_id].mailed else None,
        }
        for one in lines
        if one.user_id in wishes and one.kind in wishes[one.user_id].shown | wishes[one.user_id].mailed
    ]
    if rows:
        uow.session.execute(insert_missing(uow.session, Notice), rows)


def _names(session: Session, happened: Sequence[Activity]) -> dict[int, str]:
    ids = {row.person_id for row in happened if row.person_id}
    people = session.scalars(sa.select(Person).where(Person.id.in_(ids)))
    return {person.id: person.name for person in people}


def _user_names(session: Session, happened: Sequence[Activity]) -> dict[int, str]:
    ids = {row.actor_id for row in happened if row.actor_id}
    return {user.id: user.name for user in session.scalars(sa.select(User).where(User.id.in_(ids)))}
