"""Hot people: who did most with our mails in the last seven days; machines do not count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sales_campaigns.messages.incoming.models import MailKind
from sales_campaigns.people.models import Person
from sales_campaigns.tracking.hot_people import hot_people
from sales_campaigns.tracking.models import EventKind
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work
from tests.engagement import answered, did, sent_mails


def found(uow: UnitOfWork, cast: Cast, **more: int) -> list[tuple[str, int, int, int, int]]:
    hot = hot_people(uow.session, cast.ana.id, uow.now, **more)
    return [(one.person.first_name, one.score, one.opens, one.clicks, one.replies) for one in hot]


def test_a_reply_counts_5_a_click_3_an_open_1(work: Work, cast: Cast) -> None:
    with work() as uow:
        _, (ida, otto, eve) = sent_mails(uow, cast, "ida@example.com", "otto@example.com", "eve@example.com")
        did(uow, ida, *[EventKind.OPEN] * 3)
        did(uow, otto, EventKind.OPEN, EventKind.CLICK)
        answered(uow, [eve])
        assert found(uow, cast) == [("Eve", 5, 0, 0, 1), ("Otto", 4, 1, 1, 0), ("Ida", 3, 3, 0, 0)]
        assert found(uow, cast, limit=1) == [("Eve", 5, 0, 0, 1)]


def test_of_the_same_score_who_did_something_last_comes_first(work: Work, cast: Cast) -> None:
    with work() as uow:
        _, (ida, otto) = sent_mails(uow, cast, "ida@example.com", "otto@example.com")
        did(uow, ida, EventKind.OPEN, at=uow.now - timedelta(hours=2))
        did(uow, otto, EventKind.OPEN, at=uow.now - timedelta(hours=1))
        assert [name for name, *_ in found(uow, cast)] == ["Otto", "Ida"]


def test_what_does_not_count(work: Work, cast: Cast) -> None:
    """Machines, automatic replies, what is older than a week, people of others, people who were deleted."""
    with work() as uow:
        names = ("bot", "away", "old", "ben", "gone")
        _, mails = sent_mails(uow, cast, *(f"{name}@example.com" for name in names))
        bot, away, old, of_ben, gone = mails
        did(uow, bot, EventKind.OPEN, machine="scanner")
        answered(uow, [away], kind=MailKind.AUTO_REPLY)
        did(uow, old, EventKind.CLICK, at=uow.now - timedelta(days=8))
        did(uow, of_ben, EventKind.CLICK)
        uow.session.get_one(Person, of_ben.person_id).owner_id = cast.ben.id
        did(uow, gone, EventKind.CLICK)
        uow.session.get_one(Person, gone.person_id).deleted_at = uow.now
        assert found(uow, cast) == []


def test_it_is_one_query(work: Work, cast: Cast, queries: Callable[[], object]) -> None:
    with work() as uow:
        _, mails = sent_mails(uow, cast, *(f"p{n}@example.com" for n in range(5)))
        for mail in mails:
            did(uow, mail, EventKind.OPEN)
        answered(uow, mails)
        uow.session.flush()
        with queries() as seen:  # type: ignore[attr-defined]
            assert len(hot_people(uow.session, cast.ana.id, uow.now)) == 5
        assert len(seen) == 1
