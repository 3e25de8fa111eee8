"""The outcomes and reasons of calls that a team picks from, and changing them."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.models import CallChoice, ChoiceKind, Tone
from sales_campaigns.tasks.outcomes import OUTCOMES, REASONS, Choice, problems_of
from sales_campaigns.unit_of_work import UnitOfWork

DEFAULTS = {ChoiceKind.OUTCOME: OUTCOMES, ChoiceKind.REASON: REASONS}


def choices_of(session: Session, team_id: int) -> dict[ChoiceKind, tuple[Choice, ...]]:
    """Both lists in their order; a team that has changed nothing has the defaults."""
    rows = session.scalars(
        sa.select(CallChoice).where(CallChoice.team_id == team_id).order_by(CallChoice.place)
    )
    found: dict[ChoiceKind, list[Choice]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(Choice(row.name, row.reached, row.tone.value))
    return {kind: tuple(found.get(kind, DEFAULTS[kind])) for kind in ChoiceKind}


def change_choices(uow: UnitOfWork, actor: User, kind: ChoiceKind, typed: Iterable[Choice]) -> None:
    """Put these lines in the place of the team's list; lines without a name are left out. Raises Invalid.

    What tasks were ended with stays as it was written then.
    """
    require(actor, "manage_team")
    choices = [Choice(one.name.strip(), one.reached, one.tone) for one in typed if one.name.strip()]
    problems = problems_of(choices)
    if problems:
        raise Invalid(problems)
    mine = (CallChoice.team_id == actor.team_id, CallChoice.kind == kind)
    uow.session.execute(sa.delete(CallChoice).where(*mine))
    rows = [
        {
            "team_id": actor.team_id,
            "kind": kind,
            "place": place,
            "name": one.name,
            "reached": one.reached,
            "tone": Tone(one.tone),
        }
        for place, one in enumerate(choices)
    ]
    uow.session.execute(sa.insert(CallChoice), rows)
    data = {"kind": kind.value, "names": [one.name for one in choices]}
    uow.record("call_choices.changed", actor_id=actor.id, team_id=actor.team_id, data=data)
