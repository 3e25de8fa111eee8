"""What one preparation works with: the inputs as values, the rules in force, and what stops it from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState, Team, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.attachments import too_large
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, needs_of
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.capacity import Capacity, capacity_of
from sales_campaigns.deliveries.incremental import Incremental
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.setups import (
    audience_of,
    incremental_of,
    schedule_of,
    settings_of,
    setup_of,
)
from sales_campaigns.deliveries.typology.controls import (
    content_problems,
    schedule_problem,
    unsubscribe_problem,
)
from sales_campaigns.deliveries.typology.fields import asked_of_people, sender_values
from sales_campaigns.deliveries.typology.judging import Policy
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope
from sales_campaigns.deliveries.typology.rules import (
    in_force,
    own_sentences,
    pressure_of,
    rules_about_people,
)
from sales_campaigns.deliveries.typology.windows import waiting_now


@dataclass(frozen=True)
class Task:
    """One delivery as it is prepared. `problems` are errors by field that stop it before anybody is counted."""

    delivery: Delivery
    owner: User
    mailbox: Mailbox | None
    content: Content
    audience: Audience
    schedule: Schedule
    settings: Settings
    policy: Policy
    capacity: tuple[Capacity, ...]
    problems: dict[str, str]
    incremental: Incremental | None = None

    @property
    def has_logic(self) -> bool:
        """Whether what is missing can only be known by rendering the mail for each person."""
        return not needs_of(self.content).plain


def task_of(session: Session, delivery: Delivery, now: datetime) -> Task:
    setup = setup_of(session, delivery)
    owner = session.get_one(User, delivery.owner_id)
    mailbox = session.get(Mailbox, setup.mailbox_id) if setup.mailbox_id else None
    content = content_of(session.get(Wording, setup.wording_id) if setup.wording_id else None)
    schedule, settings = schedule_of(setup), settings_of(setup)
    audience, problems = audience_of(setup), content_problems(content)
    footer = session.get_one(Team, delivery.team_id).footer
    if not footer and "html" not in problems and (lacking := unsubscribe_problem(content)):
        problems["html"] = lacking
    problems |= _other_problems(mailbox, audience, schedule, settings, now)
    problems |= _of_files(session, content, mailbox)
    one_team = not (sees_every_team(owner) and (audience.groups or audience.people))
    at = max(schedule.instant or now, now)
    policy = _policy(
        session, delivery, None if problems else mailbox, content, at, one_team, settings.typology
    )
    scope = (session, delivery.team_id, delivery.name, RuleScope.DELIVERIES)
    rules = in_force(*scope, RuleKind.CAPACITY, settings.typology)
    capacity = tuple(capacity_of(rule) for rule in rules)
    return Task(
        delivery,
        owner,
        mailbox,
        content,
        audience,
        schedule,
        settings,
        policy,
        capacity,
        problems,
        incremental_of(setup),
    )


def _other_problems(
    mailbox: Mailbox | None, audience: Audience, schedule: Schedule, settings: Settings, now: datetime
) -> dict[str, str]:
    problems = {}
    if mailbox is None:
        problems["mailbox"] = "Choose the mailbox that it leaves from."
    elif mailbox.state is not MailboxState.CONNECTED or not mailbox.user.active:
        problems["mailbox"] = f"{mailbox.address} is not connected: connect it again, or choose another one."
    if audience.is_nobody:
        problems["audience"] = "Choose who gets it: the target is empty."
    late = schedule_problem(schedule, settings, now)
    if late:
        problems["schedule"] = late
    return problems


def _of_files(session: Session, content: Content, mailbox: Mailbox | None) -> dict[str, str]:
    """The rule: too large is an error, measured against what the server takes."""
    sizes = [one.size for one in enclosed(session, content.bundle_id)]
    words = too_large(sizes, mailbox.largest_mail if mailbox is not None else None)
    return {"attach": words} if words else {}


def _policy(
    session: Session,
    delivery: Delivery,
    mailbox: Mailbox | None,
    content: Content,
    at: datetime,
    one_team: bool,
    typology: str,
) -> Policy:
    scope = (session, delivery.team_id, delivery.name, RuleScope.DELIVERIES)
    often = tuple(pressure_of(rule) for rule in in_force(*scope, RuleKind.PRESSURE, typology))
    fields: tuple[str, ...] = ()
    if mailbox is not None and needs_of(content).plain:
        fields = tuple(asked_of_people(content, sender_values(mailbox.user, mailbox)))
    return Policy(
        about_people=rules_about_people(*scope, typology),
        pressure=often,
        fields=fields,
        at=at,
        waiting=waiting_now(session) if often else {},
        one_team=one_team,
        own=own_sentences(session, delivery.team_id),
    )
