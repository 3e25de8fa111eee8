"""Launch: add people to a campaign. Everything that happens to them later follows from the rows made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import limits_of
from sales_campaigns.accounts.roles import may
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import CampaignState
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.enrollments.launches.checking import Checked
from sales_campaigns.enrollments.launches.exclusions import write_exclusions
from sales_campaigns.enrollments.launches.first_mails import refuse_large_files
from sales_campaigns.enrollments.launches.orders import (
    Order,
    Prepared,
    not_allowed,
    prepare,
    refuse_times,
    stored_times,
    whole,
    zone_of,
)
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, Launch
from sales_campaigns.enrollments.passing_over import pass_over, place_of
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.days import start_of_day
from sales_campaigns.unit_of_work import UnitOfWork

__all__ = ["Order", "Prepared", "launch", "prepare"]

CHUNK = 500
LAUNCH_LIMIT = 200


def launch_limit(session: Session, actor: User, limit: int = LAUNCH_LIMIT) -> int:
    """How many people the actor may add at once: what the team has laid down, else what is set."""
    return limits_of(session, actor.team_id).people_per_launch or limit


def launch(
    uow: UnitOfWork,
    actor: User,
    order: Order,
    limit: int = LAUNCH_LIMIT,
    release_at: datetime | None = None,
) -> Launch:
    """Add the people who can be added; one launch of a campaign at a time, so that nobody is added twice.

    Nothing of it is handed over before `release_at`: the time in which it can be undone.
    Raises NotFound, NotAllowed, IllegalMove, Invalid; then nothing has happened.
    """
    campaign_of(uow.session, actor, order.campaign_id, lock=True)
    known = _known(uow, actor, order)
    if known is not None:
        return known
    prepared = prepare(uow, actor, order)
    _allow(uow, actor, prepared.checked, launch_limit(uow.session, actor, limit))
    _refuse_too_often(uow, actor)
    refuse_times(uow, prepared, order)
    _refuse_bad_words(order)
    refuse_large_files(uow.session, prepared.version, prepared.mailbox, prepared.first.position)
    return _launched(uow, actor, order, prepared, release_at)


def _launched(
    uow: UnitOfWork, actor: User, order: Order, prepared: Prepared, release_at: datetime | None
) -> Launch:
    row = _launch_row(uow, actor, order, prepared)
    if prepared.campaign.state is CampaignState.DRAFT:
        about = {"actor_id": actor.id, "team_id": row.team_id, "campaign_id": row.campaign_id}
        uow.move(CAMPAIGN, prepared.campaign, "launch", about=about)
    write_exclusions(uow, prepared, row)
    people = prepared.checked.to_deliver
    for first in range(0, len(people), CHUNK):
        _start(uow, order, prepared, row, people[first : first + CHUNK], release_at)
    uow.record(
        "launch.made",
        actor_id=actor.id,
        team_id=row.team_id,
        campaign_id=row.campaign_id,
        data={"launch": row.id, "people": row.started, "name": prepared.campaign.name},
    )
    return row


def _known(uow: UnitOfWork, actor: User, order: Order) -> Launch | None:
    key = _key(actor, order)
    return uow.session.scalar(sa.select(Launch).where(Launch.request_key == key)) if key else None


def _key(actor: User, order: Order) -> str | None:
    """Each user's keys are of their own: nobody is answered with somebody else's launch."""
    return f"{actor.id}-{order.request_key}"[:64] if order.request_key else None


def _allow(uow: UnitOfWork, actor: User, checked: Checked, limit: int) -> None:
    if not checked.to_deliver:
        raise Invalid({"people": "Nobody of these can be added. Choose others, or fix what excludes them."})
    words = not_allowed(uow.session, actor, checked, limit)
    if words:
        raise NotAllowed(words)


def _refuse_too_often(uow: UnitOfWork, actor: User) -> None:
    """The rule: so many launches by a user on one day, as the team has laid down."""
    most = limits_of(uow.session, actor.team_id).launches_per_day
    since = start_of_day(uow.now, actor.zone)
    query = sa.select(sa.func.count()).where(Launch.user_id == actor.id, Launch.at >= since)
    if not may(actor, "launch_many") and (uow.session.scalar(query) or 0) >= most:
        raise NotAllowed(
            f"You have launched {most:,} times today, which is your team's limit. Go on tomorrow."
        )


def _refuse_bad_words(order: Order) -> None:
    problems = {}
    for person_id, (subject, html) in order.words.items():
        try:
            check(Content(subject, html), automatic=True)
        except Invalid as error:
            problems[f"words.{person_id}"] = error.words
    if problems:
        raise Invalid(problems)


def _launch_row(uow: UnitOfWork, actor: User, order: Order, prepared: Prepared) -> Launch:
    row = Launch(
        team_id=prepared.campaign.team_id,
        campaign_id=prepared.campaign.id,
        version_id=prepared.version.id,
        user_id=actor.id,
        mailbox_id=prepared.mailbox.id,
        at=whole(uow.now),
        recipients_zone=prepared.recipients_zone,
        send_at=stored_times(order),
        targeted=prepared.checked.targeted,
        started=len(prepared.checked.to_deliver),
        excluded=prepared.checked.causes,
        request_key=_key(actor, order),
        first_key=_first_key(prepared),
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _start(
    uow: UnitOfWork,
    order: Order,
    prepared: Prepared,
    row: Launch,
    people: Sequence[Person],
    release_at: datetime | None,
) -> None:
    rows = [enrollment_values(order, prepared, row, person) for person in people]
    ids = list(
        uow.session.scalars(
            sa.insert(Enrollment).returning(Enrollment.id, sort_by_parameter_order=True), rows
        )
    )
    make_holds(uow.session, "enrollment", ids)
    before = prepared.version.steps[: prepared.first.position]
    pass_over(uow, dict.fromkeys(ids, before), row.at, f"started at {place_of(prepared.first)}")
    go_on(uow, ids, release_at)


def _first_key(prepared: Prepared) -> str:
    return prepared.first.key if prepared.first.position else ""


def enrollment_values(order: Order, prepared: Prepared, row: Launch, person: Person) -> dict[str, Any]:
    """The columns of this person's enrollment, as the launch `row` makes it."""
    subject, html = order.words.get(person.id, (None, None))
    return {
        "team_id": person.team_id,
        "campaign_id": prepared.campaign.id,
        "version_id": prepared.version.id,
        "launch_id": row.id,
        "person_id": person.id,
        "email": person.email.lower() if person.address_id else "",
        "sender_id": prepared.sender.id,
        "mailbox_id": prepared.mailbox.id,
        "edited_subject": subject,
        "edited_html": html,
        "zone": zone_of(person, prepared),
        "launched_at": row.at,
        "state": EnrollmentState.ACTIVE,
        "slipped": 0,
        "first_key": _first_key(prepared),
        "first_day": prepared.first.day if prepared.first.position else 1,
        "after_id": order.after.get(person.id),
    }
