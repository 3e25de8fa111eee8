"""What simulate foresees is what is rehearsed is what really happens, to the second: any legal campaign, any people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from integrations.sandbox import SandboxMail
from sales_campaigns.absence.taking_leave import Absent, take_leave
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.campaigns.audience import sorted_out
from sales_campaigns.campaigns.beside_the_file import varied_of
from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.editing import change_step
from sales_campaigns.campaigns.file import ZoneOf
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.campaigns.simulating import foresee, mails_in
from sales_campaigns.campaigns.variants import VariantDraft
from sales_campaigns.campaigns.varied import SaidVariant
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.database import make_sessions
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports import OutgoingMail, OutsideWorld, Taken
from sales_campaigns.rehearsals.happened import entries_of, letters_of
from sales_campaigns.rehearsals.plays import Play
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.fast_forward import run_out
from scheduler.rehearsing import rehearse, reps_of
from tests.cast import cast_of
from tests.databases import empty
from tests.shards import SHARD
from tests.sink import Sink
from tests.stories.letters import Letter, as_foreseen, as_received, letters
from tests.stories.plots import Plot, plots
from tests.stories.telling import Story, file_campaign, people_of

YEARS = timedelta(days=1000)


def happens(engine: sa.Engine, outside: OutsideWorld, plot: Plot) -> None:
    """Store it, simulate and rehearse what is stored, and play it with this database and a real SMTP server."""
    empty(engine)
    clock = VirtualClock(resolve(plot.wish.start, plot.wish.zone))
    with Sink() as sink:
        story = _story(engine, outside, clock, sink, plot.wish.limit)
        campaign_id = file_campaign(story, plot.wish.campaign)
        plot = _as_stored(story, campaign_id, plot)
        foreseen = foresee(plot.wish, plot.people).told()
        is_rehearsed_as(foreseen, plot)
        audience = sorted_out(plot.people, mails_in(plot.wish))
        if not (audience.mailed or audience.unmailed):
            with pytest.raises(Invalid, match="Nobody of these"):
                _launch(story, campaign_id, plot)
            return
        names = _launch(story, campaign_id, plot)
        reps = reps_of(story.room, story.cast.ana, plot.wish.task_delay_days)
        run_out(story.room, clock, story.now + YEARS, [reps])
        assert _entries(story, names) == foreseen["entries"]
        assert as_received(sink) == _mails(foreseen, plot)
        _says_what_was_foreseen(letters(sink), foreseen)
        with story.work() as uow:
            assert set(uow.session.scalars(sa.select(Enrollment.state))) <= {"finished"}


def is_rehearsed_as(foreseen: dict[str, Any], plot: Plot) -> None:
    rehearsed = rehearse(SandboxMail, Play(plot.wish, plot.people), lambda _: None).told()
    messages = rehearsed.pop("messages")
    assert rehearsed == foreseen
    sent = {(one["person"], (one["day"], one["step"]), one["at"]) for one in messages}
    assert sent == {mail[:3] for mail in _mails(foreseen, plot)} and len(sent) == len(messages)


def _mails(foreseen: dict[str, Any], plot: Plot) -> list[Any]:
    """A task that is skipped before anybody does it brings no mail."""
    wish = plot.wish
    skipped = {
        (step.outline.day, step.outline.number)
        for step in wish.campaign.steps
        if step.outline.skip_after_days is not None and wish.task_delay_days >= step.outline.skip_after_days
    }
    return as_foreseen([one for one in foreseen["entries"] if (one["day"], one["step"]) not in skipped])


def _says_what_was_foreseen(mails: Sequence[Letter], foreseen: dict[str, Any]) -> None:
    """Each mail is the variant that was foreseen, and under a follow-up stands the one that this person got."""
    entries = foreseen["entries"]
    variants = {(one["person"], (one["day"], one["step"])): one.get("variant", "") for one in entries}
    for mail in mails:
        said = [(mail.place, mail.variant), *mail.quoted]
        assert said == [(place, variants[mail.to, place]) for place, _ in said if place]


def _as_stored(story: Story, campaign_id: int, plot: Plot) -> Plot:
    """Ana varies the steps; the plot of what is stored then, whose steps have keys of their own."""
    with story.work() as uow:
        for place, varied in plot.wish.varied.items():
            step = newest(uow.session, uow.session.get_one(Campaign, campaign_id)).steps[place]
            variants = [_draft(uow, one) for one in varied.variants]
            change_step(uow, story.cast.ana, campaign_id, step.key, partial(_varied_by, variants))
        campaign = uow.session.get_one(Campaign, campaign_id)
        file, stored = export_campaign(uow.session, campaign), varied_of(uow.session, campaign)
    return replace(plot, wish=replace(plot.wish, campaign=file, varied=stored))


def _varied_by(variants: Sequence[VariantDraft], step: StepDraft) -> StepDraft:
    return step.with_variants(variants)


def _draft(uow: UnitOfWork, one: SaidVariant) -> VariantDraft:
    return VariantDraft(one.key, wording_for(uow.session, one.content).id, one.weight, stopped=one.stopped)


def _launch(story: Story, campaign_id: int, plot: Plot) -> dict[int, str]:
    """Ana adds everybody; each person's id with the name that simulate gives them."""
    wish, audience = plot.wish, sorted_out(plot.people)
    everybody = {**audience.mailed, **audience.unmailed}
    ids = people_of(story, everybody.values())
    times = {}
    with story.work() as uow:
        for away, back in wish.leave:
            take_leave(uow, story.cast.ana, Absent(story.cast.ana, away, back, LeaveKind.SHIFT))
        if wish.send_at is not None:
            first = newest(uow.session, uow.session.get_one(Campaign, campaign_id)).steps[0]
            by_recipient = wish.campaign.settings.timezone == ZoneOf.RECIPIENT
            times[first.key] = resolve(wish.send_at, wish.zone) if by_recipient else wish.send_at
        launch(uow, story.cast.ana, Order(campaign_id, ids, send_at=times))
    return dict(zip(ids, everybody, strict=True))


