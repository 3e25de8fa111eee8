"""Who of the chosen people would start, and who would not and why: asked before every launch, and at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.content.rendering import Content, MissingFields, render
from sales_campaigns.deliveries.typology.models import RuleScope
from sales_campaigns.deliveries.typology.rules import rules_about_people
from sales_campaigns.enrollments.launches.first_mails import Said, begins_with_a_mail, mails_from
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import INVALID_ADDRESS, Cause, first_cause
from sales_campaigns.people.suppression import SENTENCES as SUPPRESSED

MOST = 10_000
SENTENCES = {
    **SUPPRESSED,
    "active": "Is in this campaign already.",
    "field_missing": "Lacks a field that a mail of this campaign needs.",
    "unreachable": "Has neither an e-mail address nor a phone number nor a LinkedIn URL.",
}
ANOTHER_TEAMS = "a campaign of another team"
Words = Mapping[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Somebody who would not start: the name of the cause, and what it means for this person."""

    person: Person
    cause: str
    words: str


@dataclass(frozen=True, slots=True)
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
        """Cause → number of people, the most frequent first."""
        return dict(Counter(one.cause for one in self.excluded).most_common())


@dataclass(frozen=True, slots=True)
class _Mails:
    """What would be rendered for a person: the mails that leave by themselves, the first perhaps in own words."""

    actor: User
    mailbox: Mailbox | None
    said: list[Said]
    words: Words

    def for_person(self, person: Person) -> list[Content]:
        own, contents = self.words.get(person.id), [one.to(person) for one in self.said]
        return [Content(*own), *contents[1:]] if own else contents


def check_people(
    session: Session,
    actor: User,
    campaign: Campaign,
    version: CampaignVersion,
    person_ids: Sequence[int],
    mailbox: Mailbox | None,
    words: Words | None = None,
    *,
    first: int = 0,
    leaving: Collection[int] = (),
) -> Checked:
    """Judge each chosen person of the campaign's team once; people of another team are not seen at all.

    `words` are the rep's own subject and HTML of the first e-mail, by person; `first` is the position of the step that
    they start at; `leaving` are enrollments that end as these people start. Raises Invalid for too many people.
    """
    if len(person_ids) > MOST:
        raise Invalid({"people": f"Add at most {MOST:,} people at once. Split the list."})
    rules = rules_about_people(session, campaign.team_id, campaign.name, RuleScope.STEPS, joins=campaign.id)
    rows = _people(session, campaign.team_id, person_ids, rules)
    told = {**SENTENCES, **{rule.name: rule.sentence for rule in rules}}
    active = _active_here(session, campaign.id, [person.id for person, _ in rows], leaving)
    mails = _Mails(actor, mailbox, *_contents(session, version, words or {}, first))
    judged = [
        (person, _verdict(person, cause, active, told) or _unrenderable(person, mails))
        for person, cause in rows
    ]
    to_deliver = [person for person, verdict in judged if verdict is None]
    excluded = [Excluded(person, *verdict) for person, verdict in judged if verdict is not None]
    ids = [person.id for person in to_deliver]
    return Checked(to_deliver, excluded, _elsewhere(session, campaign.id, ids, leaving))


def _contents(
    session: Session, version: CampaignVersion, words: Words, first: int
) -> tuple[list[Said], Words]:
    return mails_from(session, version, first), words if begins_with_a_mail(version, first) else {}


def _people(
    session: Session, team_id: int, person_ids: Sequence[int], rules: Sequence[Cause]
) -> list[tuple[Person, str | None]]:
    query = (
        sa.select(Person, first_cause(causes=rules))
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Person.id.in_(set(person_ids)), Person.team_id == team_id)
        .order_by(Person.id)
    )
    return [(person, cause) for person, cause in session.execute(query)]


def _verdict(
    person: Person, cause: str | None, active: set[int], told: Mapping[str, str]
) -> tuple[str, str] | None:
    """The first cause wins. Somebody without an address is left out of the e-mail steps only."""
    if cause in {"no_address", INVALID_ADDRESS}:
        cause = None if person.phone or person.linkedin_url else "unreachable"
    if cause is None and person.id in active:
        cause = "active"
    return (cause, told[cause]) if cause else None


def _unrenderable(person: Person, mails: _Mails) -> tuple[str, str] | None:
    if person.address_id is None:
        return None
    values, missing = values_of(person, mails.actor, mails.mailbox), set[str]()
    for content in mails.for_person(person):
        try:
            render(content, values)
        except MissingFields as error:
            missing.update(error.fields)
        except Invalid as error:
            return "field_missing", error.words
    lacking = ", ".join(name.replace("_", " ") for name in sorted(missing))
    return ("field_missing", f"Has no {lacking}.") if missing else None


def _active_here(
    session: Session, campaign_id: int, person_ids: list[int], leaving: Collection[int]
) -> set[int]:
    return set(
        session.scalars(
            sa.select(Enrollment.person_id).where(
                Enrollment.campaign_id == campaign_id,
                Enrollment.person_id.in_(person_ids),
                Enrollment.state.in_(UNDER_WAY),
                Enrollment.id.not_in(leaving),
            )
        )
    )


def _elsewhere(
    session: Session, campaign_id: int, person_ids: list[int], leaving: Collection[int]
) -> dict[int, str]:
    """Person → the campaign that they, or somebody else with their address, are on the way through.

    What another team calls its campaign is not said.
    """
    twin = sa.orm.aliased(Person)
    same = sa.or_(twin.id == Person.id, twin.address_id == Person.address_id)
    name = sa.case((twin.team_id == Person.team_id, Campaign.name), else_=ANOTHER_TEAMS)
    rows = session.execute(
        sa.select(Person.id, name.label("name"))
        .join(twin, same)
        .join(Enrollment, Enrollment.person_id == twin.id)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(
            Person.id.in_(person_ids),
            Enrollment.campaign_id != campaign_id,
            Enrollment.state.in_(UNDER_WAY),
            Enrollment.id.not_in(leaving),
        )
        .order_by(twin.team_id != Person.team_id, Enrollment.id)
    )
    found: dict[int, str] = {}
    for row in rows:
        found.setdefault(row.id, row.name)
    return found
