"""Start at a later step, jump to another one, begin again, move to another campaign; and undo each of these."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.answers.opting_out import unsubscribe_many
from sales_campaigns.enrollments.composing import send_for_task
from sales_campaigns.enrollments.detours.jumping import jump_people
from sales_campaigns.enrollments.detours.opting_back import undo_unsubscribing
from sales_campaigns.enrollments.detours.restarting import Wanted, begin_again, foresee_again
from sales_campaigns.enrollments.detours.undoing import undo_detour
from sales_campaigns.enrollments.explaining.figures import figures_of
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.pausing import pause_enrollment
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.queueing import reschedule
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tasks.editing import TaskDraft, edit_task
from sales_campaigns.tasks.models import Priority, Task
from sales_campaigns.tasks.working import prioritise, snooze
from scheduler.fast_forward import fast_forward
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink
from tests.sink_visit import Caught

Queries = Callable[[], AbstractContextManager[list[str]]]
A_DAY = timedelta(days=1)


def begun(
    work: Work, cast: Cast, people: int = 1, first: int = 0, name: str = "Q4 outreach"
) -> tuple[Campaign, list[str]]:
    """A mail at ten, a call on day 2, a follow-up on day 3 and a call on day 5; people at the step `first`."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2), a_follow_up(uow, 3), a_call(5, "Last call")]
        campaign = a_campaign(uow, cast.ana, steps, name=name)
        keys = [step.key for step in steps]
        ids = [a_person(uow, cast.ana, f"{name[:2]}{n}@example.com").id for n in range(people)]
        launch(uow, cast.ana, Order(campaign.id, ids, first_key=keys[first]))
    return campaign, keys


def runs(work: Work, enrollment_id: int | None = None) -> list[str]:
    """What stands of each step, in the order of steps: its state, and when it is due in Stockholm."""
    with work() as uow:
        query = sa.select(StepRun, Step).join(Step, Step.id == StepRun.step_id)
        query = query.where(StepRun.state != "cancelled").order_by(Step.position)
        if enrollment_id is not None:
            query = query.where(StepRun.enrollment_id == enrollment_id)
        return [
            f"{step.day} {run.state.value}"
            + ("" if run.passed_over else f" {run.due_at + timedelta(hours=1):%a %H:%M}")
            for run, step in uow.session.execute(query)
        ]


def ahead(work: Work, enrollment_id: int) -> list[str]:
    with work() as uow:
        (way,) = ways_of(uow.session, [enrollment_id])
        return [f"{way.steps[one.index].day} {one.local:%a %H:%M}" for one in way.ahead()]


def rows(work: Work, *models: Any) -> list[tuple[object, ...]]:
    """All that stands in the rows of the first person's way, without what only counts the writes."""
    with work() as uow:
        return [
            tuple(
                getattr(row, column.key)
                for column in sa.inspect(model).column_attrs
                if column.key != "unseen"
            )
            for model in models
            for row in uow.session.scalars(
                sa.select(model).where(model.enrollment_id == 1).order_by(model.id)
            )
            if model is not StepRun or row.state is not StepRunState.CANCELLED
        ]


@pytest.fixture(params=["jump", "restart", "move", "unsubscribe"])
def undone(request: pytest.FixtureRequest, work: Work, cast: Cast) -> Callable[[], None]:
    """Something is done to the one person's way, and undone at once."""

    def act() -> None:
        (one,) = enrollments(work)
        with work() as uow:
            campaign = uow.session.get_one(Campaign, one.campaign_id)
            last = newest(uow.session, campaign).steps[-1].key
            other = a_campaign(uow, cast.ana, [a_mail(uow, 1)], name="Winter").id
        with work() as uow:
            if request.param == "unsubscribe":
                batch = unsubscribe_many(uow, cast.ana, [one.person_id]).batch_id
            elif request.param == "jump":
                batch = jump_people(uow, cast.ana, [one], last).batch_id
            else:
                wanted = Wanted(one.campaign_id if request.param == "restart" else other)
                batch = begin_again(uow, cast.ana, [one], wanted).batch_id
        with work() as uow:
            (undo_unsubscribing if request.param == "unsubscribe" else undo_detour)(uow, cast.ana, batch)
        with work() as uow:
            open_due(uow)

    return act


def subject_of(mail: Caught) -> str:
    return str(message_from_bytes(mail.raw)["Subject"])


def enrollments(work: Work) -> list[Enrollment]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def test_who_starts_at_a_later_step_has_the_earlier_ones_skipped_and_begins_today(
    work: Work, cast: Cast
) -> None:
    """Days are counted from the step that the person starts at: the gaps after it stay."""
    begun(work, cast, first=1)
    assert runs(work) == ["1 skipped", "2 planned Mon 09:00"]
    assert ahead(work, 1) == ["2 Mon 09:00", "3 Tue 09:00", "5 Thu 00:00"]
    with work() as uow:
        skipped = uow.session.scalars(sa.select(StepRun).order_by(StepRun.id)).first()
        assert skipped is not None and skipped.why == "started at day 2, step 1"


