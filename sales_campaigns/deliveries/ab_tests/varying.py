"""Set up the test of a delivery: add a variant, write it, take it off, and say how they are tried.

Each is a change of the delivery: what was prepared is prepared anew, and once it has begun everything is locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.inputs import Settings, StartBy
from sales_campaigns.deliveries.listing import about, delivery_of, parent_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliverySetup, DeliveryState
from sales_campaigns.deliveries.reopening import reopen
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.deliveries.states import DELIVERY, EDITABLE
from sales_campaigns.deliveries.typology.controls import content_problems
from sales_campaigns.deliveries.variants.models import AbTest, DeliveryVariant
from sales_campaigns.deliveries.variants.plan import LETTERS, Measure, Plan, plan_problems
from sales_campaigns.deliveries.variants.reading import FIRST, ab_test_of, contents_of, plan_of, variants_of
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class VariantWords:
    """What a variant says otherwise than A; `html` None for the text of A, whatever that becomes."""

    subject: str
    html: str | None = None
    text: str = ""


def set_test(
    uow: UnitOfWork, actor: User, delivery_id: int, plan: Plan, variants: Mapping[str, VariantWords]
) -> AbTest:
    """The whole test as given, whatever it was before. Raises Invalid by field, as `variants.B.subject`."""
    delivery, setup = _open(uow, actor, delivery_id)
    if not variants or variants.keys() - set(LETTERS[1:]):
        raise Invalid({"variants": "Give variant B, or B and C; A is what the delivery says."})
    problems = _plan_problems(plan, settings_of(setup))
    first = contents_of(uow.session, setup)[FIRST]
    contents = {letter: _content(first, words) for letter, words in variants.items()}
    for letter, content in contents.items():
        problems |= {f"variants.{letter}.{name}": said for name, said in content_problems(content).items()}
    if problems:
        raise Invalid(problems)
    test = _planned(uow, delivery, plan)
    gone = sa.delete(DeliveryVariant).where(DeliveryVariant.delivery_id == delivery.id)
    uow.session.execute(gone)
    for letter, words in variants.items():
        _write(uow, delivery, letter, contents[letter], own_text=words.html is not None)
    return test


def add_variant(uow: UnitOfWork, actor: User, delivery_id: int) -> str:
    """One more, with the words of A to begin with; its letter. Raises IllegalMove beyond the third."""
    delivery, setup = _open(uow, actor, delivery_id)
    known = {one.key for one in variants_of(uow.session, delivery.id)}
    free = [letter for letter in LETTERS[1:] if letter not in known]
    if not free:
        raise IllegalMove(f"A delivery has at most {len(LETTERS)} variants.")
    if ab_test_of(uow.session, delivery.id) is None:
        _planned(uow, delivery, _first_plan(settings_of(setup)))
    _write(uow, delivery, free[0], contents_of(uow.session, setup)[FIRST], own_text=False)
    return free[0]


def write_variant(uow: UnitOfWork, actor: User, delivery_id: int, letter: str, words: VariantWords) -> None:
    """Raises Invalid by field for what cannot be sent, NotFound for a variant that it has not."""
    delivery, setup = _open(uow, actor, delivery_id)
    _variant(uow, delivery, letter)
    content = _content(contents_of(uow.session, setup)[FIRST], words)
    problems = content_problems(content)
    if problems:
        raise Invalid(problems)
    _write(uow, delivery, letter, content, own_text=words.html is not None)


def remove_variant(uow: UnitOfWork, actor: User, delivery_id: int, letter: str) -> None:
    """With the last one the test goes: the delivery says the same to everybody again."""
    delivery, _ = _open(uow, actor, delivery_id)
    uow.session.delete(_variant(uow, delivery, letter))
    uow.session.flush()
    if not variants_of(uow.session, delivery.id):
        uow.session.execute(sa.delete(AbTest).where(AbTest.delivery_id == delivery.id))


def drop_test(uow: UnitOfWork, actor: User, delivery_id: int) -> None:
    """All variants off at once."""
    delivery, _ = _open(uow, actor, delivery_id)
    if ab_test_of(uow.session, delivery.id) is None:
        raise NotFound("This delivery has no A/B test.")
    uow.session.execute(sa.delete(DeliveryVariant).where(DeliveryVariant.delivery_id == delivery.id))
    uow.session.execute(sa.delete(AbTest).where(AbTest.delivery_id == delivery.id))


def plan_test(uow: UnitOfWork, actor: User, delivery_id: int, plan: Plan) -> AbTest:
    """How many try the variants, for how long, and what they are judged by. Raises Invalid by field."""
    delivery, setup = _open(uow, actor, delivery_id)
    if ab_test_of(uow.session, delivery.id) is None:
        raise IllegalMove("Add a variant first: there is nothing to compare.")
    problems = _plan_problems(plan, settings_of(setup))
    if problems:
        raise Invalid(problems)
    return _planned(uow, delivery, plan)


def check_test(uow: UnitOfWork, delivery: Delivery, settings: Settings) -> None:
    """Whether its test still fits these settings of the delivery. Raises Invalid({"validity_hours" or "opens": …})."""
    test = ab_test_of(uow.session, delivery.id)
    problems = _plan_problems(plan_of(test), settings) if test else {}
    fields = {"hours": "validity_hours", "measure": "opens"}
    if problems.keys() & fields.keys():
        words = "Its A/B test no longer fits: {}"
        raise Invalid({fields[name]: words.format(said) for name, said in problems.items() if name in fields})


def follow_first(uow: UnitOfWork, delivery: Delivery, setup: DeliverySetup) -> None:
    """A was written anew: variants without a text of their own have the new one, and all of them its files."""
    contents = contents_of(uow.session, setup)
    for one in variants_of(uow.session, delivery.id):
        mine, first = contents[one.key], contents[FIRST]
        text = {} if one.own_text else {"html": first.html, "text": first.text}
        one.wording_id = wording_for(uow.session, replace(mine, bundle_id=first.bundle_id, **text)).id


def copy_test(uow: UnitOfWork, model: Delivery, copy: Delivery) -> None:
    """The rule: a duplicate has content and settings of its model, and nothing of what became of it."""
    test = ab_test_of(uow.session, model.id)
    if test is None:
        return
    _planned(uow, copy, plan_of(test))
    for one in variants_of(uow.session, model.id):
        uow.session.add(
            DeliveryVariant(
                delivery_id=copy.id, key=one.key, wording_id=one.wording_id, own_text=one.own_text
            )
        )


def _open(uow: UnitOfWork, actor: User, delivery_id: int) -> tuple[Delivery, DeliverySetup]:
    """The delivery, back in editing. The rule: parameters are locked once it is confirmed and has begun."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    setup = setup_of(uow.session, delivery)
    scheduled = delivery.state is DeliveryState.SCHEDULED
    if scheduled or settings_of(setup).start_by is not StartBy.PERSON:
        require_start(uow.session, actor)
    if delivery.kind is not DeliveryKind.SINGLE or parent_of(uow.session, delivery.id) is not None:
        raise IllegalMove(
            "Only a single delivery has an A/B test: duplicate this one to make it of the copy."
        )
    if not scheduled and delivery.state not in EDITABLE:
        raise IllegalMove(f"Its A/B test cannot be changed: {DELIVERY.sentences[delivery.state]}")
    reopen(uow, actor, delivery)
    setup.changed_at = uow.now
    uow.record("delivery.changed", **about(delivery, actor))
    return delivery, setup


