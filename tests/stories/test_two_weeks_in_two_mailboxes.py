"""Two reps, one in Gmail and one in Outlook, work a campaign for two weeks, and open the product once: to start it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from integrations.directory import Providers, outside_as_set
from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_raw_mail
from tests.mailbox_drafts import look_again, rewritten, send_from_another_program, write_in
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.vendors import Box, Vendor, vendor_called
from tests.stand_ins.worlds import settings_of

SECRET = "only for the tests, and long enough"
PEOPLE = {"gmail": ("maria", "peter"), "outlook": ("noor", "olga", "otto")}
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def vendors() -> Iterator[dict[str, Vendor]]:
    with vendor_called("gmail") as google, vendor_called("outlook") as microsoft:
        yield {"gmail": google, "outlook": microsoft}


@pytest.fixture
def outside(vendors: Mapping[str, Vendor]) -> Iterator[OutsideWorld]:
    """One installation that knows both providers."""
    known = {name: value for one in vendors.values() for name, value in settings_of(one.server).items()}
    world = outside_as_set(Settings(secret_key=SECRET, **known))
    yield world
    assert isinstance(world.mail, Providers)
    world.mail.close_all()


@pytest.fixture
def room(
    room: PostRoom, outside: OutsideWorld, sessions: sessionmaker[Session], clock: VirtualClock
) -> PostRoom:
    access = Access(sessions, clock, Seal(SECRET), outside.consents, outside.delegations)
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers)


def start(work: Work, rep: User, vendor: Vendor, clock: VirtualClock) -> Box:
    """The rep connects the mailbox, wants drafts there, and adds people to a campaign."""
    box = vendor.box(rep.email)
    box.now = clock.now
    with work() as uow:
        keep_grant(uow, rep, vendor.name, vendor.granted(rep.email), Seal(SECRET), reads=True)
        let_drafts_wait(uow, rep, wanted=True)
        by_hand = {"send": SendOption.TASK}
        steps = [
            a_mail(uow, 1, subject="Prices for {{ company }}", **by_hand),
            a_follow_up(uow, 3, **by_hand),
            a_follow_up(uow, 5, send=SendOption.SAME_AS_PREVIOUS),
            a_mail(uow, 8, subject="One last thing", **by_hand),
        ]
        campaign = a_campaign(uow, rep, steps, f"In {vendor.name}", skip_weekends=True)
        people = [a_person(uow, rep, f"{name}@example.com", company="Acme") for name in PEOPLE[vendor.name]]
        launch(uow, rep, Order(campaign.id, [person.id for person in people]))
    return box


def morning(box: Box, day: int) -> None:
    """The rep goes through the drafts: one is sent as it stands, another gets words of its own first, and one is
    opened and sent by a program that loses our tag.
    """
    for place, draft_id in enumerate(list(box.drafts)):
        if place == 1 and isinstance(box, GmailBox):
            rewritten(box, draft_id, words=f"My own words of day {day}", keeps_tag=bool(day % 2))
        elif place == 1:
            write_in(box, draft_id, f"My own words of day {day}")
        if place == 2:
            send_from_another_program(box, draft_id, "Prices, once more", "")
        else:
            box.send_draft(draft_id)


def otto_answers(box: Box) -> None:
    """On the first evening; his campaign is over by that, and the rep reads it where mail is read."""
    first = next(left for left in box.left if "otto@example.com" in left.recipients)
    box.comes_in(a_raw_mail("Please call me.", sender="Otto <otto@example.com>", answers=first.message_id))


def test_two_weeks_in_two_mailboxes(
    work: Work, cast: Cast, room: PostRoom, vendors: dict[str, Vendor], clock: VirtualClock
) -> None:
    reps = {"gmail": cast.ana, "outlook": cast.ben}
    boxes = {name: start(work, rep, vendors[name], clock) for name, rep in reps.items()}
    with work() as uow:
        started = uow.session.scalar(sa.select(sa.func.max(Activity.id)))
    look_again(work, room)
    for day in range(14):
        clock.forward(timedelta(hours=1, minutes=day))
        if boxes["gmail"].drafts or boxes["outlook"].drafts:
            for box in boxes.values():
                morning(box, day)
            look_again(work, room)
        if day == 0:
            otto_answers(boxes["outlook"])
            look_again(work, room)
        fast_forward(room, clock, clock.now() + timedelta(hours=23, minutes=-day))
    with work() as uow:
        by_hand = sa.select(Activity.kind).where(Activity.id > started, Activity.actor_id.is_not(None))
        done = set(uow.session.scalars(by_hand))
        assert done == {"task.completed"}, "by what was sent: nobody opened the product again"
        tasks = set(uow.session.scalars(sa.select(Task.state)))
        assert {str(one) for one in tasks} <= {"completed", "cancelled"}
        drafts = uow.session.scalars(sa.select(MailboxDraft)).all()
        assert {str(one.signal) for one in drafts if one.signal} <= {"tag", "name", "thread"}
        assert {str(one.state) for one in drafts} == {"sent"}
    for name, vendor in vendors.items():
        went_through(work, vendor, boxes[name])
    assert len(boxes["gmail"].left) == 2 * 4 and len(boxes["outlook"].left) == 2 * 4 + 1


def went_through(work: Work, vendor: Vendor, box: Box) -> None:
    """Each of this rep's people got all four mails, in their threads and at their times; Otto one, and no more."""
    assert box.drafts == {}
    with work() as uow:
        for email in (f"{name}@example.com" for name in PEOPLE[vendor.name]):
            way = uow.session.scalars(sa.select(Enrollment).join(Person).where(Person.email == email)).one()
            mine = sa.select(Message).where(Message.enrollment_id == way.id, Message.sent_at.is_not(None))
            mails = uow.session.scalars(mine.order_by(Message.sent_at)).all()
            if email.startswith("otto"):
                assert (len(mails), way.why) == (1, "replied")
                continue
            assert way.state is EnrollmentState.FINISHED
            first, second, third, last = mails
            assert {second.thread_id, third.thread_id} == {first.thread_id} != {last.thread_id}
            assert second.sent_at is not None
            assert third.due_at.time() == second.sent_at.time(), "same time as the previous e-mail"
