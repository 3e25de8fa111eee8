"""Who the token acts for."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from sales_campaigns.accounts.models import Role
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Shown
from web.request_scope import me, work

api = Area("desk", "Who you are, what happens, what came of the work, and why a mail waits.")


class Myself(Shown):
    id: int
    email: str
    name: str
    team_id: int
    team: str
    role: Role
    can_prepare: bool
    can_start: bool
    zone: str
    now: AwareDatetime
    PASSING: ClassVar[frozenset[str]] = frozenset({"now"})


@api.get("/me")
def get_myself() -> Myself:
    """The user whose rights the token has, and what time it is here."""
    user = me()
    names = ("id", "email", "name", "team_id", "role", "can_prepare", "can_start", "zone")
    return Myself(**{name: getattr(user, name) for name in names}, team=user.team.name, now=work().now)
