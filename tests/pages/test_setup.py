"""Set-up: four steps of the first run, each with its state as it is, on Today until complete or put away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance, Mailbox, User
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person
from tests.builders import a_call, a_campaign
from tests.cast import Cast, a_mailbox, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import text

Browse = Callable[[User], Browser]


def test_each_step_is_read_live_until_all_are_done(browse: Browse, work: Work, cast: Cast) -> None:
    cleo = browse(cast.cleo)
    assert "1 of 4 done" in text(cleo.get("/setup").text), "her account has a name and a zone"
    assert "Set-up" in cleo.get("/").text
    with work() as uow:
        a_mailbox(uow, uow.session.get_one(User, cast.cleo.id))
    assert cleo.post("/setup/test").status_code == 303
    assert "A test mail to yourself waits for its turn" in text(cleo.get("/setup").text)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state=MessageState.SENT, sent_at=uow.now))
        person = uow.session.scalars(sa.select(Person)).one()
        assert person.email == cast.cleo.email, "whoever sets up is the first person"
    assert "2 of 4 done" in text(cleo.get("/setup").text)
    with work() as uow:
        a_person(uow, cast.cleo)
        a_campaign(uow, cast.cleo, [a_call(1)])
    assert "4 of 4 done" in text(cleo.get("/setup").text)
    assert "Look at set-up" not in cleo.get("/").text


def test_an_administrator_puts_it_away_and_others_never_see_it(
    browse: Browse, work: Work, cast: Cast
) -> None:
    cleo, ana = browse(cast.cleo), browse(cast.ana)
    assert ana.get("/setup").status_code == ana.post("/setup/dismiss").status_code == 403
    assert "Look at set-up" not in ana.get("/").text and "Look at set-up" in cleo.get("/").text
    cleo.post("/setup/dismiss")
    assert "Look at set-up" not in cleo.get("/").text
    with work() as uow:
        assert uow.session.get_one(Instance, 1).set_up_at is not None


@pytest.mark.parametrize("connected", [False, True])
def test_a_test_needs_a_mailbox_and_says_so(browse: Browse, work: Work, cast: Cast, connected: bool) -> None:
    with work() as uow:
        if connected:
            a_mailbox(uow, uow.session.get_one(User, cast.cleo.id))
        assert uow.session.scalar(sa.select(sa.func.count(Mailbox.id))) == 3 + connected
    answer = browse(cast.cleo).post("/setup/test")
    assert answer.status_code == (303 if connected else 422)
    assert connected or "Connect a mailbox first" in answer.text
