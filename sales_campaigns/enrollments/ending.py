"""What ends an enrollment before its last step: cancelled mail and closed tasks in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.holding import tell
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import stop
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.settling import give_it_up
from sales_campaigns.messages.states import WAITING
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

CAMPAIGN_HAS_ENDED = "campaign has ended"
SUCCESS = "success"
CHUNK = 5_000


def end(uow: UnitOfWork, cause: str, *where: Any, actor_id: int | None = None) -> list[int]:
    """End every enrollment that matches and is under way; the ids of those that ended."""
    ids = move_many(uow.session, ENROLLMENT, Enrollment, "end", *where, why=cause[:200], ended_at=uow.now)
    for chunk in _chunks(sorted(ids)):
        why = f"{CAMPAIGN_HAS_ENDED}: {cause}"[:200]
        stop(uow.session, "enrollment", chunk, why)
        close_work(uow, chunk, why)
        tell(uow, "enrollment.ended", chunk, actor_id, cause=cause)
    return sorted(ids)


def end_people(
    uow: UnitOfWork,
    actor: User,
    enrollments: Sequence[Enrollment],
    *,
    success: bool = False,
    cause: str = "",
) -> int:
    """Remove people from their campaign, or mark them as a success; how many. Raises IllegalMove for nobody."""
    require(actor, "work_tasks")
    cause = cause or (f"{SUCCESS}, says {actor.name}" if success else f"removed by {actor.name}")
    wanted = Enrollment.id.in_([enrollment.id for enrollment in enrollments])
    ended = end(uow, cause, wanted, actor_id=actor.id)
    if not ended:
        raise IllegalMove("It has ended for all of these already.")
    return len(ended)


def book_meeting(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    """The rule: a meeting that was booked ends with success. Raises IllegalMove when it has ended already."""
    end_people(uow, actor, [enrollment], cause=f"{SUCCESS}: meeting booked, says {actor.name}")


def end_uncertain(uow: UnitOfWork, actor: User, message: Message) -> None:
    """Whether it left or not, nothing more follows it: the fourth answer beside sent, send again and skip."""
    if message.enrollment_id is None:
        raise IllegalMove("This mail belongs to no campaign that could end.")
    give_it_up(uow, actor, message)
    end(uow, f"ended by {actor.name}", Enrollment.id == message.enrollment_id, actor_id=actor.id)


def end_for_person(uow: UnitOfWork, person_id: int, cause: str, actor_id: int | None = None) -> list[int]:
    """Opt-out, complaint and block end all enrollments of the person at once."""
    return end(uow, cause, Enrollment.person_id == person_id, actor_id=actor_id)


def cancel_what_came_back(uow: UnitOfWork) -> int:
    """A mail that was being handed over when its enrollment ended may be refused for now: it is not tried again."""
    ended = sa.exists().where(
        Enrollment.id == Message.enrollment_id, Enrollment.state == EnrollmentState.ENDED
    )
    waiting = (Message.state.in_(WAITING), Message.act_at <= uow.now)
    return len(cancel_many(uow, CAMPAIGN_HAS_ENDED, *waiting, ended))


def close_work(uow: UnitOfWork, enrollment_ids: Sequence[int], cause: str) -> None:
    """Cancel scheduled mail, open tasks and waiting steps of these enrollments."""
    cancel_many(uow, cause, Message.enrollment_id.in_(enrollment_ids))
    move_many(uow.session, TASK, Task, "cancel", Task.enrollment_id.in_(enrollment_ids), ended_at=uow.now)
    move_many(uow.session, STEP_RUN, StepRun, "cancel", StepRun.enrollment_id.in_(enrollment_ids), why=cause)
    uow.session.expire_all()


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))
