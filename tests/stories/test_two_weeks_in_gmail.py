"""A rep works a campaign for two weeks in Gmail, and opens the product once: to start it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.mailbox_drafts import look_again, rewritten
from tests.stand_ins.google import Google
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.worlds import SCOPES, world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as made:
        yield made


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_with(google) as world:
        yield world


@pytest.fixture
def room(
    room: PostRoom, outside: OutsideWorld, sessions: sessionmaker[Session], clock: VirtualClock
) -> PostRoom:
    access = Access(sessions, clock, SEAL, outside.consents, outside.delegations)
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers)


def start(work: Work, cast: Cast, google: Google, clock: VirtualClock) -> GmailBox:
    """Ana connects Gmail, wants her drafts there, and adds Maria and Peter to a campaign."""
    tokens = Tokens(google.token_of(ANA), google.tokens.lasting(ANA, SCOPES))
    granted = Granted(tokens, SCOPES, ANA, machine_now() + timedelta(hours=9))
    google.box(ANA).now = clock.now
    with work() as uow:
        keep_grant(uow, cast.ana, "gmail", granted, SEAL, reads=True)
        let_drafts_wait(uow, cast.ana, wanted=True)
        by_hand = {"send": SendOption.TASK}
        steps = [
            a_mail(uow, 1, subject="Prices for {{ company }}", **by_hand),
            a_follow_up(uow, 3, **by_hand),
            a_follow_up(uow, 5, send=SendOption.SAME_AS_PREVIOUS),
            a_mail(uow, 8, subject="One last thing", **by_hand),
        ]
        campaign = a_campaign(uow, cast.ana, steps, skip_weekends=True)
        people = [
            a_person(uow, cast.ana, f"{name}@example.com", company="Acme") for name in ("maria", "peter")
        ]
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
    return google.box(ANA)


def morning(box: GmailBox, day: int) -> None:
    """The rep goes through the drafts: one is sent as it stands, the other gets words of its own first."""
    for place, draft_id in enumerate(list(box.drafts)):
        if place % 2:
            rewritten(box, draft_id, words=f"My own words of day {day}", keeps_tag=bool(day % 2))
        box.send_draft(draft_id)


def test_two_weeks_in_gmail(
    work: Work, cast: Cast, room: PostRoom, google: Google, clock: VirtualClock
) -> None:
    box = start(work, cast, google, clock)
    for day in range(14):
        look_again(work, room)
        clock.forward(timedelta(hours=1, minutes=day))
        morning(box, day)
        look_again(work, room)
        fast_forward(room, clock, clock.now() + timedelta(hours=23, minutes=-day))
    look_again(work, room)
    with work() as uow:
        ways = uow.session.scalars(sa.select(Enrollment)).all()
        assert {way.state for way in ways} == {EnrollmentState.FINISHED}
        assert {str(task.state) for task in uow.session.scalars(sa.select(Task))} == {"completed"}
        drafts = uow.session.scalars(sa.select(MailboxDraft)).all()
        assert len(drafts) == 6 and {draft.signal for draft in drafts} <= {"tag", "name", "thread"}
        for way in ways:
            mine = sa.select(Message).where(Message.enrollment_id == way.id).order_by(Message.sent_at)
            first, second, third, last = uow.session.scalars(mine)
            assert (
                {first.thread_id, second.thread_id, third.thread_id} == {first.thread_id} != {last.thread_id}
            )
            assert second.sent_at is not None
            assert third.due_at.time() == second.sent_at.time()  # same time as the previous e-mail
    assert len(box.left) == 8 and box.drafts == {}
