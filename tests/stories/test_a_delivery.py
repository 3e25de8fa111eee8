"""A price list to six people: prepared, confirmed for a date, in waves, paused for a night, with refusals."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.alarms.models import DeliveryAlarm
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.inputs import Schedule, Settings
from sales_campaigns.deliveries.pausing import pause, resume
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Message
from tests.builders import a_delivery
from tests.cast import a_person
from tests.deliveries import delivery, figures, preparation, said
from tests.sink import Script
from tests.stories.letters import letters
from tests.stories.telling import Story, at, jump, let_happen, let_pass

WAVES = Settings(waves=equal_waves(40, timedelta(hours=24)))
TUESDAY = Schedule("2026-12-01T09:00", "Europe/Stockholm")


def test_it_leaves_in_waves_and_every_figure_follows_from_the_rows(story: Story) -> None:
    number = prepared_by_ben(story)
    assert delivery(story.work, number).state == "awaiting_confirmation"
    assert (preparation(story.work, number).targeted, preparation(story.work, number).excluded) == (6, 1)
    with story.work() as uow:
        confirm(uow, story.cast.cleo, number, reachable=True)

    let_pass(story, hours=12)
    assert not letters(story.sink), "nothing leaves before its date"
    jump_to(story, "2026-12-01T09:00")
    assert addresses(story) == ["a@example.com", "b@example.com"], "the first wave"

    jump(story, at("2026-12-01T20:00"))
    with story.work() as uow:
        pause(uow, story.cast.ben, number)
    jump_to(story, "2026-12-02T12:00")
    assert len(addresses(story)) == 2, "the second wave was due at nine, and it is paused"
    with story.work() as uow:
        resume(uow, story.cast.cleo, number)
    story.sink.obey(nobody_is("c@example.com"))
    let_happen(story)
    jump_to(story, "2026-12-03T09:00")

    seen = figures(story.work, number)
    assert (seen.sent, seen.failed, seen.handed) == (4, 1, 5)
    assert (seen.targeted, seen.to_deliver, seen.excluded, seen.to_come) == (6, 5, 1, 0)
    assert delivery(story.work, number).state == "finished"
    assert said(story.work, number)[-1] == "info: It is finished."

    jump(story, at("2026-12-08T09:00"))
    with story.work() as uow:
        late = uow.session.scalars(sa.select(Message).where(Message.email == "a@example.com")).one()
        bounce = Feedback(late.id, "<dsn@mx.example>", ReportKind.FAILED, Answered(550, "5.1.1", "gone"))
        assert take(uow, [bounce]) == 1 and take(uow, [bounce]) == 0
    let_happen(story)
    final = figures(story.work, number)
    assert (final.sent, final.failed, final.handed) == (3, 2, 5), "a late bounce still counts, once"
    assert (final.targeted, final.to_deliver, final.excluded) == (6, 5, 1), "what was prepared never changes"
    assert {alarm for alarm, _ in told(story)} == {"hard_ratio"}, "once a day while it lasts"
    with story.work() as uow:
        compute_stats(uow, story.cast.cleo, number)
    assert figures(story.work, number) == final


def told(story: Story) -> list[tuple[str, str]]:
    """What was alarming about the delivery: (criterion, words)."""
    with story.work() as uow:
        rows = uow.session.scalars(sa.select(DeliveryAlarm).order_by(DeliveryAlarm.id))
        return [(row.criterion.value, row.words) for row in rows]


def prepared_by_ben(story: Story) -> int:
    """Ben may prepare only; one of the six has unsubscribed."""
    with story.work() as uow:
        ben = uow.session.get_one(User, story.cast.ben.id)
        ben.can_prepare = True
        story.cast.ben = ben
        for name in "abcde":
            a_person(uow, story.cast.ana, f"{name}@example.com")
        gone = a_person(uow, story.cast.ana, "gone@example.com")
        assert gone.address is not None
        gone.address.opted_out_at = uow.now
        number = a_delivery(uow, ben, schedule=TUESDAY, settings=WAVES).id
        prepare(uow, ben, number)
    let_happen(story)
    return number


def jump_to(story: Story, local: str) -> None:
    """Time passes until then, and what falls due happens."""
    let_pass(story, seconds=(at(local) - story.now).total_seconds())


def addresses(story: Story) -> list[str]:
    return sorted(letter.to for letter in letters(story.sink))


def nobody_is(address: str) -> Script:
    """The server does not know this recipient."""
    return lambda position, argument: (
        "550 5.1.1 nobody here" if position == "RCPT" and address in argument else None
    )
