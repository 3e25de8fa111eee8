"""The rule: limits (mailbox, domain, person, company, and pressure) delay a campaign step and never drop it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.deliveries.typology.keeping import add_rule
from sales_campaigns.enrollments.explaining.why import why_person
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

TWO_A_WEEK = {"kind": "pressure", "name": "Two a week", "messages": "2", "days": "7", "per": "company"}
COMPANIES = {"a": "North AB", "b": " north ab", "c": "North AB", "d": "", "e": "", "f": "", "g": "South AB"}


def due(uow: UnitOfWork) -> dict[str, str]:
    rows = uow.session.execute(sa.select(Message.email, Message.due_at).order_by(Message.id))
    return {email[0]: f"{at:%d %H}" for email, at in rows}


def test_of_one_company_so_many_get_mail_in_any_days_and_the_next_waits_for_room(
    work: Work, cast: Cast
) -> None:
    """Of several that are ready at once the address decides; whose company nobody knows is counted with nobody."""
    with work() as uow:
        add_rule(uow, cast.cleo, {**TWO_A_WEEK, "scope": "steps"})
        people = {
            who: a_person(uow, cast.ana, f"{who}@example.com", company=name)
            for who, name in COMPANIES.items()
        }
        a_person(uow, cast.dirk, "x@example.com", company="North AB")
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_mail(uow, 2, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [people["c"].id, people["b"].id]))
        launch(uow, cast.ana, Order(campaign.id, [people[who].id for who in "adefg"]))
        others = dict.fromkeys("bcdefg", "30 09")
        assert due(uow) == {**others, "a": "07 09"}, "none is dropped"
        waits, later = why_person(uow.session, people["a"], uow.now)
        assert waits.trace.binding is not None and waits.trace.binding.key == "company"
        assert waits.trace.sentence.endswith("this company has had as many mails as are allowed.")
        assert later.trace.expected is not None and f"{later.trace.expected:%d %H}" == "08 09"
        pause_campaign(uow, cast.ana, campaign)
        resume_campaign(uow, cast.ana, campaign)
        assert due(uow) == {**others, "a": "07 09"}


def test_of_those_that_are_ready_together_the_address_decides(work: Work, cast: Cast) -> None:
    with work() as uow:
        add_rule(uow, cast.cleo, {**TWO_A_WEEK, "scope": "steps"})
        add_rule(
            uow,
            cast.cleo,
            {"kind": "pressure", "name": "One", "messages": "1", "days": "9", "scope": "steps"},
        )
        ids = [a_person(uow, cast.ana, f"{who}@example.com").id for who in "edcba"]
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, ids))
        assert due(uow) == {"a": "30 09", "b": "30 09", "c": "07 09", "d": "07 09", "e": "14 09"}


def test_it_holds_for_campaign_steps_only(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(Invalid) as refusal:
        add_rule(uow, cast.cleo, {**TWO_A_WEEK, "scope": "every"})
    assert set(refusal.value.problems) == {"per"}
