"""What the editor shows: the campaign in days, each step with its effect, and what stops a launch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest

from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.checks import Obstacle, obstacles_to_launch
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import SendChoice, StepWords
from sales_campaigns.campaigns.lanes import Lane, in_words, lanes_of, step_views
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast, a_person
from tests.conftest import Work

EMAIL, CALL = StepKind.EMAIL, StepKind.CALL
MONDAY = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
ZONE = "Europe/Stockholm"


@pytest.fixture
def uow(work: Work) -> Iterator[UnitOfWork]:
    with work() as uow:
        yield uow


@pytest.fixture
def campaign(uow: UnitOfWork, cast: Cast) -> Campaign:
    return create_campaign(uow, cast.ana, "Q4 CFO outreach")


def add(uow: UnitOfWork, cast: Cast, campaign: Campaign, kind: StepKind, day: int) -> str:
    return editing.add_step(uow, cast.ana, campaign.id, kind, day).key


def lanes(uow: UnitOfWork, campaign: Campaign, **more: int) -> tuple[Lane, ...]:
    return lanes_of(uow.session, newest(uow.session, campaign), MONDAY, ZONE, **more)


def test_it_shows_day_1_when_there_is_nothing_yet(uow: UnitOfWork, campaign: Campaign) -> None:
    assert lanes(uow, campaign) == (Lane(1, None, ()),)


def test_it_dates_the_days_for_a_sample_start_and_adds_the_day_that_was_asked_for(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    """Weekends are skipped: day 6 of a Monday start is the next Monday."""
    for day in (1, 1, 3, 6):
        add(uow, cast, campaign, CALL, day)
    shown = lanes(uow, campaign, also_day=4)
    assert [(lane.day, lane.date, len(lane.steps)) for lane in shown] == [
        (1, date(2026, 11, 30), 2),
        (3, date(2026, 12, 2), 1),
        (4, None, 0),
        (6, date(2026, 12, 7), 1),
    ]


def test_it_says_what_the_chosen_option_does(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    add(uow, cast, campaign, EMAIL, 1)
    add(uow, cast, campaign, EMAIL, 3)
    effects = [view.effect for lane in lanes(uow, campaign) for view in lane.steps]
    assert effects == [
        "Leaves when you say so at the launch. For a launch at once: Leaves 15:00 on Mon 30 Nov.",
        "Leaves 15:00 on Wed 2 Dec, like day 1.",
    ]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Quick question, {{ first_name | default: 'there' }}", "Quick question, [first name]"),
        ("{% if company %}{{company}}: {% endif %}routes{{! ask }}", "[company]: routes"),
        ("Plain", "Plain"),
    ],
)
def test_it_shows_a_subject_in_words(subject: str, words: str) -> None:
    assert in_words(subject) == words


def test_it_offers_every_option_and_says_why_one_is_not_legal(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    add(uow, cast, campaign, EMAIL, 1)
    add(uow, cast, campaign, EMAIL, 3)
    first, second = step_views(uow.session, newest(uow.session, campaign), MONDAY, ZONE)
    assert {option.option for option in first.options if not option.legal} == {SendOption.SAME_AS_PREVIOUS}
    assert {option.option for option in second.options if not option.legal} == {SendOption.CHOOSE}
    assert (first.may_follow_up, second.may_follow_up) == (False, True)


def test_it_names_a_follow_up_after_the_mail_it_answers(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    first, second = add(uow, cast, campaign, EMAIL, 1), add(uow, cast, campaign, EMAIL, 3)
    editing.write_step(
        uow, cast.ana, campaign.id, first, StepWords(subject="Quick question", html="<p>Hi</p>")
    )
    editing.choose_send(
        uow, cast.ana, campaign.id, second, SendChoice(SendOption.SAME_AS_PREVIOUS, follow_up=True)
    )
    assert [view.title for lane in lanes(uow, campaign) for view in lane.steps] == [
        "Quick question",
        "Re: Quick question",
    ]


def test_it_warns_in_place(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    add(uow, cast, campaign, CALL, 1)
    key = add(uow, cast, campaign, EMAIL, 1)
    editing.choose_send(uow, cast.ana, campaign.id, key, SendChoice(SendOption.AT, time(19)))
    cautions = lanes(uow, campaign)[0].steps[1].cautions
    assert any("every such step costs a day" in words for words in cautions)
    assert any("Leaves the next day unless" in words for words in cautions)


def test_it_lists_what_stops_a_launch(uow: UnitOfWork, cast: Cast, campaign: Campaign) -> None:
    assert obstacles_to_launch(uow.session, campaign) == (Obstacle("", "Add a first step."),)
    mail, call = add(uow, cast, campaign, EMAIL, 1), add(uow, cast, campaign, CALL, 3)
    found = obstacles_to_launch(uow.session, campaign)
    assert [(obstacle.key, obstacle.words) for obstacle in found] == [
        (mail, "Write the e-mail: it has no words yet."),
        (call, "Say what is to be done."),
    ]
    person = a_person(uow, cast.ana)
    with pytest.raises(Invalid, match="Day 1, step 1: Write the e-mail"):
        launch(uow, cast.ana, Order(campaign.id, [person.id]))


def test_it_stops_a_follow_up_that_became_a_mail_of_its_own_without_a_subject(
    uow: UnitOfWork, cast: Cast, campaign: Campaign
) -> None:
    first, second = add(uow, cast, campaign, EMAIL, 1), add(uow, cast, campaign, EMAIL, 3)
    editing.write_step(uow, cast.ana, campaign.id, first, StepWords(subject="Hi", html="<p>Hi</p>"))
    editing.choose_send(
        uow, cast.ana, campaign.id, second, SendChoice(SendOption.SAME_AS_PREVIOUS, follow_up=True)
    )
    editing.write_step(uow, cast.ana, campaign.id, second, StepWords(html="<p>One more thing</p>"))
    assert obstacles_to_launch(uow.session, campaign) == ()
    editing.delete_step(uow, cast.ana, campaign.id, first)
    words = [obstacle.words for obstacle in obstacles_to_launch(uow.session, campaign)]
    assert "Subject: Write a subject." in words
