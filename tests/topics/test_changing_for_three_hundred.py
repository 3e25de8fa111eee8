"""Three hundred people are on their way through six steps when the campaign is changed: what was said happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.campaigns.drafts import arranged
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.versions import drafts_of, newest, save_version
from sales_campaigns.enrollments.changes.changing import change_campaign, effect_of_changes
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun, StepRunState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.tasks.models import Task
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

ZONES = ("Europe/Stockholm", "America/New_York", "Asia/Tokyo")
Calendar = Mapping[tuple[int, str], datetime]


def under_way(work: Work, cast: Cast) -> int:
    """A third has the call before it, a third the second step, a third was started at the third."""
    with work() as uow:
        mails = [a_mail(uow, day, at="09:00") for day in (3, 5, 10, 12)]
        steps = [a_call(1), *mails[:2], a_call(8), *mails[2:]]
        campaign = a_campaign(uow, cast.ana, steps, recipients_zone=True)
        people = [a_person(uow, cast.ana, f"p{n}@example.com", zone=ZONES[n % 3]).id for n in range(300)]
        launch(uow, cast.ana, Order(campaign.id, people[:200]))
        launch(uow, cast.ana, Order(campaign.id, people[200:], first_key=steps[2].key))
        open_due(uow)
        for task in uow.session.scalars(sa.select(Task).where(Task.person_id.in_(people[:100]))).all():
            complete_task(uow, cast.ana, task)
        edited = sa.update(Message).where(Message.person_id.in_(people[200:250]))
        uow.session.execute(edited.values(edited_subject="Mine, é", edited_html="<p>My own words</p>"))
        return campaign.id


def calendar(work: Work) -> Calendar:
    """Every date ahead of everybody: of what is scheduled its own, of the rest what is foreseen."""
    with work() as uow:
        waits = sa.select(StepRun).where(StepRun.state.in_([StepRunState.SCHEDULED, StepRunState.TASK_OPEN]))
        dates = {(run.enrollment_id, run.step_key): run.due_at for run in uow.session.scalars(waits)}
        for way in ways_of(uow.session, uow.session.scalars(sa.select(Enrollment.id)).all()):
            for entry in way.ahead():
                dates.setdefault((way.enrollment.id, way.steps[entry.index].key), entry.at)
        return dates


def words(work: Work) -> dict[int, tuple[str | None, str | None]]:
    with work() as uow:
        edited = sa.select(Message).where(Message.edited_subject.is_not(None))
        waiting = edited.where(Message.state == MessageState.PENDING)
        return {one.id: (one.edited_subject, one.edited_html) for one in uow.session.scalars(waiting)}


def test_what_is_said_to_move_and_to_be_skipped_is_the_difference_of_the_calendars(
    work: Work, cast: Cast
) -> None:
    """The rule: “affects N people: n move, m newly skipped”, before saving; a rep's own words are kept."""
    campaign_id = under_way(work, cast)
    before, written = calendar(work), words(work)
    with work() as uow:
        campaign = uow.session.get_one(Campaign, campaign_id)
        version = newest(uow.session, campaign)
        one, _, three, *rest = drafts_of(version)
        changed = arranged([one, a_mail(uow, 6, "Put in", at="09:00"), replace(three, day=7), *rest])
        save_version(uow, cast.ana, campaign, changed, version.settings)
        said = effect_of_changes(uow, campaign)
    assert calendar(work) == before, "nobody moves before it is put into force"
    with work() as uow:
        change_campaign(uow, cast.ana, campaign_id)
    after = calendar(work)
    moved = {who for (who, key), at in before.items() if after.get((who, key), at) != at}
    skipped = {who for who, key in before if (who, key) not in after}
    assert (said.people, said.move, said.skip) == (300, len(moved), len(skipped)) == (300, 300, 200)
    assert len(written) == 50 == said.keep and words(work) == written
