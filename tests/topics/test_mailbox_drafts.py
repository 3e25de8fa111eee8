"""An e-mail task done in Gmail: the draft, and the task that completes itself by what was really sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Inbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.composing import send_for_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.mailbox_drafts.disowning import disown
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.errors import IllegalMove, Invalid, NotFound, Outside
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.mailbox_drafts.answering import answer, questions, say_it_was_sent
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, save_draft
from sales_campaigns.people.models import Person
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import remind, task_of
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.mailbox_drafts import (
    MARIA,
    another_mail,
    by_hand,
    draft_in,
    drafts_in,
    in_draft,
    launched,
    look_again,
    mail_of,
    newest_task,
    only_one,
    put_there,
    rename,
    rewritten,
    task_in,
)
from tests.stand_ins.google import Google
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.serving import Act, times
from tests.stand_ins.worlds import SCOPES, world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"


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


@pytest.fixture
def box(work: Work, cast: Cast, google: Google, clock: VirtualClock) -> GmailBox:
    """Ana's mailbox, connected by consent."""
    tokens = Tokens(google.token_of(ANA), google.tokens.lasting(ANA, SCOPES))
    granted = Granted(tokens, SCOPES, ANA, machine_now() + timedelta(hours=1))
    with work() as uow:
        made = keep_grant(uow, cast.ana, "gmail", granted, SEAL, reads=True)
        made.per_minute = made.daily_limit = 100_000
    google.box(ANA).now = clock.now
    return google.box(ANA)


