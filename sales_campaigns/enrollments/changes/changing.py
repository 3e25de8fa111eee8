"""Put a new version into force for the people under way: what is over stays, what is ahead follows the new version."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.holders import require_or_name
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.campaigns.applying import apply_changes
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.changes.effects import Effect, chunks_under_way, counted, effect_on, told
from sales_campaigns.enrollments.changes.meaning import Change, Changes, changes_of
from sales_campaigns.enrollments.changes.shared_plans import SharedPlans
from sales_campaigns.enrollments.daily_limits import lock_mailboxes
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.scheduling import give_dates, go_on, take_next_slots, words_of
from sales_campaigns.enrollments.states import STEP_RUN, UNDER_WAY, WAITING
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import WAITING as UNSENT
from sales_campaigns.tasks.models import Priority, Task, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import about as about_task
from sales_campaigns.unit_of_work import UnitOfWork

DELETED = "its step was deleted from the campaign"
ANOTHER_KIND = "its step is of another kind now"


def effect_of_changes(uow: UnitOfWork, campaign: Campaign) -> Effect:
    """Asked before it is done; nothing is changed."""
    return effect_on(uow.session, campaign, newest(uow.session, campaign), uow.now)


def change_campaign(uow: UnitOfWork, actor: User, campaign_id: int) -> Effect:
    """The newest version is in force from now on, also for the people under way.

    Raises NotFound, NotAllowed where colleagues have people under way, IllegalMove when there is nothing to apply.
    """
    _refuse(uow, actor, campaign_of(uow.session, actor, campaign_id))
    version = apply_changes(uow, actor, campaign_id)
    campaign = uow.session.get_one(Campaign, campaign_id)
    effect, plans = Effect(), SharedPlans(uow.now)
    for ids in chunks_under_way(uow.session, campaign, version):
        _lock(uow, ids)
        changes = changes_of(uow.session, ids, version, uow.now, plans)
        effect += counted(uow.session, changes.people)
        _follow(uow, version, changes)
        take_next_slots(uow, _missed(changes))
        go_on(uow, ids)
    return told(uow.session, version, effect)


def may_change(uow: UnitOfWork, actor: User, campaign: Campaign) -> bool:
    """The rule: `apply` needs the right to do so. The owner has it, and whoever has all the people under way."""
    if campaign.owner_id == actor.id or may(actor, "change_for_others"):
        return True
    others = sa.select(Enrollment.id).where(
        Enrollment.campaign_id == campaign.id,
        Enrollment.state.in_(UNDER_WAY),
        Enrollment.sender_id != actor.id,
    )
    return uow.session.scalar(others.limit(1)) is None


def _refuse(uow: UnitOfWork, actor: User, campaign: Campaign) -> None:
    if not may_change(uow, actor, campaign):
        require_or_name(uow.session, actor, "change_for_others")


def _lock(uow: UnitOfWork, ids: Sequence[int]) -> None:
    one_at_a_time(uow, ids)
    boxes = sa.select(Enrollment.mailbox_id).where(Enrollment.id.in_(ids)).distinct()
    lock_mailboxes(uow.session, uow.session.scalars(boxes).all())


def _follow(uow: UnitOfWork, version: CampaignVersion, changes: Changes) -> None:
    for change in changes.people:
        enrollment = change.way.enrollment
        enrollment.version_id = version.id
        enrollment.slipped += change.lost
        _drop(uow, change)
        _say_it_anew(uow, change)
    give_dates(uow, changes.placed)
    uow.session.flush()


def _missed(changes: Changes) -> dict[int, frozenset[str]]:
    """Mails that become ready by the change and whose time is over. Who is paused is planned when it goes on."""
    active = (one for one in changes.people if one.way.enrollment.state is EnrollmentState.ACTIVE)
    return {one.way.enrollment.id: one.missed for one in active if one.missed}


def _drop(uow: UnitOfWork, change: Change) -> None:
    """A deleted step is skipped: its mail is cancelled, its task closed. What is leaving now leaves."""
    keys = {step.key for step in change.way.steps}
    for run in change.gone:
        why = ANOTHER_KIND if run.step_key in keys else DELETED
        if run.message_id and not cancel_many(uow, why, Message.id == run.message_id):
            continue
        task = uow.session.get(Task, run.task_id) if run.task_id else None
        if task is not None and task.state is TaskState.OPEN:
            uow.move(TASK, task, "cancel", about=about_task(task), ended_at=uow.now)
        uow.move(STEP_RUN, run, "cancel", why=why)


def _say_it_anew(uow: UnitOfWork, change: Change) -> None:
    """Scheduled messages take the new words, under a rep's own; open tasks say what the step says.

    What a rep wrote in a task and gave a time stays as it is.
    """
    way = change.way
    runs = [(step, run) for step in way.steps if (run := way.runs.get(step.key)) and run.state in WAITING]
    for step, run in runs:
        run.step_id = step.id
        if step.key in change.same_words:
            continue
        if run.message_id is not None and not run.is_task:
            uow.session.execute(
                sa.update(Message)
                .where(Message.id == run.message_id, Message.state.in_(UNSENT))
                .values(**words_of(uow, way, step))
            )
        elif run.task_id is not None and run.message_id is None:
            _ask_anew(uow.session.get_one(Task, run.task_id), step)


def _ask_anew(task: Task, step: Step) -> None:
    """The name of an e-mail task is the subject as its person gets it, so it stays."""
    task.name = step.name or task.name
    task.details = step.details
    task.priority = max(task.priority, Priority(step.priority), key=_urgency)


def _urgency(priority: Priority) -> int:
    return list(Priority).index(priority)
