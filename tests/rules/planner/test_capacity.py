"""A mailbox with a daily limit, shared out among people who stand alike: the same as one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.campaigns.planner import (
    Assumptions,
    Calendar,
    Outline,
    SendOption,
    Start,
    StepKind,
    StepOutline,
    Window,
    share_out,
)
from sales_campaigns.campaigns.send_options import numbered, reset_illegal
from tests.rules.planner.one_by_one import share_out_one_by_one

ZONES = ("Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
NINE = StepOutline(1, 1, StepKind.EMAIL, SendOption.AT, time(9, 30))
STEPS = st.builds(
    StepOutline,
    day=st.integers(1, 4),
    number=st.just(1),
    kind=st.sampled_from([StepKind.EMAIL, StepKind.EMAIL, StepKind.CALL]),
    send=st.sampled_from(SendOption),
    at=st.builds(time, st.integers(0, 23)),
    follow_up=st.booleans(),
)
CALENDARS = st.builds(
    Calendar, st.booleans(), st.just(frozenset()), st.sampled_from([None, Window(time(8), time(18))])
)


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    drawn = sorted(draw(st.lists(STEPS, min_size=1, max_size=5)), key=lambda step: step.day)
    legal, _ = reset_illegal(drawn)
    return Outline(tuple(numbered(legal)), draw(CALENDARS))


STARTS = st.lists(
    st.tuples(st.integers(0, 999), st.sampled_from(ZONES), st.sampled_from([0, 0, 0, 5, 24])),
    min_size=1,
    max_size=40,
    unique_by=lambda one: one[0],
)


@settings(max_examples=60, deadline=None)
@given(outlines(), STARTS, st.integers(1, 5), st.integers(0, 2))
def test_people_who_stand_alike_are_planned_as_one_by_one(
    outline: Outline, drawn: list[tuple[int, str, int]], limit: int, delay: int
) -> None:
    starts = [(f"p{n}@example.com", Start(MONDAY + timedelta(hours=late), zone)) for n, zone, late in drawn]
    assume = Assumptions(delay)
    together = dict(share_out(outline, starts, limit, "Europe/Stockholm", assume))
    assert together == dict(share_out_one_by_one(outline, starts, limit, "Europe/Stockholm", assume))


def test_places_that_others_have_already_are_not_given_away() -> None:
    """The rule: what exceeds a daily limit moves to the next eligible day."""
    people = [(f"p{n}@example.com", Start(MONDAY, "Europe/Stockholm")) for n in range(4)]
    taken = {date(2026, 11, 30): 2, date(2026, 12, 1): 1}
    shared = share_out(Outline((NINE,)), people, 2, "Europe/Stockholm", taken=taken)
    assert [planned[0].local.date().day for _, planned in shared] == [1, 2, 2, 3]
