"""What holds for a team: locks, sharing, limits."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.accounts.policies import change_policy, limits_of, policy_of
from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Line, Shown
from web.request_scope import me, work

api = Area("policies", "What a team's administrators have laid down.", Scope.ADMIN)


class PolicyTyped(Asked):
    """What is not given is as it is without a policy."""

    templates_locked: bool = False
    campaigns_locked: bool = False
    guarded_categories: list[Line] = Field(default_factory=list, max_length=100)
    people_per_launch: int | None = Field(None, ge=1, le=999_999)
    launches_per_day: int | None = Field(None, ge=1, le=999_999)
    mails_per_day: int | None = Field(None, ge=1, le=999_999)

    def typed(self) -> dict[str, str]:
        numbers = ("people_per_launch", "launches_per_day", "mails_per_day")
        given = {name: str(getattr(self, name) or "") for name in numbers}
        locks = {name: "1" for name in ("templates_locked", "campaigns_locked") if getattr(self, name)}
        return {**given, **locks, "guarded_categories": "\n".join(self.guarded_categories)}


class PolicyShown(Shown):
    templates_locked: bool
    campaigns_locked: bool
    guarded_categories: list[str]
    people_per_launch: int | None
    launches_per_day: int
    mails_per_day: int


@api.get("/policy")
def get_policy() -> PolicyShown:
    """The policy of your team."""
    require(me(), "manage_team")
    kept, limits = policy_of(work().session, me().team_id), limits_of(work().session, me().team_id)
    return PolicyShown(
        templates_locked=kept is not None and kept.templates_locked,
        campaigns_locked=kept is not None and kept.campaigns_locked,
        guarded_categories=list(kept.guarded_categories) if kept is not None else [],
        people_per_launch=limits.people_per_launch,
        launches_per_day=limits.launches_per_day,
        mails_per_day=limits.mails_per_day,
    )


@api.put("/policy", example={"templates_locked": True, "launches_per_day": 20})
def change_policy_of_team(body: PolicyTyped) -> PolicyShown:
    """Replace it. It holds from now on."""
    require(me(), "manage_team")
    change_policy(work(), me(), body.typed())
    work().session.flush()
    return get_policy()
