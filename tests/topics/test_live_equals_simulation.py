"""What simulate foresees is what really happens, to the second: any legal campaign, any people, any settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sales_campaigns.absence.taking_leave import Absent, take_leave
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.campaigns.file import CampaignFile, FileSettings, FileStep, ZoneOf
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind, StepOutline, Window
from sales_campaigns.campaigns.send_options import numbered, reset_illegal
from sales_campaigns.clock import VirtualClock
from sales_campaigns.database import make_sessions
from sales_campaigns.enrollments.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import unit_of_work
from tests.cast import cast_of
from tests.databases import empty
from tests.sink import Sink
from tests.stories.letters import as_foreseen, as_received, words_of
from tests.stories.telling import Story, file_campaign, people_of, simulated, work_through

ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "",
]
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
STEPS = st.builds(
    StepOutline,
    day=st.integers(1, 5),
    number=st.just(1),
    kind=st.sampled_from([StepKind.EMAIL, StepKind.EMAIL, StepKind.EMAIL, StepKind.CALL, StepKind.INMAIL]),
    send=st.sampled_from(SendOption),
    at=TIMES,
    if_past=st.sampled_from(IfPast),
    follow_up=st.booleans(),
    skip_after_days=st.none() | st.integers(1, 4),
)
SETTINGS = st.builds(
    FileSettings,
    skip_weekends=st.booleans(),
    holidays=st.sampled_from([None, "SE", "US-CA"]),
    send_window=st.sampled_from([None, Window(time(8), time(18)), Window(time(2), time(3, 30))]),
    timezone=st.sampled_from(ZoneOf),
)
PEOPLE = st.lists(st.sampled_from(ZONES), min_size=1, max_size=5).map(
    lambda zones: [{"email": f"person{n}@example.com", "time_zone": zone} for n, zone in enumerate(zones)]
)
# Around the clock changes of both hemispheres, Christmas, and nothing in particular.
STARTS = st.one_of(
    st.datetimes(datetime.fromisoformat("2026-10-20"), datetime.fromisoformat("2026-11-02")),
    st.datetimes(datetime.fromisoformat("2027-03-10"), datetime.fromisoformat("2027-04-05")),
    st.datetimes(datetime.fromisoformat("2026-12-18"), datetime.fromisoformat("2027-01-06")),
).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))


@dataclass(frozen=True)
class Plot:
    """One campaign for some people, from an instant on; `limit` is the mailbox's, None for none that binds.

    `leave` are the days on which its sender is away, so that every date goes around them.
    """

    file: CampaignFile
    people: list[dict[str, str]]
    start: datetime
    limit: int | None
    leave: tuple[date, date] | None


@st.composite
def plots(draw: st.DrawFn) -> Plot:
    drawn = sorted(draw(st.lists(STEPS, min_size=1, max_size=6)), key=lambda step: step.day)
    legal, _ = reset_illegal([_only_what_counts(step, n) for n, step in enumerate(drawn)])
    steps = tuple(_with_words(step) for step in numbered(legal))
    file = CampaignFile("A plot", "Outbound", draw(SETTINGS), steps)
    start = draw(STARTS)
    ahead = draw(st.none() | st.tuples(st.integers(0, 9), st.integers(0, 7)))
    first = start.astimezone(ZoneInfo("Europe/Stockholm")).date() + timedelta(days=ahead[0] if ahead else 0)
    leave = (first, first + timedelta(days=ahead[1])) if ahead else None
    return Plot(file, draw(PEOPLE), start, draw(st.none() | st.integers(1, 4)), leave)


def _only_what_counts(step: StepOutline, position: int) -> StepOutline:
    mail = step.kind == StepKind.EMAIL
    return replace(
        step,
        day=step.day if position else 1,
        send=step.send if mail else None,
        at=step.at if mail and step.send == SendOption.AT else None,
        follow_up=step.follow_up and mail,
        skip_after_days=None if mail and step.send != SendOption.TASK else step.skip_after_days,
    )


def _with_words(step: StepOutline) -> FileStep:
    if step.kind != StepKind.EMAIL:
        return FileStep(step, name=f"Day {step.day}")
    subject = None if step.follow_up else f"Day {step.day}"
    return FileStep(step, subject=subject, html=words_of(step.day, step.number))


def happens(engine: sa.Engine, outside: OutsideWorld, plot: Plot) -> None:
    """Play the plot with the real engine and compare it with what was foreseen."""
    empty(engine)
    clock = VirtualClock(plot.start)
    with Sink() as sink:
        story = _story(engine, outside, clock, sink, plot.limit)
        campaign_id, people = file_campaign(story, plot.file), people_of(story, plot.people)
        leave = [plot.leave] if plot.leave else []
        foreseen = simulated(story, plot.file, plot.people, mailbox_limit_per_day=plot.limit, leave=leave)
        with story.work() as uow:
            for first, last in leave:
                ana = story.cast.ana
                take_leave(uow, ana, Absent(ana, first, last, LeaveKind.SHIFT))
            launch(uow, story.cast.ana, Order(campaign_id, people))
        work_through(story, datetime.fromisoformat(foreseen["finishes"]) + timedelta(days=10))
        assert tasks_opened(story) == tasks_foreseen(foreseen)
        assert instants_planned(story) == instants_foreseen(foreseen)
        assert as_received(sink) == as_foreseen(foreseen["entries"])
        with story.work() as uow:
            assert set(uow.session.scalars(sa.select(Enrollment.state))) == {"finished"}


def _story(
    engine: sa.Engine, outside: OutsideWorld, clock: VirtualClock, sink: Sink, limit: int | None
) -> Story:
    sessions, reads = make_sessions(engine), make_sessions(engine, reads_only=True)
    with unit_of_work(sessions, clock) as uow:
        cast = cast_of(uow)
        uow.session.execute(sa.update(Mailbox).values(port=sink.port, daily_limit=limit or 500))
    seal = Seal("only for the tests, and long enough")
    room = PostRoom(sessions, reads, clock, outside.mail, seal, "property")
    return Story(lambda: unit_of_work(sessions, clock), room, clock, sink, cast)


def instants_planned(story: Story) -> list[tuple[str, str, str, list[str]]]:
    """Person, step's instant, and what moved it, of everything that was planned."""
    with story.work() as uow:
        rows = uow.session.execute(
            sa.select(Enrollment.email, StepRun.due_at, StepRun.moved, Enrollment.zone)
            .join(StepRun, StepRun.enrollment_id == Enrollment.id)
            .where(StepRun.state != "cancelled")
        )
        return sorted(
            (who, _local(due, zone), zone, [move["why"] for move in moved]) for who, due, moved, zone in rows
        )


