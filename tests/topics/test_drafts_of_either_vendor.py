"""A task done in the rep's own mailbox, Gmail or Outlook: what holds for one of them holds for the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.enrollments.progress import skip_task
from sales_campaigns.errors import IllegalMove, Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.answering import questions
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.tasks.models import TaskState
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.jobs import run_until_quiet
from tests.builders import a_follow_up, a_mail
from tests.cast import Cast
from tests.channels import a_channel, sends_through
from tests.conftest import Work
from tests.mailbox_drafts import (
    MARIA,
    another_mail,
    by_hand,
    draft_in,
    drafts_in,
    launched,
    look_again,
    mail_of,
    newest_task,
    put_there,
    rename,
    send_from_another_program,
    send_to,
    task_in,
    what_stands,
    write_in,
)
from tests.outgoing import due_mails, states
from tests.stand_ins.serving import Act, times
from tests.stand_ins.vendors import Box, Vendor
from tests.stand_ins.worlds import world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"
EACH = [("sqlite", "gmail"), ("sqlite", "outlook")]
pytestmark = pytest.mark.parametrize(("engine", "vendor"), EACH, indirect=True)


@pytest.fixture
def outside(vendor: Vendor) -> Iterator[OutsideWorld]:
    with world_with(vendor.server) as world:
        yield world


@pytest.fixture
def room(
    room: PostRoom, outside: OutsideWorld, sessions: sessionmaker[Session], clock: VirtualClock
) -> PostRoom:
    access = Access(sessions, clock, SEAL, outside.consents, outside.delegations)
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers)


@pytest.fixture
def box(work: Work, cast: Cast, vendor: Vendor, clock: VirtualClock) -> Box:
    """Ana's mailbox, connected by consent."""
    with work() as uow:
        made = keep_grant(uow, cast.ana, vendor.name, vendor.granted(ANA), SEAL, reads=True)
        made.per_minute = made.daily_limit = 100_000
    vendor.box(ANA).now = clock.now
    return vendor.box(ANA)


def test_a_draft_that_waits_says_what_the_campaign_says_and_never_writes_over_its_rep(
    work: Work, cast: Cast, room: PostRoom, box: Box, clock: VirtualClock
) -> None:
    """The rule: made when the task opens, rewritten while untouched, removed when the task closes otherwise."""
    with work() as uow:
        let_drafts_wait(uow, cast.ana, wanted=True)
    task = launched(work, cast, room)
    (draft,) = drafts_in(work)
    for name in ("Mia", "Marta"):  # it is still untouched after it was written anew
        rename(work, name)
        clock.forward(timedelta(minutes=16))
        look_again(work, room)
        assert f"Hello {name}" in what_stands(box, draft.draft_id)
    write_in(box, draft.draft_id, "My own words")
    rename(work, "Maria")
    clock.forward(timedelta(minutes=16))
    look_again(work, room)
    assert "My own words" in what_stands(box, draft.draft_id)
    with work() as uow:
        skip_task(uow, cast.ana, task_of(uow, cast.ana, task))
    look_again(work, room)
    assert box.drafts == {}


def test_a_deleted_draft_is_noticed_at_the_next_look_and_keeps_the_task_open(
    work: Work, cast: Cast, room: PostRoom, box: Box, clock: VirtualClock
) -> None:
    """The rule: draft gone and nothing sent for 10 minutes → the task says "draft deleted" and stays open."""
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    box.throw_away(made.draft_id)
    look_again(work, room)
    assert draft_in(work, made.id).state == "gone"
    clock.forward(timedelta(minutes=10))
    look_again(work, room)
    assert draft_in(work, made.id).state == "deleted" and task_in(work, task).state is TaskState.OPEN


