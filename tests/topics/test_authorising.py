"""What was granted: kept sealed, renewed once for everybody, and lost once for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Grant, Inbox, Mailbox, MailboxState
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.notices.models import Notice
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, states
from tests.stand_ins.google import Google, error
from tests.stand_ins.serving import Delay, times
from tests.stand_ins.worlds import SCOPES, world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_with(google) as world:
        yield world


@pytest.fixture
def access(outside: OutsideWorld, sessions: sessionmaker[Session], clock: VirtualClock) -> Access:
    return Access(sessions, clock, SEAL, outside.consents, outside.delegations)


@pytest.fixture
def room(room: PostRoom, access: Access, outside: OutsideWorld) -> PostRoom:
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers)


def granted(google: Google) -> Granted:
    """As after a consent, with a token that counts for an hour."""
    token = google.token_of(ANA)
    refresh = google.tokens.lasting(ANA, SCOPES)
    return Granted(Tokens(token, refresh), SCOPES, ANA, machine_now() + timedelta(hours=1))


@pytest.fixture
def box(work: Work, cast: Cast, google: Google) -> Mailbox:
    with work() as uow:
        return keep_grant(uow, cast.ana, "gmail", granted(google), SEAL, reads=True)


def spoil(work: Work, box: Mailbox, **values: object) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Grant).where(Grant.mailbox_id == box.id).values(**values))


def over(work: Work, box: Mailbox, google: Google) -> None:
    """The access token is over, here and there."""
    google.tokens.expire()
    spoil(work, box, expires_at=machine_now() - timedelta(seconds=1))


def lost(work: Work) -> int:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count()).where(Activity.kind == "mailbox.lost")) or 0


def test_however_many_want_a_new_token_it_is_asked_for_once(
    work: Work, access: Access, box: Mailbox, google: Google
) -> None:
    """The rule: encrypted tokens, one refresh under a row lock (spec/5)."""
    over(work, box, google)
    google.obey(times(1, Delay(0.2), "token"))
    with ThreadPoolExecutor(12) as threads:
        tokens = set(threads.map(lambda _: access.renew(box.id, ""), range(12)))
    assert google.tokens.refreshed == 1 and len(tokens) == 1
    assert google.tokens.holder(tokens.pop()) is not None


def test_whoever_comes_with_the_old_token_gets_the_new_one(
    work: Work, access: Access, box: Mailbox, google: Google
) -> None:
    with work() as uow:
        old = SEAL.open(uow.session.get_one(Grant, box.id).sealed_access)
    google.tokens.expire()
    new = access.renew(box.id, old)
    assert access.renew(box.id, old) == new and google.tokens.refreshed == 1
    assert access.renew(box.id, new) != new and google.tokens.refreshed == 2


def test_a_token_that_is_over_is_not_shown(work: Work, access: Access, box: Mailbox, google: Google) -> None:
    over(work, box, google)
    with work() as uow:
        account = account_of(uow.session.get_one(Mailbox, box.id), SEAL, access)
    assert account.secret == "" and account.token and account.renew is not None
    assert "ya29" not in repr(account)


def test_tokens_are_sealed_and_open_with_the_former_key_while_it_is_replaced(
    work: Work, access: Access, box: Mailbox, google: Google
) -> None:
    """The rule: keys rotate by adding a new one in front; what is written next is sealed with the new one."""
    rotated = Seal("another key, and long enough as well", "only for the tests, and long enough")
    over(work, box, google)
    replace(access, seal=rotated).renew(box.id, "")
    with work() as uow:
        grant = uow.session.get_one(Grant, box.id)
    assert "ya29" not in grant.sealed_access
    assert Seal("another key, and long enough as well").open(grant.sealed_access).startswith("ya29")


def test_a_lost_authorisation_is_lost_once_and_told_once(
    work: Work, room: PostRoom, access: Access, cast: Cast, box: Mailbox, google: Google
) -> None:
    """The rule: authorisation lost → mailbox "needs reconnect"; rep told once (spec/5)."""
    over(work, box, google)
    google.tokens.revoke(ANA)
    for _ in range(3):
        with pytest.raises(Outside) as refused:
            access.renew(box.id, "")
        assert refused.value.kind is OutsideKind.AUTHORISATION
    with work() as uow:
        found = uow.session.get_one(Mailbox, box.id)
        assert found.state is MailboxState.NEEDS_RECONNECT and "revoked" in found.trouble
    run_until_quiet(room)
    with work() as uow:
        told = list(uow.session.scalars(sa.select(Notice.user_id).order_by(Notice.user_id)))
        assert told == [cast.ana.id, cast.cleo.id], "the rep, and who administers the team"
    assert lost(work) == 1


@pytest.mark.parametrize("fault", [error(500, "x", "x"), error(429, "x", "x")], ids=["500", "429"])
def test_trouble_at_the_token_server_loses_nothing(
    work: Work, access: Access, box: Mailbox, google: Google, fault: object
) -> None:
    over(work, box, google)
    google.obey(times(1, fault, "token"))  # type: ignore[arg-type]
    with pytest.raises(Outside):
        access.renew(box.id, "")
    assert lost(work) == 0 and access.renew(box.id, "")


def test_its_queue_is_held_and_goes_on_in_turn_after_it_is_connected_again(
    work: Work, room: PostRoom, cast: Cast, box: Mailbox, google: Google, clock: VirtualClock
) -> None:
    """The rule: its queue is held; resumed without a burst."""
    people = [f"p{n}@example.com" for n in range(6)]
    due_mails(work, cast, *people)
    over(work, box, google)
    google.tokens.revoke(ANA)
    run_until_quiet(room)
    assert set(states(work)) == {"pending"} and google.box(ANA).left == [] and lost(work) == 1
    clock.forward(timedelta(hours=1))
    run_until_quiet(room)
    assert google.heard.count("token") == 1, "nobody knocks at a closed door"
    with work() as uow:
        again = consented_and_go_on(uow, cast.ana, cast.ana, "gmail", granted(google), SEAL, reads=True)
        again.per_minute = 1000
        instants = sorted(uow.session.scalars(sa.select(Message.act_at)))
        assert len(set(instants)) == 6, "in turn, not at once"
    run_until_quiet(room)
    assert len(google.box(ANA).left) == 1
    for _ in range(6):
        clock.forward(timedelta(minutes=1))
        run_until_quiet(room)
    assert len(google.box(ANA).left) == 6 and set(states(work)) == {"sent"}


def test_another_address_is_read_from_its_own_beginning(
    work: Work, cast: Cast, box: Mailbox, google: Google
) -> None:
    with work() as uow:
        uow.session.get_one(Inbox, box.id).cursor = '{"history": "1"}'
        keep_grant(uow, cast.ana, "gmail", granted(google), SEAL, reads=True)
        assert uow.session.get_one(Inbox, box.id).cursor, "the same mailbox goes on where it was"
        other = replace(granted(google), address="ana.lind@north.example")
        keep_grant(uow, cast.ana, "gmail", other, SEAL, reads=True)
    with work() as uow:
        assert uow.session.get_one(Inbox, box.id).cursor == ""


def test_a_grant_that_is_gone_is_said(work: Work, access: Access, cast: Cast) -> None:
    with pytest.raises(Outside, match="not connected any more"):
        access.renew(cast.ben_box.id, "")
