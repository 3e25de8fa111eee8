"""Deliveries through a stock Postfix, and what their pages show after each event: both feedback tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.inputs import Settings as Wishes
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_mailbox, a_person
from tests.conftest import Work
from tests.deliveries import confirmed
from tests.mta.coming_back import FATES, KEPT, addresses, is_due, move_in, working_with
from tests.mta.courses import Courses, in_turns
from tests.mta.post_office import LETTERS, PostOffice
from tests.pages.conftest import Browser, app, browse, settings
from tests.pages.parts import text

__all__ = ["app", "browse", "settings"]
pytestmark = pytest.mark.mta
RECEIPTS = sum("receipt" in fate.received for fate in FATES)
HOUR, DAY = timedelta(hours=1, minutes=1), timedelta(days=1)
REACHED = ("host", "port", "security", "username", "sealed_secret", "daily_limit")
DELAYED, EMPTIED, ENDS = "full7@there.example", "stuffed7@there.example", "stuffed8@there.example"
# A delivery of a bulk lane to one address: what its pages show with the feedback service and without, event by event.
COURSES = {
    # delivered at once
    "maria7@there.example": (
        ["0.0 % 0.0 % Pending", "100.0 % 0.0 % Sent"],
        ["100.0 % 0.0 % Sent"],
    ),
    # hard, at the door and later
    "nobody7@here.example": (["0.0 % 100.0 % Failed"], ["0.0 % 100.0 % Failed"]),
    "nobody7@there.example": (
        ["0.0 % 0.0 % Pending", "0.0 % 100.0 % Failed"],
        ["100.0 % 0.0 % Sent", "0.0 % 100.0 % Failed"],
    ),
    # delayed, then delivered
    DELAYED: (
        ["0.0 % 0.0 % Pending", "0.0 % 0.0 % Pending, late", "100.0 % 0.0 % Sent"],
        ["100.0 % 0.0 % Sent", "100.0 % 0.0 % Sent, late"],
    ),
    # a full mailbox at the door, until there is room
    "full7@here.example": (
        ["– – Pending", "0.0 % 0.0 % Pending", "100.0 % 0.0 % Sent"],
        ["– – Pending", "100.0 % 0.0 % Sent"],
    ),
    # delayed, then failed for now: a full mailbox; tried again once it was emptied
    EMPTIED: (
        [
            "0.0 % 0.0 % Pending",
            "0.0 % 0.0 % Pending, late",
            "0.0 % 100.0 % Failed · retrying",
            "100.0 % 0.0 % Sent",
        ],
        [
            "100.0 % 0.0 % Sent",
            "100.0 % 0.0 % Sent, late",
            "100.0 % 0.0 % Sent · retrying",
            "100.0 % 0.0 % Sent",
        ],
    ),
    # the same, and its retries end
    ENDS: (
        [
            "0.0 % 0.0 % Pending",
            "0.0 % 0.0 % Pending, late",
            "0.0 % 100.0 % Failed · retrying",
            "0.0 % 100.0 % Failed",
        ],
        [
            "100.0 % 0.0 % Sent",
            "100.0 % 0.0 % Sent, late",
            "100.0 % 0.0 % Sent · retrying",
            "0.0 % 100.0 % Failed",
        ],
    ),
}
TEN_ARRIVE = ("maria1@there.example", "full1@here.example", "full1@there.example")
ARRIVE = {*TEN_ARRIVE, "maria7@there.example", "full7@here.example", DELAYED, EMPTIED}


def two_mailboxes(office: PostOffice, room: PostRoom, work: Work, cast: Cast) -> tuple[int, int]:
    """Ana's own and a bulk lane through the same server, so that what comes back comes to Ana; their ids."""
    with work() as uow:
        own = uow.session.get_one(Mailbox, cast.ana_box.id)
        move_in(uow, office, room, own)
        same = {name: getattr(own, name) for name in REACHED}
        lane = a_mailbox(uow, cast.cleo, address=LETTERS, bulk_lane=True, **same)
        uow.session.execute(
            sa.update(Mailbox).values(judged_from=uow.now + 99 * DAY)
        )  # the breaker is another rule
        return own.id, lane.id


def sent_to(work: Work, cast: Cast, mailbox_id: int, *emails: str) -> int:
    with work() as uow:
        people = tuple(a_person(uow, cast.ana, email).id for email in emails)
    hours = 4 if ENDS in emails else 120
    wished = {"audience": Audience(people=people), "settings": Wishes(validity_hours=hours)}
    return confirmed(work, cast.cleo, mailbox_id=mailbox_id, **wished)


@pytest.mark.parametrize("notices", [True, False], ids=["with feedback", "without"])
def test_the_pages_show_each_event_as_it_comes_and_no_mailbox_gets_two_copies(
    office: PostOffice,
    room: PostRoom,
    clock: VirtualClock,
    work: Work,
    cast: Cast,
    browse: Callable[[User], Browser],
    notices: bool,
) -> None:
    """One to each of seven addresses from a bulk lane, and one to ten people from a rep's own mailbox."""
    own, lane = two_mailboxes(office, room, work, cast)
    ten = sent_to(work, cast, own, *addresses(each=1))
    cleo = browse(cast.cleo)
    courses = Courses(work, cleo, {email: sent_to(work, cast, lane, email) for email in COURSES})
    with working_with(office, room, notices=notices) as reading:
        unread = replace(reading, readers=None)

        def works(room: PostRoom, later: timedelta = timedelta()) -> None:
            clock.forward(later)
            run_until_quiet(room)
            courses.look()

        def reads(count: int) -> None:
            """What comes back from here or there is let through in turns, one mail about each of ours at a time."""
            for turn in in_turns(office.taken(count, b"here.example")):
                office.drop(*turn, folder=".Bounces")
                is_due(work)
                works(reading)

        for later in (timedelta(), HOUR, HOUR):  # at the door, until there is room
            works(unread, later)
        reads(KEPT + 9 if notices else KEPT - RECEIPTS + 6)
        office.policy.emptied.add(EMPTIED)
        works(unread, 2 * HOUR)
        reads(1 if notices else 0)
        for _ in range(6):
            works(reading, DAY)
    assert courses.seen == {email: course[not notices] for email, course in COURSES.items()}
    page = text(cleo.get(f"/deliveries/{ten}").text)
    assert "Delivered 5 50.0 % of handed off · 50.0 % of targeted" in page
    assert "Bounces + errors 5 50.0 % of handed off" in page
    assert office.arrived() == dict.fromkeys(ARRIVE, 1), "never two copies in a mailbox"
