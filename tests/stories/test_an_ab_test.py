"""Two subjects for fifty people: tried on forty, slept over, decided by itself, and the rest in two waves."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.ab_tests.varying import VariantWords, set_test
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.inputs import Schedule, Settings
from sales_campaigns.deliveries.pausing import pause, resume
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.variants.figures import VariantFigures, variant_figures
from sales_campaigns.deliveries.variants.plan import Chooser, Measure, Plan
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.messages.models import Message
from sales_campaigns.tracking.models import EventKind
from tests.builders import a_delivery
from tests.cast import a_person
from tests.deliveries import delivery, figures, said
from tests.engagement import answered, did
from tests.stories.letters import letters
from tests.stories.telling import Story, at, let_happen, let_pass
from tests.stories.test_a_delivery import nobody_is

TUESDAY = Schedule("2026-12-01T09:00", "Europe/Stockholm")
PLAN = Plan(share=80, measure=Measure.REPLIED, hours=24, chooser=Chooser.BEST)
SETTINGS = Settings(waves=equal_waves(50, timedelta(hours=3)))


def test_the_rest_gets_what_was_answered_most(story: Story) -> None:
    number = confirmed_for_tuesday(story)
    go_on_until(story, number, "2026-12-01T08:59")
    assert not letters(story.sink), "the schedule date starts the test"

    go_on_until(story, number, "2026-12-01T09:00")
    assert subjects(story) == {"New prices, Maria": 20, "Half price, Maria": 20}
    answer(story, A=1, B=4)
    with story.work() as uow:
        pause(uow, story.cast.ben, number)
    go_on_until(story, number, "2026-12-02T10:00")
    assert len(letters(story.sink)) == 40, "its time is over, and it is paused: nothing is decided"
    with story.work() as uow:
        resume(uow, story.cast.cleo, number)
    let_happen(story)
    assert said(story.work, number)[-1] == (
        "info: The winner is variant B: 10 more get it. B has the most replies, 20.0 % of delivered."
    )
    assert subjects(story) == {"New prices, Maria": 20, "Half price, Maria": 25}

    story.sink.obey(nobody_is(last_to_come(story)))
    go_on_until(story, number, "2026-12-02T13:00")
    seen = figures(story.work, number)
    assert (seen.sent, seen.failed, seen.to_come, seen.excluded) == (49, 1, 0, 1)
    assert delivery(story.work, number).state == "finished"
    assert tried(story, number)["B"] == VariantFigures(20, 20, 20, 0, opened=4, replied=4), (
        "of the test alone"
    )
    with story.work() as uow:
        assert compute_stats(uow, story.cast.cleo, number) == []


def confirmed_for_tuesday(story: Story) -> int:
    """Prepared by Ben, who may not start it; one of fifty-one has unsubscribed."""
    with story.work() as uow:
        ben = uow.session.get_one(User, story.cast.ben.id)
        ben.can_prepare = True
        story.cast.ben = ben
        for n in range(50):
            a_person(uow, story.cast.ana, f"p{n:02}@example.com")
        gone = a_person(uow, story.cast.ana, "gone@example.com")
        assert gone.address is not None
        gone.address.opted_out_at = uow.now
        number = a_delivery(uow, ben, schedule=TUESDAY, settings=SETTINGS).id
        set_test(uow, ben, number, PLAN, {"B": VariantWords("Half price, {{ first_name }}")})
        prepare(uow, ben, number)
    let_happen(story)
    with story.work() as uow:
        confirm(uow, story.cast.cleo, number, reachable=True)
    return number


def go_on_until(story: Story, number: int, local: str) -> None:
    """The rule: targeted = to deliver + excluded, always; and nobody gets two."""
    let_pass(story, seconds=(at(local) - story.now).total_seconds())
    seen = figures(story.work, number)
    assert (seen.targeted, seen.to_deliver, seen.excluded) == (51, 50, 1)
    assert max(Counter(letter.to for letter in letters(story.sink)).values(), default=0) <= 1


def subjects(story: Story) -> Counter[str]:
    return Counter(letter.subject for letter in letters(story.sink))


def answer(story: Story, **how_many: int) -> None:
    """So many of those who got this variant open it and write back."""
    with story.work() as uow:
        for letter, number in how_many.items():
            those = sa.select(Message).where(Message.variant == letter).order_by(Message.id).limit(number)
            mails = uow.session.scalars(those).all()
            answered(uow, mails)
            for mail in mails:
                did(uow, mail, EventKind.OPEN)


def last_to_come(story: Story) -> str:
    """Of the fifty, the last who has got nothing yet."""
    had = {letter.to for letter in letters(story.sink)}
    return max(f"p{n:02}@example.com" for n in range(50) if f"p{n:02}@example.com" not in had)


def tried(story: Story, number: int) -> dict[str, VariantFigures]:
    with story.work() as uow:
        test = ab_test_of(uow.session, number)
        assert test is not None
        return variant_figures(uow.session, test)