def _entries(story: Story, names: dict[int, str]) -> list[dict[str, Any]]:
    taken = [
        Taken(story.now, OutgoingMail(0, caught.message_id, "", (), caught.raw))
        for caught in story.sink.caught
    ]
    with story.work() as uow:
        return entries_of(uow.session, names, letters_of(uow.session, names, taken))


def _story(
    engine: sa.Engine, outside: OutsideWorld, clock: VirtualClock, sink: Sink, limit: int | None
) -> Story:
    sessions, reads = make_sessions(engine), make_sessions(engine, reads_only=True)
    with unit_of_work(sessions, clock) as uow:
        cast = cast_of(uow)
        uow.session.execute(sa.update(Mailbox).values(port=sink.port, daily_limit=limit or 1_000_000))
    seal = Seal("only for the tests, and long enough")
    room = PostRoom(sessions, reads, clock, outside.mail, seal, "property")
    return Story(lambda: unit_of_work(sessions, clock), room, clock, sink, cast)


def few(examples: int) -> settings:
    """A plot that fails is printed as it was drawn: making it smaller would take minutes."""
    quick = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    phases = [Phase.explicit, Phase.generate]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quick, phases=phases)


@given(plot=plots(most_steps=5, most_people=3))
@few(6)
def test_it_happens_as_foreseen_and_rehearsed_to_the_second(
    engine: sa.Engine, outside: OutsideWorld, plot: Plot
) -> None:
    """Simulation = rehearsal = live, on each of the two databases."""
    happens(engine, outside, plot)


@given(plot=plots(most_steps=5, most_people=3))
@few(13)
def test_it_is_rehearsed_as_foreseen(plot: Plot) -> None:
    """With those above, 25 random campaigns; a thousand are asked among the long counts."""
    is_rehearsed_as(foresee(plot.wish, plot.people).told(), plot)


@pytest.mark.deep
@SHARD.drawn
@given(plot=plots())
@few(SHARD.share(500))
def test_it_happens_as_foreseen_and_rehearsed_in_a_thousand_campaigns(
    engine: sa.Engine, outside: OutsideWorld, plot: Plot
) -> None:
    """Five hundred on each of the two databases."""
    happens(engine, outside, plot)
