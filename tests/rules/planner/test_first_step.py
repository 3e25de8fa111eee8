"""Where days are counted from: a start at a later step, and a jump. Pure, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from sales_campaigns.campaigns.planner import (
    Calendar,
    Outcome,
    Outline,
    Over,
    SendOption,
    Start,
    StepKind,
    StepOutline,
    plan,
    share_out,
)
from tests.rules.planner.cast import utc

STOCKHOLM = "Europe/Stockholm"
MAIL, CALL = StepKind.EMAIL, StepKind.CALL
STEPS = (
    StepOutline(1, 1, MAIL, SendOption.AT, time(10)),
    StepOutline(1, 2, CALL),
    StepOutline(3, 1, MAIL, SendOption.SAME_AS_PREVIOUS, follow_up=True),
    StepOutline(3, 2, MAIL, SendOption.AT, time(8)),
    StepOutline(6, 1, CALL),
)
WEEK = Outline(STEPS)


def from_step(index: int, local: str = "2026-11-30T09:00") -> Start:
    return Start(utc(local, STOCKHOLM), STOCKHOLM, first=index, first_day=STEPS[index].day)


def dates(outline: Outline, start: Start, over: dict[int, Over] | None = None) -> list[str]:
    return [f"{one.index} {one.local:%a %d %H:%M}" for one in plan(outline, start, over)]


@pytest.mark.parametrize(
    ("index", "found"),
    [
        (0, ["0 Mon 30 10:00", "1 Mon 30 10:00", "2 Wed 02 10:00", "3 Thu 03 08:00", "4 Sun 06 00:00"]),
        (1, ["1 Mon 30 09:00", "2 Wed 02 09:00", "3 Thu 03 08:00", "4 Sun 06 00:00"]),
        (2, ["2 Mon 30 09:00", "3 Tue 01 08:00", "4 Fri 04 00:00"]),
        (3, ["3 Tue 01 08:00", "4 Fri 04 00:00"]),
        (4, ["4 Mon 30 09:00"]),
    ],
)
def test_the_day_of_the_step_that_begins_is_the_day_of_the_start(index: int, found: list[str]) -> None:
    """“Same time” without an earlier mail falls to the time of the start; what has passed moves and slips the rest."""
    assert dates(WEEK, from_step(index)) == found


def test_a_follow_up_that_begins_follows_nothing() -> None:
    assert plan(WEEK, from_step(2))[0].follows is None
    assert plan(WEEK, from_step(1))[1].follows is None


def test_a_start_on_a_saturday_begins_on_monday_also_at_a_later_step() -> None:
    skipping = replace(WEEK, calendar=Calendar(skip_weekends=True))
    assert dates(skipping, from_step(2, "2026-11-28T09:00"))[0] == "2 Mon 30 09:00"


def test_after_a_jump_the_sent_mail_lends_its_time_and_its_lateness_delays_nothing() -> None:
    sent = Over(utc("2026-11-30T10:00", STOCKHOLM), utc("2026-12-04T10:00", STOCKHOLM), Outcome.SENT,
                utc("2026-12-04T10:00", STOCKHOLM))  # fmt: skip
    jump = replace(from_step(0), first=2, first_day=3, first_at=utc("2026-12-07T09:30", STOCKHOLM))
    assert dates(WEEK, jump, {0: sent}) == ["2 Mon 07 10:00", "3 Tue 08 08:00", "4 Fri 11 00:00"]


def test_a_limit_shares_out_the_same_dates() -> None:
    shared = dict(share_out(WEEK, [("a@example.com", from_step(2))], 50, STOCKHOLM))
    assert [one.at for one in shared["a@example.com"]] == [one.at for one in plan(WEEK, from_step(2))]
