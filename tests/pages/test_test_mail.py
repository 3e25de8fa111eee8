"""Send a test to me: it arrives at its sender, rendered for the person, and never at the person."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.creating import create_campaign
from sales_campaigns.campaigns.editing import SendChoice, StepWords
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
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


def a_campaign_of_two_mails_and_a_call(work: Work, cast: Cast, second: str) -> str:
    with work() as uow:
        id = create_campaign(uow, cast.ana, "Spring").id
        kinds = ((StepKind.EMAIL, 1), (StepKind.CALL, 2), (StepKind.EMAIL, 3), (StepKind.EMAIL, 3))
        first, _, other, last = [editing.add_step(uow, cast.ana, id, kind, day).key for kind, day in kinds]
        hello = StepWords(subject="Hello {{ first_name }}", html="<p>One</p>")
        editing.write_step(uow, cast.ana, id, first, hello)
        editing.write_step(uow, cast.ana, id, other, StepWords(subject=second, html="<p>Two</p>"))
        editing.choose_send(uow, cast.ana, id, last, SendChoice(SendOption.SAME_AS_PREVIOUS, follow_up=True))
        editing.write_step(uow, cast.ana, id, last, StepWords(html="<p>Three</p>"))
    return f"/campaigns/{id}"


def test_all_e_mails_of_a_campaign_arrive_as_rendered_for_a_chosen_person(
    browse: Browse, work: Work, cast: Cast, room: PostRoom
) -> None:
    """Send a test to me (one step or all, as rendered for a chosen person)."""
    url = a_campaign_of_two_mails_and_a_call(work, cast, "For {{ company }}")
    with Sink() as sink:
        with work() as uow:
            a_person(uow, cast.ana, "first@example.com", first_name="First")
            a_person(uow, cast.ana)
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        ana = browse(cast.ana)
        assert "Send 3 tests to me" in ana.get(url).text
        answer = ana.post(f"{url}/tests", {"as": "maria@example.com"})
        assert answer.status_code == 303
        assert f"3 tests on the way to {cast.ana.email}." in ana.get(url).text
        run_until_quiet(room)
        caught = list(sink.caught)
    assert {mail.recipients for mail in caught} == {(cast.ana.email,)}
    subjects = [mail.raw.split(b"Subject: ")[1].splitlines()[0] for mail in caught]
    assert sorted(subjects) == [
        b"[Test] For Fjord Energy",
        b"[Test] Hello Maria",
        b"[Test] Re: For Fjord Energy",
    ]


def test_none_of_them_leaves_when_one_cannot_and_whom_one_chose_stays_typed(
    browse: Browse, work: Work, cast: Cast
) -> None:
    url = a_campaign_of_two_mails_and_a_call(work, cast, "For {{ company }}")
    with work() as uow:
        a_person(uow, cast.ana, company="")
    ana = browse(cast.ana)
    answer = ana.post(f"{url}/tests", {"as": "maria@example.com"})
    assert answer.status_code == 422 and 'value="maria@example.com"' in answer.text
    assert "Day 3, step 1: {{ company }} has no value and no default" in unescape(answer.text)
    nobody = ana.post(f"{url}/tests", {"as": "Nobody"})
    assert nobody.status_code == 422 and "Nobody of your team matches" in nobody.text
    assert browse(cast.dirk).post(f"{url}/tests", {"as": ""}).status_code == 404
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 0
