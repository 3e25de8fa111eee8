"""The editor's view of a campaign: days with their steps, what each step does, and what to beware of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy.orm import Session

from sales_campaigns.calendars.schedules import team_calendar
from sales_campaigns.campaigns.checks import obstacles, wordings_of
from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.outlines import outline_of
from sales_campaigns.campaigns.planner import Outline, Planned, SendOption, Start, StepKind, plan
from sales_campaigns.campaigns.planner.effects import effect_sentence, warnings
from sales_campaigns.campaigns.send_options import Legal, follow_up_is_legal, legal_options
from sales_campaigns.campaigns.versions import drafts_of
from sales_campaigns.content.models import Wording
from sales_campaigns.content.quoting import reply_subject

UNNAMED = {
    StepKind.EMAIL: "E-mail without a subject",
    StepKind.CALL: "Call",
    StepKind.INMAIL: "InMail",
    StepKind.CUSTOM: "Task",
}
FIELD = re.compile(r"\{\{-?\s*(\w+).*?\}\}", re.DOTALL)
MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. `title` is its subject or name, `own_subject` tells that an e-mail has one of its own;
    `previous` is the title of the step before, which a follow-up answers.

    `effect` is a sentence for the sample start; `options` has one entry for each send option, legal or not.
    """

    step: StepDraft
    title: str
    own_subject: bool
    with_files: bool
    options: tuple[Legal, ...]
    may_follow_up: bool
    previous: str
    planned: Planned
    effect: str
    cautions: tuple[str, ...]
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """One day. `date` is its date for the sample start, None for a day without steps."""

    day: int
    date: date | None
    steps: tuple[StepView, ...]


def lanes_of(
    session: Session,
    version: CampaignVersion,
    launched_at: datetime,
    zone: str,
    *,
    also_day: int | None = None,
) -> tuple[Lane, ...]:
    """The days of a version as they fall for a launch at `launched_at`, seen from the IANA `zone`.

    `also_day` adds a day that has no steps yet. Costs one query for the words of all steps and one for
    the holidays.
    """
    views = step_views(session, version, launched_at, zone)
    by_day = groupby(views, key=lambda view: view.step.day)
    lanes = {day: _lane(day, tuple(group)) for day, group in by_day}
    if also_day or not lanes:
        lanes.setdefault(also_day or 1, Lane(also_day or 1, None, ()))
    return tuple(lanes[day] for day in sorted(lanes))


def step_views(
    session: Session, version: CampaignVersion, launched_at: datetime, zone: str
) -> tuple[StepView, ...]:
    """Every step of a version in order."""
    steps = drafts_of(version)
    wordings = wordings_of(session, steps)
    campaign = session.get_one(Campaign, version.campaign_id)
    outline = outline_of(version, launched_at, team_calendar(session, campaign.team_id))
    planned = plan(outline, Start(launched_at, zone))
    titles = titles_of(steps, wordings)
    troubles = obstacles(steps, wordings) if steps else ()
    beware = warnings(outline)
    return tuple(
        StepView(
            step=step,
            title=titles[index],
            own_subject=bool(step.wording_id and wordings[step.wording_id].subject),
            with_files=bool(step.wording_id and wordings[step.wording_id].bundle_id),
            options=legal_options(index, outline.steps),
            may_follow_up=follow_up_is_legal(index, outline.steps),
            previous=titles[index - 1] if index else "",
            planned=planned[index],
            effect=_effect(outline, index, planned),
            cautions=tuple(caution.words for caution in beware if caution.index == index),
            obstacles=tuple(trouble.words for trouble in troubles if trouble.key == step.key),
        )
        for index, step in enumerate(steps)
    )


def titles_of(steps: Steps, wordings: Mapping[int, Wording]) -> list[str]:
    """What each step is called, with fields in words: "Quick question, [first name]"."""
    written = subjects_of(steps, wordings)
    return [in_words(words) or UNNAMED[step.kind] for step, words in zip(steps, written, strict=True)]


def subjects_of(steps: Steps, wordings: Mapping[int, Wording]) -> list[str]:
    """The subject of each e-mail as written, the name of each task; "" where there is none.

    A follow-up without a subject of its own answers the mail before it.
    """
    subjects: list[str] = []
    for step in steps:
        wording = wordings.get(step.wording_id or 0)
        written = wording.subject if step.kind is StepKind.EMAIL and wording else step.name
        if not written and step.follow_up and subjects and subjects[-1]:
            written = reply_subject(subjects[-1])
        subjects.append(written)
    return subjects


def in_words(subject: str) -> str:
    """A subject as a person reads it: fields as [their names], logic and prompts left out."""
    named = FIELD.sub(lambda found: f"[{found[1].replace('_', ' ')}]", subject)
    return " ".join(MARK.sub("", named).split())


def _lane(day: int, views: Sequence[StepView]) -> Lane:
    return Lane(day, views[0].planned.own_date, tuple(views))


def _effect(outline: Outline, index: int, planned: Sequence[Planned]) -> str:
    """The planner's sentence, and what holds the step back."""
    sentence = effect_sentence(outline, index, planned)
    if outline.steps[index].send is SendOption.CHOOSE:
        return f"Leaves when you say so at the launch. For a launch at once: {sentence}"
    step, waits = outline.steps[index], any(outline.steps[before].is_task for before in range(index))
    if step.is_task:
        return (
            f"{sentence} The next step waits until it is done."
            if index + 1 < len(outline.steps)
            else sentence
        )
    return f"{sentence} It waits until every task before it is done." if waits else sentence
