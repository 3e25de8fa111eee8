"""A/B tests: a part of the people tries two or three variants of a delivery, the rest gets the winner."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries.ab_tests import choosing, varying
from sales_campaigns.deliveries.ab_tests.varying import VariantWords
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.setups import setup_of
from sales_campaigns.deliveries.variants.figures import VariantFigures, rest_of, variant_figures
from sales_campaigns.deliveries.variants.models import AbTestState
from sales_campaigns.deliveries.variants.plan import LONGEST, MOST_SHARE, Chooser, Measure, Plan
from sales_campaigns.deliveries.variants.reading import ab_test_of, contents_of
from sales_campaigns.errors import NotFound
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Line, Shown, Source
from web.request_scope import me, work

api = Area("deliveries", "")
EXAMPLE = {
    "share": 20,
    "measure": "opened",
    "hours": 24,
    "variants": [{"letter": "B", "subject": "Half price"}],
}


class VariantTyped(Asked):
    letter: Literal["B", "C"] = Field(description="A is what the delivery itself says.")
    subject: Line
    html: Source | None = Field(None, description="Left out, the text is that of A, whatever that becomes.")
    text: Source = ""


class AbTestTyped(Asked):
    share: int = Field(20, ge=1, le=MOST_SHARE, description="Percent who try the variants, all together.")
    measure: Measure = Measure.OPENED
    hours: int = Field(24, ge=1, le=LONGEST, description="From when the last of their mails has left.")
    floor: int = Field(0, ge=0, le=10_000_000, description="Sooner, once so many did with one variant.")
    chooser: Chooser = Chooser.PERSON
    variants: list[VariantTyped] = Field(min_length=1, max_length=2)


class VariantShown(Shown):
    """Numbers of people of the test part."""

    letter: str
    subject: str
    people: int
    handed: int
    delivered: int
    failed: int
    opened: int
    clicked: int
    replied: int
    opted_out: int


class AbTestShown(Shown):
    state: AbTestState
    share: int
    measure: Measure
    hours: int
    floor: int
    chooser: Chooser
    variants: list[VariantShown]
    rest: int = Field(description="How many wait for the winner.")
    words: str = Field(description="What was said when it was over.")
    winner: str
    decided_by: int | None
    decided_at: AwareDatetime | None


class WinnerTyped(Asked):
    letter: Literal["A", "B", "C"]


@api.get("/deliveries/<int:delivery_id>/ab-test")
def get_ab_test(delivery_id: int) -> AbTestShown:
    """Its plan, and what became of each variant so far."""
    session = work().session
    delivery = delivery_of(session, me(), delivery_id)
    test = ab_test_of(session, delivery.id)
    if test is None:
        raise NotFound("This delivery has no A/B test.")
    figures, contents = variant_figures(session, test), contents_of(session, setup_of(session, delivery))
    of_test = AbTestShown.model_fields.keys() - {"variants", "rest"}
    return AbTestShown(
        **{name: getattr(test, name) for name in of_test},
        variants=[
            _variant(letter, content.subject, figures.get(letter, VariantFigures()))
            for letter, content in contents.items()
        ],
        rest=rest_of(session, delivery.id),
    )


@api.put("/deliveries/<int:delivery_id>/ab-test", example=EXAMPLE)
def set_ab_test(delivery_id: int, body: AbTestTyped) -> AbTestShown:
    """The whole test as given; the delivery has to be prepared again."""
    plan = Plan(body.share, body.measure, body.hours, body.floor, body.chooser)
    variants: dict[str, VariantWords] = {
        one.letter: VariantWords(one.subject, one.html, one.text) for one in body.variants
    }
    varying.set_test(work(), me(), delivery_id, plan, variants)
    work().session.flush()
    return get_ab_test(delivery_id)


@api.delete("/deliveries/<int:delivery_id>/ab-test")
def drop_ab_test(delivery_id: int) -> None:
    """Everybody gets the same words again."""
    varying.drop_test(work(), me(), delivery_id)


@api.post("/deliveries/<int:delivery_id>/ab-test/choose", example={"letter": "B"})
def choose_winner_of_delivery(delivery_id: int, body: WinnerTyped) -> Done:
    """Send this variant to the rest. `count` is how many that are; give it an Idempotency-Key."""
    count = choosing.choose_winner(work(), me(), delivery_id, body.letter)
    return Done(words="On their way.", count=count)


def _variant(letter: str, subject: str, figures: VariantFigures) -> VariantShown:
    names = VariantShown.model_fields.keys() - {"letter", "subject"}
    return VariantShown(letter=letter, subject=subject, **{name: getattr(figures, name) for name in names})
