"""The people of a campaign: where each one is, what comes next and why; pause, go on, remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.enrollments.ending import book_meeting, end_people
from sales_campaigns.enrollments.explaining.dates_ahead import StepDate
from sales_campaigns.enrollments.explaining.history import way_of
from sales_campaigns.enrollments.explaining.people_in import Narrowing, people_in
from sales_campaigns.enrollments.launches.reading import enrollments_among
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import pause_people, resume_people
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.errors import IllegalMove, Refusal
from sales_campaigns.people.groups import group_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.api.protocol import cursors
from web.api.protocol.bulk import missing, results_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Id, Ids, Page, Results, Shown
from web.request_scope import me, work

api = Area("campaigns", "")
Many = Callable[[UnitOfWork, User, Sequence[Enrollment]], int]


class PeopleInAsked(AskedPage):
    state: EnrollmentState | None = None
    words: str = Field("", max_length=200)
    group_id: Id | None = Field(None, description="Those who are in this group as it stands.")


class StepDateShown(Shown):
    key: str
    day: int
    number: int
    title: str
    at: AwareDatetime | None = Field(description="When it ended, or when it happens as things stand.")
    over: bool
    state: str
    why: str
    moves: list[str]
    message_id: int | None
    task_id: int | None


class EnrollmentShown(Shown):
    id: int
    campaign_id: int
    launch_id: int
    person_id: int
    person: str
    email: str
    sender_id: int
    sender: str
    state: EnrollmentState
    why: str
    zone: str
    launched_at: AwareDatetime
    resume_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    next: StepDateShown | None
    steps: list[StepDateShown] = Field(
        default_factory=list, description="All steps; in lists they are left out."
    )


class EnrollmentAct(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    SUCCESS = "success"


class BulkEnrollments(Asked):
    do: EnrollmentAct
    enrollments: Ids


@api.get("/campaigns/<int:campaign_id>/enrollments")
def list_enrollments(campaign_id: int, query: PeopleInAsked) -> Page[EnrollmentShown]:
    """The people of a campaign, the newest first, each with the next step."""
    session = work().session
    group = group_of(session, me(), query.group_id) if query.group_id is not None else None
    found = people_in(
        session,
        campaign_of(session, me(), campaign_id),
        work().now,
        Narrowing(query.state, query.words, group.id if group is not None else None),
        after=cursors.read(query.after, str) or "",
        limit=query.limit,
    )
    return Page[EnrollmentShown](
        items=[_shown(line.enrollment, line.person.name, line.sender, line.next, []) for line in found.lines],
        after=cursors.written(found.after),
    )


@api.get("/enrollments/<int:enrollment_id>")
def get_enrollment(enrollment_id: int) -> EnrollmentShown:
    """One person's way through one campaign: every step with its date, and why."""
    person, way = way_of(work().session, me(), enrollment_id, work().now)
    return _shown(way.enrollment, person.name, way.sender, way.next, way.dates)


@api.post("/enrollments/<int:enrollment_id>/pause")
def pause_enrollment_of_person(enrollment_id: int) -> EnrollmentShown:
    """Nothing leaves and no task opens until it is resumed."""
    return _acted(enrollment_id, pause_people)


@api.post("/enrollments/<int:enrollment_id>/resume")
def resume_enrollment_of_person(enrollment_id: int) -> EnrollmentShown:
    """On the way again."""
    return _acted(enrollment_id, resume_people)


@api.post("/enrollments/<int:enrollment_id>/remove")
def remove_enrollment_of_person(enrollment_id: int) -> EnrollmentShown:
    """The campaign ends for this person."""
    return _acted(enrollment_id, end_people)


@api.post("/enrollments/<int:enrollment_id>/success")
def mark_enrollment_of_person(enrollment_id: int) -> EnrollmentShown:
    """The campaign ends for this person, as a success."""
    return _acted(enrollment_id, _succeed)


@api.post("/enrollments/<int:enrollment_id>/meeting")
def book_meeting_with_person(enrollment_id: int) -> EnrollmentShown:
    """A meeting is booked: the campaign ends with success."""
    return _acted(enrollment_id, _meet)


@api.post("/campaigns/<int:campaign_id>/enrollments/bulk", example={"do": "pause", "enrollments": [1]})
def change_enrollments(campaign_id: int, body: BulkEnrollments) -> Results:
    """One act on up to 200 people of a campaign. Those that can be done are done together."""
    campaign = campaign_of(work().session, me(), campaign_id, lock=True)
    ids = list(dict.fromkeys(body.enrollments))
    found = enrollments_among(work().session, campaign.id, ids)
    right = [one for one in found if one.state in STARTS[body.do]]
    late = {one.id: _late(one) for one in found if one.state not in STARTS[body.do]}
    if right:
        ACTS[body.do](work(), me(), right)
    return results_of(ids, {**missing(ids, (one.id for one in found)), **late})


def _late(one: Enrollment) -> Refusal:
    return IllegalMove(f"That is no longer possible: {ENROLLMENT.sentences[one.state]}")


def _acted(enrollment_id: int, act: Many) -> EnrollmentShown:
    _, way = way_of(work().session, me(), enrollment_id, work().now)
    if not act(work(), me(), [way.enrollment]):
        raise IllegalMove
    work().session.flush()
    work().session.expire(way.enrollment)
    return get_enrollment(enrollment_id)


def _succeed(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment]) -> int:
    return end_people(uow, actor, enrollments, success=True)


def _meet(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment]) -> int:
    for enrollment in enrollments:
        book_meeting(uow, actor, enrollment)
    return len(enrollments)


def _shown(
    one: Enrollment, person: str, sender: str, following: StepDate | None, dates: Sequence[StepDate]
) -> EnrollmentShown:
    return EnrollmentShown(
        **{name: getattr(one, name) for name in OF_THE_ROW},
        person=person,
        sender=sender,
        next=_date(following) if following is not None else None,
        steps=list(map(_date, dates)),
    )


def _date(one: StepDate) -> StepDateShown:
    names = ("title", "at", "over", "state", "why", "message_id", "task_id")
    step = one.step
    return StepDateShown(
        key=step.key,
        day=step.day,
        number=step.number,
        moves=list(one.moves),
        **{name: getattr(one, name) for name in names},
    )


ACTS: dict[EnrollmentAct, Many] = {
    EnrollmentAct.PAUSE: pause_people,
    EnrollmentAct.RESUME: resume_people,
    EnrollmentAct.REMOVE: end_people,
    EnrollmentAct.SUCCESS: _succeed,
}
ENDS = {EnrollmentAct.REMOVE, EnrollmentAct.SUCCESS}
STARTS = {act: ENROLLMENT.sources("end" if act in ENDS else act.value) for act in EnrollmentAct}
BESIDE = {"person", "sender", "next", "steps"}
OF_THE_ROW = tuple(name for name in EnrollmentShown.model_fields if name not in BESIDE)
