"""When the steps of a campaign happen: the send options, sentence by sentence."""

from __future__ import annotations

from datetime import date, timedelta

from sales_campaigns.campaigns.planner import Assumptions, Calendar, Outcome, Over, plan
from tests.rules.planner.cast import (
    BUSINESS_DAYS,
    OFFICE_HOURS,
    call,
    chosen_mail,
    done,
    locals_of,
    mail,
    mail_task,
    moves_of,
    outline,
    over_as_planned,
    started,
    utc,
)

# --- I will choose when to send ---


def test_it_sends_a_chosen_mail_at_the_launch_when_nothing_was_chosen() -> None:
    assert locals_of(plan(outline(chosen_mail()), started("2026-11-23T10:12:13"))) == [
        "Mon 2026-11-23 10:12:13"
    ]


def test_it_sends_a_chosen_mail_at_the_time_chosen_when_people_were_added() -> None:
    start = started("2026-11-23T10:00", send_at={0: utc("2026-11-25T07:30")})
    assert locals_of(plan(outline(chosen_mail(), mail(2)), start)) == [
        "Wed 2026-11-25 07:30",
        "Thu 2026-11-26 07:30",
    ]


# --- Send at the following time ---


def test_it_plans_a_fixed_time_on_the_day_of_its_step() -> None:
    steps = outline(mail(1, "14:00"), mail(3, "09:30"))
    assert locals_of(plan(steps, started("2026-11-23T10:00"))) == [
        "Mon 2026-11-23 14:00",
        "Wed 2026-11-25 09:30",
    ]


def test_it_lets_the_launch_always_choose_another_date_and_a_later_date_slips_the_rest() -> None:
    start = started("2026-11-23T10:00", send_at={1: utc("2026-11-26T16:00")})
    planned = plan(outline(mail(1, "14:00"), mail(2, "09:00"), mail(3, "09:00"), mail(4)), start)
    assert locals_of(planned)[1:] == ["Thu 2026-11-26 16:00", "Fri 2026-11-27 09:00", "Sat 2026-11-28 09:00"]


def test_it_lends_the_time_that_the_launch_chose() -> None:
    start = started("2026-11-23T10:00", send_at={1: utc("2026-11-24T16:00")})
    planned = plan(outline(mail(1, "14:00"), mail(2, "09:00"), mail(3)), start)
    assert locals_of(planned)[2] == "Wed 2026-11-25 16:00"


def test_it_takes_a_chosen_wall_clock_time_in_the_zone_of_the_enrollment() -> None:
    start = started("2026-11-23T10:00", send_at={0: utc("2026-11-25T07:30").replace(tzinfo=None)})
    assert locals_of(plan(outline(chosen_mail()), start)) == ["Wed 2026-11-25 06:30"]


# --- Same time as the previous e-mail ---


def test_it_takes_the_time_of_the_nearest_email_on_an_earlier_day_but_its_own_day() -> None:
    steps = outline(mail(1, "14:00"), call(2), mail(3))
    assert locals_of(plan(steps, started("2026-11-23T10:00")))[2] == "Wed 2026-11-25 14:00"


def test_it_takes_the_planned_time_of_an_automatic_mail_before_any_move() -> None:
    """Windows, limits and retries cause no drift."""
    steps = outline(mail(1, "19:00"), mail(3), calendar=Calendar(window=OFFICE_HOURS))
    planned = plan(steps, started("2026-11-23T10:00"))
    assert locals_of(planned) == ["Tue 2026-11-24 08:00", "Fri 2026-11-27 08:00"]
    assert ("slip", "Wed 2026-11-25 19:00") in moves_of(planned[1])


def test_it_takes_the_time_at_which_the_rep_really_sent_it_when_it_was_a_task() -> None:
    over = {0: done("2026-11-23T10:00", "2026-11-23T11:17:42", sent="2026-11-23T11:17:42")}
    assert locals_of(plan(outline(mail_task(1), mail(2)), started("2026-11-23T10:00"), over)) == [
        "Tue 2026-11-24 11:17:42"
    ]


