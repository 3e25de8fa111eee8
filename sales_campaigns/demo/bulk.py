"""The demo's deliveries: one that was sent in the middle of the week, one that is prepared and waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import Clock
from sales_campaigns.content.rendering import Content
from sales_campaigns.database import Sessions
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.editing import create
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope, TypologyRule
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.people.models import Group
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

LetPass = Callable[[datetime], None]
HOURS = Content(
    "We are open on Saturdays in December",
    "<p>Hello {{ first_name | default: 'there' }},</p>"
    "<p>from 28 November to 19 December our team answers on Saturdays too, from 10 to 14.</p>",
)
CATALOGUE = Content(
    "The spring catalogue is here, {{ first_name }}",
    "<p>Hello {{ first_name }},</p><p>what is new for {{ company }} stands on the first three pages.</p>",
)


def send_opening_hours(sessions: Sessions, clock: Clock, let_pass: LetPass) -> None:
    """To two groups; a rule of the team leaves out who has heard enough this week."""
    with unit_of_work(sessions, clock) as uow:
        cleo = _cleo(uow)
        rule = TypologyRule(team_id=cleo.team_id, kind=RuleKind.PRESSURE, name="Enough for a week")
        rule.scope, rule.details, rule.changed_at = RuleScope.DELIVERIES, {"messages": 2, "days": 7}, uow.now
        uow.session.add(rule)
    number = _prepare(sessions, clock, let_pass, "Opening hours in December", HOURS, "CFOs", "Logistics")
    with unit_of_work(sessions, clock) as uow:
        confirm(uow, _cleo(uow), number, reachable=True)


def prepare_catalogue(sessions: Sessions, clock: Clock, let_pass: LetPass) -> None:
    _prepare(sessions, clock, let_pass, "Spring catalogue", CATALOGUE, "Autumn fair")


def _prepare(
    sessions: Sessions, clock: Clock, let_pass: LetPass, name: str, content: Content, *groups: str
) -> int:
    with unit_of_work(sessions, clock) as uow:
        cleo = _cleo(uow)
        ids = uow.session.scalars(
            sa.select(Group.id)
            .where(Group.team_id == cleo.team_id, Group.name.in_(groups))
            .order_by(Group.id)
        )
        mailbox = uow.session.scalars(sa.select(Mailbox.id).order_by(Mailbox.id)).first()
        number = create(uow, cleo, Wish(name, content, mailbox, Audience(groups=tuple(ids)))).id
        prepare(uow, cleo, number)
    let_pass(clock.now())
    return number


def _cleo(uow: UnitOfWork) -> User:
    return uow.session.scalars(sa.select(User).where(User.first_name == "Cleo")).one()
