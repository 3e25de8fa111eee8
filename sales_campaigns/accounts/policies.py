"""What a team's administrators lay down: content lockdown, who shares in which category, and limits of use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, TeamPolicy, User
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.unit_of_work import UnitOfWork

LAUNCHES_PER_DAY, MAILS_PER_DAY = 200, 1_000
MOST = {"people_per_launch": 10_000, "launches_per_day": 10_000, "mails_per_day": 99_999}
LONGEST_CATEGORY = 120
MOST_CATEGORIES = 50
LOCKED = {
    "edit_templates": (
        "templates_locked",
        "Templates are locked for your team: only administrators write, share, copy or archive them. You may still"
        " change a mail when you send it.",
    ),
    "edit_campaigns": (
        "campaigns_locked",
        "Campaigns are locked for your team: only administrators make, change, copy or archive them. You may still"
        " launch them, and change a mail at the launch.",
    ),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Per launch and per day of one user. `people_per_launch` None is what the installation is set to."""

    people_per_launch: int | None
    launches_per_day: int
    mails_per_day: int


def policy_of(session: Session, team_id: int) -> TeamPolicy | None:
    """None: nothing was laid down, so nothing is locked and the limits are those of `limits_of`."""
    return session.get(TeamPolicy, team_id)


def limits_of(session: Session, team_id: int) -> Limits:
    kept = policy_of(session, team_id)
    if kept is None:
        return Limits(None, LAUNCHES_PER_DAY, MAILS_PER_DAY)
    return Limits(kept.people_per_launch, kept.launches_per_day, kept.mails_per_day)


def lock_on(session: Session, actor: User, action: str) -> str:
    """Why the actor may not do this for now, in words; "" when nothing is locked. Administrators are not bound."""
    if may(actor, "manage_team"):
        return ""
    kept = policy_of(session, actor.team_id)
    column, words = LOCKED[action]
    return words if kept is not None and getattr(kept, column) else ""


def require_open(session: Session, actor: User, action: str) -> None:
    """The rule: under content lockdown, non-admins cannot create, edit, share, clone, delete, archive.

    Raises NotAllowed, also for what the role forbids.
    """
    require(actor, action)
    if words := lock_on(session, actor, action):
        raise NotAllowed(words)


def refuse_sharing(session: Session, actor: User, category: str, what: str) -> None:
    """The rule: sharing of templates and groups by category: into a guarded one only administrators share.

    `what` is shared, in words: templates. Raises Invalid({"shared": …}).
    """
    if category and not may(actor, "manage_team"):
        kept = policy_of(session, actor.team_id)
        if kept is not None and category.casefold() in {one.casefold() for one in kept.guarded_categories}:
            words = f"Only administrators share {what} in “{category}”. Keep it private, or choose another."
            raise Invalid({"shared": words})


def change_policy(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> TeamPolicy:
    """Lay down the policy of the actor's team from a form. Mailboxes above a lower daily limit come down to it.

    Raises Invalid by field, NotAllowed.
    """
    require(actor, "manage_team")
    numbers = _numbers(typed)
    kept = policy_of(uow.session, actor.team_id) or TeamPolicy(team_id=actor.team_id)
    kept.templates_locked, kept.campaigns_locked = "templates_locked" in typed, "campaigns_locked" in typed
    kept.guarded_categories = _categories(typed.get("guarded_categories", ""))
    kept.people_per_launch = numbers["people_per_launch"]
    kept.launches_per_day = numbers["launches_per_day"] or LAUNCHES_PER_DAY
    kept.mails_per_day = numbers["mails_per_day"] or MAILS_PER_DAY
    kept.changed_at = uow.now
    uow.session.add(kept)
    _bring_down(uow.session, actor.team_id, kept.mails_per_day)
    data = {
        "templates_locked": kept.templates_locked,
        "campaigns_locked": kept.campaigns_locked,
        "guarded_categories": kept.guarded_categories,
        **numbers,
    }
    uow.record("policy.changed", actor_id=actor.id, team_id=actor.team_id, data=data)
    return kept


def _numbers(typed: Mapping[str, str]) -> dict[str, int | None]:
    """Whole numbers; an empty one stands for what holds without a policy."""
    found: dict[str, int | None] = {}
    problems = {}
    for name, most in MOST.items():
        words = typed.get(name, "").strip()
        if words and not (words.isdecimal() and len(words) < 7 and 1 <= int(words) <= most):
            problems[name] = f"Write a number from 1 to {most:,}, or nothing."
        else:
            found[name] = int(words) if words else None
    if problems:
        raise Invalid(problems)
    return found


def _categories(typed: str) -> list[str]:
    names = dict.fromkeys(" ".join(line.split()) for line in typed.splitlines())
    found = [name for name in names if name]
    if len(found) > MOST_CATEGORIES or any(len(name) > LONGEST_CATEGORY for name in found):
        words = f"Write at most {MOST_CATEGORIES} categories of at most {LONGEST_CATEGORY} characters, one a line."
        raise Invalid({"guarded_categories": words})
    return found


def _bring_down(session: Session, team_id: int, most: int) -> None:
    members = sa.select(User.id).where(User.team_id == team_id)
    above = (Mailbox.user_id.in_(members), Mailbox.daily_limit > most, sa.not_(Mailbox.bulk_lane))
    session.execute(sa.update(Mailbox).where(*above).values(daily_limit=most))
