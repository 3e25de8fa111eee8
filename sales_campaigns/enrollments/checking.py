"""Who of the chosen people would start, and who would not and why: asked before every launch, and at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, MissingFields, render
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.writing import values_of
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import SENTENCES as SUPPRESSED
from sales_campaigns.people.suppression import first_cause

SENTENCES = {
    "active": "is in this campaign already",
    "duplicate": "has the same address as somebody else on the list",
    "field_missing": "lacks a field that a mail needs",
    "unreachable": "has neither address, phone nor LinkedIn URL",
}


@dataclass(frozen=True)
class Excluded:
    person: Person
    cause: str
    words: str


@dataclass(frozen=True)
class Checked:
    """Targeted = to deliver + excluded, always. `elsewhere` are people active in another campaign: a warning."""

    to_deliver: list[Person]
    excluded: list[Excluded]
    elsewhere: dict[int, str] = field(default_factory=dict)

    @property
    def targeted(self) -> int:
        return len(self.to_deliver) + len(self.excluded)

    @property
    def causes(self) -> dict[str, int]:
        return dict(Counter(one.cause for one in self.excluded).most_common())


def check_people(
    session: Session,
    actor: User,
    campaign: Campaign,
    version: CampaignVersion,
    person_ids: Sequence[int],
    mailbox: Mailbox | None,
) -> Checked:
    """Judge each chosen person of the actor's team once; people of another team are not seen at all."""
    rows = _people(session, actor, person_ids)
    active = _active_here(session, campaign.id, [person.id for person, *_ in rows])
    contents = automatic_contents(session, version)
    to_deliver: list[Person] = []
    excluded: list[Excluded] = []
    taken: set[int] = set()
    for person, cause in rows:
        verdict = _verdict(person, cause, active, taken) or _unrenderable(person, actor, mailbox, contents)
        if verdict:
            excluded.append(Excluded(person, *verdict))
        else:
            to_deliver.append(person)
            if person.address_id is not None:
                taken.add(person.address_id)
    return Checked(to_deliver, excluded, _elsewhere(session, campaign.id, [p.id for p in to_deliver]))


def automatic_contents(session: Session, version: CampaignVersion) -> list[Content]:
    """What the mails say that leave by themselves."""
    ids = [step.wording_id for step in version.steps if not step.is_task and step.kind is StepKind.EMAIL]
    rows = session.scalars(sa.select(Wording).where(Wording.id.in_([id for id in ids if id])))
    return [Content(row.subject, row.html, row.text) for row in rows]


def _people(session: Session, actor: User, person_ids: Sequence[int]) -> list[tuple[Person, str | None]]:
    query = (
        sa.select(Person, first_cause())
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Person.id.in_(list(person_ids)))
        .order_by(Person.id)
    )
    if not sees_every_team(actor):
        query = query.where(Person.team_id == actor.team_id)
    return [(person, cause) for person, cause in session.execute(query)]


def _verdict(person: Person, cause: str | None, active: set[int], taken: set[int]) -> tuple[str, str] | None:
    """The first cause wins. Somebody without an address is left out of the e-mail steps only."""
    if cause == "no_address":
        return None if person.phone or person.linkedin_url else ("unreachable", SENTENCES["unreachable"])
    if cause is not None:
        return cause, SUPPRESSED[cause]
    if person.id in active:
        return "active", SENTENCES["active"]
    if person.address_id in taken:
        return "duplicate", SENTENCES["duplicate"]
    return None


def _unrenderable(
    person: Person, actor: User, mailbox: Mailbox | None, contents: list[Content]
) -> tuple[str, str] | None:
    if person.address_id is None:
        return None
    values, missing = values_of(person, actor, mailbox), set[str]()
    for content in contents:
        try:
            render(content, values)
        except MissingFields as error:
            missing.update(error.fields)
        except Invalid as error:
            return "field_missing", error.words
    return ("field_missing", f"lacks {', '.join(sorted(missing))}") if missing else None


def _active_here(session: Session, campaign_id: int, person_ids: list[int]) -> set[int]:
    return set(
        session.scalars(
            sa.select(Enrollment.person_id).where(
                Enrollment.campaign_id == campaign_id,
                Enrollment.person_id.in_(person_ids),
                Enrollment.state.in_(UNDER_WAY),
            )
        )
    )


def _elsewhere(session: Session, campaign_id: int, person_ids: list[int]) -> dict[int, str]:
    rows = session.execute(
        sa.select(Enrollment.person_id, Campaign.name)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(
            Enrollment.campaign_id != campaign_id,
            Enrollment.person_id.in_(person_ids),
            Enrollment.state.in_(UNDER_WAY),
        )
    )
    return {row.person_id: row.name for row in rows}