def _variant(uow: UnitOfWork, delivery: Delivery, letter: str) -> DeliveryVariant:
    found = uow.session.get(DeliveryVariant, (delivery.id, letter))
    if found is None:
        raise NotFound(f"This delivery has no variant {letter[:1]} that could be changed here.")
    return found


def _planned(uow: UnitOfWork, delivery: Delivery, plan: Plan) -> AbTest:
    test = ab_test_of(uow.session, delivery.id) or AbTest(delivery_id=delivery.id)
    for name, value in asdict(plan).items():
        setattr(test, name, value)
    uow.session.add(test)
    uow.session.flush()
    return test


def _first_plan(settings: Settings) -> Plan:
    """What fits the delivery: half of its validity at most, judged by what it notices."""
    noticed = Measure.CLICKED if settings.clicks else Measure.REPLIED
    measure = Measure.OPENED if settings.opens else noticed
    return Plan(measure=measure, hours=max(1, min(Plan().hours, settings.validity_hours // 2)))


def _plan_problems(plan: Plan, settings: Settings) -> dict[str, str]:
    noticed = {"opens": settings.opens, "clicks": settings.clicks}
    return plan_problems(plan, **noticed, validity_hours=settings.validity_hours)


def _content(first: Content, words: VariantWords) -> Content:
    """The files are those of A."""
    if words.html is None:
        return replace(first, subject=words.subject)
    return replace(first, subject=words.subject, html=words.html, text=words.text)


def _write(uow: UnitOfWork, delivery: Delivery, letter: str, content: Content, *, own_text: bool) -> None:
    row = uow.session.get(DeliveryVariant, (delivery.id, letter))
    row = row or DeliveryVariant(delivery_id=delivery.id, key=letter)
    row.wording_id, row.own_text = wording_for(uow.session, content).id, own_text
    uow.session.add(row)
    uow.session.flush()
