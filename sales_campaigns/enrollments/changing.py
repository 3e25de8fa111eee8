"""Put a new version into force for the people under way: what is over stays, what is ahead follows the new version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.applying import apply_changes
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step
from sales_campaigns.campaigns.planner import slip
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.pausing import move_waiting
from sales_campaigns.enrollments.scheduling import go_on, threading
from sales_campaigns.enrollments.states import STEP_RUN, UNDER_WAY, WAITING
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import WAITING as UNSENT
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
DELETED = "its step was deleted from the campaign"


@dataclass(frozen=True)
class Effect:
    """What a change would do: of `people` under way, `move` get other dates and `skip` lose their next step."""

    people: int
    move: int
    skip: int


def effect_of_changes(uow: UnitOfWork, campaign: Campaign) -> Effect:
    """Asked before it is done; nothing is changed."""
    version = newest(uow.session, campaign)
    people = move = skip = 0
    for chunk in _chunks(_under_way(uow, campaign, version)):
        for way in ways_of(uow.session, chunk):
            after = _under(way, version)
            people += 1
            move += _dates(way) != _dates(after)
            skip += bool(_deleted(after))
    return Effect(people, move, skip)


def change_campaign(uow: UnitOfWork, actor: User, campaign_id: int) -> Effect:
    """The newest version is in force from now on, also for the people under way. Raises IllegalMove."""
    version = apply_changes(uow, actor, campaign_id)
    campaign = uow.session.get_one(Campaign, campaign_id)
    effect = effect_of_changes(uow, campaign)
    for chunk in _chunks(_under_way(uow, campaign, version)):
        _follow(uow, version, ways_of(uow.session, chunk))
        go_on(uow, chunk)
    return effect


def _follow(uow: UnitOfWork, version: CampaignVersion, ways: list[Way]) -> None:
    for way in ways:
        after = _under(way, version)
        slipped = slip(way.outline, way.start, way.over) - slip(after.outline, after.start, after.over)
        way.enrollment.version_id = version.id
        way.enrollment.slipped += max(0, slipped)
        gone = _deleted(after)
        _drop(uow, gone)
        after = replace(after, runs={key: run for key, run in way.runs.items() if run not in gone})
        _say_it_anew(uow, after)
        move_waiting(uow, after, also_earlier=True)
    uow.session.flush()


def _drop(uow: UnitOfWork, runs: list[StepRun]) -> None:
    """A deleted step is skipped: its mail is cancelled, its task closed."""
    cancel_many(uow, DELETED, Message.id.in_([run.message_id for run in runs if run.message_id]))
    for run in runs:
        task = uow.session.get(Task, run.task_id) if run.task_id else None
        if task is not None and task.state == "open":
            uow.move(TASK, task, "cancel", ended_at=uow.now)
        uow.move(STEP_RUN, run, "cancel", why=DELETED)


def _say_it_anew(uow: UnitOfWork, way: Way) -> None:
    """Scheduled messages that no rep edited take the new words."""
    for step in way.steps:
        run = way.runs.get(step.key)
        if run is not None and run.state in WAITING:
            run.step_id = step.id
            if run.message_id is not None:
                uow.session.execute(
                    sa.update(Message)
                    .where(Message.id == run.message_id, Message.state.in_(UNSENT))
                    .values(wording_id=step.wording_id, **threading(way, step))
                )


def _under(way: Way, version: CampaignVersion) -> Way:
    """The same person under another version."""
    return replace(way, version=version)


def _deleted(way: Way) -> list[StepRun]:
    keys = {step.key for step in way.steps}
    return [run for run in way.runs.values() if run.state in WAITING and run.step_key not in keys]


def _dates(way: Way) -> dict[str, object]:
    steps: list[Step] = list(way.steps)
    return {steps[planned.index].key: planned.at for planned in way.ahead()}


def _under_way(uow: UnitOfWork, campaign: Campaign, version: CampaignVersion) -> list[int]:
    return list(
        uow.session.scalars(
            sa.select(Enrollment.id)
            .where(
                Enrollment.campaign_id == campaign.id,
                Enrollment.state.in_(UNDER_WAY),
                Enrollment.version_id != version.id,
            )
            .order_by(Enrollment.id)
        )
    )


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))
