"""What the ledger keeps whoever is late: one row for each mail, and of two claims the newer one's word."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.handing_over.claiming import claim_due, give_back
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.gate import Passed, gate
from sales_campaigns.messages.handing_over.recording import Answer, record_hand_overs, record_never_begun
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.settling import send_again
from sales_campaigns.ports import HandOver
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import attempts, due_mails, message, states

EMAILS = ("maria@example.com", "nils@example.com")
SOFT = Outside(OutsideKind.TRANSIENT, "later", code=451)
HARD = Outside(OutsideKind.RECIPIENT, "nobody here", code=550, enhanced="5.1.1")
SAYINGS = {"yes": None, "later": SOFT, "no": HARD}


def begun_by(work: Work, cast: Cast, owner: str) -> list[Passed]:
    """This process has let through all that is due."""
    with work() as uow:
        claims = claim_due(uow, cast.ana_box.id, owner, 900, 10)
    with work() as uow:
        return [one.passed for one in gate(uow, claims)]


def taken_over(work: Work, cast: Cast) -> tuple[list[Passed], list[Passed]]:
    """A process was away with the mails for longer than its lease; Ana sends the first again, and another process has
    it in hand. What both let through.
    """
    first, _ = due_mails(work, cast, *EMAILS)
    old = begun_by(work, cast, "the late one")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(lease_until=machine_now() - timedelta(minutes=1)))
    with work() as uow:
        assert recover(uow) == (0, 2)
        send_again(uow, cast.ana, uow.session.get_one(Message, first))
    new = begun_by(work, cast, "the newer one")
    assert states(work) == ["sending", "uncertain"]
    return old, new


def says(passed: Passed, refused: Outside | None) -> Answer:
    code = refused.code if refused else 250
    return Answer(passed, HandOver(passed.claim.message_id, "its words", code, refused))


@pytest.mark.parametrize("saying", SAYINGS)
@pytest.mark.parametrize("alone", [True, False])
def test_an_older_claim_says_nothing_about_what_a_newer_one_has_in_hand(
    alone: bool, saying: str, work: Work, cast: Cast
) -> None:
    """The rule: compare-and-set on state and generation; a late answer of the same generation is still taken."""
    old, new = taken_over(work, cast)
    with work() as uow:
        record_hand_overs(uow, [says(one, SAYINGS[saying]) for one in (old[:1] if alone else old)])
    late = {"yes": "sent", "later": "retrying", "no": "failed"}[saying]
    assert states(work) == ["sending", "uncertain" if alone else late]
    assert message(work, old[0].claim.message_id).owner == "the newer one"
    assert [one.message_id for one in attempts(work)] == ([] if alone else [old[1].claim.message_id])
    with work() as uow:
        record_hand_overs(uow, [says(new[0], None)])
    assert states(work)[0] == "sent"


def test_nor_does_it_put_it_back(work: Work, cast: Cast) -> None:
    old, _ = taken_over(work, cast)
    with work() as uow:
        record_never_begun(uow, old)
    assert states(work) == ["sending", "pending"]


def test_nor_does_it_give_back_what_another_has_claimed(work: Work, cast: Cast, room: PostRoom) -> None:
    due_mails(work, cast, *EMAILS)
    with work() as uow:
        old = claim_due(uow, cast.ana_box.id, room.owner, 900, 10)
        recover(uow, everything=True)
        assert len(claim_due(uow, cast.ana_box.id, room.owner, 900, 1)) == 1
    with work() as uow:
        give_back(uow, old)
        assert gate(uow, old) == []
    assert states(work) == ["claimed", "pending"]


def test_the_database_takes_no_second_row_for_one_mail(work: Work, cast: Cast) -> None:
    """The rule: one message row for each delivery, occasion, address and attempt: a unique index, not a habit."""
    [first] = due_mails(work, cast, EMAILS[0])
    columns = [one.name for one in Message.__table__.columns if one.name != "id"]
    same = sa.select(*(getattr(Message, name) for name in columns)).where(Message.id == first)
    again = sa.insert(Message).from_select(columns, same)
    with pytest.raises(sa.exc.IntegrityError, match="delivery_id"), work() as uow:
        uow.session.execute(again)
