"""Leave: enter and cancel it, see the team's, and pause one's whole work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.pausing_work import pause_work, resume_work
from sales_campaigns.absence.taking_leave import Absent, cancel_leave, take_leave
from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.calendars.leave import LeaveLine, leave_of, leaves_seen
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Cause, Message, Stop
from sales_campaigns.messages.stops.reasons import stops_on, waiting_mails
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.days import local_date, start_of_day
from web.answers import go, page
from web.filters import day_words
from web.numbers import row_of
from web.parts.stop_words import since_words, words_of
from web.request_scope import me, work

pages = Blueprint("leave", __name__, url_prefix="/leave")
KINDS = {
    LeaveKind.SHIFT: (
        "Shift",
        "Mails and tasks that fall into the leave move to the first days after it. Every page shows the new dates now.",
    ),
    LeaveKind.PAUSE: (
        "Pause",
        "Everybody you write to stands still, and goes on when you are back.",
    ),
    LeaveKind.HAND_OVER: (
        "Hand over",
        "Mails leave as planned, from your mailbox. A teammate does your tasks and writes the mails among them "
        "as themselves; what is still open comes back to you.",
    ),
}
WEEKS = 6


@pages.get("")
def index() -> Response:
    return _page()


@pages.post("")
def take() -> Response:
    typed = request.form
    try:
        leave = take_leave(work(), me(), _absent(typed))
    except Invalid as refusal:
        return _page(typed, refusal.problems)
    days = f"{day_words(leave.first_day)} to {day_words(leave.last_day)}"
    return go(url_for(".index"), f"Leave from {days} is entered.", url_for(".cancel", leave_id=leave.id))


@pages.post("/<int:leave_id>/cancel")
def cancel(leave_id: int) -> Response:
    cancel_leave(work(), me(), leave_id)
    return go(url_for(".index"), "The leave is cancelled.", url_for(".again", leave_id=leave_id))


@pages.post("/<int:leave_id>/again")
def again(leave_id: int) -> Response:
    """Undo a cancellation: the same days once more."""
    old = leave_of(work().session, me(), leave_id)
    session = work().session
    colleague = session.get(User, old.colleague_id) if old.colleague_id else None
    who = session.get_one(User, old.user_id)
    take_leave(work(), me(), Absent(who, old.first_day, old.last_day, old.how, colleague, old.note))
    return go(url_for(".index"), "The leave is entered again.")


@pages.post("/pause")
def pause() -> Response:
    pause_work(work(), me(), me())
    return go(url_for(".index"), "Your work is paused: nothing leaves and no task opens.", url_for(".resume"))


@pages.post("/resume")
def resume() -> Response:
    resume_work(work(), me(), me())
    return go(url_for(".index"), "Your work goes on. What had become due has new dates.", url_for(".pause"))


@pages.post("/of/<int:user_id>/pause")
def pause_user(user_id: int) -> Response:
    user = user_of(work().session, me(), user_id)
    pause_work(work(), me(), user)
    words = f"The work of {user.name} is paused: no mail leaves and no task opens."
    return go(url_for("users.index"), words, url_for(".resume_user", user_id=user_id))


@pages.post("/of/<int:user_id>/resume")
def resume_user(user_id: int) -> Response:
    user = user_of(work().session, me(), user_id)
    resume_work(work(), me(), user)
    words = f"The work of {user.name} goes on. What had become due has new dates."
    return go(url_for("users.index"), words, url_for(".pause_user", user_id=user_id))


def _absent(typed: Mapping[str, str]) -> Absent:
    """Raises Invalid by field."""
    problems: dict[str, str] = {}
    first, last = (_day(typed, name, problems) for name in ("first_day", "last_day"))
    how = typed.get("how", "")
    if how not in set(LeaveKind):
        problems["how"] = "Choose what becomes of the work."
    if problems or first is None or last is None:
        raise Invalid(problems)
    colleague = _teammate(typed.get("colleague", "")) if how == LeaveKind.HAND_OVER else None
    return Absent(_who(typed.get("user", "")), first, last, LeaveKind(how), colleague, typed.get("note", ""))


def _day(typed: Mapping[str, str], name: str, problems: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed.get(name, "").strip())
    except ValueError:
        problems[name] = "Give a date."
        return None


def _who(written: str) -> User:
    """Oneself; an administrator may enter the leave of somebody else."""
    if not written or written == str(me().id):
        return me()
    return user_of(work().session, me(), row_of(written))


def _teammate(written: str) -> User | None:
    return next((user for user in owners(work().session, me()) if str(user.id) == written), None)


def _page(typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> Response:
    session, now = work().session, work().now
    lines = leaves_seen(session, me(), start_of_day(now, me().zone, -14))
    stops = stops_on(session, Stop.kind == "sender", Stop.key == me().id)
    shown = page(
        "leave/index.html",
        mine=[line for line in lines if line.leave.user_id == me().id],
        others=[line for line in lines if line.leave.user_id != me().id],
        calendar=_calendar(lines, local_date(now, me().zone)) if may(me(), "see_team") else None,
        stops=[{"words": words_of(one), "since": since_words(one.stop.at, me().zone)} for one in stops],
        paused=any(one.stop.cause is Cause.PAUSED for one in stops),
        waiting=waiting_mails(session, Message.sender_id == me().id),
        teammates=[(user.id, user.name) for user in owners(session, me())],
        rules=may(me(), "manage_team"),
        kinds=[(kind.value, *words) for kind, words in KINDS.items()],
        kind_words={kind: words[0] for kind, words in KINDS.items()},
        typed=typed or {"how": LeaveKind.SHIFT.value, "user": me().id},
        problems=problems or {},
    )
    return make_response(shown, 422 if problems else 200)


def _calendar(lines: list[LeaveLine], today: date) -> dict[str, object]:
    """Six weeks from this Monday on: a row for each user who is away in them, a cell for each day."""
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=ahead) for ahead in range(7 * WEEKS)]
    rows: dict[str, dict[date, LeaveLine]] = {}
    for line in lines:
        away = {day: line for day in days if line.leave.first_day <= day <= line.leave.last_day}
        if away:
            rows.setdefault(line.user.name, {}).update(away)
    return {"weeks": days[::7], "days": days, "today": today, "rows": rows}
