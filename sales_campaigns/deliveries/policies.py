"""What one preparation works with: the inputs as values, the rules in force, and what stops it from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState, Team, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.attachments import too_large
from sales_campaigns.content.bundles import enclosed
from sales_campaigns.content.rendering import Content, needs_of
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
from sales_campaigns.deliveries.variants.plan import Plan
from sales_campaigns.deliveries.variants.reading import FIRST, ab_test_of, contents_of, plan_of


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
    contents: Mapping[str, Content] = field(default_factory=dict)  # letter → what it says; A is `content`
    test: Plan | None = None

    @property
    def has_logic(self) -> bool:
        """Whether what is missing can only be known by rendering the mail for each person."""
        return not all(needs_of(one).plain for one in self.contents.values())


def task_of(session: Session, delivery: Delivery, now: datetime) -> Task:
    setup = setup_of(session, delivery)
    owner = session.get_one(User, delivery.owner_id)
    mailbox = session.get(Mailbox, setup.mailbox_id) if setup.mailbox_id else None
    contents, test = contents_of(session, setup), ab_test_of(session, delivery.id)
    content = contents[FIRST]
    schedule, settings = schedule_of(setup), settings_of(setup)
    footer = session.get_one(Team, delivery.team_id).footer
    audience, problems = audience_of(setup), _of_contents(contents, footer=footer)
    problems |= _other_problems(mailbox, audience, schedule, settings, now)
    problems |= _of_files(session, content, mailbox)
    one_team = not (sees_every_team(owner) and (audience.groups or audience.people))
    at = max(schedule.instant or now, now)
    policy = _policy(
        session,
        delivery,
        None if problems else mailbox,
        list(contents.values()),
        at,
        one_team,
        settings.typology,
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
        contents,
        plan_of(test) if test is not None else None,
    )


def _of_contents(contents: Mapping[str, Content], *, footer: bool) -> dict[str, str]:
    """What stops any of the variants, by part: that of B is "B.subject"."""
    problems: dict[str, str] = {}
    for letter, content in contents.items():
        found = content_problems(content)
        if not footer and "html" not in found and (lacking := unsubscribe_problem(content)):
            found["html"] = lacking
        if letter == FIRST:
            problems |= found
        else:
            problems |= {f"{letter}.{name}": f"Variant {letter}: {said}" for name, said in found.items()}
    return problems or _of_likeness(contents)


def _of_likeness(contents: Mapping[str, Content]) -> dict[str, str]:
    """A test of two that say the same tells nothing."""
    for one, other in combinations(contents, 2):
        if contents[one] == contents[other]:
            return {"variants": f"Variants {one} and {other} say the same: change a subject or a text."}
    return {}


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
    contents: Sequence[Content],
    at: datetime,
    one_team: bool,
    typology: str,
) -> Policy:
    scope = (session, delivery.team_id, delivery.name, RuleScope.DELIVERIES)
    often = tuple(pressure_of(rule) for rule in in_force(*scope, RuleKind.PRESSURE, typology))
    fields: tuple[str, ...] = ()
    if mailbox is not None and all(needs_of(one).plain for one in contents):
        given = sender_values(mailbox.user, mailbox)
        fields = tuple(dict.fromkeys(name for one in contents for name in asked_of_people(one, given)))
    return Policy(
        about_people=rules_about_people(*scope, typology),
        pressure=often,
        fields=fields,
        at=at,
        waiting=waiting_now(session) if often else {},
        one_team=one_team,
        own=own_sentences(session, delivery.team_id),
    )
