"""Confirm a prepared delivery, and take a confirmation back before it begins. The only way that anything leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sales_campaigns.accounts.holders import who_may
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.deliveries.approvals import missing_approval
from sales_campaigns.deliveries.concluding import ask_for_confirmation
from sales_campaigns.deliveries.inputs import StartBy
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    Level,
    Preparation,
)
from sales_campaigns.deliveries.proofing.seeds import add_seeds
from sales_campaigns.deliveries.setups import is_stale, schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.slots import earliest
from sales_campaigns.deliveries.states import DELIVERY
from sales_campaigns.deliveries.variants.beginning import begin_test
from sales_campaigns.errors import IllegalMove, NotAllowed
from sales_campaigns.messages.holds import release
from sales_campaigns.unit_of_work import UnitOfWork

UNREACHABLE = (
    "PUBLIC_URL is not set, or is of this machine only: no bulk mail may leave. An operator can set it."
)


def confirm(uow: UnitOfWork, actor: User, delivery_id: int, *, reachable: bool) -> Delivery:
    """Let it leave, at its contact date or at once. `reachable`: whether PUBLIC_URL allows bulk mail.

    Raises NotAllowed with who can, IllegalMove when it was changed after it was prepared, is not approved, or its
    time is over.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    _confirm(uow, actor, delivery, reachable)
    return delivery


def ask_confirmation(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Somebody who prepared it asks for somebody who may start it."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    ask_for_confirmation(uow, actor, delivery)
    return delivery


def unschedule(uow: UnitOfWork, actor: User, delivery_id: int) -> Delivery:
    """Take the confirmation back before anything has left."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    uow.move(DELIVERY, delivery, "unschedule", about=about(delivery, actor), **_UNCONFIRMED)
    note(uow, delivery.id, f"{actor.name} took the confirmation back. Nothing has left.")
    return delivery


def start_by_itself(uow: UnitOfWork, delivery: Delivery, *, reachable: bool) -> None:
    """The rule: by itself when there is no warning, or no error; it is the act of whoever set it so."""
    setup = setup_of(uow.session, delivery)
    starter = uow.session.get(User, setup.starter_id) if setup.starter_id else None
    refusal = _why_not_by_itself(uow.session, delivery, setup, starter)
    if refusal or starter is None:
        note(uow, delivery.id, f"It does not start by itself: {refusal}", Level.WARNING)
        delivery.next_at = None
        return
    try:
        _confirm(uow, starter, delivery, reachable)
    except IllegalMove as error:
        note(uow, delivery.id, f"It does not start by itself: {error.words}", Level.WARNING)
        delivery.next_at = None


def begin(uow: UnitOfWork, delivery: Delivery) -> None:
    """Its first recipients are due: release the hold in the same transaction as the state."""
    setup = setup_of(uow.session, delivery)
    if schedule_of(setup).ask_again and setup.confirmed_at and setup.confirmed_at < uow.now:
        _ask_again(uow, delivery)
        return
    uow.move(DELIVERY, delivery, "start", about=about(delivery), next_at=uow.now)
    release(uow.session, "delivery", [delivery.id])
    seeds = add_seeds(uow, delivery)
    note(uow, delivery.id, f"It has begun{_with(seeds)}.")
    begin_test(uow, delivery)


def who_can_start(session: Session, team_id: int) -> str:
    """The names of those who may confirm in this team, for a refusal."""
    return who_may(session, "start_deliveries", team_id)


def require_start(session: Session, actor: User) -> None:
    """Raises NotAllowed with who can."""
    if not may(actor, "start_deliveries"):
        names = who_can_start(session, actor.team_id)
        raise NotAllowed(f"This needs the right “start deliveries”. Who has it: {names}.")


def _with(seeds: int) -> str:
    return f", with {seeds} seed{'' if seeds == 1 else 's'}" if seeds else ""


_UNCONFIRMED: dict[str, None] = {"starts_at": None, "valid_until": None, "next_at": None}


def _confirm(uow: UnitOfWork, actor: User, delivery: Delivery, reachable: bool) -> None:
    _refuse_unready(uow.session, delivery, reachable)
    setup = setup_of(uow.session, delivery)
    validity = settings_of(setup).validity
    starts_at = schedule_of(setup).instant or uow.now
    if uow.now >= starts_at + validity:
        raise IllegalMove(
            "Its contact date and its validity are past. Choose a later date and prepare it again."
        )
    first = starts_at + timedelta(seconds=earliest(uow.session, delivery.id) or 0)
    when: dict[str, datetime] = {
        "starts_at": starts_at,
        "next_at": max(first, uow.now),
    }
    # A continuous delivery goes on; each of its mails is valid for its time.
    if delivery.kind is not DeliveryKind.CONTINUOUS:
        when["valid_until"] = starts_at + validity
    uow.move(DELIVERY, delivery, "confirm", about=about(delivery, actor), **when)
    setup.confirmed_by, setup.confirmed_at = actor.id, uow.now
    note(uow, delivery.id, f"{actor.name} confirmed it.")
    if first <= uow.now:
        begin(uow, delivery)


def _refuse_unready(session: Session, delivery: Delivery, reachable: bool) -> None:
    if not DELIVERY.allows(delivery.state, "confirm"):
        raise IllegalMove(f"This delivery cannot be confirmed: {DELIVERY.sentences[delivery.state]}")
    if is_stale(session, delivery):
        raise IllegalMove("It was changed after it was prepared. Prepare it again: nobody has counted this.")
    missing = missing_approval(session, delivery)
    if missing:
        raise IllegalMove(missing)
    if not reachable:
        raise IllegalMove(UNREACHABLE)


def _why_not_by_itself(
    session: Session, delivery: Delivery, setup: DeliverySetup, starter: User | None
) -> str:
    preparation = session.get_one(Preparation, delivery.id)
    if starter is None or not starter.active or not may(starter, "start_deliveries"):
        return "whoever set it so no longer has the right “start deliveries”."
    if settings_of(setup).start_by is StartBy.NO_WARNING and preparation.warnings:
        return f"preparing it gave {preparation.warnings} warnings. Somebody must confirm it."
    return ""


def _ask_again(uow: UnitOfWork, delivery: Delivery) -> None:
    """The rule: ask again before sending is an option. What was confirmed waits for a second word at its date."""
    end = delivery.valid_until
    uow.move(DELIVERY, delivery, "unschedule", about=about(delivery), **_UNCONFIRMED)
    ask_for_confirmation(uow, None, delivery)
    delivery.next_at = end


AWAITED = {DeliveryState.READY, DeliveryState.AWAITING_CONFIRMATION}