def test_it_looks_further_back_past_a_task_that_ended_without_a_mail() -> None:
    over = {
        0: done("2026-11-23T14:00", "2026-11-23T14:00", sent="2026-11-23T14:00"),
        1: Over(utc("2026-11-24T00:00"), utc("2026-11-24T11:00"), Outcome.SKIPPED),
    }
    steps = outline(mail(1, "14:00"), mail_task(2), mail(3))
    assert locals_of(plan(steps, started("2026-11-23T10:00"), over)) == ["Wed 2026-11-25 14:00"]


def test_it_never_takes_the_time_of_an_email_of_the_same_day() -> None:
    steps = outline(mail(1, "14:00"), mail(2, "09:00"), mail(2))
    assert locals_of(plan(steps, started("2026-11-23T10:00")))[1:] == [
        "Tue 2026-11-24 09:00",
        "Tue 2026-11-24 14:00",
    ]


def test_it_leaves_at_once_on_day_1_even_ahead_of_an_earlier_mail_that_is_scheduled_for_later() -> None:
    planned = plan(outline(mail(1, "14:00"), mail(1)), started("2026-11-23T10:00"))
    assert locals_of(planned) == ["Mon 2026-11-23 14:00", "Mon 2026-11-23 10:00"]
    assert planned[1].ready and planned[1].waits_for == ()


def test_it_waits_on_day_1_for_a_task_before_it() -> None:
    planned = plan(outline(call(1), mail(1)), started("2026-11-23T08:00"))
    assert locals_of(planned) == ["Mon 2026-11-23 08:00", "Mon 2026-11-23 09:00"]
    assert not planned[1].ready and planned[1].waits_for == (0,)


def test_it_waits_on_day_1_for_the_mail_that_it_follows_up() -> None:
    planned = plan(outline(mail(1, "14:00"), mail(1, follow_up=True)), started("2026-11-23T10:00"))
    assert locals_of(planned) == ["Mon 2026-11-23 14:00", "Mon 2026-11-23 14:00"]
    assert planned[1].waits_for == (0,) and planned[1].follows == 0


def test_it_leaves_on_the_start_day_even_when_a_fixed_time_of_day_1_has_moved() -> None:
    planned = plan(outline(mail(1, "09:00"), mail(1), mail(2)), started("2026-11-23T10:00"))
    assert locals_of(planned)[:2] == ["Tue 2026-11-24 09:00", "Mon 2026-11-23 10:00"]


def test_it_lends_the_start_when_it_left_at_once_on_day_1() -> None:
    planned = plan(outline(call(1), mail(1), mail(2)), started("2026-11-23T08:00"))
    assert locals_of(planned)[2] == "Tue 2026-11-24 08:00"


def test_it_takes_the_time_of_day_of_the_start_when_there_is_no_earlier_email() -> None:
    assert (
        locals_of(plan(outline(call(1), mail(2)), started("2026-11-23T10:30")))[1] == "Tue 2026-11-24 10:30"
    )


# --- Create a task ---


def test_it_opens_a_task_at_the_start_on_day_1_and_at_midnight_of_later_days() -> None:
    planned = plan(outline(mail_task(1), call(3)), started("2026-11-23T10:30"))
    assert locals_of(planned) == ["Mon 2026-11-23 10:30", "Wed 2026-11-25 00:00"]


def test_it_opens_a_task_after_an_earlier_step_of_the_same_day_when_that_one_is_over() -> None:
    planned = plan(outline(mail(1, "14:00"), call(1), call(1)), started("2026-11-23T10:30"))
    assert locals_of(planned)[1:] == ["Mon 2026-11-23 14:00", "Mon 2026-11-23 14:00"]


def test_it_assumes_tasks_done_at_nine_of_the_day_they_open_or_when_they_open_where_that_is_later() -> None:
    first, second = plan(outline(call(1), call(2)), started("2026-11-23T10:30"))
    assert (first.done_at, second.done_at) == (utc("2026-11-23T10:30"), utc("2026-11-24T09:00"))


