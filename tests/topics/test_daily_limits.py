"""A mailbox sends so many campaign mails a day; who gets a place, and who waits a day longer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


@pytest.fixture
def uow(work: Work, cast: Cast) -> Iterator[UnitOfWork]:
    """Every mailbox sends two mails a day."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=2))
        yield uow


def add(uow: UnitOfWork, cast: Cast, names: str, at: str = "10:00", name: str = "One") -> None:
    campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at=at)], name)
    people = [a_person(uow, cast.ana, f"{who}@example.com").id for who in names]
    launch(uow, cast.ana, Order(campaign.id, people))


def days(uow: UnitOfWork) -> dict[str, str]:
    uow.session.expire_all()
    rows = uow.session.execute(sa.select(Message.email, Message.due_at).where(Message.state == "pending"))
    return {who.partition("@")[0]: f"{due:%a}" for who, due in rows}


def test_it_gives_places_by_instant_then_address(uow: UnitOfWork, cast: Cast) -> None:
    add(uow, cast, "cba")
    assert days(uow) == {"a": "Mon", "b": "Mon", "c": "Tue"}


def test_an_earlier_mail_of_another_campaign_pushes_out_a_later_one(uow: UnitOfWork, cast: Cast) -> None:
    add(uow, cast, "ab", at="16:00")
    add(uow, cast, "c", at="11:00", name="Two")
    assert days(uow) == {"c": "Mon", "a": "Mon", "b": "Tue"}


def test_it_pushes_on_from_day_to_day(uow: UnitOfWork, cast: Cast) -> None:
    add(uow, cast, "abcd", at="16:00")
    add(uow, cast, "ef", at="11:00", name="Two")
    assert days(uow) == {"e": "Mon", "f": "Mon", "a": "Tue", "b": "Tue", "c": "Wed", "d": "Wed"}


def test_somebody_without_an_address_takes_no_place(uow: UnitOfWork, cast: Cast) -> None:
    campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
    nobody = [a_person(uow, cast.ana, "", phone=f"+46 8 {n}").id for n in range(3)]
    somebody = [a_person(uow, cast.ana, f"{who}@example.com").id for who in "ab"]
    launch(uow, cast.ana, Order(campaign.id, [*nobody, *somebody]))
    assert days(uow) == {"a": "Mon", "b": "Mon"}


def test_it_keeps_the_days_of_those_who_waited_through_a_pause(uow: UnitOfWork, cast: Cast) -> None:
    add(uow, cast, "abcde")
    campaign = uow.session.scalars(sa.select(Campaign)).one()
    before = days(uow)
    pause_campaign(uow, cast.ana, campaign)
    resume_campaign(uow, cast.ana, campaign)
    assert days(uow) == before
    assert Counter(before.values()) == {"Mon": 2, "Tue": 2, "Wed": 1}
