"""How many people a change affects, and how: counted before it is done, and the same when it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.versions import drafts_of
from sales_campaigns.enrollments.changes.meaning import Change, changes_of
from sales_campaigns.enrollments.changes.shared_plans import SharedPlans
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person

CHUNK = 500
EXAMPLES = 8


@dataclass(frozen=True)
class Example:
    """One step of one person that moves: its title, and when it was and will be, in the enrollment's zone."""

    enrollment_id: int
    person: str
    day: int
    number: int
    title: str
    before: datetime
    after: datetime
    zone: str


@dataclass(frozen=True)
class Effect:
    """What a change means for `people` under way.

    The next date that differs is `earlier` or `later`; `skip` lose a step that was ahead of them, `more` get one more,
    `finish` have none left and stop. `keep` counts scheduled mails that a rep edited: they keep their text.
    """

    people: int = 0
    earlier: int = 0
    later: int = 0
    skip: int = 0
    more: int = 0
    finish: int = 0
    keep: int = 0
    examples: tuple[Example, ...] = ()

    @property
    def move(self) -> int:
        return self.earlier + self.later

    def __add__(self, other: Effect) -> Effect:
        return Effect(
            people=self.people + other.people,
            earlier=self.earlier + other.earlier,
            later=self.later + other.later,
            skip=self.skip + other.skip,
            more=self.more + other.more,
            finish=self.finish + other.finish,
            keep=self.keep + other.keep,
            examples=(*self.examples, *other.examples)[:EXAMPLES],
        )


def effect_on(session: Session, campaign: Campaign, version: CampaignVersion, now: datetime) -> Effect:
    """What putting this version into force at `now` would mean. Reads in chunks; nothing is changed."""
    total, plans = Effect(), SharedPlans(now)
    for ids in chunks_under_way(session, campaign, version):
        total += counted(session, changes_of(session, ids, version, now, plans).people)
    return told(session, version, total)


def counted(session: Session, changes: Iterable[Change]) -> Effect:
    """The effect on these people; the examples have no names yet."""
    effects = (_effect(change) for change in changes)
    ids = [id for change in changes for id in _scheduled(change)]
    edited = sa.or_(Message.edited_subject.is_not(None), Message.edited_html.is_not(None))
    keep = sa.select(sa.func.count()).select_from(Message).where(Message.id.in_(ids), edited)
    return replace(sum(effects, Effect()), keep=session.scalar(keep) or 0)


def told(session: Session, version: CampaignVersion, effect: Effect) -> Effect:
    """With the names of people and steps; two queries."""
    drafts = drafts_of(version)
    titles = dict(
        zip(
            ((step.day, step.number) for step in drafts),
            titles_of(drafts, wordings_of(session, drafts)),
            strict=True,
        )
    )
    ids = [example.enrollment_id for example in effect.examples]
    query = sa.select(Enrollment.id, Person).join(Person, Person.id == Enrollment.person_id)
    names = {id: person.name for id, person in session.execute(query.where(Enrollment.id.in_(ids)))}
    examples = (
        replace(one, person=names[one.enrollment_id], title=titles[one.day, one.number])
        for one in effect.examples
    )
    return replace(effect, examples=tuple(examples))


def chunks_under_way(session: Session, campaign: Campaign, version: CampaignVersion) -> Iterator[list[int]]:
    """Ids of those who go through another version, in order and so many at a time."""
    mine = sa.select(Enrollment.id).where(
        Enrollment.campaign_id == campaign.id, Enrollment.state.in_(UNDER_WAY)
    )
    other = mine.where(Enrollment.version_id != version.id) if version.id else mine
    ids = list(session.scalars(other.order_by(Enrollment.id)))
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))


def _effect(change: Change) -> Effect:
    kept = [key for key in change.after if key in change.before]
    moved = [key for key in kept if change.after[key] != change.before[key]]
    first = min(moved, key=change.after.__getitem__, default=None)
    earlier = first is not None and change.after[first] < change.before[first]
    return Effect(
        people=1,
        earlier=int(earlier),
        later=int(first is not None and not earlier),
        skip=int(len(kept) < len(change.before)),
        more=int(len(kept) < len(change.after)),
        finish=int(bool(change.before) and not change.after),
        examples=(_example(change, first),) if first else (),
    )


def _example(change: Change, key: str) -> Example:
    step = next(step for step in change.way.steps if step.key == key)
    own = change.way.enrollment
    return Example(own.id, "", step.day, step.number, "", change.before[key], change.after[key], own.zone)


def _scheduled(change: Change) -> list[int]:
    runs = change.way.runs.values()
    return [run.message_id for run in runs if run.message_id and run.over_at is None]