def test_open_in_gmail_makes_the_draft_with_everything_in_it(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    """Address, subject, the template rendered, the signature, copies, the line to unsubscribe; the best link first."""
    with work() as uow:
        mine = uow.session.scalars(sa.select(Inbox)).one().mailbox
        mine.signature_html, mine.bcc = "<p>Ana of North</p>", "boss@north.example"
    made = put_there(work, cast, room, launched(work, cast, room))
    mail = in_draft(box, made.draft_id)
    assert (mail["To"], mail["Subject"]) == ("Maria Santos <maria@example.com>", "Prices for Acme")
    assert (mail["Bcc"], mail["X-Sales-Campaigns-Key"]) == ("boss@north.example", made.send_key)
    html = mail.get_body(("html",))
    assert html is not None
    words = html.get_content()
    assert "Hello Maria" in words and "Ana of North" in words and "subject=unsubscribe" in words
    assert [label for label, _, _ in made.links] == ["Open in Gmail", "Compose in Gmail"]
    assert "ana%40north.example/#search/in%3Adrafts" in made.links[0][1]
    assert made.state == "made" and not box.left


def test_opening_it_again_is_the_same_draft(work: Work, cast: Cast, room: PostRoom, box: GmailBox) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    assert put_there(work, cast, room, task).id == made.id
    assert list(box.drafts) == [made.draft_id]


def test_it_is_written_anew_while_nobody_wrote_in_it(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    rename(work, "Mia")
    put_there(work, cast, room, task)
    assert "Hello Mia" in str(in_draft(box, made.draft_id))
    rewritten(box, made.draft_id, words="My own words")
    rename(work, "Marta")
    put_there(work, cast, room, task)
    assert "My own words" in str(in_draft(box, made.draft_id))


def test_what_is_missing_is_said_before_anything_is_made(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    def steps(uow: UnitOfWork) -> list[StepDraft]:
        return [by_hand(uow, html="<p>{{ title }} {{! Why now? }}</p>")]

    task = launched(work, cast, room, steps)
    with pytest.raises(Invalid, match="title"):
        put_there(work, cast, room, task)
    with work() as uow:
        uow.session.scalars(sa.select(Person).where(Person.email == MARIA)).one().title = "Head"
    with pytest.raises(Invalid, match="Why now"):
        put_there(work, cast, room, task)
    assert box.drafts == {} and drafts_in(work) == []


def test_the_rep_sends_it_and_the_task_is_done(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    """The rule: 1 tag. What was really sent is read into the log; its time and ids drive the next step."""

    def steps(uow: UnitOfWork) -> list[StepDraft]:
        first = by_hand(uow, subject="Prices")
        return [first, a_follow_up(uow, 2, send=SendOption.SAME_AS_PREVIOUS)]

    task = launched(work, cast, room, steps)
    made = put_there(work, cast, room, task)
    clock.forward(timedelta(hours=3, minutes=20))
    sent = box.send_draft(made.draft_id)
    look_again(work, room)
    done, mail = task_in(work, task), mail_of(work, task)
    assert (done.state, draft_in(work, made.id).signal) == (TaskState.COMPLETED, "tag")
    assert (mail.state, mail.sent_at) == (MessageState.SENT, clock.now())
    assert (mail.provider_id, mail.thread_id) == (sent.id, sent.thread_id)
    with work() as uow:
        following = uow.session.scalars(sa.select(Message).where(Message.id > mail.id)).one()
        assert following.due_at == datetime(
            2026, 12, 1, 11, 20, tzinfo=UTC
        )  # same time as the previous e-mail
        assert following.follows_id == mail.id
    fast_forward(room, clock, clock.now() + timedelta(days=2))
    look_again(work, room)
    assert len(box.left) == 2 and mail.message_id and mail.message_id in box.left[1].raw.decode()


def test_a_changed_mail_without_its_tag_sent_two_days_later_closes_its_task_and_no_other(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    """The rule: 3 same thread and our draft is gone. The next step takes the real local time."""

    def steps(uow: UnitOfWork) -> list[StepDraft]:
        return [by_hand(uow, subject="Prices"), a_mail(uow, 2, send=SendOption.SAME_AS_PREVIOUS)]

    task = launched(work, cast, room, steps)
    other = launched(work, cast, room, email="peter@example.com")
    made = put_there(work, cast, room, task)
    put_there(work, cast, room, other)
    look_again(work, room)
    clock.forward(timedelta(days=2, hours=1))
    rewritten(box, made.draft_id, subject="Our prices, at last", cc="boss@example.com", keeps_tag=False)
    box.send_draft(made.draft_id)
    look_again(work, room)
    mail = mail_of(work, task)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert task_in(work, other).state is TaskState.OPEN
    assert draft_in(work, made.id).signal == "thread"
    assert (mail.subject, mail.cc) == ("Our prices, at last", "boss@example.com")
    with work() as uow:
        following = uow.session.scalars(sa.select(Message).where(Message.id > mail.id)).one()
        assert following.due_at == datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def copied_out(work: Work, cast: Cast, room: PostRoom, box: GmailBox, task: int, subject: str) -> None:
    """The rep writes the same by hand, as a new mail, and throws the draft away."""
    made = put_there(work, cast, room, task)
    look_again(work, room)
    another_mail(box, MARIA, subject)
    box.throw_away(made.draft_id)
    look_again(work, room)


def test_the_same_subject_to_the_same_person_is_taken_and_can_be_undone(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    """The rule: 4 draft gone + same recipient + sent after opening + same subject without Re:, and it shows "undo"."""
    task = launched(work, cast, room)
    copied_out(work, cast, room, box, task, "RE: Prices for Acme")
    assert task_in(work, task).state is TaskState.COMPLETED
    (draft,) = drafts_in(work)
    assert draft.signal == "address"
    with work() as uow:
        disown(uow, cast.ana, uow.session.get_one(MailboxDraft, draft.id))
    again = task_in(work, task)
    assert (again.state, again.message_id) == (TaskState.OPEN, None)
    with work() as uow:
        run = uow.session.scalars(sa.select(StepRun)).one()
        mail = uow.session.scalars(sa.select(Message)).one()
        assert (run.state, run.message_id) == ("task_open", None)
        assert (mail.state, mail.enrollment_id) == (MessageState.SENT, None)


def test_another_mail_to_the_same_person_closes_nothing_without_a_question(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    task = launched(work, cast, room)
    copied_out(work, cast, room, box, task, "Lunch on Friday?")
    clock.forward(timedelta(minutes=30))
    look_again(work, room)
    assert task_in(work, task).state is TaskState.OPEN
    with work() as uow:
        (asked,) = questions(uow.session, cast.ana)
        assert [draft.task_id for draft in asked.drafts] == [task]
        with pytest.raises(NotFound):
            answer(uow, cast.ben, asked.mail.id, None)
        answer(uow, cast.ana, asked.mail.id, asked.drafts[0].id)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert mail_of(work, task).subject == "Lunch on Friday?"


def test_while_the_draft_stands_another_mail_is_nothing(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    task = launched(work, cast, room)
    put_there(work, cast, room, task)
    look_again(work, room)
    another_mail(box, MARIA, "Prices for Acme")
    look_again(work, room)
    assert task_in(work, task).state is TaskState.OPEN
    with work() as uow:
        assert questions(uow.session, cast.ana) == []


def test_it_was_none_of_them(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    task = launched(work, cast, room)
    copied_out(work, cast, room, box, task, "Lunch on Friday?")
    with work() as uow:
        answer(uow, cast.ana, questions(uow.session, cast.ana)[0].mail.id, None)
    clock.forward(timedelta(minutes=11))
    look_again(work, room)
    assert task_in(work, task).state is TaskState.OPEN
    assert drafts_in(work)[0].state == "deleted"


def test_two_candidates_are_asked_about(work: Work, cast: Cast, room: PostRoom, box: GmailBox) -> None:
    """The rule: two candidates → ask."""
    first = launched(work, cast, room)
    with work() as uow:
        maria = uow.session.scalars(sa.select(Person).where(Person.email == MARIA)).one()
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, only_one(uow), "Once more").id, [maria.id]))
    look_again(work, room)
    second = newest_task(work)
    drafts = [put_there(work, cast, room, task) for task in (first, second)]
    look_again(work, room)
    another_mail(box, MARIA, "Prices for Acme")
    for draft in drafts:
        box.throw_away(draft.draft_id)
    look_again(work, room)
    assert {task_in(work, task).state for task in (first, second)} == {TaskState.OPEN}
    with work() as uow:
        (asked,) = questions(uow.session, cast.ana)
        assert {draft.task_id for draft in asked.drafts} == {first, second}


def test_a_draft_that_was_deleted_leaves_its_task_open(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    """The rule: draft gone and nothing sent for 10 minutes → the task says "draft deleted" and stays open."""
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    box.throw_away(made.draft_id)
    look_again(work, room)
    assert draft_in(work, made.id).state == "gone"
    clock.forward(timedelta(minutes=10))
    look_again(work, room)
    assert draft_in(work, made.id).state == "deleted"
    assert task_in(work, task).state is TaskState.OPEN
    assert put_there(work, cast, room, task).id != made.id


def test_a_mailbox_that_tells_late_is_believed(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    look_again(work, room)
    raw = box.mails[box.drafts[made.draft_id]].raw
    box.throw_away(made.draft_id)
    look_again(work, room)
    clock.forward(timedelta(minutes=20))
    look_again(work, room)
    box.send(raw)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED


def test_scheduled_in_gmail_is_recognised_and_waits(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    """The rule: draft gone from Drafts, label SCHEDULED: the task says "scheduled in Gmail" and waits."""
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    look_again(work, room)
    rewritten(box, made.draft_id, keeps_tag=False)
    waiting = box.schedule(made.draft_id)
    look_again(work, room)
    assert draft_in(work, made.id).state == "scheduled"
    clock.forward(timedelta(hours=20))
    look_again(work, room)
    assert draft_in(work, made.id).state == "scheduled" and task_in(work, task).state is TaskState.OPEN
    box.send_scheduled(waiting.id)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert mail_of(work, task).sent_at == clock.now()


def test_i_sent_it_is_believed_and_the_mail_is_read_when_it_is_found(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    with work() as uow:
        say_it_was_sent(uow, cast.ana, uow.session.get_one(MailboxDraft, made.id))
    run_until_quiet(room)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert mail_of(work, task).provider_id is None
    sent = box.send_draft(made.draft_id)
    look_again(work, room)
    assert (mail_of(work, task).provider_id, draft_in(work, made.id).signal) == (sent.id, "tag")
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 1


def test_a_reminder_is_done_by_its_draft_too(work: Work, cast: Cast, room: PostRoom, box: GmailBox) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, MARIA)
        task = remind(uow, cast.ana, name="Write", due_at=uow.now, kind=TaskKind.EMAIL, person=maria).id
        typed = Typed("About us", "<p>Hello</p>", key="k")
        save_draft(uow, cast.ana, About(maria.id, task), typed)
    made = put_there(work, cast, room, task)
    box.send_draft(made.draft_id)
    look_again(work, room)
    assert task_in(work, task).state is TaskState.COMPLETED
    assert mail_of(work, task).subject == "About us"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("call", ["drafts.create", "messages.get"])
def test_an_answer_that_is_lost_leaves_no_second_draft(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google, call: str
) -> None:
    task = launched(work, cast, room)
    google.obey(times(1, Act.DROP_AFTER, call))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    made = put_there(work, cast, room, task)
    assert list(box.drafts) == [made.draft_id] and made.links


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("call", ["drafts.create", "messages.get"])
def test_a_lost_answer_that_nobody_asks_for_again_is_settled_by_itself(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google, call: str
) -> None:
    """The draft is found by its key: it counts as made, or goes with its task."""
    task = launched(work, cast, room)
    google.obey(times(1, Act.DROP_AFTER, call))
    with pytest.raises(Outside):
        put_there(work, cast, room, task)
    look_again(work, room)
    (draft,) = drafts_in(work)
    assert draft.state == "made" and list(box.drafts) == [draft.draft_id]
    with work() as uow:
        skip_task(uow, cast.ana, task_of(uow, cast.ana, task))
    look_again(work, room)
    assert box.drafts == {}


ENDINGS: dict[str, Callable[[UnitOfWork, Cast, Task], object]] = {
    "done": lambda uow, cast, task: complete_task(uow, cast.ana, task),
    "skipped": lambda uow, cast, task: skip_task(uow, cast.ana, task),
    "sent here": lambda uow, cast, task: send_for_task(
        uow, cast.ana, task, uow.session.get_one(Person, task.person_id), Typed("Hello", "<p>Here</p>")
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_draft_goes_when_its_task_is_over_otherwise(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, ending: str
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    with work() as uow:
        ENDINGS[ending](uow, cast, task_of(uow, cast.ana, task))
    look_again(work, room)
    assert box.drafts == {} and draft_in(work, made.id).state == "removed"
    assert len(box.left) == (ending == "sent here")


def test_done_by_hand_before_the_mailbox_told_still_reads_what_was_sent(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    task = launched(work, cast, room)
    made = put_there(work, cast, room, task)
    box.send_draft(made.draft_id)
    with work() as uow:
        complete_task(uow, cast.ana, task_of(uow, cast.ana, task))
    look_again(work, room)
    look_again(work, room)
    assert mail_of(work, task).message_id and draft_in(work, made.id).state == "sent"


def test_drafts_wait_in_the_mailbox_where_the_rep_wants_it(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    """The rule: made when the task opens, rewritten while untouched, removed when the task closes otherwise."""
    with work() as uow:
        let_drafts_wait(uow, cast.ana, wanted=True)
    task = launched(work, cast, room)
    (draft,) = drafts_in(work)
    assert (draft.task_id, draft.waits, list(box.drafts)) == (task, True, [draft.draft_id])
    rename(work, "Mia")
    clock.forward(timedelta(minutes=16))
    look_again(work, room)
    assert "Hello Mia" in str(in_draft(box, draft.draft_id))
    with work() as uow:
        skip_task(uow, cast.ana, task_of(uow, cast.ana, task))
    look_again(work, room)
    assert box.drafts == {}


def test_a_draft_that_its_rep_deleted_is_not_put_there_again(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, clock: VirtualClock
) -> None:
    with work() as uow:
        let_drafts_wait(uow, cast.ana, wanted=True)
    launched(work, cast, room)
    box.throw_away(next(iter(box.drafts)))
    look_again(work, room)
    clock.forward(timedelta(minutes=20))
    look_again(work, room)
    look_again(work, room)
    assert box.drafts == {} and [draft.state for draft in drafts_in(work)] == ["deleted"]


def test_what_cannot_wait_says_why_once(work: Work, cast: Cast, room: PostRoom, box: GmailBox) -> None:
    with work() as uow:
        let_drafts_wait(uow, cast.ana, wanted=True)

    def steps(uow: UnitOfWork) -> list[StepDraft]:
        return [by_hand(uow, html="<p>{{ title }}</p>")]

    launched(work, cast, room, steps)
    (draft,) = drafts_in(work)
    assert draft.state == "unmade" and "title" in draft.words and box.drafts == {}


def test_a_colleagues_task_is_not_opened_in_ones_own_mailbox(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana, MARIA)
        task = remind(
            uow, cast.ana, name="Write", due_at=uow.now, kind=TaskKind.EMAIL, person=maria, assignee=cast.ben
        ).id
    with pytest.raises(IllegalMove, match="teammate"):
        put_there(work, cast, room, task)
