"""One person's way through one campaign: every step with its date, what waits for what, and why."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.ending import book_meeting, end_people
from sales_campaigns.enrollments.explaining.history import followed_by, held_of, way_of
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import pause_enrollment, resume_enrollment
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import go, page
from web.parts.enrollment_words import STATES
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("enrollment", __name__, url_prefix="/enrollments/<int:enrollment_id>")


@pages.get("")
def show(enrollment_id: int) -> str:
    person, way = way_of(work().session, me(), enrollment_id, work().now)
    held = held_of(work().session, person)
    later = followed_by(work().session, way.enrollment)
    return page("enrollment/index.html", person=person, way=way, states=STATES, held=held, later=later)


@pages.post("/pause")
def pause(enrollment_id: int) -> Response:
    undo = url_for("enrollment.resume", enrollment_id=enrollment_id)
    return _acted(enrollment_id, pause_enrollment, "{} is paused: nothing leaves and no task opens.", undo)


@pages.post("/resume")
def resume(enrollment_id: int) -> Response:
    return _acted(enrollment_id, resume_enrollment, "{} is on the way again.")


@pages.post("/remove")
def remove(enrollment_id: int) -> Response:
    return _acted(enrollment_id, _end, "{} was removed from the campaign.")


@pages.post("/meeting")
def meeting(enrollment_id: int) -> Response:
    return _acted(enrollment_id, book_meeting, "A meeting with {} is booked: ended with success.")


@pages.post("/success")
def success(enrollment_id: int) -> Response:
    return _acted(enrollment_id, _succeed, "{} was marked as a success.")


def _acted(
    enrollment_id: int,
    act: Callable[[UnitOfWork, User, Enrollment], None],
    words: str,
    undo_url: str | None = None,
) -> Response:
    person, way = way_of(work().session, me(), enrollment_id, work().now)
    name = person.name
    act(work(), me(), way.enrollment)
    here = url_for("enrollment.show", enrollment_id=enrollment_id)
    return go(way_back(here), words.format(name), undo_url)


def _end(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    end_people(uow, actor, [enrollment])


def _succeed(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    end_people(uow, actor, [enrollment], success=True)
