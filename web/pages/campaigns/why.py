"""Why? A step or a mail explained: one sentence, then every gate in order. A part inside other pages, or a page."""

from __future__ import annotations

from flask import Blueprint

from sales_campaigns.enrollments.explaining.why import Explained, why_message, why_step, why_task
from web.answers import answer
from web.parts.why_words import told
from web.request_scope import me, work

pages = Blueprint("why", __name__, url_prefix="/why")


@pages.get("/steps/<int:enrollment_id>/<key>")
def step(enrollment_id: int, key: str) -> str:
    uow = work()
    return _shown(why_step(uow.session, me(), enrollment_id, key, uow.now, uow.speed))


@pages.get("/messages/<int:message_id>")
def message(message_id: int) -> str:
    uow = work()
    return _shown(why_message(uow.session, me(), message_id, uow.now, uow.speed))


@pages.get("/tasks/<int:task_id>")
def task(task_id: int) -> str:
    uow = work()
    return _shown(why_task(uow.session, me(), task_id, uow.now, uow.speed))


def _shown(explained: Explained) -> str:
    return answer("why/index.html", "why/_trace.html", why=told(explained, me().zone), speed=work().speed)
