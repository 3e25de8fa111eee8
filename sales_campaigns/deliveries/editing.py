"""Make a delivery, change it, copy it, delete it while nothing of it has left."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.content.templates import ids_by_name
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.deliveries.ab_tests.varying import check_test, copy_test, follow_first
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.continuous.rewriting import CONTINUES, change_continuous, write_version
from sales_campaigns.deliveries.inputs import Schedule, StartBy, stored
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliverySetup, DeliveryState, Recipient
from sales_campaigns.deliveries.reopening import reopen
from sales_campaigns.deliveries.setups import schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.states import DELIVERY, OVER
from sales_campaigns.deliveries.wishes import Wish, check_wish
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.holds import make_holds, stop
from sales_campaigns.messages.letters.marking import Tracked, choose_tracking
from sales_campaigns.messages.models import Hold
from sales_campaigns.unit_of_work import UnitOfWork


def create(uow: UnitOfWork, actor: User, wish: Wish) -> Delivery:
    """A single delivery, in editing, behind a hold until it is confirmed. Raises Invalid by field."""
    require(actor, "prepare_deliveries")
    if wish.settings.start_by is not StartBy.PERSON:
        require_start(uow.session, actor)
    check_wish(uow.session, actor, wish, uow.now)
    delivery = _new(uow, actor, wish.name)
    setup = DeliverySetup(delivery_id=delivery.id, changed_at=uow.now)
    uow.session.add(setup)
    _fill(uow, actor, setup, wish)
    uow.record("delivery.created", **about(delivery, actor))
    return delivery


def change(uow: UnitOfWork, actor: User, delivery_id: int, wish: Wish) -> Delivery:
    """The rule: any change after preparation returns it to editing. Raises IllegalMove once it has begun.

    Changing what is confirmed or starts by itself is an act of “start deliveries”.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    setup = setup_of(uow.session, delivery)
    _refuse_without_start(uow, actor, delivery, setup, wish)
    check_wish(uow.session, actor, wish, uow.now, before=schedule_of(setup))
    check_test(uow, delivery, wish.settings)
    before = setup.wording_id
    if delivery.kind is DeliveryKind.RECURRING:
        _change_series(uow, actor, delivery, wish)
    elif delivery.kind is DeliveryKind.CONTINUOUS and delivery.state in CONTINUES:
        wish = change_continuous(uow, actor, delivery, setup, wish)
    else:
        reopen(uow, actor, delivery)
    delivery.name = wish.name.strip()
    _fill(uow, actor, setup, wish)
    if delivery.kind is DeliveryKind.CONTINUOUS and setup.wording_id != before:
        write_version(uow, actor, delivery, setup)
    follow_first(uow, delivery, setup)
    uow.record("delivery.changed", **about(delivery, actor))
    return delivery


