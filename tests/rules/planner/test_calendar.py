"""Zones, weekends, holidays, windows, limits, slip and the past: the calendar, sentence by sentence."""

from __future__ import annotations

from datetime import date, time

import pytest

from sales_campaigns.campaigns.planner import Assumptions, Calendar, Outcome, Over, Window, later_day, plan
from sales_campaigns.errors import Invalid
from tests.rules.planner.cast import (
    BUSINESS_DAYS,
    OFFICE_HOURS,
    call,
    chosen_mail,
    done,
    locals_of,
    mail,
    moves_of,
    outline,
    shown,
    started,
    utc,
)

IN_OFFICE_HOURS = Calendar(window=OFFICE_HOURS)

# --- Zone ---


def test_it_moves_a_local_time_that_does_not_exist_forward_by_the_length_of_the_gap() -> None:
    planned = plan(outline(mail(2, "02:30")), started("2027-03-27T10:00"))[0]
    assert shown(planned.local) == "Sun 2027-03-28 03:30"
    assert moves_of(planned) == [("gap", "Sun 2027-03-28 02:30")]


def test_it_keeps_the_wall_clock_on_both_sides_of_a_change_of_the_clocks() -> None:
    planned = plan(outline(mail(1, "09:00"), mail(2), mail(3)), started("2027-03-27T08:00"))
    assert [e.at for e in planned] == [
        utc("2027-03-27T09:00"),
        utc("2027-03-28T09:00"),
        utc("2027-03-29T09:00"),
    ]
    assert [e.at.hour for e in planned] == [8, 7, 7]


def test_it_takes_the_first_of_a_local_time_that_exists_twice() -> None:
    planned = plan(outline(mail(2, "02:30")), started("2026-10-24T10:00"))[0]
    assert planned.at.isoformat() == "2026-10-25T00:30:00+00:00" and planned.moved == ()


def test_it_lends_the_time_that_was_wanted_not_the_one_behind_the_gap() -> None:
    planned = plan(outline(mail(2, "02:30"), mail(3)), started("2027-03-27T10:00"))
    assert shown(planned[1].local) == "Mon 2027-03-29 02:30"


def test_it_moves_a_task_that_opens_inside_a_midnight_gap() -> None:
    planned = plan(outline(call(2)), started("2026-09-05T10:00", "America/Santiago"))[0]
    assert shown(planned.local) == "Sun 2026-09-06 01:00" and [m.why for m in planned.moved] == ["gap"]


# --- Skip weekends and holidays ---


def test_it_makes_monday_day_1_of_a_launch_on_saturday_at_the_same_wall_time() -> None:
    planned = plan(outline(chosen_mail(), mail(2), calendar=BUSINESS_DAYS), started("2026-11-28T15:00"))
    assert locals_of(planned) == ["Mon 2026-11-30 15:00", "Tue 2026-12-01 15:00"]
    assert [moves_of(e) for e in planned] == [[("weekend", "Sat 2026-11-28 15:00")], []]


def test_it_counts_business_days_after_a_launch_on_friday() -> None:
    steps = outline(mail(1, "16:00"), mail(2), mail(3), calendar=BUSINESS_DAYS)
    assert locals_of(plan(steps, started("2026-11-27T15:00"))) == [
        "Fri 2026-11-27 16:00",
        "Mon 2026-11-30 16:00",
        "Tue 2026-12-01 16:00",
    ]


def test_it_counts_seven_days_a_week_when_weekends_are_not_skipped() -> None:
    planned = plan(outline(mail(1, "16:00"), mail(2)), started("2026-11-27T15:00"))
    assert locals_of(planned)[1] == "Sat 2026-11-28 16:00"


def test_it_counts_holidays_as_weekend_days() -> None:
    calendar = Calendar(skip_weekends=True, holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
    planned = plan(outline(chosen_mail(), mail(2), calendar=calendar), started("2026-12-25T15:00"))
    assert locals_of(planned) == ["Tue 2026-12-29 15:00", "Wed 2026-12-30 15:00"]
    assert [why for why, _ in moves_of(planned[0])] == ["holiday", "weekend", "holiday"]


def test_it_skips_holidays_where_weekends_are_not_skipped() -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 11, 24)}))
    planned = plan(outline(chosen_mail(), mail(2), calendar=calendar), started("2026-11-23T15:00"))
    assert locals_of(planned)[1] == "Wed 2026-11-25 15:00"


def test_it_moves_a_date_chosen_for_a_later_step_off_the_weekend() -> None:
    steps = outline(mail(1, "16:00"), mail(2, "09:00"), calendar=BUSINESS_DAYS)
    start = started("2026-11-26T15:00", send_at={1: utc("2026-11-28T11:00")})
    assert locals_of(plan(steps, start))[1] == "Mon 2026-11-30 11:00"


