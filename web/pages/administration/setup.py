"""The first run, for administrators: four steps with checks, a test mail to oneself, and putting it away."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, url_for

from sales_campaigns.accounts.instance import put_set_up_away
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.proofs import send_test
from sales_campaigns.enrollments.explaining.first_run import first_run
from sales_campaigns.errors import Invalid
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("setup", __name__, url_prefix="/setup")
TEST = Content(
    "It works, {{ first_name | default: 'hello' }}",
    "<p>This mail left from your mailbox. Campaigns leave the same way.</p>",
)


@pages.get("")
def index() -> Response:
    return _page("")


@pages.post("/test")
def test() -> Response:
    """A mail from the own mailbox to oneself."""
    require(me(), "manage_installation")
    try:
        message = send_test(work(), me(), TEST, _somebody(work(), me()))
    except Invalid as refusal:
        return _page(refusal.words)
    return go(url_for("setup.index"), f"A test is on its way to {message.email}.")


@pages.post("/dismiss")
def dismiss() -> Response:
    put_set_up_away(work(), me())
    return go(url_for("today.index"), "Put away. Set-up stays under /setup.")


def _somebody(uow: UnitOfWork, user: User) -> int | None:
    """Mail is rendered for somebody: whoever sets up is the first person of a team that has none."""
    if people_page(uow.session, user, Wanted(), limit=1).lines:
        return None
    names = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}
    return create_person(uow, user, names).id


def _page(problem: str) -> Response:
    require(me(), "manage_installation")
    shown = page("setup/index.html", run=first_run(work().session, me()), problem=problem)
    return make_response(shown, 422 if problem else 200)
