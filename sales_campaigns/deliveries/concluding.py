"""The end of a preparation: controls over what was counted, waves, the journal's last line, ready or failed."""

from __future__ import annotations

from datetime import timedelta

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.capacity import Span, deal_into_slots
from sales_campaigns.deliveries.inputs import StartBy
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, parent_of
from sales_campaigns.deliveries.models import Delivery, Level, Preparation, Stage
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.slots import deal_into_waves, latest
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.typology.controls import (
    content_warnings,
    half_left,
    schedule_problem,
    schedule_warning,
)
from sales_campaigns.deliveries.typology.rules import sentences
from sales_campaigns.deliveries.variants.parting import deal_variants
from sales_campaigns.deliveries.variants.plan import Plan, too_late, too_small
from sales_campaigns.deliveries.warnings import collision_warnings
from sales_campaigns.unit_of_work import UnitOfWork

REMINDED = timedelta(days=1)  # before the next run is due, and with it this one expires
NOBODY_YET = "Nobody gets it yet: the first run that finds somebody sends."


def conclude(uow: UnitOfWork, task: Task, preparation: Preparation) -> None:
    """The rule: an error means that the preparation failed, and nothing can be confirmed."""
    errors = list(task.problems.values()) or _errors(uow, task, preparation)
    warnings = [] if task.problems else _warnings(uow, task, preparation)
    _write_journal(uow, task, preparation, errors, warnings)
    preparation.errors, preparation.warnings = len(errors), len(warnings)
    preparation.stage, preparation.ended_at = Stage.OVER, uow.now
    if errors:
        uow.move(DELIVERY, task.delivery, "fail_preparation", about=about(task.delivery), next_at=None)
        return
    uow.move(DELIVERY, task.delivery, "pass", about=about(task.delivery), next_at=_next(uow, task))
    _wait_for_confirmation(uow, task, preparation)


def _errors(uow: UnitOfWork, task: Task, preparation: Preparation) -> list[str]:
    if task.incremental is not None:
        return _deal_and_check(uow, task, preparation)
    if not preparation.targeted:
        return ["The target is empty: nobody is in this audience."]
    if not preparation.to_deliver:
        return [_everybody_excluded(uow, task, preparation)]
    return _deal_and_check(uow, task, preparation)


def _deal_and_check(uow: UnitOfWork, task: Task, preparation: Preparation) -> list[str]:
    if task.test is not None:
        return _deal_test(uow, task, task.test, preparation)
    _deal_out(uow, task, preparation)
    late = schedule_problem(
        task.schedule, task.settings, uow.now, latest(uow.session, task.delivery.id) - _last_wave(task)
    )
    return [late] if late else []


def _deal_test(uow: UnitOfWork, task: Task, plan: Plan, preparation: Preparation) -> list[str]:
    """A part tries the variants from the start; the waves are those of the winner."""
    session, number = uow.session, task.delivery.id
    small = too_small(plan, len(task.contents), preparation.to_deliver)
    if small:
        return [small]
    deal_variants(session, number, plan.share, list(task.contents), preparation.to_deliver)
    _deal_into_slots(uow, task)
    late = too_late(plan, task.settings.waves, latest(session, number), task.settings.validity)
    return [late] if late else []


def _deal_out(uow: UnitOfWork, task: Task, preparation: Preparation) -> None:
    """Waves first; a capacity rule then spreads what would leave at one instant."""
    if task.settings.waves:
        deal_into_waves(uow.session, task.delivery.id, task.settings.waves, preparation.to_deliver)
    _deal_into_slots(uow, task)


def _deal_into_slots(uow: UnitOfWork, task: Task) -> None:
    moving = [rule for rule in task.capacity if not rule.excludes]
    if moving and task.mailbox is not None:
        span = Span(task.delivery, task.mailbox, task.policy.at, task.policy.at)
        deal_into_slots(uow.session, span, moving)


def _last_wave(task: Task) -> int:
    return max((wave.after for wave in task.settings.waves), default=0)


def _everybody_excluded(uow: UnitOfWork, task: Task, preparation: Preparation) -> str:
    cause, number = max(preparation.causes.items(), key=lambda item: item[1])
    why = sentences(uow.session, task.delivery.team_id).get(cause, cause)
    return (
        f"Everybody is excluded: nobody is left of {preparation.targeted:,} targeted people."
        f" The most frequent cause, {number:,} times: {why}"
    )


def _warnings(uow: UnitOfWork, task: Task, preparation: Preparation) -> list[str]:
    found = [
        *dict.fromkeys(words for one in task.contents.values() for words in content_warnings(one)),
        schedule_warning(task.schedule, uow.now),
        half_left(preparation.targeted, preparation.to_deliver) if preparation.to_deliver else "",
        NOBODY_YET if task.incremental and not preparation.to_deliver else "",
        *collision_warnings(uow.session, task),
    ]
    return [words for words in found if words]


def _write_journal(
    uow: UnitOfWork, task: Task, preparation: Preparation, errors: list[str], warnings: list[str]
) -> None:
    """The rule: the last line counts the errors and names the first."""
    known, number = sentences(uow.session, task.delivery.team_id), task.delivery.id
    counted = f"{preparation.targeted:,} targeted, {preparation.to_deliver:,} to deliver"
    note(uow, number, f"{counted}, {preparation.excluded:,} excluded.")
    for cause, excluded in sorted(preparation.causes.items(), key=lambda item: -item[1]):
        note(uow, number, f"{excluded:,} excluded: {known.get(cause, cause)}")
    for words in warnings:
        note(uow, number, words, Level.WARNING)
    for words in errors:
        note(uow, number, words, Level.ERROR)
    many = f"{len(errors)} error{'' if len(errors) == 1 else 's'}"
    last = f"Prepared with {many}. The first: {errors[0]}" if errors else "Prepared with 0 errors."
    note(uow, number, last, Level.ERROR if errors else Level.INFO)


def _next(uow: UnitOfWork, task: Task) -> object:
    """When somebody must be told, or at once where it starts by itself."""
    if task.settings.start_by is not StartBy.PERSON:
        return uow.now
    return task.schedule.instant


def _wait_for_confirmation(uow: UnitOfWork, task: Task, preparation: Preparation) -> None:
    """The rule: scheduled by somebody without “start deliveries”, it waits for a confirmation."""
    asked_by = uow.session.get_one(User, preparation.asked_by)
    by_person = task.settings.start_by is StartBy.PERSON
    waits = task.schedule.at and not may(asked_by, "start_deliveries")
    series = parent_of(uow.session, task.delivery.id)
    if by_person and (waits or series):
        ask_for_confirmation(uow, asked_by, task.delivery)
    if by_person and series and series.next_at:
        task.delivery.next_at = max(series.next_at - REMINDED, uow.now)


def ask_for_confirmation(uow: UnitOfWork, actor: User | None, delivery: Delivery) -> None:
    uow.move(DELIVERY, delivery, "await_confirmation", about=about(delivery, actor))
    note(uow, delivery.id, "It waits for somebody with the right “start deliveries” to confirm it.")
