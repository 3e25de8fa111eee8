"""Whoever is left out of a step after the launch stands in the log of that step, with the cause."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.logs import exclusion_log
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.enrollments.answers.readdressing import change_and_go_on
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.people.models import Person
from scheduler.fast_forward import fast_forward
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


def launched(work: Work, cast: Cast, **fields: Any) -> None:
    """Two mails, the second two days later, for Maria and for Carl of another company."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_mail(uow, 3, at="10:00", key="later")])
        maria = a_person(uow, cast.ana, **fields)
        carl = a_person(uow, cast.ana, "carl@example.com", first_name="Carl", company="Alps")
        launch(uow, cast.ana, Order(campaign.id, [maria.id, carl.id]))


def log_of(work: Work, step_key: str) -> list[tuple[str, str, str]]:
    with work() as uow:
        step = uow.session.scalars(sa.select(Delivery).where(Delivery.step_key == step_key)).one()
        lines = exclusion_log(uow.session, step)
        assert figures_of(uow.session, step).excluded == len(lines)
        return [(line.name, line.cause.partition("_")[0], line.words) for line in lines]


def week(room: PostRoom, clock: VirtualClock) -> None:
    fast_forward(room, clock, clock.now().replace(day=7, month=12))


def test_a_rule_that_came_after_the_launch_leaves_a_later_step_out(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    """The rule: its preparation is the per-person check at launch and when the step is scheduled."""
    launched(work, cast)
    with work() as uow:
        rule = TypologyRule(
            team_id=cast.ana.team_id,
            kind=RuleKind.FILTERING,
            name="No Fjord",
            details={"words": "fjord"},
            changed_at=uow.now,
        )
        uow.session.add(rule)
    week(room, clock)
    assert sorted(mail.recipients[0] for mail in sink.caught) == [
        "carl@example.com",
        "carl@example.com",
        "maria@example.com",
    ]
    ((name, _, words),) = log_of(work, "later")
    assert name == "Maria Santos" and "No Fjord" in words
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Enrollment.state))) == {"finished"}
        whys = uow.session.scalars(sa.select(StepRun.why).where(StepRun.state == "failed")).all()
    assert list(whys) == [words], "the step is over, and it says why"


def test_whoever_has_no_address_any_more_stands_in_the_log_of_the_step(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    launched(work, cast, phone="+47 1")
    fast_forward(room, clock, clock.now().replace(hour=12))
    with work() as uow:
        maria = uow.session.scalars(sa.select(Person).where(Person.first_name == "Maria")).one()
        change_and_go_on(uow, cast.ana, maria.id, {"email": ""})
    week(room, clock)
    assert len(sink.caught) == 3


def test_whoever_never_had_an_address_stands_there_too(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    launched(work, cast, email="", phone="+47 1")
    week(room, clock)
    assert log_of(work, "later") == [
        ("Maria Santos", "no", "This person has no e-mail address. Add one to send mail.")
    ]
    assert len(sink.caught) == 2
