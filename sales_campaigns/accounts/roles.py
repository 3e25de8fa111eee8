"""The one policy table: who may do what. Rows of another team are hidden by the query, not by this table."""

from __future__ import annotations

from typing import Protocol

from sales_campaigns.errors import NotAllowed

USER, TEAM_ADMINISTRATOR, ADMINISTRATOR = "user", "team_administrator", "administrator"
EVERYBODY = frozenset({USER, TEAM_ADMINISTRATOR, ADMINISTRATOR})
ADMINISTRATORS = frozenset({TEAM_ADMINISTRATOR, ADMINISTRATOR})

# action → (roles that may, right that also suffices, sentence for those who may not)
POLICY: dict[str, tuple[frozenset[str], str | None, str]] = {
    "work_tasks": (EVERYBODY, None, ""),
    "edit_people": (EVERYBODY, None, ""),
    "resubscribe": (
        ADMINISTRATORS,
        None,
        "Only administrators let somebody in again who has unsubscribed.",
    ),
    "edit_templates": (EVERYBODY, None, ""),
    "edit_campaigns": (EVERYBODY, None, ""),
    "launch": (EVERYBODY, None, ""),
    "launch_many": (
        frozenset({ADMINISTRATOR}),
        "can_start",
        "Launching this many people, or people of somebody else, needs the right “start deliveries”.",
    ),
    "change_for_others": (
        ADMINISTRATORS,
        "can_start",
        "Teammates have people under way in this campaign. Its owner, an administrator, or somebody with the "
        "right “start deliveries” can put changes into force for them.",
    ),
    "prepare_deliveries": (
        frozenset({ADMINISTRATOR}),
        "can_prepare",
        "Preparing needs the right “prepare deliveries”.",
    ),
    "start_deliveries": (
        frozenset({ADMINISTRATOR}),
        "can_start",
        "Confirming needs the right “start deliveries”. An administrator can give it to you.",
    ),
    "see_team": (ADMINISTRATORS, None, "Only administrators of the team see this."),
    "manage_team": (ADMINISTRATORS, None, "Only administrators of the team may change this."),
    "manage_installation": (frozenset({ADMINISTRATOR}), None, "Only administrators may do this."),
}


class Actor(Protocol):
    """Whoever acts: a user, or somebody with a user's rights."""

    @property
    def role(self) -> object: ...

    @property
    def can_prepare(self) -> object: ...

    @property
    def can_start(self) -> object: ...


def may(actor: Actor, action: str) -> bool:
    roles, right, _ = POLICY[action]
    return str(actor.role) in roles or (right is not None and bool(getattr(actor, right)))


def require(actor: Actor, action: str) -> None:
    """Raises NotAllowed with the sentence of the policy table."""
    if not may(actor, action):
        raise NotAllowed(POLICY[action][2])


def sees_every_team(actor: Actor) -> bool:
    return str(actor.role) == ADMINISTRATOR
