"""A running campaign is changed: what is over stays, what is ahead follows the new version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.drafts import StepDraft, arranged
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.versions import drafts_of, newest, save_version
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.enrollments.changes.changing import change_campaign, effect_of_changes
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import IllegalMove, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


@pytest.fixture
def campaign_id(work: Work, cast: Cast, room: PostRoom) -> int:
    """Maria got the first of three mails: now, day 3 at 09:00 and day 5 at 09:00."""
    with Sink() as sink:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
            mails = [a_mail(uow, 1), a_mail(uow, 3, "Two", at="09:00"), a_mail(uow, 5, "Three", at="09:00")]
            campaign = a_campaign(uow, cast.ana, mails)
            launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        run_until_quiet(room)
    return campaign.id


def change(work: Work, cast: Cast, campaign_id: int, *steps: StepDraft) -> tuple[int, int, int]:
    """Save these steps as the next version and put it into force: people, moved, skipped."""
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        save_version(uow, cast.ana, campaign, arranged(steps), newest(uow.session, campaign).settings)
    return applied(work, cast, campaign_id)


def applied(work: Work, cast: Cast, campaign_id: int) -> tuple[int, int, int]:
    """Put the newest version into force, having asked before what that means."""
    with work() as uow:
        foretold = effect_of_changes(uow, uow.session.get_one(Campaign, campaign_id))
    with work() as uow:
        done = change_campaign(uow, cast.ana, campaign_id)
        assert done == foretold, "what was said before is what happens"
    with work() as uow:
        planned = set(uow.session.scalars(sa.select(StepRun.due_at).where(StepRun.state == "scheduled")))
        ways = ways_of(uow.session, uow.session.scalars(sa.select(Enrollment.id)))
        planned |= {entry.at for way in ways for entry in way.ahead()}
        assert {example.after for example in done.examples} <= planned
    return done.people, done.move, done.skip


def steps_of(work: Work, campaign_id: int) -> list[StepDraft]:
    with work() as uow:
        return list(drafts_of(newest(uow.session, uow.session.get_one(Campaign, campaign_id))))


def waiting(work: Work) -> list[tuple[datetime, int | None]]:
    with work() as uow:
        rows = uow.session.execute(
            sa.select(Message.due_at, Message.wording_id).where(Message.state == "pending")
        )
        return [(row.due_at, row.wording_id) for row in rows]


def test_it_moves_a_scheduled_mail_to_its_new_time(work: Work, cast: Cast, campaign_id: int) -> None:
    one, two, three = steps_of(work, campaign_id)
    assert change(work, cast, campaign_id, one, replace(two, at=time(7, 30)), three) == (1, 1, 0)
    [(due_at, _)] = waiting(work)
    assert due_at == datetime(2026, 12, 2, 6, 30, tzinfo=UTC)


def test_it_takes_the_new_words_for_what_has_not_left(work: Work, cast: Cast, campaign_id: int) -> None:
    one, two, three = steps_of(work, campaign_id)
    with work() as uow:
        words = wording_of(uow.session, "New words", "<p>New</p>").id
    assert change(work, cast, campaign_id, one, replace(two, wording_id=words), three) == (1, 0, 0)
    assert [wording for _, wording in waiting(work)] == [words]


def test_it_skips_a_deleted_step_and_goes_on_with_the_next(work: Work, cast: Cast, campaign_id: int) -> None:
    one, _, three = steps_of(work, campaign_id)
    assert change(work, cast, campaign_id, one, three) == (1, 0, 1)
    [(due_at, _)] = waiting(work)
    assert due_at == datetime(2026, 12, 4, 8, 0, tzinfo=UTC)


def test_it_does_not_run_a_step_that_was_inserted_behind_the_person(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    one, two, three = steps_of(work, campaign_id)
    assert change(work, cast, campaign_id, one, a_call(2, "Inserted"), two, three)[0] == 1
    fast_forward(room, clock, clock.now() + timedelta(days=1, hours=12))
    with work() as uow:
        assert uow.session.scalars(sa.select(Task)).all() == []
    assert [due_at for due_at, _ in waiting(work)] == [datetime(2026, 12, 2, 8, 0, tzinfo=UTC)]


def test_a_save_moves_nobody_before_it_is_put_into_force(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    """The rule: the editor says “affects N people” before saving; asking changes nothing."""
    one, two, three = steps_of(work, campaign_id)
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        settings = newest(uow.session, campaign).settings
        save_version(uow, cast.ana, campaign, arranged([one, replace(two, day=4), three]), settings)
        effect = effect_of_changes(uow, campaign)
    assert (effect.people, effect.later, effect.earlier, effect.skip) == (1, 1, 0, 0)
    [example] = effect.examples
    assert (example.day, example.number, example.title) == (4, 1, "Two")
    assert (example.before.day, example.after.day, example.zone) == (2, 3, "Europe/Stockholm")
    assert [due_at.day for due_at, _ in waiting(work)] == [2]


def test_steps_that_are_over_stay_as_they_were(work: Work, cast: Cast, campaign_id: int) -> None:
    one, two, three = steps_of(work, campaign_id)
    with work() as uow:
        before = uow.session.scalars(sa.select(StepRun.due_at).where(StepRun.state == "done")).all()
        words = wording_of(uow.session, "Changed", "<p>Changed</p>").id
    change(work, cast, campaign_id, replace(one, wording_id=words), two, three)
    with work() as uow:
        assert uow.session.scalars(sa.select(StepRun.due_at).where(StepRun.state == "done")).all() == before
        sent = uow.session.scalars(sa.select(Message.subject).where(Message.state == "sent")).all()
        assert sent == ["Quick question, Maria"]


def test_a_mail_that_a_rep_edited_keeps_its_text_and_takes_the_new_time(
    work: Work, cast: Cast, campaign_id: int
) -> None:
    """The rule: scheduled messages that no rep edited are re-planned and re-rendered; edited ones keep their text."""
    one, two, three = steps_of(work, campaign_id)
    with work() as uow:
        edited = sa.update(Message).where(Message.state == "pending")
        uow.session.execute(edited.values(edited_subject="Mine", edited_html="<p>My own words</p>"))
        words = wording_of(uow.session, "New words", "<p>New</p>").id
        campaign = uow.session.get_one(Campaign, campaign_id)
        steps = arranged([one, replace(two, at=time(10), wording_id=words), three])
        save_version(uow, cast.ana, campaign, steps, {})
        assert effect_of_changes(uow, campaign).keep == 1
    assert applied(work, cast, campaign_id) == (1, 1, 0)
    with work() as uow:
        [message] = uow.session.scalars(sa.select(Message).where(Message.state == "pending"))
        assert (message.edited_subject, message.edited_html) == ("Mine", "<p>My own words</p>")
        assert message.due_at == datetime(2026, 12, 2, 9, 0, tzinfo=UTC)


def test_a_new_time_that_is_over_already_moves_to_the_next_day_and_the_rest_slips(
    work: Work, cast: Cast, clock: VirtualClock, campaign_id: int
) -> None:
    """The rule: never in the past."""
    clock.move_to(datetime(2026, 12, 2, 7, 30, tzinfo=UTC))
    one, two, three = steps_of(work, campaign_id)
    assert change(work, cast, campaign_id, one, replace(two, at=time(7)), three) == (1, 1, 0)
    [(due_at, _)] = waiting(work)
    assert due_at == datetime(2026, 12, 3, 6, 0, tzinfo=UTC)
    with work() as uow:
        [run] = uow.session.scalars(sa.select(StepRun).where(StepRun.state == "scheduled"))
        assert [move["why"] for move in run.moved] == ["past"]


def test_a_mail_that_becomes_a_task_is_begun_anew(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    one, two, three = steps_of(work, campaign_id)
    call = replace(two, kind=StepKind.CALL, send=None, at=None, wording_id=None, name="Call instead")
    assert change(work, cast, campaign_id, one, call, three) == (1, 1, 0)
    assert waiting(work) == []
    fast_forward(room, clock, datetime(2026, 12, 2, 8, 0, tzinfo=UTC))
    with work() as uow:
        [task] = uow.session.scalars(sa.select(Task))
        assert (task.name, task.kind, task.state) == ("Call instead", "call", "open")


def test_an_open_task_says_what_the_step_says_now(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    one, *_ = steps_of(work, campaign_id)
    call = a_call(3, "Call about the question")
    change(work, cast, campaign_id, one, call)
    fast_forward(room, clock, datetime(2026, 12, 2, 8, 0, tzinfo=UTC))
    assert change(work, cast, campaign_id, one, replace(call, name="Ask for a date")) == (1, 0, 0)
    with work() as uow:
        [task] = uow.session.scalars(sa.select(Task))
        assert (task.name, task.state) == ("Ask for a date", "open")


def test_a_deleted_open_task_closes_and_the_next_step_follows(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    """The rule: a deleted step is skipped."""
    one, _, three = steps_of(work, campaign_id)
    change(work, cast, campaign_id, one, a_call(3), three)
    fast_forward(room, clock, datetime(2026, 12, 2, 8, 0, tzinfo=UTC))
    assert change(work, cast, campaign_id, one, three)[2] == 1
    assert [due_at.day for due_at, _ in waiting(work)] == [4]
    with work() as uow:
        assert uow.session.scalars(sa.select(Task.state)).all() == ["cancelled"]


def test_a_mail_that_waited_behind_a_deleted_task_leaves_on_the_next_day_not_at_once(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, campaign_id: int
) -> None:
    """The rule: never in the past. Its day went by while the task was open."""
    one, _, three = steps_of(work, campaign_id)
    change(work, cast, campaign_id, one, a_call(3), three)
    fast_forward(room, clock, datetime(2026, 12, 10, 12, 0, tzinfo=UTC))
    assert change(work, cast, campaign_id, one, three)[2] == 1
    assert [due_at for due_at, _ in waiting(work)] == [datetime(2026, 12, 11, 8, 0, tzinfo=UTC)]


def test_somebody_with_no_step_left_finishes(work: Work, cast: Cast, campaign_id: int) -> None:
    one, *_ = steps_of(work, campaign_id)
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        save_version(uow, cast.ana, campaign, arranged([one]), {})
        assert effect_of_changes(uow, campaign).finish == 1
    applied(work, cast, campaign_id)
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.state)).all() == ["finished"]


def test_the_daily_limit_holds_for_what_is_moved(
    work: Work, cast: Cast, room: PostRoom, campaign_id: int
) -> None:
    """The rule: what exceeds a daily limit moves to the next eligible day."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
        other = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_mail(uow, 2, at="09:00")], name="Other")
        launch(uow, cast.ana, Order(other.id, [a_person(uow, cast.ana, "zoe@example.com").id]))
    taken = {due_at.date() for due_at, _ in waiting(work)}
    one, two, three = steps_of(work, campaign_id)
    change(work, cast, campaign_id, one, replace(two, day=2), three)
    days = [due_at.date() for due_at, _ in waiting(work)]
    assert taken and len(days) == len(set(days)), "one mail a day"


def test_a_colleague_needs_the_right_to_change_what_others_have_under_way(
    work: Work, cast: Cast, campaign_id: int
) -> None:
    """The rule: apply needs the right to do so, and the refusal says who can."""
    one, two, _ = steps_of(work, campaign_id)
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        save_version(uow, cast.ben, campaign, arranged([one, two]), {})
    with pytest.raises(NotAllowed, match="owner, an administrator"), work() as uow:
        change_campaign(uow, cast.ben, campaign_id)
    with work() as uow:
        assert change_campaign(uow, cast.cleo, campaign_id).people == 1


def test_two_who_apply_at_once_change_it_once(work: Work, cast: Cast, campaign_id: int) -> None:
    one, two, _ = steps_of(work, campaign_id)
    change(work, cast, campaign_id, one, two)
    with pytest.raises(IllegalMove), work() as uow:
        change_campaign(uow, cast.ana, campaign_id)
