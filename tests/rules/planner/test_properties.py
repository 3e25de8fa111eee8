"""What holds for every campaign, start and calendar."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.campaigns.planner import (
    Assumptions,
    Calendar,
    IfPast,
    Outline,
    Over,
    Planned,
    SendOption,
    Start,
    StepKind,
    StepOutline,
    Window,
    plan,
    skip_at,
)
from sales_campaigns.campaigns.planner.local_time import resolve, span_of
from sales_campaigns.campaigns.send_options import numbered, reset_illegal
from tests.rules.planner.cast import over_as_planned

ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kolkata",
    "UTC",
]
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
STEPS = st.builds(
    StepOutline,
    day=st.integers(1, 6),
    number=st.just(1),
    kind=st.sampled_from([StepKind.EMAIL, StepKind.EMAIL, StepKind.EMAIL, StepKind.CALL]),
    send=st.sampled_from(SendOption),
    at=TIMES,
    if_past=st.sampled_from(IfPast),
    follow_up=st.booleans(),
    skip_after_days=st.none() | st.integers(1, 4),
)
WINDOWS = st.sampled_from(
    [None, Window(time(8), time(18)), Window(time(2), time(3)), Window(time(0), time(23, 59))]
)
HOLIDAYS = st.frozensets(st.dates(date(2026, 3, 1), date(2026, 12, 31)), max_size=30)
CALENDARS = st.builds(Calendar, st.booleans(), HOLIDAYS, WINDOWS)
DELAYS = st.integers(0, 3).map(Assumptions)


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    steps = sorted(draw(st.lists(STEPS, min_size=1, max_size=7)), key=lambda step: step.day)
    legal, _ = reset_illegal([_legal(step, n) for n, step in enumerate(steps)])
    return Outline(legal, draw(CALENDARS))


def _legal(step: StepOutline, position: int) -> StepOutline:
    return StepOutline(
        step.day if position else 1,
        1,
        step.kind,
        step.send,
        step.at if step.send == SendOption.AT else None,
        step.if_past,
        step.follow_up,
        step.skip_after_days,
    )


@st.composite
def starts(draw: st.DrawFn) -> Start:
    zone = draw(st.sampled_from(ZONES))
    at = st.datetimes(datetime.fromisoformat("2026-03-20"), datetime.fromisoformat("2026-11-20"))
    launched = draw(at)
    leave = draw(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=2, unique_by=lambda one: one[0])
    )
    days = ((launched.date() + timedelta(days=first), length) for first, length in sorted(leave))
    away = tuple(
        span_of(day, day + timedelta(days=length), draw(st.sampled_from(ZONES))) for day, length in days
    )
    return Start(resolve(launched, zone), zone, away=away)


def is_skipped(outline: Outline, start: Start, entry: Planned) -> bool:
    return entry.done_at is not None and entry.done_at == skip_at(outline, start, entry)


def replayed(outline: Outline, start: Start, assume: Assumptions) -> dict[int, Planned]:
    """Each step as it stood when it became ready, every end fed back as the fact that was assumed."""
    over: dict[int, Over] = {}
    seen: dict[int, Planned] = {}
    while entries := plan(outline, start, over, assume):
        ready = [entry for entry in entries if entry.ready]
        first = min(ready, key=lambda entry: (entry.done_at or entry.at, entry.index))
        seen[first.index] = first
        over[first.index] = over_as_planned(first, skipped=is_skipped(outline, start, first))
    return seen


def check(outline: Outline, start: Start, assume: Assumptions) -> None:
    foreseen = plan(outline, start, assume=assume)
    assert plan(outline, start, assume=assume) == foreseen
    came = replayed(outline, start, assume)
    assert [came[e.index].at for e in foreseen] == [e.at for e in foreseen]
    assert [came[e.index].moved for e in foreseen] == [e.moved for e in foreseen]
    assert [came[e.index].done_at for e in foreseen] == [e.done_at for e in foreseen]
    for entry in foreseen:
        assert entry.local.date() >= entry.own_date
        assert entry.at >= start.launched_at.replace(microsecond=0)
        assert all(entry.at >= (foreseen[i].done_at or foreseen[i].at) for i in entry.waits_for)
        if not entry.is_task:
            assert outline.calendar.window is None or _inside(entry, outline.calendar.window)
            assert not outline.calendar.skip_weekends or entry.local.weekday() < 5
            assert entry.local.date() not in outline.calendar.holidays


def _inside(entry: Planned, window: Window) -> bool:
    return window.opens <= entry.local.time() < window.closes


@given(outlines(), starts(), DELAYS)
@settings(max_examples=150, deadline=None)
def test_it_comes_as_it_was_foreseen_to_the_second(
    outline: Outline, start: Start, assume: Assumptions
) -> None:
    check(outline, start, assume)


@pytest.mark.deep
@given(outlines(), starts(), DELAYS)
@settings(max_examples=20_000, deadline=None)
def test_it_comes_as_foreseen_in_thousands_of_campaigns(
    outline: Outline, start: Start, assume: Assumptions
) -> None:
    check(outline, start, assume)


@given(outlines(), starts(), st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_it_never_pulls_a_later_day_forward_when_a_step_ends_later(
    outline: Outline, start: Start, days: int
) -> None:
    first, *_ = plan(outline, start)
    skipped = is_skipped(outline, start, first)
    in_time = over_as_planned(first, skipped=skipped)
    late = over_as_planned(first, late_by=timedelta(days), skipped=skipped)
    before, after = plan(outline, start, {0: in_time}), plan(outline, start, {0: late})
    assert all(b.own_date <= a.own_date for b, a in zip(before, after, strict=True))


@given(outlines(), starts())
@settings(max_examples=20, deadline=None)
def test_it_answers_the_same_a_hundred_times(outline: Outline, start: Start) -> None:
    assert len({plan(outline, start) for _ in range(100)}) == 1


def test_it_counts_steps_within_their_day() -> None:
    steps = numbered([StepOutline(day, 9, StepKind.CALL) for day in (1, 1, 3, 3, 3)])
    assert [step.number for step in steps] == [1, 2, 1, 2, 3]