def test_it_assumes_a_delay_of_tasks_in_counted_days() -> None:
    steps = outline(call(1), mail(2, "09:00"), calendar=BUSINESS_DAYS)
    task, after = plan(steps, started("2026-11-26T08:00"), assume=Assumptions(task_delay_days=2))
    assert task.done_at == utc("2026-11-30T09:00")
    assert locals_of((after,)) == ["Tue 2026-12-01 09:00"]


def test_it_never_assumes_that_an_open_task_ended_before_now() -> None:
    task, after = plan(
        outline(call(1), mail(1, "12:00")),
        started("2026-11-23T08:00"),
        assume=Assumptions(now=utc("2026-11-25T11:00")),
    )
    assert task.done_at == utc("2026-11-25T11:00") and locals_of((after,)) == ["Wed 2026-11-25 12:00"]


def test_it_assumes_that_a_task_nobody_does_is_skipped_and_lends_no_time() -> None:
    steps = outline(mail(1, "14:00"), mail_task(2), mail(3))
    with_skip = outline(steps.steps[0], call(2, skip_after=1), mail(3))
    planned = plan(with_skip, started("2026-11-23T10:00"), assume=Assumptions(task_delay_days=5))
    assert planned[1].done_at == utc("2026-11-25T00:00")
    assert locals_of(planned)[2] == "Thu 2026-11-26 14:00"


# --- Follow-up ---


def test_it_says_which_mail_a_follow_up_follows() -> None:
    planned = plan(outline(mail(1, "14:00"), mail(2, "09:00", follow_up=True)), started("2026-11-23T10:00"))
    assert [entry.follows for entry in planned] == [None, 0]


def test_it_never_sends_a_follow_up_before_the_mail_it_follows() -> None:
    late = Over(utc("2026-11-23T14:00"), utc("2026-11-24T16:00"), Outcome.SENT, utc("2026-11-24T16:00"))
    steps = outline(mail(1, "14:00"), mail(1, "15:00", follow_up=True))
    assert locals_of(plan(steps, started("2026-11-23T10:00"), {0: late})) == ["Wed 2026-11-25 15:00"]


# --- One step at a time ---


def test_it_says_what_each_step_waits_for_and_only_the_next_is_ready() -> None:
    steps, start = outline(mail(1, "14:00"), call(1), mail(2)), started("2026-11-23T10:00")
    planned = plan(steps, start)
    assert [entry.ready for entry in planned] == [True, False, False]
    assert [entry.waits_for for entry in planned] == [(), (0,), (0, 1)]
    assert [e.waits_for for e in plan(steps, start, {0: over_as_planned(planned[0])})] == [(), (1,)]


def test_it_keeps_every_date_when_a_step_is_finished_early() -> None:
    steps, start = outline(call(3), mail(4, "09:00"), call(5)), started("2026-11-23T10:00")
    early = {0: done("2026-11-25T00:00", "2026-11-23T12:00")}
    assert plan(steps, start, early)[0].at == plan(steps, start)[1].at


def test_it_counts_neither_delay_nor_time_of_a_step_inserted_before_the_position() -> None:
    steps, start = outline(mail(1, "14:00"), mail(2, "08:00"), mail(3)), started("2026-11-23T10:00")
    inserted = Over(utc("2026-11-24T08:00"), utc("2026-11-29T08:00"), Outcome.NOT_RUN)
    over = {0: done("2026-11-23T14:00", "2026-11-23T14:00", sent="2026-11-23T14:00"), 1: inserted}
    planned = plan(steps, start, over)
    assert planned[0].own_date == date(2026, 11, 25) and planned[0].own_time.isoformat() == "14:00:00"


def test_it_carries_the_delay_of_steps_that_the_outline_no_longer_has() -> None:
    planned = plan(outline(mail(2, "09:00")), started("2026-11-23T10:00", slipped=2))
    assert locals_of(planned) == ["Thu 2026-11-26 09:00"]


def test_it_answers_a_late_fact_to_the_second() -> None:
    over = {
        0: over_as_planned(
            plan(outline(call(1)), started("2026-11-23T10:00"))[0], late_by=timedelta(0, 61, 9)
        )
    }
    assert locals_of(plan(outline(call(1), call(1)), started("2026-11-23T10:00"), over)) == [
        "Mon 2026-11-23 10:01:01"
    ]
