"""Open in Gmail: the buttons, the page of the draft, the questions about what was sent, the setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, OwnMail
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, save_draft
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from sales_campaigns.settings import Settings
from sales_campaigns.tasks.models import TaskKind
from sales_campaigns.tasks.working import remind
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.stand_ins.google import Google
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.serving import Act, times
from tests.stand_ins.worlds import SCOPES, world_with

Browse = Callable[[User], Browser]
ANA = "ana@north.example"
# What differs between the databases is asked in tests/topics/test_mailbox_drafts.py.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_with(google) as world:
        yield world


@pytest.fixture
def box(work: Work, cast: Cast, google: Google, settings: Settings) -> GmailBox:
    tokens = Tokens(google.token_of(ANA), google.tokens.lasting(ANA, SCOPES))
    granted = Granted(tokens, SCOPES, ANA, machine_now() + timedelta(hours=1))
    with work() as uow:
        keep_grant(uow, cast.ana, "gmail", granted, Seal(settings.secret_key), reads=True)
    return google.box(ANA)


def a_mail_task(work: Work, cast: Cast, words: str = "<p>Hello</p>", assignee: User | None = None) -> int:
    """A reminder to write to Maria, with what Ana has written so far."""
    with work() as uow:
        maria = a_person(uow, cast.ana, "maria@example.com")
        owner = assignee or cast.ana
        task = remind(
            uow, cast.ana, name="Write", due_at=uow.now, kind=TaskKind.EMAIL, person=maria, assignee=owner
        ).id
        if words:
            save_draft(uow, cast.ana, About(maria.id, task), Typed("Prices", words, key="k"))
        return task


def test_without_drafts_in_the_mailbox_there_is_no_button(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: for others not shown."""
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    for page in ("/tasks", f"/tasks/{task}", "/tasks/play", f"/compose?task={task}", "/mailbox"):
        shown = ana.get(page)
        assert shown.status_code == 200 and "Open in Gmail" not in shown.text, page
    assert ana.get(f"/tasks/{task}/mailbox").headers["Location"] == f"/tasks/{task}"


