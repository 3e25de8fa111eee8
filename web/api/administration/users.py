"""Users, for administrators: invite, give rights, let go."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.reconnecting import reconnect
from sales_campaigns.accounts.listing import UserLine, user_of, users_of
from sales_campaigns.accounts.mailboxes import mailbox_of, note_largest_mail
from sales_campaigns.accounts.models import Mailbox, Role, User
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.accounts.rights import change_rights, invite, new_link
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.enrollments import leaving
from sales_campaigns.enrollments.belongings import give_belongings
from sales_campaigns.errors import NotFound, Outside, OutsideKind
from sales_campaigns.people.listing import teammates
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Done, Id, Line, Page, Shown
from web.parts.mailbox_check import answer_of
from web.parts.sign_in_links import link_for
from web.request_scope import house, me, work

api = Area("users", "Who signs in, and what they may do.", Scope.ADMIN)


class Invitation(Asked):
    email: Line
    team: Line = Field("", description="Yours where none is named.")
    first_name: Line = ""
    last_name: Line = ""
    zone: Line = ""
    role: Role = Role.USER
    can_prepare: bool = False
    can_start: bool = False


class Rights(Asked):
    role: Role
    can_prepare: bool
    can_start: bool


class NewSender(Asked):
    user_id: Id


class UserShown(Shown):
    id: int
    email: str
    name: str
    team_id: int
    role: Role
    can_prepare: bool
    can_start: bool
    zone: str
    active: bool
    created_at: AwareDatetime
    mailbox: str | None = None


class Invited(UserShown):
    link: str = Field(description="Signs in once. It is told here and never again.")


class Link(Shown):
    link: str


class Teammate(Shown):
    id: int
    name: str


class Teammates(Shown):
    teammates: list[Teammate]


@api.get("/teammates", scope=Scope.READ)
def list_teammates() -> Teammates:
    """The active users of your team, for assigning."""
    return Teammates(teammates=[Teammate(id=id, name=name) for id, name in teammates(work().session, me())])


@api.get("/users")
def list_users(query: AskedPage) -> Page[UserShown]:
    """The users of your team; for administrators of the installation, of every team."""
    lines = users_of(work().session, me())
    return short_list(lines, lambda line: line.user.id, _line, query.after, query.limit)


@api.post("/users", status=201, example={"email": "eva@example.com", "first_name": "Eva"})
def invite_user(body: Invitation) -> Invited:
    """A new user, and a link that signs in once."""
    typed = body.model_dump(mode="json", exclude={"can_prepare", "can_start"})
    rights = {name: "1" for name in ("can_prepare", "can_start") if getattr(body, name)}
    user, token = invite(work(), me(), {**typed, **rights})
    return Invited(**_plain(user), link=link_for(token))


@api.get("/users/<int:user_id>")
def get_user(user_id: int) -> UserShown:
    """One user."""
    return UserShown(**_plain(user_of(work().session, me(), user_id)))


@api.put(
    "/users/<int:user_id>/rights",
    edits=Edits(User, get_user),
    example={"role": "user", "can_prepare": True, "can_start": False},
)
def change_rights_of_user(user_id: int, body: Rights) -> UserShown:
    """Role and rights. Nobody changes their own."""
    rights = {"can_prepare": body.can_prepare, "can_start": body.can_start}
    return UserShown(**_plain(change_rights(work(), me(), user_id, body.role, **rights)))


@api.post("/users/<int:user_id>/link")
def make_link_for_user(user_id: int) -> Link:
    """Another link that signs in once, for a forgotten password."""
    return Link(link=link_for(new_link(work(), me(), user_id)[1]))


@api.post("/users/<int:user_id>/deactivate")
def deactivate_user(user_id: int) -> Done:
    """Signed out everywhere, tokens included; whom they write to is held. `count` is how many."""
    return Done(words="Deactivated.", count=leaving.deactivate_sender(work(), me(), user_id))


@api.post("/users/<int:user_id>/activate")
def activate_user(user_id: int) -> Done:
    """Active again. `count` is how many people go on in campaigns."""
    return Done(words="Active again.", count=leaving.activate_sender(work(), me(), user_id))


@api.post("/users/<int:user_id>/hand-over", example={"user_id": 2})
def hand_over_of_user(user_id: int, body: NewSender) -> Done:
    """People who are held because this sender is gone go on from another one."""
    return Done(words="Handed over.", count=leaving.hand_over(work(), me(), user_id, body.user_id))


@api.post("/users/<int:user_id>/end-held")
def end_held_of_user(user_id: int) -> Done:
    """End the campaigns of people who are held because this sender is gone."""
    return Done(words="Ended.", count=leaving.end_held(work(), me(), user_id))


@api.post("/users/<int:user_id>/belongings", example={"user_id": 2})
def give_belongings_of_user(user_id: int, body: NewSender) -> Done:
    """Give what somebody who left owned to a teammate."""
    given = give_belongings(work(), me(), user_id, body.user_id)
    return Done(words=given.words, count=sum(given.counts.values()))


@api.post("/users/<int:user_id>/mailbox/check", outside=True)
def check_mailbox_of_user(user_id: int) -> Done:
    """Ask its server with what is stored; a stopped one sends again. `count` is how many people get new dates."""
    answered = answer_of(account_of(_mailbox_of(user_id), house().seal, house().access))
    if answered.words:
        raise Outside(OutsideKind.AUTHORISATION, answered.words)
    found = _mailbox_of(user_id)
    note_largest_mail(found, answered.largest_mail)
    return Done(words=f"Mail leaves from {found.address} again.", count=reconnect(work(), me(), found))


def _mailbox_of(user_id: int) -> Mailbox:
    found = mailbox_of(work().session, user_of(work().session, me(), user_id))
    if found is None:
        raise NotFound("This user has no mailbox yet.")
    return found


def _line(line: UserLine) -> UserShown:
    mailbox = line.mailbox.address if line.mailbox is not None else None
    return UserShown(**{**_plain(line.user), "mailbox": mailbox})


def _plain(user: User) -> dict[str, Any]:
    names = UserShown.model_fields.keys() - {"mailbox"}
    return {name: getattr(user, name) for name in names}
