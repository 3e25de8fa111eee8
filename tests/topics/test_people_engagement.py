"""Search people by what they did with mails, and by how they stand in a campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.explaining.counting import ended_reasons
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.people.engagement import STANDINGS, TABLES
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.schema import METADATA
from sales_campaigns.tracking.models import EventKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.engagement import answered, did, sent_mails


def names(uow: UnitOfWork, cast: Cast, **wanted: Any) -> list[str]:
    page = people_page(uow.session, cast.ana, Wanted(as_of=uow.now, **wanted))
    return sorted(line.person.first_name for line in page.lines)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("opened", ["Clicker", "Opener"]),
        ("clicked", ["Clicker"]),
        ("replied", ["Writer"]),
        ("mailed", ["Bot", "Clicker", "Opener", "Writer"]),
        ("not_mailed", ["Nobody"]),
        ("never_mailed", ["Nobody"]),
    ],
)
def test_by_what_they_did_in_the_last_days(work: Work, cast: Cast, asked: str, expected: list[str]) -> None:
    """A click implies an open; machines are left out."""
    with work() as uow:
        emails = [f"{name}@example.com" for name in ("opener", "clicker", "bot", "writer")]
        _, (opener, clicker, bot, writer) = sent_mails(uow, cast, *emails)
        a_person(uow, cast.ana, "nobody@example.com", first_name="Nobody")
        did(uow, opener, EventKind.OPEN)
        did(uow, clicker, EventKind.CLICK)
        did(uow, bot, EventKind.OPEN, EventKind.CLICK, machine="scanner")
        answered(uow, [writer])
        assert names(uow, cast, did=asked, days=7) == expected


def test_what_was_longer_ago_is_not_lately(work: Work, cast: Cast) -> None:
    with work() as uow:
        _, (mail,) = sent_mails(uow, cast, "ida@example.com")
        did(uow, mail, EventKind.OPEN, at=uow.now - timedelta(days=10))
        mail.sent_at = uow.now - timedelta(days=11)
        uow.session.flush()
        assert names(uow, cast, did="opened", days=9) == []
        assert names(uow, cast, did="opened", days=11) == ["Ida"]
        assert names(uow, cast, did="not_mailed", days=9) == ["Ida"]
        assert names(uow, cast, did="never_mailed", days=9) == []


def test_by_how_they_stand_in_a_campaign(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, _ = sent_mails(uow, cast, "ida@example.com", "otto@example.com", "eve@example.com")
        a_person(uow, cast.ana, "nobody@example.com", first_name="Nobody")
        ways = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)).all()
        end_people(uow, cast.ana, [ways[0]], cause="went to a rival")
        end_people(uow, cast.ana, [ways[1]])
        mine = {"campaign_id": campaign.id}
        assert names(uow, cast, **mine) == ["Eve", "Ida", "Otto"]
        assert names(uow, cast, **mine, standing="under_way") == ["Eve"]
        assert names(uow, cast, **mine, standing="ended") == ["Ida", "Otto"]
        assert names(uow, cast, **mine, standing="finished") == []
        assert names(uow, cast, **mine, ended_why="RIVAL") == ["Ida"]
        assert sorted(ended_reasons(uow.session, campaign.id)) == ["removed by Ana Lind", "went to a rival"]


def test_conditions_join_with_the_others(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, (ida, otto) = sent_mails(uow, cast, "ida@example.com", "otto@example.com")
        did(uow, ida, EventKind.OPEN)
        did(uow, otto, EventKind.OPEN)
        assert names(uow, cast, words="otto", did="opened", campaign_id=campaign.id) == ["Otto"]


def test_another_teams_people_are_never_found(work: Work, cast: Cast) -> None:
    with work() as uow:
        campaign, (mail,) = sent_mails(uow, cast, "ida@example.com")
        did(uow, mail, EventKind.OPEN)
        page = people_page(
            uow.session, cast.dirk, Wanted(did="opened", as_of=uow.now, campaign_id=campaign.id)
        )
        assert (page.lines, page.total) == ((), 0)


def test_the_tables_that_lie_above_are_called_as_the_search_calls_them() -> None:
    for table in TABLES:
        assert set(table.columns.keys()) <= set(METADATA.tables[table.name].columns.keys())
    known = {state for states in STANDINGS.values() for state in states}
    assert known == {"active", "paused", "held", "finished", "ended"}
