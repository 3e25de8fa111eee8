"""Which send option is legal where, what a reset says, and the words of the editor."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.planner import Calendar, SendOption, StepKind, effect_sentence, plan, warnings
from sales_campaigns.campaigns.send_options import (
    follow_up_is_legal,
    legal_options,
    numbered,
    refuse_illegal,
    reset_illegal,
)
from sales_campaigns.errors import Invalid
from tests.rules.planner.cast import OFFICE_HOURS, call, chosen_mail, mail, mail_task, outline, started


@pytest.mark.parametrize(
    ("option", "first", "other"),
    [
        pytest.param(SendOption.CHOOSE, True, False, id="I will choose when to send"),
        pytest.param(SendOption.AT, True, True, id="Send at the following time"),
        pytest.param(SendOption.SAME_AS_PREVIOUS, False, True, id="Same time as the previous e-mail"),
        pytest.param(SendOption.TASK, True, True, id="Create a task; I will send it myself"),
    ],
)
def test_it_offers_exactly_the_options_of_the_place(option: SendOption, first: bool, other: bool) -> None:
    steps = numbered([mail(1, "09:00"), mail(1, "10:00"), mail(2, "09:00")])
    legal = [{verdict.option: verdict.legal for verdict in legal_options(i, steps)} for i in range(3)]
    assert [verdicts[option] for verdicts in legal] == [first, other, other]


def test_it_says_why_an_option_is_not_offered() -> None:
    verdicts = legal_options(1, (chosen_mail(), mail(2)))
    assert [bool(verdict.why) for verdict in verdicts] == [True, False, False, False]
    assert "first step of day 1" in verdicts[0].why


def test_it_has_no_send_option_for_a_step_that_is_no_email() -> None:
    assert not any(verdict.legal for verdict in legal_options(0, (call(1),)))


@pytest.mark.parametrize("before", [StepKind.CALL, StepKind.INMAIL, StepKind.CUSTOM])
def test_it_offers_a_follow_up_only_when_the_step_directly_before_is_an_email(before: StepKind) -> None:
    steps = (chosen_mail(), replace(call(1), kind=before), mail(2), mail(3))
    assert [follow_up_is_legal(i, steps) for i in range(4)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([chosen_mail(), replace(chosen_mail(), day=2)], "steps.1.send"),
        ([mail(1)], "steps.0.send"),
        ([replace(mail(1), send=None)], "steps.0.send"),
        ([replace(call(1), send=SendOption.TASK)], "steps.0.send"),
        ([mail(1, "09:00", follow_up=True)], "steps.0.follow_up"),
        ([replace(mail(1, "09:00"), at=None)], "steps.0.at"),
        ([mail(1, "09:00"), replace(mail(2, "09:00"), send=SendOption.TASK)], "steps.1.at"),
        ([call(2)], "steps.0.day"),
        ([call(1), call(3), call(2)], "steps.2.day"),
        ([call(1), replace(call(1), number=3)], "steps.1.number"),
        ([replace(mail(1, "09:00"), skip_after_days=3)], "steps.0.skip_after"),
        ([call(1, skip_after=0)], "steps.0.skip_after"),
        ([], "steps"),
    ],
)
def test_it_refuses_the_others_whatever_the_client_sends(steps: list, field: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(Invalid) as refused:
        refuse_illegal(steps)
    assert field in refused.value.problems


def test_it_names_every_fault_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        refuse_illegal([mail(1), replace(chosen_mail(), day=2)])
    assert set(refused.value.problems) == {"steps.0.send", "steps.1.send"}


def test_it_resets_an_option_that_moving_made_illegal_and_says_so() -> None:
    steps, said = reset_illegal([mail(1), chosen_mail(), replace(chosen_mail(), day=2)])
    assert [step.send for step in steps] == [
        SendOption.CHOOSE,
        SendOption.TASK,
        SendOption.SAME_AS_PREVIOUS,
    ]
    assert len(said) == 3 and said[0] == "Day 1, step 1: now “I will choose when to send”. Check it."


def test_it_resets_a_follow_up_whose_email_became_a_call_and_says_so() -> None:
    steps, said = reset_illegal([call(1), mail(2, "09:00", follow_up=True)])
    assert not steps[1].follow_up and "no longer a follow-up" in said[0]


def test_it_drops_the_send_option_of_an_email_that_became_a_call() -> None:
    steps, said = reset_illegal([replace(mail(1, "09:00"), kind=StepKind.CALL)])
    assert steps[0].send is None and steps[0].at is None and len(said) == 1


def test_it_leaves_legal_steps_alone_and_says_nothing() -> None:
    steps = (chosen_mail(), mail_task(2), mail(3, follow_up=True))
    assert reset_illegal(steps) == (steps, ())


def test_it_makes_every_reset_legal() -> None:
    kinds = [chosen_mail(), mail(1), mail_task(1), replace(call(1), send=SendOption.AT)]
    for first in kinds:
        for second in kinds:
            for third in kinds:
                refuse_illegal(reset_illegal([first, second, replace(third, day=2, follow_up=True)])[0])


# --- the words of the editor ---


def test_it_states_the_effect_of_an_option_in_a_sentence() -> None:
    steps = outline(mail(1, "09:12"), mail_task(2), mail(5), mail(5, "10:00"), call(5))
    planned = plan(steps, started("2026-11-23T08:00"))
    assert [effect_sentence(steps, i, planned) for i in range(5)] == [
        "Leaves 09:12 on Mon 23 Nov.",
        "Opens as a task 00:00 on Tue 24 Nov.",
        "Leaves 09:00 on Fri 27 Nov, like day 2.",
        "Leaves 10:00 on Fri 27 Nov.",
        "Opens as a task 10:00 on Fri 27 Nov.",
    ]


def test_it_says_why_a_step_does_not_leave_at_its_own_time() -> None:
    steps = outline(mail(1, "19:00"), calendar=Calendar(window=OFFICE_HOURS))
    sentence = effect_sentence(steps, 0, plan(steps, started("2026-11-23T08:00")))
    assert sentence == "Leaves 08:00 on Tue 24 Nov, because the send window is closed."


def test_it_says_that_an_email_leaves_at_once_or_takes_the_time_of_the_start() -> None:
    steps = outline(call(1), mail(1), mail(2))
    planned = plan(outline(call(1), mail(2)), started("2026-11-23T08:30"))
    assert effect_sentence(steps, 1, plan(steps, started("2026-11-23T10:30"))).endswith(
        "at once at the start."
    )
    assert effect_sentence(outline(call(1), mail(2)), 1, planned).endswith(", the time of the start.")


def test_it_has_nothing_to_say_of_a_step_that_is_over() -> None:
    assert effect_sentence(outline(mail(1, "09:00")), 0, ()) == ""


def test_it_warns_where_a_time_lies_outside_the_window() -> None:
    steps = outline(mail(1, "09:00"), mail(2, "18:00"), calendar=Calendar(window=OFFICE_HOURS))
    assert [(w.index, "every such step costs a day" in w.words) for w in warnings(steps)] == [(1, True)]


def test_it_warns_where_a_task_of_the_same_day_stands_before_a_fixed_time() -> None:
    steps = outline(call(1), mail(1, "09:00"), mail(1, "10:00", now=True), mail(2, "09:00"))
    said = [(w.index, w.words) for w in warnings(steps)]
    assert said == [(1, "Leaves the next day unless the task before it is done before 09:00.")]


def test_it_does_not_recommend_the_same_time_on_day_1() -> None:
    assert [w.index for w in warnings(outline(mail(1, "09:00"), mail(1), mail(2)))] == [1]


# --- holidays ---


def test_it_knows_the_holidays_of_a_country_and_of_a_part_of_it() -> None:
    assert date(2026, 6, 6) in holiday_dates("SE", [2026])
    assert date(2026, 3, 31) in holiday_dates("US-CA", [2026]) - holiday_dates("US", [2026])
    assert holiday_dates(None, [2026]) == frozenset()


@pytest.mark.parametrize("place", ["XX", "se", "US-XX", "Sweden", ""])
def test_it_refuses_a_place_it_does_not_know(place: str) -> None:
    with pytest.raises(Invalid):
        holiday_dates(place, [2026])