def test_a_follow_up_that_begins_is_a_new_thread_at_the_time_of_the_start(work: Work, cast: Cast) -> None:
    """“Same time as the previous e-mail” falls to the time of day at which the enrollment started."""
    begun(work, cast, first=2)
    with work() as uow:
        (mail,) = uow.session.scalars(sa.select(Message))
        assert mail.due_at == datetime(2026, 11, 30, 8, tzinfo=UTC)
        assert mail.follows_id is None
        (way,) = ways_of(uow.session, [1])
        assert way.ahead()[0].follows is None


def test_own_words_belong_to_the_first_mail_from_there_on_and_the_thread_has_its_subject(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    begun(work, cast, first=2)
    fast_forward(room, clock, clock.now() + timedelta(hours=1))
    assert [subject_of(one) for one in sink.caught] == ["Quick question, Maria"]


def test_whoever_was_led_past_a_step_has_not_reached_it(work: Work, cast: Cast) -> None:
    campaign, _ = begun(work, cast, first=1)
    with work() as uow:
        found = figures_of(uow.session, uow.session.get_one(Campaign, campaign.id))
        assert [step.funnel.reached for step in found.steps] == [0, 1, 0, 0]


def test_a_step_that_the_campaign_does_not_have_is_refused(work: Work, cast: Cast) -> None:
    campaign, _ = begun(work, cast)
    with pytest.raises(Invalid, match="no such step"), work() as uow:
        launch(uow, cast.ana, Order(campaign.id, [1], first_key="gone"))


def test_a_jump_skips_what_lies_between_and_counts_days_from_now(work: Work, cast: Cast) -> None:
    _, keys = begun(work, cast)
    with work() as uow:
        done = jump_people(uow, cast.ana, enrollments(work), keys[3])
    assert done.people == 1
    assert runs(work) == ["1 skipped", "2 skipped", "3 skipped", "5 planned Mon 09:00"]
    with work() as uow:
        (mail,) = uow.session.scalars(sa.select(Message))
        assert mail.state is MessageState.CANCELLED and mail.words == "jumped to day 5, step 1"


def test_after_a_jump_gaps_stay_and_what_was_sent_lends_its_time(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    """From the call on Tuesday to day 3 at once: ten o'clock has passed at noon, so it leaves on Wednesday."""
    _, keys = begun(work, cast)
    fast_forward(room, clock, clock.now() + A_DAY + timedelta(hours=3))
    with work() as uow:
        jump_people(uow, cast.ana, enrollments(work), keys[2])
    assert runs(work) == ["1 done Mon 10:00", "2 skipped", "3 scheduled Wed 10:00"]
    assert ahead(work, 1) == ["3 Wed 10:00", "5 Fri 00:00"]
    with work() as uow:
        first, follow_up = uow.session.scalars(sa.select(Message).order_by(Message.id))
        assert follow_up.follows_id is None and first.state is MessageState.SENT
        assert {task.state.value for task in uow.session.scalars(sa.select(Task))} == {"cancelled"}


def test_back_to_what_was_sent_needs_send_again_and_is_another_attempt(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    _, keys = begun(work, cast)
    fast_forward(room, clock, clock.now() + A_DAY)
    with pytest.raises(IllegalMove, match="Tick “send again”"), work() as uow:
        jump_people(uow, cast.ana, enrollments(work), keys[0])
    with work() as uow:
        jump_people(uow, cast.ana, enrollments(work), keys[0], again=True)
    assert runs(work) == ["1 scheduled Tue 10:00"]
    fast_forward(room, clock, clock.now() + A_DAY)
    assert len(sink.caught) == 2
    with work() as uow:
        mails = uow.session.scalars(sa.select(Message).order_by(Message.id)).all()
        assert [(mail.attempt, mail.state.value) for mail in mails] == [(1, "sent"), (2, "sent")]
    assert runs(work) == ["1 done Tue 10:00", "2 task_open Wed 00:00"]


def test_nobody_jumps_to_where_they_are_or_after_the_end(work: Work, cast: Cast) -> None:
    _, keys = begun(work, cast)
    with pytest.raises(IllegalMove, match="Is at day 1, step 1 already"), work() as uow:
        jump_people(uow, cast.ana, enrollments(work), keys[0])
    with work() as uow:
        uow.session.execute(sa.update(Enrollment).values(state=EnrollmentState.FINISHED))
    with pytest.raises(IllegalMove, match="Restart it instead"), work() as uow:
        jump_people(uow, cast.ana, enrollments(work), keys[1])


def test_who_is_paused_jumps_and_goes_on_there(work: Work, cast: Cast) -> None:
    _, keys = begun(work, cast)
    with work() as uow:
        pause_enrollment(uow, cast.ana, uow.session.get_one(Enrollment, 1))
        jump_people(uow, cast.ana, [uow.session.get_one(Enrollment, 1)], keys[1])
    assert runs(work) == ["1 skipped"]
    assert ahead(work, 1)[0] == "2 Mon 09:00"


def test_what_a_jump_releases_waits_for_its_undo_time_and_undo_puts_everything_back(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    _, keys = begun(work, cast, 2)
    before = runs(work)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(edited_subject="Mine", edited_html="<p>Mine</p>"))
    with work() as uow:
        batch = jump_people(uow, cast.ana, enrollments(work), keys[2]).batch_id
    with work() as uow:
        new = uow.session.scalars(sa.select(Message).where(Message.step_key == keys[2])).all()
        assert [mail.act_at - clock.now() for mail in new] == [timedelta(seconds=10)] * 2
    with work() as uow:
        assert undo_detour(uow, cast.ana, batch) == 2
    assert runs(work) == before
    with work() as uow:
        waiting = uow.session.scalars(sa.select(Message).where(Message.state == "pending")).all()
        assert [(mail.step_key, mail.edited_subject) for mail in waiting] == [(keys[0], "Mine")] * 2
        assert {one.first_key for one in uow.session.scalars(sa.select(Enrollment))} == {""}


def test_undo_brings_back_the_task_with_all_that_its_rep_did_to_it(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock, undone: Callable[[], None]
) -> None:
    """The rule: every change can be undone. The task has its notes, snooze, priority and whoever has it, as before."""
    begun(work, cast)
    fast_forward(room, clock, clock.now() + A_DAY)
    later = clock.now() + A_DAY
    with work() as uow:
        uow.session.scalars(sa.select(Task)).one().note = "Asked for prices"
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        edit_task(uow, cast.ana, task, TaskDraft(task.name, later, details="Talk track", assignee=cast.ben))
        snooze(uow, cast.ana, task, later)
        prioritise(uow, cast.ana, task, Priority.HIGH)
    before = rows(work, Task, StepRun)
    undone()
    assert rows(work, Task, StepRun) == before


def test_undo_brings_back_the_mail_that_waits_with_its_words_and_its_time(
    work: Work, cast: Cast, undone: Callable[[], None]
) -> None:
    begun(work, cast)
    with work() as uow:
        mail = uow.session.scalars(sa.select(Message)).one()
        mail.edited_subject, mail.edited_html, mail.cc = "Mine", "<p>Mine</p>", "boss@example.com"
        reschedule(uow, mail.id, mail.due_at + A_DAY)
    before = rows(work, Message)
    undone()
    assert rows(work, Message)[:1] == before


def test_undo_brings_back_the_mail_that_a_rep_has_scheduled_for_a_task(
    work: Work, cast: Cast, undone: Callable[[], None]
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, send=SendOption.TASK), a_call(3, "Last call")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    with work() as uow:
        open_due(uow)
    with work() as uow:
        task, person = (
            uow.session.scalars(sa.select(Task)).one(),
            uow.session.scalars(sa.select(Person)).one(),
        )
        typed = Typed("Mine", "<p>Mine</p>", send_at=uow.now + A_DAY)
        send_for_task(uow, cast.ana, task, person, typed)
    before = rows(work, Task, StepRun, Message)
    undone()
    assert rows(work, Task, StepRun, Message) == before


def test_undoing_send_again_leaves_done_what_was_done(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    _, keys = begun(work, cast)
    fast_forward(room, clock, clock.now() + A_DAY)
    before = runs(work)
    with work() as uow:
        batch = jump_people(uow, cast.ana, enrollments(work), keys[0], again=True).batch_id
    with work() as uow:
        undo_detour(uow, cast.ana, batch)
    assert runs(work) == before


def test_an_undo_is_refused_when_its_time_is_over_and_for_another_team(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    _, keys = begun(work, cast)
    with work() as uow:
        batch = jump_people(uow, cast.ana, enrollments(work), keys[1]).batch_id
    with pytest.raises(NotFound), work() as uow:
        undo_detour(uow, cast.dirk, batch)
    clock.forward(timedelta(seconds=11))
    with pytest.raises(IllegalMove, match="too late"), work() as uow:
        undo_detour(uow, cast.ana, batch)


def test_a_restart_ends_the_old_way_and_begins_a_new_one_that_knows_it(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    campaign, _ = begun(work, cast)
    fast_forward(room, clock, clock.now() + A_DAY)
    with work() as uow:
        begin_again(uow, cast.ana, enrollments(work), Wanted(campaign.id))
    old, new = enrollments(work)
    assert (old.state, old.why) == (EnrollmentState.ENDED, "restarted, says Ana Lind")
    assert (new.state, new.after_id, new.sender_id, new.mailbox_id) == (
        EnrollmentState.ACTIVE,
        old.id,
        old.sender_id,
        old.mailbox_id,
    )
    assert runs(work, old.id) == ["1 done Mon 10:00"]
    assert runs(work, new.id) == ["1 scheduled Tue 10:00"]


def test_a_move_keeps_sender_and_mailbox_also_when_a_teammate_does_it(work: Work, cast: Cast) -> None:
    """Adding the people of a colleague needs the right to start deliveries: Ben may not, Cleo may."""
    begun(work, cast)
    other, keys = begun(work, cast, name="Winter")
    with work() as uow:
        mine = [uow.session.get_one(Enrollment, 1)]
        with pytest.raises(NotAllowed, match="start deliveries"):
            begin_again(uow, cast.ben, mine, Wanted(other.id))
    with work() as uow:
        begin_again(uow, cast.cleo, [uow.session.get_one(Enrollment, 1)], Wanted(other.id, keys[1]))
    old, _, new = enrollments(work)
    assert old.why == "moved to Winter, says Cleo Martin"
    assert (new.campaign_id, new.sender_id, new.mailbox_id) == (other.id, cast.ana.id, cast.ana_box.id)
    assert runs(work, new.id) == ["1 skipped", "2 planned Mon 09:00"]


def test_whoever_cannot_be_added_there_stays_and_the_preview_says_why(work: Work, cast: Cast) -> None:
    begun(work, cast, 2)
    other, _ = begun(work, cast, name="Winter")
    with work() as uow:
        uow.session.execute(
            sa.update(Address).where(Address.email == "q40@example.com").values(opted_out_at=uow.now)
        )
    chosen = enrollments(work)[:2]
    with work() as uow:
        foreseen = foresee_again(uow, cast.ana, chosen, Wanted(other.id))
        assert (foreseen.starting, [one.cause for one in foreseen.excluded]) == (1, ["opted_out"])
        assert foreseen.begins == datetime(2026, 11, 30, 9, tzinfo=UTC)
        assert begin_again(uow, cast.ana, chosen, Wanted(other.id)).people == 1
    assert [one.state.value for one in enrollments(work)] == ["active", "ended", "active", "active"]


@pytest.mark.parametrize("paused", [False, True])
def test_undoing_a_move_puts_the_person_back_where_it_was(work: Work, cast: Cast, paused: bool) -> None:
    begun(work, cast)
    other, _ = begun(work, cast, name="Winter")
    before = runs(work, 1)
    with work() as uow:
        old = uow.session.get_one(Enrollment, 1)
        if paused:
            pause_enrollment(uow, cast.ana, old)
        batch = begin_again(uow, cast.ana, [old], Wanted(other.id)).batch_id
    with work() as uow:
        undo_detour(uow, cast.ana, batch)
    old, _, new = enrollments(work)
    assert (old.state.value, new.state.value) == ("paused" if paused else "active", "ended")
    assert runs(work, 1) == before


def test_what_happens_later_is_as_if_nothing_had_been_undone(
    work: Work, cast: Cast, sink: Sink, room: PostRoom, clock: VirtualClock
) -> None:
    _, keys = begun(work, cast)
    with work() as uow:
        batch = jump_people(uow, cast.ana, enrollments(work), keys[3]).batch_id
    with work() as uow:
        undo_detour(uow, cast.ana, batch)
    fast_forward(room, clock, clock.now() + A_DAY)
    with work() as uow:
        complete_task(uow, cast.ana, uow.session.scalars(sa.select(Task)).one())
    assert runs(work) == ["1 done Mon 10:00", "2 done Tue 00:00", "3 scheduled Wed 10:00"]
    assert len(sink.caught) == 1


@pytest.mark.parametrize("act", ["jump", "restart"])
def test_the_number_of_queries_does_not_grow_with_the_people(
    work: Work, cast: Cast, queries: Queries, act: str
) -> None:
    counts = []
    for people, name in ((2, "Few"), (20, "Many")):
        campaign, keys = begun(work, cast, people, name=name)
        with work() as uow:
            mine = sa.select(Enrollment).where(Enrollment.campaign_id == campaign.id)
            chosen = uow.session.scalars(mine.order_by(Enrollment.id)).all()
            with queries() as seen:
                if act == "jump":
                    jump_people(uow, cast.ana, chosen, keys[2])
                else:
                    begin_again(uow, cast.ana, chosen, Wanted(campaign.id))
            counts.append(sum(not words.startswith("INSERT") for words in seen))
    assert counts[1] <= counts[0] + 3
