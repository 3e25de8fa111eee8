"""Users, for administrators: invite, give a role and rights, deactivate, let a stopped mailbox send again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.reconnecting import reconnect
from sales_campaigns.accounts.listing import team_names, user_of, users_of
from sales_campaigns.accounts.mailboxes import mailbox_of, note_largest_mail
from sales_campaigns.accounts.models import Mailbox, Role
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.accounts.rights import change_rights, invite, new_link
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.enrollments import leaving
from sales_campaigns.enrollments.belongings import belongings_of, give_belongings
from sales_campaigns.errors import Invalid, NotFound, Outside, OutsideKind
from sales_campaigns.messages.models import Cause, Stop
from sales_campaigns.messages.stops.reasons import stops_on
from sales_campaigns.people.zones import zone_names
from web.answers import go, page
from web.filters import count_words
from web.parts.mailbox_check import answer_of
from web.parts.sign_in_links import link_for
from web.request_scope import house, me, work

pages = Blueprint("users", __name__, url_prefix="/users")
ROLES = {
    Role.USER: "User",
    Role.TEAM_ADMINISTRATOR: "Team administrator",
    Role.ADMINISTRATOR: "Administrator",
}


WORK_PAUSED = (Stop.kind == "sender", Stop.cause == Cause.PAUSED)


@pages.get("")
def index() -> Response:
    return _page()


@pages.post("")
def add() -> Response:
    require(me(), "manage_team")
    try:
        user, token = invite(work(), me(), request.form)
    except Invalid as refusal:
        return _page(request.form, refusal.problems)
    return _with_link(user.name, token)


@pages.post("/<int:user_id>/link")
def link(user_id: int) -> Response:
    user, token = new_link(work(), me(), user_id)
    return _with_link(user.name, token)


@pages.post("/<int:user_id>/rights")
def rights(user_id: int) -> Response:
    typed = request.form
    prepare, start = "can_prepare" in typed, "can_start" in typed
    user = change_rights(work(), me(), user_id, typed.get("role", ""), can_prepare=prepare, can_start=start)
    return _back(f"The rights of {user.name} are saved.")


@pages.post("/<int:user_id>/deactivate")
def deactivate(user_id: int) -> Response:
    held = leaving.deactivate_sender(work(), me(), user_id)
    words = f" {count_words(held, 'person is', 'people are')} held in campaigns." if held else ""
    undo = url_for("users.activate", user_id=user_id)
    return _back(f"Deactivated, and signed out everywhere.{words}", undo)


@pages.post("/<int:user_id>/activate")
def activate(user_id: int) -> Response:
    going_on = leaving.activate_sender(work(), me(), user_id)
    words = f" {count_words(going_on, 'person goes', 'people go')} on in campaigns." if going_on else ""
    return _back(f"Active again.{words}")


@pages.post("/<int:user_id>/hand-over")
def hand_over(user_id: int) -> Response:
    going_on = leaving.hand_over(work(), me(), user_id, request.form.get("sender", 0, int))
    return _back(f"{count_words(going_on, 'person goes', 'people go')} on in campaigns, from the new sender.")


@pages.post("/<int:user_id>/belongings")
def belongings(user_id: int) -> Response:
    given = give_belongings(work(), me(), user_id, request.form.get("owner", 0, int))
    return _back(f"Given: {given.words}.")


@pages.post("/<int:user_id>/end-held")
def end_held(user_id: int) -> Response:
    ended = leaving.end_held(work(), me(), user_id)
    return _back(f"It has ended for {count_words(ended, 'person', 'people')}.")


@pages.post("/<int:user_id>/mailbox")
def mailbox(user_id: int) -> Response:
    """Ask the server; when it takes the sign-in, a stopped mailbox sends again."""
    answered = answer_of(account_of(_mailbox_of(user_id), house().seal, house().access))
    if answered.words:
        raise Outside(OutsideKind.AUTHORISATION, answered.words)
    found = _mailbox_of(user_id)
    note_largest_mail(found, answered.largest_mail)
    people = reconnect(work(), me(), found)
    anew = f" {count_words(people, 'person gets', 'people get')} new dates." if people else ""
    return _back(f"The server took the sign-in: mail leaves from {found.address} again.{anew}")


def _mailbox_of(user_id: int) -> Mailbox:
    found = mailbox_of(work().session, user_of(work().session, me(), user_id))
    if found is None:
        raise NotFound("This user has no mailbox yet.")
    return found


def _with_link(name: str, token: str) -> Response:
    """Shown once, here and never in a notice that stays."""
    return _page(invited=(name, link_for(token)))


def _page(
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    invited: tuple[str, str] | None = None,
) -> Response:
    lines = users_of(work().session, me())
    roles = [(role.value, words) for role, words in ROLES.items()]
    shown = page(
        "users/index.html",
        lines=lines,
        owned=belongings_of(work().session, [line.user.id for line in lines if not line.user.active]),
        held=leaving.held_by_sender(work().session, [line.user.id for line in lines]),
        roles=roles if sees_every_team(me()) else roles[:-1],
        role_words=ROLES,
        teams=team_names(work().session, me()),
        every_team=sees_every_team(me()),
        zones=zone_names(),
        typed=typed or {"zone": me().zone, "team": me().team.name, "role": "user"},
        problems=problems or {},
        invited=invited,
        paused={one.stop.key: one.stop.why for one in stops_on(work().session, *WORK_PAUSED)},
    )
    return make_response(shown, 422 if problems else 200)


def _back(words: str, undo_url: str | None = None) -> Response:
    return go(url_for("users.index"), words, undo_url)
