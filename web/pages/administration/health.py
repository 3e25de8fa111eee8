"""Health, for administrators: who keeps time, how late work is, and each mailbox's queue with what holds it up."""

from __future__ import annotations

from flask import Blueprint

from sales_campaigns.accounts.roles import require
from sales_campaigns.checkups.promises import broken_promises
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.explaining.health import health_of
from web.answers import answer
from web.parts.why_words import holdup
from web.request_scope import me, work

pages = Blueprint("health", __name__, url_prefix="/admin/health")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    uow = work()
    health = health_of(uow.session, uow.now, uow.speed)
    queues = [(queue, [holdup(group) for group in queue.groups]) for queue in health.queues]
    return answer(
        "health/index.html",
        "health/_state.html",
        health=health,
        queues=queues,
        broken=broken_promises(uow.session),
        machine_now=machine_now(),
    )