def duplicate(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """The rule: it copies content, audience and settings and clears the schedule; a person starts the copy."""
    model = delivery_of(uow.session, actor, delivery_id)
    require(actor, "prepare_deliveries")
    setup = setup_of(uow.session, model)
    copy = _new(uow, actor, f"{model.name[:190]} (copy)")
    settings = replace(settings_of(setup), start_by=StartBy.PERSON)
    uow.session.add(
        DeliverySetup(
            delivery_id=copy.id,
            mailbox_id=setup.mailbox_id,
            wording_id=setup.wording_id,
            from_template=setup.from_template,
            template_id=setup.template_id,
            audience=setup.audience,
            schedule=stored(Schedule(zone=schedule_of(setup).zone)),
            settings=stored(settings),
            incremental=setup.incremental,
            changed_at=uow.now,
        )
    )
    copy.kind = DeliveryKind.CONTINUOUS if setup.incremental else DeliveryKind.SINGLE
    uow.session.flush()
    copy_test(uow, model, copy)
    choose_tracking(uow.session, [copy.id], Tracked(settings.opens, settings.clicks, settings.utm))
    uow.record("delivery.created", **about(copy, actor))
    return copy


def make_run(uow: UnitOfWork, series: Delivery, name: str, starter_id: int, *, asks: bool) -> Delivery:
    """The delivery of one run of a series: what the series holds now, as soon as it is confirmed.

    One that does not ask before each send starts by itself, for whoever started the series.
    """
    setup = setup_of(uow.session, series)
    settings = settings_of(setup)
    by_itself = StartBy.NO_ERROR if settings.start_by is StartBy.PERSON else settings.start_by
    owner = uow.session.get_one(User, series.owner_id)
    run = _new(uow, owner, name)
    run.team_id = series.team_id
    uow.session.add(
        DeliverySetup(
            delivery_id=run.id,
            mailbox_id=setup.mailbox_id,
            wording_id=setup.wording_id,
            from_template=setup.from_template,
            template_id=setup.template_id,
            audience=setup.audience,
            schedule=stored(Schedule(zone=schedule_of(setup).zone)),
            settings=stored(replace(settings, start_by=StartBy.PERSON if asks else by_itself)),
            starter_id=None if asks else setup.starter_id or starter_id,
            changed_at=uow.now,
        )
    )
    uow.session.flush()
    choose_tracking(uow.session, [run.id], Tracked(settings.opens, settings.clicks, settings.utm))
    uow.record("delivery.created", **about(run))
    uow.session.flush()
    return run


def delete(uow: UnitOfWork, actor: User, delivery_id: int) -> str:
    """Only what never was confirmed: what has left keeps its logs. Its name."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    setup_of(uow.session, delivery)
    if delivery.state not in _NEVER_LEFT:
        raise IllegalMove(f"This delivery cannot be deleted: {DELIVERY.sentences[delivery.state]}")
    uow.record("delivery.deleted", **about(delivery, actor))
    uow.session.execute(sa.delete(Recipient).where(Recipient.delivery_id == delivery.id))
    uow.session.execute(sa.delete(Hold).where(Hold.kind == "delivery", Hold.key == delivery.id))
    uow.session.delete(delivery)
    return delivery.name


_NEVER_LEFT = {
    DeliveryState.EDITING,
    DeliveryState.PREPARATION_FAILED,
    DeliveryState.READY,
    DeliveryState.AWAITING_CONFIRMATION,
    DeliveryState.EXPIRED,
}


def _refuse_without_start(
    uow: UnitOfWork, actor: User, delivery: Delivery, setup: DeliverySetup, wish: Wish
) -> None:
    start_by = settings_of(setup).start_by
    confirmed = delivery.state is DeliveryState.SCHEDULED
    if confirmed or start_by is not StartBy.PERSON or wish.settings.start_by is not start_by:
        require_start(uow.session, actor)


def _change_series(uow: UnitOfWork, actor: User, delivery: Delivery, wish: Wish) -> None:
    """The rule: editing a confirmed series is an act of “start deliveries”. The next run has the change."""
    require_start(uow.session, actor)
    if delivery.state in OVER:
        raise IllegalMove(f"This series cannot be changed: {DELIVERY.sentences[delivery.state]}")
    if wish.schedule.at:
        raise Invalid({"at": "A series leaves when it runs: leave the contact date open."})
    note(uow, delivery.id, f"{actor.name} changed the series: its next run has the change.")


def _new(uow: UnitOfWork, actor: User, name: str) -> Delivery:
    delivery = Delivery(
        team_id=actor.team_id,
        owner_id=actor.id,
        kind=DeliveryKind.SINGLE,
        name=name.strip(),
        state=DeliveryState.EDITING,
        created_at=uow.now,
    )
    uow.session.add(delivery)
    uow.session.flush()
    make_holds(uow.session, "delivery", [delivery.id])
    stop(uow.session, "delivery", [delivery.id], "its delivery is not confirmed")
    return delivery


def _fill(uow: UnitOfWork, actor: User, setup: DeliverySetup, wish: Wish) -> None:
    content = wish.content
    setup.wording_id = wording_for(uow.session, content).id
    _take_from(uow, setup, wish.from_template[:200])
    setup.mailbox_id = wish.mailbox_id
    setup.audience, setup.schedule = stored(wish.audience), stored(wish.schedule)
    setup.settings, setup.changed_at = stored(wish.settings), uow.now
    by_itself = wish.settings.start_by is not StartBy.PERSON
    setup.starter_id = actor.id if by_itself else None
    uow.session.flush()
    settings = wish.settings
    tracked = Tracked(settings.opens, settings.clicks, settings.utm)
    choose_tracking(uow.session, [setup.delivery_id], tracked)


def _take_from(uow: UnitOfWork, setup: DeliverySetup, name: str) -> None:
    """The template that it had stays where the name does, whatever that template is called now."""
    if setup.template_id is None or name != setup.from_template:
        team_id = uow.session.get_one(Delivery, setup.delivery_id).team_id
        setup.template_id = ids_by_name(uow.session, team_id, [name] if name else []).get(name)
    setup.from_template = name
