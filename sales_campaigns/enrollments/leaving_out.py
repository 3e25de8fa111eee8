"""Mails of a step that are not made: their person has no address, or a rule of the team leaves them out by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Exclusion
from sales_campaigns.deliveries.typology.models import RuleScope
from sales_campaigns.deliveries.typology.rules import filters_of
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.ways import Due
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import SENTENCES, first_cause
from sales_campaigns.unit_of_work import UnitOfWork

NO_ADDRESS = "no_address"
Causes = dict[int, tuple[str, str]]


def causes_of(session: Session, mails: Sequence[Due]) -> Causes:
    """Enrollment → name and sentence of what leaves its mail out; two queries for each campaign that has rules.

    The rule: an e-mail step is prepared person by person, at the launch and when the step is scheduled.
    """
    found = {one.id: (NO_ADDRESS, SENTENCES[NO_ADDRESS]) for one in _enrollments(mails) if not one.email}
    together = defaultdict(list)
    for due in mails:
        if due.way.enrollment.email:
            together[due.way.campaign.id].append(due)
    for dues in together.values():
        found |= _filtered(session, dues)
    return found


def note_left_out(
    uow: UnitOfWork, mails: Sequence[Due], causes: Causes, deliveries: Mapping[tuple[int, str], int]
) -> None:
    """The exclusions stand in the log of their step, each once. `deliveries`: campaign and key of a step → its own."""
    rows = [
        {
            "delivery_id": deliveries[due.way.campaign.id, due.step.key],
            "occasion": due.way.enrollment.id,
            "person_id": due.way.enrollment.person_id,
            "cause": causes[due.way.enrollment.id][0],
            "words": causes[due.way.enrollment.id][1],
            "at": uow.now,
        }
        for due in mails
        if due.way.enrollment.id in causes
    ]
    if rows:
        uow.session.execute(insert_missing(uow.session, Exclusion), rows)


def why_of(causes: Causes, due: Due) -> str:
    """What its run says: the sentence of a rule, "" for an address that is missing."""
    cause, words = causes[due.way.enrollment.id]
    return "" if cause == NO_ADDRESS else words


def _filtered(session: Session, dues: Sequence[Due]) -> Causes:
    campaign = dues[0].way.campaign
    rules = filters_of(session, campaign.team_id, campaign.name, RuleScope.STEPS)
    if not rules:
        return {}
    told = {rule.name: rule.sentence for rule in rules}
    people = {one.person_id: one.id for one in _enrollments(dues)}
    rows = session.execute(
        sa.select(Person.id, first_cause(causes=rules))
        .outerjoin(Address, Address.id == Person.address_id)
        .where(Person.id.in_(people))
    )
    return {people[id]: (cause, told[cause]) for id, cause in rows if cause}


def _enrollments(dues: Sequence[Due]) -> list[Enrollment]:
    return [due.way.enrollment for due in dues]