def instants_foreseen(foreseen: dict[str, Any]) -> list[tuple[str, str, str, list[str]]]:
    return sorted(
        (e["person"], e["local"], e["zone"], [move["why"] for move in e["moved"]])
        for e in foreseen["entries"]
    )


def tasks_opened(story: Story) -> list[tuple[str, datetime]]:
    with story.work() as uow:
        rows = uow.session.execute(
            sa.select(Enrollment.email, Task.created_at).join(Enrollment, Enrollment.id == Task.enrollment_id)
        )
        return sorted((who, at) for who, at in rows)


def tasks_foreseen(foreseen: dict[str, Any]) -> list[tuple[str, datetime]]:
    entries = foreseen["entries"]
    return sorted((e["person"], datetime.fromisoformat(e["at"])) for e in entries if e["kind"] == "task")


def _local(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).isoformat()


def few(examples: int) -> settings:
    quick = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=quick)


@given(plot=plots())
@few(10)
def test_it_happens_as_foreseen_to_the_second(engine: sa.Engine, outside: OutsideWorld, plot: Plot) -> None:
    happens(engine, outside, plot)


@pytest.mark.deep
@given(plot=plots())
@few(300)
def test_it_happens_as_foreseen_in_hundreds_of_campaigns(
    engine: sa.Engine, outside: OutsideWorld, plot: Plot
) -> None:
    happens(engine, outside, plot)
