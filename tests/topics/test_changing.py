"""A running campaign is changed: what is over stays, what is ahead follows the new version."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.drafts import StepDraft, arranged
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest, save_version
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.enrollments.changing import change_campaign, effect_of_changes
from sales_campaigns.enrollments.launching import Order, launch
from sales_campaigns.messages.dispatching import PostRoom
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
        foretold = effect_of_changes(uow, campaign)
        done = change_campaign(uow, cast.ana, campaign_id)
        assert done == foretold, "what was said before is what happens"
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
    assert change(work, cast, campaign_id, one, three) == (1, 1, 1)
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