def test_it_counts_the_start_after_the_move_so_a_time_before_it_has_passed() -> None:
    planned = plan(outline(mail(1, "09:00"), calendar=BUSINESS_DAYS), started("2026-11-28T15:00"))[0]
    assert shown(planned.local) == "Tue 2026-12-01 09:00"
    assert moves_of(planned) == [("weekend", "Sat 2026-11-28 09:00"), ("past", "Mon 2026-11-30 09:00")]


# --- Send window ---


@pytest.mark.parametrize(
    ("wanted", "leaves"),
    [
        ("07:59", "Tue 2026-11-24 08:00"),
        ("08:00", "Tue 2026-11-24 08:00"),
        ("17:59", "Tue 2026-11-24 17:59"),
        ("18:00", "Wed 2026-11-25 08:00"),
    ],
)
def test_it_moves_a_send_outside_the_window_to_the_next_opening(wanted: str, leaves: str) -> None:
    planned = plan(outline(mail(2, wanted), calendar=IN_OFFICE_HOURS), started("2026-11-23T10:00"))
    assert locals_of(planned) == [leaves]


def test_it_counts_a_move_to_the_next_opening_as_a_slip_like_any_other() -> None:
    steps = outline(mail(2, "18:00"), mail(3, "10:00"), calendar=IN_OFFICE_HOURS)
    planned = plan(steps, started("2026-11-23T10:00"))
    assert locals_of(planned)[1] == "Thu 2026-11-26 10:00"
    assert moves_of(planned[1]) == [("slip", "Wed 2026-11-25 10:00")]


def test_it_opens_the_window_only_on_days_that_count() -> None:
    calendar = Calendar(skip_weekends=True, window=OFFICE_HOURS)
    planned = plan(outline(mail(1, "18:30"), calendar=calendar), started("2026-11-27T15:00"))
    assert locals_of(planned) == ["Mon 2026-11-30 08:00"]


def test_it_does_not_hold_tasks_by_the_window() -> None:
    planned = plan(outline(call(1), calendar=IN_OFFICE_HOURS), started("2026-11-23T21:00"))
    assert locals_of(planned) == ["Mon 2026-11-23 21:00"]


def test_it_skips_a_day_whose_whole_window_lies_in_a_gap() -> None:
    calendar = Calendar(window=Window(time(2), time(3)))
    planned = plan(outline(mail(2, "02:30"), calendar=calendar), started("2027-03-27T10:00"))[0]
    assert shown(planned.local) == "Mon 2027-03-29 02:00" and [m.why for m in planned.moved] == [
        "gap",
        "window",
    ]


def test_it_refuses_a_window_that_closes_before_it_opens() -> None:
    with pytest.raises(Invalid, match="must open before it closes"):
        Window(OFFICE_HOURS.closes, OFFICE_HOURS.opens)


# --- Limits ---


def test_it_moves_what_exceeds_a_limit_to_the_next_counted_day_at_its_own_time() -> None:
    steps, start = outline(mail(1, "16:00"), calendar=BUSINESS_DAYS), started("2026-11-27T15:00")
    first = plan(steps, start)[0]
    put_off = later_day(steps, start, first, first.local.date())
    assert shown(put_off.local) == "Mon 2026-11-30 16:00"
    assert moves_of(put_off) == [("limit", "Fri 2026-11-27 16:00")]


def test_it_notes_one_limit_for_a_mail_that_is_put_off_again_and_again() -> None:
    steps, start = outline(mail(1, "16:00")), started("2026-11-27T15:00")
    entry = plan(steps, start)[0]
    for _ in range(3):
        entry = later_day(steps, start, entry, entry.local.date())
    assert shown(entry.local) == "Mon 2026-11-30 16:00" and len(entry.moved) == 1


def test_it_plans_a_step_that_a_limit_has_put_off_where_the_limit_put_it() -> None:
    steps, start = outline(mail(1, "16:00"), mail(2, "09:00")), started("2026-11-23T15:00")
    planned = plan(steps, start, defer={0: date(2026, 11, 26)})
    assert locals_of(planned) == ["Thu 2026-11-26 16:00", "Fri 2026-11-27 09:00"]


# --- Never in the past ---


def test_it_moves_a_time_that_has_passed_to_the_next_counted_day_at_the_same_time() -> None:
    planned = plan(outline(mail(1, "09:00"), calendar=BUSINESS_DAYS), started("2026-11-27T09:00:01"))[0]
    assert shown(planned.local) == "Mon 2026-11-30 09:00"
    assert moves_of(planned) == [("past", "Fri 2026-11-27 09:00")]


