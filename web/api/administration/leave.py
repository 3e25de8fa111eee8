"""Leave: enter it, cancel it, see the team's; pause somebody's whole work."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.pausing_work import pause_work, resume_work
from sales_campaigns.absence.taking_leave import Absent, cancel_leave, take_leave
from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.models import User
from sales_campaigns.calendars.leave import LeaveLine, leave_of, leaves_seen
from sales_campaigns.calendars.models import Leave, LeaveKind, LeaveState
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.days import start_of_day
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Day, Done, Id, Note, Page, Shown
from web.request_scope import me, work

api = Area("leave", "Days on which somebody is away, and what becomes of the work.")


class LeaveTyped(Asked):
    first_day: Day
    last_day: Day
    how: LeaveKind = LeaveKind.SHIFT
    user_id: Id | None = Field(None, description="Yourself; administrators may name somebody.")
    colleague_id: Id | None = Field(None, description="Who does the tasks, for hand_over.")
    note: Note = ""


class WhoseWork(Asked):
    user_id: Id | None = Field(None, description="Yourself where nobody is named.")


class LeaveShown(Shown):
    id: int
    user_id: int
    first_day: date
    last_day: date
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    how: LeaveKind
    colleague_id: int | None
    note: str
    state: LeaveState


@api.get("/leave")
def list_leave(query: AskedPage) -> Page[LeaveShown]:
    """Yours and, for administrators, the team's: from two weeks ago on."""
    lines = leaves_seen(work().session, me(), start_of_day(work().now, me().zone, -14))
    return short_list(lines, lambda line: line.leave.id, _line, query.after, query.limit)


@api.post("/leave", status=201, example={"first_day": "2026-12-21", "last_day": "2026-12-27"})
def enter_leave(body: LeaveTyped) -> LeaveShown:
    """Enter a leave, before or after the fact."""
    colleague = next((user for user in owners(work().session, me()) if user.id == body.colleague_id), None)
    if body.how is LeaveKind.HAND_OVER and colleague is None:
        raise Invalid({"colleague_id": "Choose somebody of the team."})
    absent = Absent(_who(body.user_id), body.first_day, body.last_day, body.how, colleague, body.note)
    return _shown(take_leave(work(), me(), absent))


@api.get("/leave/<int:leave_id>")
def get_leave(leave_id: int) -> LeaveShown:
    """One leave."""
    return _shown(leave_of(work().session, me(), leave_id))


@api.post("/leave/<int:leave_id>/cancel")
def cancel_leave_of_user(leave_id: int) -> LeaveShown:
    """Cancel it; the work goes on as if it had not been entered."""
    return _shown(cancel_leave(work(), me(), leave_id))


@api.post("/leave/<int:leave_id>/again", status=201)
def enter_leave_again(leave_id: int) -> LeaveShown:
    """Undo a cancellation: the same days once more."""
    session, old = work().session, leave_of(work().session, me(), leave_id)
    colleague = session.get(User, old.colleague_id) if old.colleague_id else None
    who = session.get_one(User, old.user_id)
    absent = Absent(who, old.first_day, old.last_day, old.how, colleague, old.note)
    return _shown(take_leave(work(), me(), absent))


@api.post("/whole-work/pause", example={})
def pause_whole_work(body: WhoseWork) -> Done:
    """No mail of somebody leaves and no task opens until it is resumed."""
    pause_work(work(), me(), _who(body.user_id))
    return Done(words="Paused.")


@api.post("/whole-work/resume", example={})
def resume_whole_work(body: WhoseWork) -> Done:
    """It goes on; what had become due has new dates."""
    resume_work(work(), me(), _who(body.user_id))
    return Done(words="On the way again.")


def _who(user_id: int | None) -> User:
    if user_id is None or user_id == me().id:
        return me()
    return user_of(work().session, me(), user_id)


def _line(line: LeaveLine) -> LeaveShown:
    return _shown(line.leave)


def _shown(leave: Leave) -> LeaveShown:
    work().session.flush()
    return LeaveShown.model_validate(leave)
