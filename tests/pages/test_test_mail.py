"""Send a test to me: it arrives at its sender, rendered for the person, and never at the person."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.people.models import Person
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.sink import Sink

TYPED = {
    "subject": "Hello {{ first_name }}",
    "html": "<p>For {{ company }}</p>",
    "text": "",
    "as": "maria@example.com",
}
Browse = Callable[[User], Browser]


def test_it_arrives_at_its_sender_only(browse: Browse, work: Work, cast: Cast, room: PostRoom) -> None:
    with Sink() as sink:
        with work() as uow:
            a_person(uow, cast.ana)
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        answer = browse(cast.ana).post("/previews/test", TYPED)
        assert answer.status_code == 200 and "on its way" in answer.text
        run_until_quiet(room)
        [mail] = sink.caught
    assert mail.recipients == (cast.ana.email,)
    assert b"Subject: [Test] Hello Maria" in mail.raw and b"Fjord Energy" in mail.raw


def test_it_says_what_is_missing_instead_of_failing_later(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, company="")
    answer = browse(cast.ana).post("/previews/test", TYPED)
    assert answer.status_code == 422 and "company" in answer.text


def test_it_does_not_render_for_a_person_of_another_team(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.dirk)
        uow.session.flush()
        assert uow.session.scalar(sa.select(sa.func.count(Person.id))) == 1
    assert browse(cast.ana).post("/previews/test", TYPED).status_code == 404
