"""Today: how the day stands, the next act, what left, and what needs a look."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.enrollments.explaining.first_run import first_run
from sales_campaigns.messages.explaining.waiting import waiting_groups
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.incoming.reading import Box, reply_lines
from sales_campaigns.messages.incoming.reading import waiting as replies_waiting
from sales_campaigns.messages.outbox.folders import Folder
from sales_campaigns.messages.outbox.lines import folder_counts, mailbox_days
from sales_campaigns.messages.stops.reasons import is_stopped, waiting_mails
from sales_campaigns.tasks.days import start_of_day
from sales_campaigns.tasks.queue import counts, task_lines
from sales_campaigns.tasks.wanted import TO_DO, Group, Wanted
from sales_campaigns.tracking.hot_people import SENTENCE, hot_people
from web.answers import go, page
from web.pages.desk.alerts import alerts_of, alerts_of_deliveries, first_steps
from web.pages.desk.own_mail_alerts import alerts_of_own_mails
from web.parts.figure_words import ACTS, FIGURES
from web.parts.hot_rows import hot_row
from web.parts.reply_rows import reply_row
from web.parts.task_rows import rows_of
from web.parts.why_words import holdup
from web.request_scope import me, work

pages = Blueprint("today", __name__)
FIRST = 5
KNOWN = "knows_deliveries"


def _could_be_stopped(session: Session, user: User) -> int | None:
    """How many mails "Stop all sending" would hold; None for who may not, or where it is stopped already."""
    if not may(user, "manage_installation") or is_stopped(session, *INSTANCE):
        return None
    return waiting_mails(session)


@pages.get("/")
def index() -> str:
    uow, user = work(), me()
    session, now = uow.session, uow.now
    wanted = Wanted(assignee_id=user.id)
    numbers = counts(session, user, wanted, now)
    lines, _ = task_lines(session, user, wanted, now, limit=FIRST)
    boxes = mailbox_days(session, user, start_of_day(now, user.zone), start_of_day(now, user.zone, 1))
    mails = folder_counts(session, user, now, sender_id=user.id)
    groups = waiting_groups(session, now, uow.speed, sender_id=user.id)
    waiting = [holdup(group) for group in groups]
    return page(
        "today/index.html",
        counts=numbers,
        Group=Group,
        open=numbers.of(TO_DO),
        done=numbers.of([Group.DONE]),
        rows=rows_of(lines, now, user.id),
        boxes=boxes,
        scheduled=mails[Folder.SCHEDULED],
        alerts=[
            *alerts_of(session, user, boxes, mails, waiting),
            *alerts_of_deliveries(session, user, now),
            *alerts_of_own_mails(session, user, now),
        ],
        replies=[
            reply_row(line, now)
            for line in reply_lines(session, user, Box.WAITING, user_id=user.id, limit=FIRST)
        ],
        hot=[hot_row(one) for one in hot_people(session, user.id, now, FIRST)],
        hot_sentence=SENTENCE,
        replies_waiting=replies_waiting(session, user)[0],
        stop_all=_could_be_stopped(session, user),
        first_steps=first_steps(session, user, boxes, mails),
        meant=() if _knows(user) else (*ACTS, *FIGURES),
        run=first_run(session, user) if may(user, "manage_installation") else None,
    )


@pages.post("/explained")
def explained() -> Response:
    """The card that explains deliveries is not shown to this user any more; `again` brings it back."""
    again = "again" in request.args
    user = work().session.get_one(User, me().id)
    user.preferences = {**user.preferences, KNOWN: not again}
    undo = None if again else url_for(".explained", again=1)
    return go(url_for(".index"), "Here it is again." if again else "You will not see this card again.", undo)


def _knows(user: User) -> bool:
    """Only whoever has to do with deliveries is told of them."""
    concerned = may(user, "prepare_deliveries") or may(user, "start_deliveries")
    return not concerned or bool(user.preferences.get(KNOWN))