def test_a_changed_mail_without_its_tag_sent_two_days_later_closes_its_task_and_no_other(
    work: Work, cast: Cast, room: PostRoom, box: Box, clock: VirtualClock
) -> None:
    """The rep changes the subject, adds a CC, and sends from another client: the next step takes the real time."""

    def steps(uow: UnitOfWork) -> list[StepDraft]:
        return [by_hand(uow, subject="Prices"), a_mail(uow, 2, send=SendOption.SAME_AS_PREVIOUS)]

    task = launched(work, cast, room, steps)
    other = launched(work, cast, room, email="peter@example.com")
    made = put_there(work, cast, room, task)
    put_there(work, cast, room, other)
    look_again(work, room)
    clock.forward(timedelta(days=2, hours=1))
    send_from_another_program(box, made.draft_id, "Our prices, at last", "boss@example.com")
    look_again(work, room)
    mail = mail_of(work, task)
    states = (task_in(work, task).state, task_in(work, other).state, draft_in(work, made.id).signal)
    assert states == (TaskState.COMPLETED, TaskState.OPEN, "thread")
    assert (mail.subject, mail.cc) == ("Our prices, at last", "boss@example.com")
    with work() as uow:
        following = uow.session.scalars(sa.select(Message).where(Message.id > mail.id)).one()
        assert following.due_at == datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def test_another_mail_to_the_same_person_closes_nothing_without_a_question(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    look_again(work, room)
    another_mail(box, MARIA, "Lunch on Friday?")
    box.throw_away(made.draft_id)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.OPEN
    with work() as uow:
        assert [one.mail.subject for one in questions(uow.session, cast.ana)] == ["Lunch on Friday?"]


def test_a_draft_that_its_rep_sends_to_another_recipient_is_logged_as_what_it_was(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    """The rule: nothing is sent to a wrong person, and what was really sent is read into the log."""
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    send_to(box, made.draft_id, "peter@example.com")
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert mail_of(work, task).email == "peter@example.com"
    assert [left.recipients for left in box.left] == [("peter@example.com",)]


def test_an_answer_that_is_lost_leaves_no_second_draft(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    """Each call that puts it there loses its answer once: it is found by its key, and stands there once."""
    task = launched(work, cast, room)
    for call in (vendor.calls.create, vendor.calls.read):
        vendor.server.obey(times(1, Act.DROP_AFTER, call))
        with pytest.raises(Outside):
            put_there(work, cast, room, task)
    made = put_there(work, cast, room, task)
    assert list(box.drafts) == [made.draft_id] and made.links and made.version


def a_follow_up_by_hand(uow: UnitOfWork) -> list[StepDraft]:
    return [a_mail(uow, 1), a_follow_up(uow, 2, html="<p>Well?</p>", send=SendOption.TASK)]


@pytest.mark.parametrize("call", ["create", "update"])
def test_while_the_index_is_late_no_second_draft_is_made_and_the_first_is_finished_by_itself(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock, call: str
) -> None:
    """One draft with every word of ours, and it can be opened: what the rep missed is done at the next look."""
    launched(work, cast, room, a_follow_up_by_hand)
    clock.forward(timedelta(days=1, hours=2))
    look_again(work, room)
    task = newest_task(work)
    box.lags = True
    lost = {"create": vendor.calls.reply, "update": vendor.calls.fill}[call]
    vendor.server.obey(times(1, Act.DROP_AFTER, lost))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    (id,) = box.drafts
    if call == "create":
        with pytest.raises(IllegalMove, match="did not say whether the draft stands there"):
            put_there(work, cast, room, task)
    clock.forward(timedelta(minutes=5))
    look_again(work, room)
    assert len(box.drafts) == 1 and box.left[1:] == []
    box.catch_up()
    look_again(work, room)
    (draft,) = drafts_in(work)
    assert (draft.state, draft.draft_id, list(box.drafts)) == ("made", id, [id])
    assert draft.links and "Well?" in what_stands(box, id)


def test_what_the_rep_wrote_meanwhile_is_not_written_over(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock
) -> None:
    """The rule: after any change by its rep it is never written over, though its making was not answered."""
    task = launched(work, cast, room)
    vendor.server.obey(times(1, Act.DROP_AFTER, vendor.calls.create))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    clock.forward(timedelta(minutes=1))
    write_in(box, next(iter(box.drafts)), "My own words")
    look_again(work, room)
    (draft,) = drafts_in(work)
    assert (draft.state, draft.version) == ("made", "") and draft.links
    assert "My own words" in what_stands(box, draft.draft_id)


def test_a_draft_that_was_never_made_is_given_up_when_it_would_be_listed(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock
) -> None:
    task = launched(work, cast, room)
    vendor.server.obey(times(1, Act.DROP_BEFORE, vendor.calls.create))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    clock.forward(timedelta(minutes=10))
    look_again(work, room)
    assert [draft.state for draft in drafts_in(work)] == ["unmade"]
    assert put_there(work, cast, room, task).links and len(box.drafts) == 1


def test_a_rep_who_sends_through_a_channel_opens_tasks_in_the_own_mailbox_all_the_same(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    task = launched(work, cast, room)
    with work() as uow:
        sends_through(uow, cast.ana, a_channel(uow, cast.cleo))
    made = put_there(work, cast, room, task)
    assert made.links and list(box.drafts) == [made.draft_id]
    box.send_draft(made.draft_id)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED


def test_a_clear_no_may_be_tried_again_at_once(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    task = launched(work, cast, room)
    vendor.server.obey(times(1, vendor.slow_down, vendor.calls.create))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    assert put_there(work, cast, room, task).links and len(box.drafts) == 1


IDLE = {"gmail": ["history.list"], "outlook": ["messages.delta"] * 3}


def test_a_look_at_which_nothing_is_new_costs_a_call_a_list_and_nothing_more(
    work: Work, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    """The rule: idle cost per mailbox stated and small (docs/many-machines.md)."""
    look_again(work, room)
    vendor.server.heard.clear()
    look_again(work, room)
    assert vendor.server.heard == IDLE[vendor.name]


def test_a_permission_revoked_at_noon_holds_the_queue_and_it_goes_on_without_a_burst(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock
) -> None:
    """The rule: authorisation lost → "needs reconnect"; its queue is held; the rep is told once (spec/5)."""
    due_mails(work, cast, *(f"p{n}@example.com" for n in range(4)))
    vendor.server.tokens.revoke(ANA)
    for _ in range(3):
        look_again(work, room)
        clock.forward(timedelta(minutes=20))
    assert (set(states(work)), box.left) == ({"pending"}, [])
    with work() as uow:
        told = sa.select(sa.func.count()).where(Activity.kind == "mailbox.lost")
        assert uow.session.scalar(told) == 1
        consented_and_go_on(uow, cast.ana, cast.ana, vendor.name, vendor.granted(ANA), SEAL, reads=True)
        assert len(set(uow.session.scalars(sa.select(Message.act_at)))) == 4, "in turn, not at once"
    for _ in range(5):
        run_until_quiet(room)
        clock.forward(timedelta(minutes=1))
    assert set(states(work)) == {"sent"} and len(box.left) == 4
