"""What stops a launch, step by step, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.send_options import problems_of
from sales_campaigns.campaigns.variants import running
from sales_campaigns.campaigns.versions import drafts_of, in_force
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import check
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid

PARTS = {"subject": "Subject", "html": "Text", "text": "Plain text"}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`key` names the step; "" is the campaign as a whole."""

    key: str
    words: str


def obstacles_to_launch(session: Session, campaign: Campaign) -> tuple[Obstacle, ...]:
    """Everything that keeps people from being added; nothing when the campaign is ready."""
    steps = drafts_of(in_force(session, campaign))
    return obstacles(steps, wordings_of(session, steps))


def obstacles(steps: Steps, wordings: Mapping[int, Wording]) -> tuple[Obstacle, ...]:
    """In step order. `wordings` holds those of the e-mail steps by id."""
    if not steps:
        return (Obstacle("", "Add a first step."),)
    found = list(_placed_wrongly(steps))
    found += [Obstacle(step.key, words) for step in steps for words in _unfinished(step, wordings)]
    place = {step.key: position for position, step in enumerate(steps)}
    return tuple(sorted(found, key=lambda obstacle: place[obstacle.key]))


def wordings_of(session: Session, steps: Steps) -> dict[int, Wording]:
    """The wordings of these steps, in one query."""
    ids = {id for step in steps for id in step.wording_ids}
    return {row.id: row for row in session.scalars(sa.select(Wording).where(Wording.id.in_(ids)))}


def _placed_wrongly(steps: Steps) -> Iterator[Obstacle]:
    for field, words in problems_of([step.outline for step in steps]):
        yield Obstacle(steps[int(field.split(".")[1])].key, words)


def says_nothing(step: StepDraft) -> str:
    """What to do with a step without words, "" for one that says something."""
    if step.kind is not StepKind.EMAIL:
        return "" if step.name else "Say what is to be done."
    return "Write the e-mail: it has no words yet." if step.wording_id is None else ""


def _unfinished(step: StepDraft, wordings: Mapping[int, Wording]) -> Iterator[str]:
    if words := says_nothing(step):
        yield words
    if step.kind is not StepKind.EMAIL or step.wording_id is None:
        return
    varied = [(f"Variant {one.key}, ", one.wording_id) for one in running(step.variants)]
    for letter, id in varied or [("", step.wording_id)]:
        yield from (letter + words for words in _wrong_words(step, wordings[id]))


def _wrong_words(step: StepDraft, wording: Wording) -> Iterator[str]:
    try:
        check(content_of(wording), automatic=not step.is_task, reply=step.follow_up)
    except Invalid as refusal:
        yield from (f"{PARTS.get(part, part)}: {words}" for part, words in refusal.problems.items())
