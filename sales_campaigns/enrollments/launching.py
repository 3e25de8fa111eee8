"""Launch: add people to a campaign. Everything that happens to them later follows from the rows made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion
from sales_campaigns.campaigns.planner import Start
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import in_force
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.enrollments.checking import Checked, check_people
from sales_campaigns.enrollments.chosen_times import refuse_bad_times
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, Launch
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
LAUNCH_LIMIT = 200


@dataclass(frozen=True)
class Order:
    """What the rep chose.

    `send_at` maps a step's key to when it leaves instead: naive is wall-clock time in each person's zone, aware is
    that instant for everybody. `words` maps a person to subject and HTML of the first e-mail. `recipients_zone`
    None is as the campaign says. The same `request_key` of the same user is the same launch.
    """

    campaign_id: int
    person_ids: Sequence[int]
    mailbox_id: int | None = None
    recipients_zone: bool | None = None
    send_at: Mapping[str, datetime] = field(default_factory=dict)
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    request_key: str | None = None


@dataclass(frozen=True)
class Prepared:
    """An order checked: what a launch would do, and what the launch page shows."""

    campaign: Campaign
    version: CampaignVersion
    mailbox: Mailbox
    checked: Checked
    recipients_zone: bool


def prepare(uow: UnitOfWork, actor: User, order: Order) -> Prepared:
    """Check an order. Raises NotFound, NotAllowed, IllegalMove, Invalid."""
    campaign, version = open_for_launch(uow, actor, order.campaign_id)
    mailbox = mailbox_of(uow, actor, order.mailbox_id)
    people = order.person_ids
    checked = check_people(uow.session, actor, campaign, version, people, mailbox, order.words)
    by_recipient = version.settings.get("timezone") == "recipient"
    chosen = by_recipient if order.recipients_zone is None else order.recipients_zone
    return Prepared(campaign, version, mailbox, checked, chosen)


def open_for_launch(uow: UnitOfWork, actor: User, campaign_id: int) -> tuple[Campaign, CampaignVersion]:
    """The campaign and the steps that people added now go through. Raises when nobody can be added."""
    require(actor, "launch")
    campaign = campaign_of(uow.session, actor, campaign_id)
    if campaign.state in {CampaignState.ARCHIVED, CampaignState.PAUSED}:
        raise IllegalMove(f"Nobody can be added: {CAMPAIGN.sentences[campaign.state]}")
    version = in_force(uow.session, campaign)
    if not version.steps:
        raise Invalid({"campaign": "This campaign has no steps yet. Add one, then add people."})
    return campaign, version


def launch(uow: UnitOfWork, actor: User, order: Order, limit: int = LAUNCH_LIMIT) -> Launch:
    """Add the people who can be added; one launch of a campaign at a time, so that nobody is added twice.

    Raises NotFound, NotAllowed, IllegalMove, Invalid; then nothing has happened.
    """
    campaign_of(uow.session, actor, order.campaign_id, lock=True)
    known = _known(uow, actor, order)
    if known is not None:
        return known
    prepared = prepare(uow, actor, order)
    _allow(actor, prepared.checked, limit)
    starts = starts_of(actor, prepared, order, uow.now).values()
    refuse_bad_times(prepared.version, order.send_at, starts, whole(uow.now))
    _refuse_bad_words(order)
    return _launched(uow, actor, order, prepared)


def _launched(uow: UnitOfWork, actor: User, order: Order, prepared: Prepared) -> Launch:
    row = _launch_row(uow, actor, order, prepared)
    if prepared.campaign.state is CampaignState.DRAFT:
        about = {"actor_id": actor.id, "team_id": row.team_id, "campaign_id": row.campaign_id}
        uow.move(CAMPAIGN, prepared.campaign, "launch", about=about)
    people = prepared.checked.to_deliver
    for first in range(0, len(people), CHUNK):
        _start(uow, actor, order, prepared, row, people[first : first + CHUNK])
    uow.record(
        "launch.made",
        actor_id=actor.id,
        team_id=row.team_id,
        campaign_id=row.campaign_id,
        data={"launch": row.id, "people": row.started, "name": prepared.campaign.name},
    )
    return row


def starts_of(actor: User, prepared: Prepared, order: Order, now: datetime) -> dict[str, Start]:
    """Zone → start of the people in it, as the launch would make it now."""
    zones = {zone_of(person, actor, prepared.recipients_zone) for person in prepared.checked.to_deliver}
    positions = {step.key: step.position for step in prepared.version.steps}
    chosen = {positions[key]: at for key, at in order.send_at.items() if key in positions}
    return {zone: Start(launched_at=whole(now), zone=zone, send_at=chosen) for zone in sorted(zones)}


def zone_of(person: Person, sender: User, recipients_zone: bool) -> str:
    """The rule: the sender's zone, or the recipient's, and the sender's where that is not known."""
    return person.zone if recipients_zone and person.zone else sender.zone


