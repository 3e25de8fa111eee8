"""A team's own holidays: dates more or less than the public ones; a change plans what waits anew."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.keeping_holidays import drop_holiday, keep_holiday
from sales_campaigns.calendars.own_dates import OwnDate, with_own
from sales_campaigns.campaigns.holiday_use import campaigns_by_place
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

TUESDAY, SECOND = date(2026, 12, 1), date(2026, 12, 2)
CHRISTMAS, NEW = date(2026, 12, 25), date(2026, 12, 23)


@pytest.mark.parametrize(
    ("place", "own", "expected"),
    [
        ("SE", [], {CHRISTMAS}),
        ("SE", [OwnDate("SE", NEW, True)], {CHRISTMAS, NEW}),
        ("SE", [OwnDate("SE", CHRISTMAS, False)], set()),
        ("SE", [OwnDate("NO", NEW, True)], {CHRISTMAS}),
        ("US-CA", [OwnDate("US", NEW, True)], {CHRISTMAS, NEW}),
        ("US-CA", [OwnDate("US", NEW, True), OwnDate("US-CA", NEW, False)], {CHRISTMAS}),
        ("US", [OwnDate("US-CA", NEW, True)], {CHRISTMAS}),
    ],
)
def test_what_is_said_of_a_country_holds_for_its_parts(
    place: str, own: list[OwnDate], expected: set[date]
) -> None:
    assert with_own(frozenset({CHRISTMAS}), place, frozenset(own)) == expected


def launched(work: Work, cast: Cast, holidays: str | None = "SE") -> None:
    """A mail on Tuesday at 08:00: Monday's 08:00 has passed."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="08:00")], holidays=holidays)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))


def due(work: Work) -> date:
    with work() as uow:
        return (uow.session.scalars(sa.select(StepRun.due_at)).one() + timedelta(hours=1)).date()


def test_a_new_holiday_moves_what_waits_and_taking_it_out_brings_it_back(work: Work, cast: Cast) -> None:
    launched(work, cast)
    assert due(work) == TUESDAY
    with work() as uow:
        row, people = keep_holiday(uow, cast.cleo, "se", TUESDAY, free=True, name="Our day")
        assert people == 1
        kept = row.id
    assert due(work) == SECOND
    with work() as uow:
        drop_holiday(uow, cast.cleo, kept)
    assert due(work) == TUESDAY


def test_it_moves_nobody_whose_campaign_keeps_no_holidays(work: Work, cast: Cast) -> None:
    launched(work, cast, None)
    with work() as uow:
        assert keep_holiday(uow, cast.cleo, "SE", TUESDAY, free=True)[1] == 0
    assert due(work) == TUESDAY


@pytest.mark.parametrize(
    ("place", "day", "free", "field"),
    [
        ("XX", TUESDAY, True, "place"),
        ("SE", CHRISTMAS, True, "day"),
        ("SE", TUESDAY, False, "day"),
    ],
)
def test_it_refuses_what_changes_nothing(
    work: Work, cast: Cast, place: str, day: date, free: bool, field: str
) -> None:
    with work() as uow, pytest.raises(Invalid) as refusal:
        keep_holiday(uow, cast.cleo, place, day, free=free)
    assert list(refusal.value.problems) == [field]


def test_administrators_of_the_team_keep_them_and_say_where_they_are_used(work: Work, cast: Cast) -> None:
    launched(work, cast)
    with work() as uow, pytest.raises(NotAllowed):
        keep_holiday(uow, cast.ana, "SE", TUESDAY, free=True)
    with work() as uow:
        kept = keep_holiday(uow, cast.cleo, "SE", TUESDAY, free=True)[0].id
        with pytest.raises(Invalid):
            keep_holiday(uow, cast.cleo, "SE", TUESDAY, free=True)
        assert [one.name for one in campaigns_by_place(uow.session, cast.ana)["SE"]] == ["Q4 outreach"]
        assert campaigns_by_place(uow.session, cast.dirk) == {}
    with work() as uow, pytest.raises(NotFound):
        drop_holiday(uow, cast.dirk, kept)
