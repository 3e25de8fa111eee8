"""An order to launch: what the rep chose, and what the launch would make of it. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.channels.models import why_not_as
from sales_campaigns.accounts.channels.reading import what_lacks
from sales_campaigns.accounts.holders import who_may
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import may, require, sees_every_team
from sales_campaigns.campaigns.checks import says_nothing
from sales_campaigns.campaigns.day_rules import zone_by
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion, Step
from sales_campaigns.campaigns.outlines import outline_of
from sales_campaigns.campaigns.planner import Start
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.campaigns.versions import drafts_of, in_force
from sales_campaigns.enrollments.launches.checking import Checked, check_people
from sales_campaigns.enrollments.launches.chosen_times import refuse_bad_times
from sales_campaigns.enrollments.ways import Absence, absences_of
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Order:
    """What the rep chose.

    `send_at` maps a step's key to when it leaves instead: naive is wall-clock time in each person's zone, aware is
    that instant for everybody. `words` maps a person to subject and HTML of the first e-mail. `recipients_zone`
    None is as the campaign says. The same `request_key` of the same user is the same launch. `first_key` is the step
    that they start at, "" for the first one. `sender_id` is whose mails they are when not the actor's. `after` maps a
    person to the enrollment that ends as this one starts.
    """

    campaign_id: int
    person_ids: Sequence[int]
    mailbox_id: int | None = None
    recipients_zone: bool | None = None
    send_at: Mapping[str, datetime] = field(default_factory=dict)
    words: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    request_key: str | None = None
    first_key: str = ""
    sender_id: int | None = None
    after: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """An order checked: what a launch would do, and what the launch page shows.

    `zone` is the one of everybody whose own is not asked for: the schedule's, else the sender's.
    """

    campaign: Campaign
    version: CampaignVersion
    mailbox: Mailbox
    checked: Checked
    recipients_zone: bool
    absence: Absence
    zone: str
    sender: User
    first: Step


def prepare(uow: UnitOfWork, actor: User, order: Order) -> Prepared:
    """Check an order. Raises NotFound, NotAllowed, IllegalMove, Invalid."""
    campaign, version = open_for_launch(uow, actor, order.campaign_id)
    sender = _sender(uow, actor, order.sender_id)
    mailbox = mailbox_of(uow, sender, order.mailbox_id)
    first = step_to_start_at(version, order.first_key)
    checked = check_people(
        uow.session,
        sender,
        campaign,
        version,
        order.person_ids,
        mailbox,
        order.words,
        first=first.position,
        leaving=list(order.after.values()),
    )
    by_recipient = version.settings.get("timezone") == "recipient"
    chosen = by_recipient if order.recipients_zone is None else order.recipients_zone
    absence = absences_of(uow.session, [(sender.id, campaign.team_id)])[sender.id]
    zone = zone_by(version.settings.get("schedule"), absence.own, sender.zone)
    return Prepared(campaign, version, mailbox, checked, chosen, absence, zone, sender, first)


def step_to_start_at(version: CampaignVersion, key: str) -> Step:
    """The step of this key, the first one for "". Raises Invalid for one that the campaign does not have."""
    found = next((step for step in version.steps if key in {"", step.key}), None)
    if found is None:
        raise Invalid({"first": "This campaign has no such step any more. Choose another one."})
    return found


def _sender(uow: UnitOfWork, actor: User, sender_id: int | None) -> User:
    """Whose mails they are: the actor's, or those of a teammate who sends them already. Raises Invalid."""
    sender = actor if sender_id is None else uow.session.get(User, sender_id)
    if sender is None or not sender.active or not _is_of_the_team(actor, sender):
        raise Invalid({"sender": "Whoever sends these mails is not active any more. Hand them over first."})
    return sender


def _is_of_the_team(actor: User, sender: User) -> bool:
    return sees_every_team(actor) or sender.team_id == actor.team_id


def open_for_launch(uow: UnitOfWork, actor: User, campaign_id: int) -> tuple[Campaign, CampaignVersion]:
    """The campaign and the steps that people added now go through. Raises when nobody can be added."""
    require(actor, "launch")
    campaign = campaign_of(uow.session, actor, campaign_id)
    if campaign.state in {CampaignState.ARCHIVED, CampaignState.PAUSED}:
        raise IllegalMove(f"Nobody can be added: {CAMPAIGN.sentences[campaign.state]}")
    version = in_force(uow.session, campaign)
    if not version.steps:
        raise Invalid({"campaign": "This campaign has no steps yet. Add one, then add people."})
    for step in drafts_of(version):
        if words := says_nothing(step):
            raise Invalid({"campaign": f"Day {step.day}, step {step.number}: {words} Then add people."})
    return campaign, version


def not_allowed(session: Session, actor: User, checked: Checked, limit: int) -> str:
    """The rule: one's own people within the limit; more, or those of others, need start deliveries. "" is allowed;
    a refusal names who can."""
    others = any(person.owner_id != actor.id for person in checked.to_deliver)
    if may(actor, "launch_many") or not (others or len(checked.to_deliver) > limit):
        return ""
    why = "people of a teammate" if others else f"more than {limit} people at once"
    names = who_may(session, "launch_many", actor.team_id)
    return f"Adding {why} needs the right “start deliveries”. Who has it: {names}."


def refuse_times(uow: UnitOfWork, prepared: Prepared, order: Order) -> None:
    """Raises Invalid({"send_at.KEY": words}) for a time that this launch cannot keep."""
    starts = starts_of(prepared, order, uow.now).values()
    outline = outline_of(prepared.version, own=prepared.absence.own)
    first = prepared.first.position
    refuse_bad_times(prepared.version, outline, order.send_at, starts, whole(uow.now), first)


def starts_of(prepared: Prepared, order: Order, now: datetime) -> dict[str, Start]:
    """Zone → start of the people in it, as the launch would make it now."""
    zones = {zone_of(person, prepared) for person in prepared.checked.to_deliver}
    positions = {step.key: step.position for step in prepared.version.steps}
    chosen = {positions[key]: at for key, at in order.send_at.items() if key in positions}
    away, first = prepared.absence.away, prepared.first
    day = first.day if first.position else 1
    return {
        zone: Start(whole(now), zone, chosen, away=away, first=first.position, first_day=day)
        for zone in sorted(zones)
    }


def zone_of(person: Person, prepared: Prepared) -> str:
    """The rule: the sender's zone, or the recipient's, and the sender's where that is not known."""
    return person.zone if prepared.recipients_zone and person.zone else prepared.zone


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
        raise Invalid({"mailbox": what_lacks(uow.session, actor)})
    if words := why_not_as(mailbox):
        raise Invalid({"mailbox": words})
    return mailbox


def stored_times(order: Order) -> dict[str, str]:
    """The chosen times as a launch keeps them: aware in UTC, naive as they are; `Way.start` reads both."""
    return {
        key: (at.astimezone(UTC) if at.tzinfo else at).replace(microsecond=0).isoformat()
        for key, at in order.send_at.items()
    }