def test_it_does_not_call_an_instant_past_that_equals_the_ready_instant() -> None:
    assert locals_of(plan(outline(mail(1, "09:00")), started("2026-11-27T09:00"))) == ["Fri 2026-11-27 09:00"]


def test_it_sends_when_ready_inside_the_window_where_the_step_says_if_past_now() -> None:
    steps = outline(call(1), mail(1, "09:00", now=True), calendar=IN_OFFICE_HOURS)
    start = started("2026-11-23T08:00")
    by_day = {0: done("2026-11-23T08:00", "2026-11-23T12:34:56")}
    by_night = {0: done("2026-11-23T08:00", "2026-11-23T19:00")}
    assert locals_of(plan(steps, start, by_day)) == ["Mon 2026-11-23 12:34:56"]
    assert locals_of(plan(steps, start, by_night)) == ["Tue 2026-11-24 08:00"]


def test_it_plans_nothing_that_is_not_over_before_the_enrollment_resumed() -> None:
    steps = outline(mail(1, "09:00"), mail(2, "09:00"), call(3))
    start = started("2026-11-23T08:00", resumed_at=utc("2026-11-30T10:00"))
    planned = plan(steps, start)
    assert locals_of(planned) == ["Tue 2026-12-01 09:00", "Wed 2026-12-02 09:00", "Thu 2026-12-03 00:00"]
    assert moves_of(planned[0]) == [("leave", "Mon 2026-11-23 09:00")]


# --- Slip ---


def test_it_moves_all_later_days_by_as_many_counted_days_as_a_step_ended_late() -> None:
    steps, start = outline(call(1), mail(2, "09:00"), mail(4, "09:00")), started("2026-11-23T10:00")
    planned = plan(steps, start, {0: done("2026-11-23T10:00", "2026-11-26T10:00")})
    assert locals_of(planned) == ["Fri 2026-11-27 09:00", "Sun 2026-11-29 09:00"]


def test_it_adds_nothing_for_a_saturday_that_does_not_count() -> None:
    steps = outline(call(1), mail(2, "09:00"), calendar=BUSINESS_DAYS)
    planned = plan(steps, started("2026-11-27T10:00"), {0: done("2026-11-27T10:00", "2026-11-28T18:00")})
    assert locals_of(planned) == ["Mon 2026-11-30 09:00"] and planned[0].moved == ()


def test_it_counts_the_latest_step_of_a_day_once() -> None:
    steps = outline(call(1), call(1), mail(2, "09:00"))
    over = {
        0: done("2026-11-23T10:00", "2026-11-25T10:00"),
        1: done("2026-11-25T10:00", "2026-11-25T11:00"),
    }
    assert locals_of(plan(steps, started("2026-11-23T10:00"), over)) == ["Thu 2026-11-26 09:00"]


def test_it_moves_the_days_after_day_1_with_it_when_its_time_has_passed() -> None:
    planned = plan(outline(mail(1, "09:00"), mail(2, "09:00")), started("2026-11-23T10:00"))
    assert locals_of(planned) == ["Tue 2026-11-24 09:00", "Wed 2026-11-25 09:00"]


# --- To the second ---


@pytest.mark.parametrize(
    ("accepted", "next_leaves"),
    [
        ("2026-11-23T14:59:59", "Mon 2026-11-23 14:30"),
        ("2026-11-24T01:00:00", "Tue 2026-11-24 14:30"),
    ],
)
def test_it_counts_a_mail_over_when_due_if_accepted_on_that_date_else_at_acceptance(
    accepted: str, next_leaves: str
) -> None:
    over = {0: Over(utc("2026-11-23T14:00"), utc(accepted), Outcome.SENT, utc(accepted))}
    steps = outline(mail(1, "14:00"), mail(1, "14:30"))
    assert locals_of(plan(steps, started("2026-11-23T10:00"), over)) == [next_leaves]


def test_it_cuts_launches_to_the_whole_second() -> None:
    start = started("2026-11-23T10:00:00.999999")
    assert plan(outline(chosen_mail()), start)[0].at == utc("2026-11-23T10:00")


def test_it_delays_what_comes_after_assumed_late_tasks() -> None:
    steps = outline(call(1), mail(1, "12:00"), mail(2, "12:00"))
    planned = plan(steps, started("2026-11-23T08:00"), assume=Assumptions(task_delay_days=1))
    assert locals_of(planned)[1:] == ["Tue 2026-11-24 12:00", "Wed 2026-11-25 12:00"]
