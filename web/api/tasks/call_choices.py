"""The outcomes and reasons of calls that a team offers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.tasks.call_choices import change_choices, choices_of
from sales_campaigns.tasks.models import ChoiceKind, Tone
from sales_campaigns.tasks.outcomes import LIMIT, Choice
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Shown
from web.request_scope import me, work

api = Area("tasks", "")


class ChoiceTyped(Asked):
    name: Annotated[str, Field(max_length=80)]
    reached: bool = False
    tone: Tone = Tone.NEUTRAL


class ChoicesTyped(Asked):
    kind: ChoiceKind
    choices: list[ChoiceTyped] = Field(max_length=LIMIT)


class ChoiceShown(Shown):
    name: str
    reached: bool
    tone: Tone


class ChoicesShown(Shown):
    outcomes: list[ChoiceShown]
    reasons: list[ChoiceShown]


@api.get("/call-choices")
def get_call_choices() -> ChoicesShown:
    """The outcomes and reasons of calls."""
    found = choices_of(work().session, me().team_id)
    return ChoicesShown(
        outcomes=[ChoiceShown.model_validate(one) for one in found[ChoiceKind.OUTCOME]],
        reasons=[ChoiceShown.model_validate(one) for one in found[ChoiceKind.REASON]],
    )


@api.put(
    "/call-choices",
    scope=Scope.ADMIN,
    example={"kind": "outcome", "choices": [{"name": "Talked to them", "reached": True, "tone": "positive"}]},
)
def change_call_choices(body: ChoicesTyped) -> ChoicesShown:
    """Replace one of the two lists, for administrators of the team."""
    require(me(), "manage_team")
    change_choices(work(), me(), body.kind, [Choice(**one.model_dump()) for one in body.choices])
    work().session.flush()
    return get_call_choices()
