"""Who the token acts for, what signatures say of them, and how much they do a day."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.models import Role, User
from sales_campaigns.accounts.profile import LONGEST, change_profile
from sales_campaigns.tasks.capacity import capacity_of, choose_capacity
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Line, Shown
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


class Profile(Shown):
    id: int
    first_name: str
    last_name: str
    title: str
    phone: str
    zone: str


class ProfileTyped(Asked):
    """What is not given stays."""

    first_name: Line | None = None
    last_name: Line | None = None
    title: Line | None = None
    phone: Line | None = None
    zone: Line | None = Field(None, description="An IANA time zone, such as Europe/Stockholm.")


class CapacityTyped(Asked):
    tasks_a_day: int | None = Field(ge=1, le=100_000, description="Null: as measured.")


class CapacityShown(Shown):
    tasks_a_day: int | None
    measured: bool = Field(description="Whether it was measured, or you said so.")


@api.get("/me")
def get_myself() -> Myself:
    """The user whose rights the token has, and what time it is here."""
    user = me()
    names = ("id", "email", "name", "team_id", "role", "can_prepare", "can_start", "zone")
    return Myself(**{name: getattr(user, name) for name in names}, team=user.team.name, now=work().now)


@api.get("/me/profile")
def get_my_profile() -> Profile:
    """What signatures and templates say of you."""
    return Profile.model_validate(work().session.get_one(User, me().id))


@api.patch("/me/profile", example={"title": "Account Executive"})
def change_my_profile(body: ProfileTyped) -> Profile:
    """Change what is given."""
    kept = work().session.get_one(User, me().id)
    typed = {name: getattr(kept, name) or "" for name in (*LONGEST, "zone")}
    change_profile(work(), me(), {**typed, **body.model_dump(exclude_none=True)})
    return get_my_profile()


@api.get("/me/capacity")
def get_my_capacity() -> CapacityShown:
    """How many tasks you do on a day, for simulations."""
    found = capacity_of(work().session, me(), work().now)
    return CapacityShown(tasks_a_day=found.a_day, measured=found.measured)


@api.put("/me/capacity", example={"tasks_a_day": 40})
def change_my_capacity(body: CapacityTyped) -> CapacityShown:
    """Say it yourself, or have it measured again."""
    choose_capacity(work(), me(), str(body.tasks_a_day or ""))
    return get_my_capacity()