def test_row_player_and_composer_open_it_in_gmail(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    for page in ("/tasks", f"/tasks/{task}", "/tasks/play", f"/compose?task={task}"):
        assert f'action="/tasks/{task}/mailbox"' in ana.get(page).text, page
    answer = ana.post(f"/tasks/{task}/mailbox")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tasks/{task}/mailbox")
    assert len(box.drafts) == 1
    shown = ana.get(f"/tasks/{task}/mailbox").text
    assert shown.index("Open in Gmail") < shown.index("Compose in Gmail") < shown.index("I sent it")
    assert "A separate mail with the text alone" in shown
    assert "draft in Gmail" in ana.get("/tasks").text


def test_htmx_is_led_to_the_page_of_the_draft(browse: Browse, work: Work, cast: Cast, box: GmailBox) -> None:
    task = a_mail_task(work, cast)
    answer = browse(cast.ana).post(f"/tasks/{task}/mailbox", htmx=True)
    assert answer.headers["HX-Redirect"] == f"/tasks/{task}/mailbox"


def test_what_stands_in_the_composer_goes_along(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    task = a_mail_task(work, cast, words="")
    typed = {"subject": "Typed here", "html": "<p>My words</p>", "key": "form"}
    assert browse(cast.ana).post(f"/tasks/{task}/mailbox", typed).status_code == 303
    (mail,) = (box.mails[id] for id in box.drafts.values())
    assert mail.header("Subject") == "Typed here" and b"My words" in mail.raw


def test_what_is_missing_is_said_and_nothing_is_made(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    task = a_mail_task(work, cast, "<p>{{ title }}</p>")
    answer = browse(cast.ana).post(f"/tasks/{task}/mailbox")
    assert answer.status_code == 422 and "Not known of this person: title" in answer.text
    assert box.drafts == {}


def test_a_mailbox_that_does_not_answer_is_said_and_can_be_tried_again(
    browse: Browse, work: Work, cast: Cast, box: GmailBox, google: Google
) -> None:
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    google.obey(times(1, Act.DROP_AFTER, "drafts.create"))
    assert ana.post(f"/tasks/{task}/mailbox").status_code == 502
    assert ana.post(f"/tasks/{task}/mailbox").status_code == 303
    assert len(box.drafts) == 1


def test_a_colleagues_task_and_another_teams_are_out_of_reach(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    task = a_mail_task(work, cast, "", cast.ben)
    assert browse(cast.ana).post(f"/tasks/{task}/mailbox").status_code == 409
    assert browse(cast.dirk).post(f"/tasks/{task}/mailbox").status_code == 404
    assert "Open in Gmail" not in browse(cast.ana).get(f"/tasks/{task}").text


def test_i_sent_it(browse: Browse, work: Work, cast: Cast, box: GmailBox) -> None:
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    ana.post(f"/tasks/{task}/mailbox")
    assert ana.post(f"/tasks/{task}/mailbox/sent").status_code == 303
    with work() as uow:
        assert uow.session.scalars(sa.select(MailboxDraft)).one().signal == "said"
    assert ana.post(f"/tasks/{task}/mailbox/sent").status_code == 409


WORDS = {
    S.SCHEDULED: "Scheduled in Gmail",
    S.GONE: "no longer in Gmail",
    S.DELETED: "Draft deleted",
    S.UNMADE: "No draft was put into Gmail",
}


@pytest.mark.parametrize("state", WORDS)
def test_the_task_says_how_its_draft_stands(
    browse: Browse, work: Work, cast: Cast, box: GmailBox, state: S
) -> None:
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    ana.post(f"/tasks/{task}/mailbox")
    with work() as uow:
        uow.session.execute(sa.update(MailboxDraft).values(state=state))
    assert WORDS[state] in ana.get(f"/tasks/{task}").text
    assert WORDS[state] in ana.get("/tasks/play").text


def test_a_question_stands_on_today_and_is_answered_once(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    """The rule: two candidates → ask."""
    task, ana = a_mail_task(work, cast), browse(cast.ana)
    ana.post(f"/tasks/{task}/mailbox")
    with work() as uow:
        draft = uow.session.scalars(sa.select(MailboxDraft)).one()
        mail = OwnMail(
            team_id=cast.ana.team_id,
            mailbox_id=draft.mailbox_id,
            uid="m1",
            at=uow.now,
            subject="Lunch on Friday?",
            recipients="maria@example.com",
            raw=b"Subject: Lunch on Friday?\r\nTo: maria@example.com\r\n\r\nHello",
            asked=[draft.id],
        )
        uow.session.add(mail)
        uow.session.flush()
        asked, chosen = mail.id, draft.id
        draft.state = S.GONE
    assert "Was that one of your tasks?" in ana.get("/").text
    for page in (f"/tasks/{task}", "/tasks/play", f"/tasks/{task}/mailbox"):
        assert "Was it this task?" in ana.get(page).text and "Lunch on Friday?" in ana.get(page).text, page
    assert "Lunch on Friday?" in ana.get("/sent-from-mailbox").text
    assert "Lunch on Friday?" not in browse(cast.ben).get("/sent-from-mailbox").text
    assert browse(cast.ben).post(f"/sent-from-mailbox/{asked}", {"draft": ""}).status_code == 404
    assert ana.post(f"/sent-from-mailbox/{asked}", {"draft": "999"}).status_code == 422
    assert ana.post(f"/sent-from-mailbox/{asked}", {"draft": str(chosen)}).status_code == 303
    assert ana.post(f"/sent-from-mailbox/{asked}", {"draft": ""}).status_code == 409
    assert "Was that one of your tasks?" not in ana.get("/").text


def test_drafts_wait_by_a_setting_of_the_mailbox(
    browse: Browse, work: Work, cast: Cast, box: GmailBox
) -> None:
    ana = browse(cast.ana)
    assert "Put drafts of my due e-mail tasks in my mailbox" in ana.get("/mailbox").text
    for typed, wanted in (({"drafts_wait": "1"}, True), ({}, False)):
        assert ana.post("/mailbox/drafts", typed).status_code == 303
        with work() as uow:
            mine = uow.session.scalars(sa.select(Mailbox).where(Mailbox.user_id == cast.ana.id)).one()
            assert mine.drafts_wait is wanted