def whole(instant: datetime) -> datetime:
    """Launches are cut to the whole second, so that what was previewed is what is planned."""
    return instant.replace(microsecond=0)


def mailbox_of(uow: UnitOfWork, actor: User, mailbox_id: int | None) -> Mailbox:
    """The actor's own mailbox, the first one unless another is named. Raises Invalid when there is none."""
    query = sa.select(Mailbox).where(Mailbox.user_id == actor.id).order_by(Mailbox.id)
    if mailbox_id is not None:
        query = query.where(Mailbox.id == mailbox_id)
    mailbox = uow.session.scalars(query).first()
    if mailbox is None:
        raise Invalid({"mailbox": "Connect a mailbox first: mails leave from your own address."})
    return mailbox


def _known(uow: UnitOfWork, actor: User, order: Order) -> Launch | None:
    key = _key(actor, order)
    return uow.session.scalar(sa.select(Launch).where(Launch.request_key == key)) if key else None


def _key(actor: User, order: Order) -> str | None:
    """Each user's keys are of their own: nobody is answered with somebody else's launch."""
    return f"{actor.id}-{order.request_key}"[:64] if order.request_key else None


def _allow(actor: User, checked: Checked, limit: int) -> None:
    """The rule: one's own people within the limit; more, or those of others, need start deliveries."""
    if not checked.to_deliver:
        raise Invalid({"people": "Nobody of these can be added. Choose others, or fix what excludes them."})
    others = any(person.owner_id != actor.id for person in checked.to_deliver)
    if (others or len(checked.to_deliver) > limit) and not may(actor, "launch_many"):
        why = "people of a colleague" if others else f"more than {limit} people at once"
        raise NotAllowed(f"Adding {why} needs the right “start deliveries”. Ask an administrator.")


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
        send_at={key: _stored(at) for key, at in order.send_at.items()},
        targeted=prepared.checked.targeted,
        started=len(prepared.checked.to_deliver),
        excluded=prepared.checked.causes,
        request_key=_key(actor, order),
    )
    uow.session.add(row)
    uow.session.flush()
    return row


def _stored(at: datetime) -> str:
    """Aware in UTC, naive as it is: `Way.start` reads both."""
    return (at.astimezone(UTC) if at.tzinfo else at).replace(microsecond=0).isoformat()


def _start(
    uow: UnitOfWork, actor: User, order: Order, prepared: Prepared, row: Launch, people: Sequence[Person]
) -> None:
    rows = [_enrollment(actor, order, prepared, row, person) for person in people]
    ids = list(
        uow.session.scalars(
            sa.insert(Enrollment).returning(Enrollment.id, sort_by_parameter_order=True), rows
        )
    )
    make_holds(uow.session, "enrollment", ids)
    go_on(uow, ids)


def _enrollment(actor: User, order: Order, prepared: Prepared, row: Launch, person: Person) -> dict[str, Any]:
    subject, html = order.words.get(person.id, (None, None))
    return {
        "team_id": person.team_id,
        "campaign_id": prepared.campaign.id,
        "version_id": prepared.version.id,
        "launch_id": row.id,
        "person_id": person.id,
        "email": person.email.lower() if person.address_id else "",
        "sender_id": actor.id,
        "mailbox_id": prepared.mailbox.id,
        "edited_subject": subject,
        "edited_html": html,
        "zone": zone_of(person, actor, prepared.recipients_zone),
        "launched_at": row.at,
        "state": EnrollmentState.ACTIVE,
        "slipped": 0,
    }
