"""Today, compose, the outbox, one mail, and the Live Feed: what a rep sees around the queue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.content.templates import TemplateDraft, create_template
from sales_campaigns.deliveries.personal import write_personal
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Address
from sales_campaigns.tasks.models import Task, TaskState
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.pages.conftest import Browser
from tests.pages.parts import plain
from tests.sink import Sink
from web.parts.pushing import Places

Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def an_email_task(work: Work, cast: Cast, **person: str) -> int:
    """Maria waits for a mail that Ana sends herself; a follow-up stands after it."""
    with work() as uow:
        steps = [a_mail(uow, 1, send=SendOption.TASK), a_follow_up(uow, 2)]
        campaign = a_campaign(uow, cast.ana, steps)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, **person).id]))
        open_due(uow)
        return uow.session.scalars(sa.select(Task.id)).one()


def personal_mails(work: Work, cast: Cast, number: int = 1, **later: float) -> list[int]:
    with work() as uow:
        at = uow.now + timedelta(**later) if later else None
        when = "".join(f"{unit}{span}" for unit, span in later.items()) or "now"
        people = [a_person(uow, cast.ana, f"p{place}.{when}@example.com") for place in range(number)]
        return [
            write_personal(uow, cast.ana, one, Typed(f"Hello nr {place}", "<p>Hi</p>", at)).id
            for place, one in enumerate(people)
        ]


def set_state(work: Work, message_id: int, **values: object) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Message).where(Message.id == message_id).values(**values))


def test_today_explains_the_first_steps_until_a_mail_has_left(browse: Browse, work: Work, cast: Cast) -> None:
    ana = browse(cast.ana)
    assert "To begin with" in ana.get("/").text
    personal_mails(work, cast)
    assert "To begin with" not in ana.get("/").text


def test_today_counts_the_day_and_warns_of_what_needs_a_look(
    browse: Browse, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    an_email_task(work, cast)
    (lost,) = personal_mails(work, cast, hours=2)
    personal_mails(work, cast)
    run_until_quiet(room)
    set_state(work, lost, state=MessageState.UNCERTAIN)
    with work() as uow:
        box = sa.update(Mailbox).where(Mailbox.user_id == cast.ana.id)
        uow.session.execute(box.values(state=MailboxState.NEEDS_RECONNECT, trouble="password refused"))
    shown = browse(cast.ana).get("/").text
    assert re.search(r"Due today.*?<dd>1</dd>", shown, re.DOTALL)
    assert "1 of 500" in shown and "last 09:00" in shown
    assert "Nobody knows whether 1 mail left." in shown
    assert "ana@north.example is not connected: password refused" in shown


def test_the_bar_of_a_mailbox_on_its_ramp_ends_where_its_day_does(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """The rule: a quota bar for each mailbox."""
    with work() as uow:
        ramp = {"ramp_first": 20, "ramp_percent": 50, "ramp_most": 500, "ramp_begins": uow.now.date()}
        uow.session.execute(sa.update(Mailbox).where(Mailbox.user_id == cast.ana.id).values(**ramp))
    assert "0 of 20 today" in browse(cast.ana).get("/").text


def test_the_composer_opens_filled_in_and_sends(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    ana = browse(cast.ana)
    shown = ana.get(f"/compose?task={task_id}").text
    assert 'value="Quick question, Maria"' in shown and "Hello Maria" in shown
    assert "Day 2, step 1 follows up on this mail" in shown
    typed = {"subject": "Hello", "html": "<p>Hi</p>", "when": "now"}
    here = {"Referer": f"http://localhost/compose?task={task_id}"}
    ana.headers = here
    answer = ana.post(f"/compose?task={task_id}", typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks")
    assert "leaves Mon 30 Nov" in ana.get("/tasks?show=upcoming").text


def test_the_composer_schedules_in_the_persons_zone_and_takes_it_back(
    browse: Browse, work: Work, cast: Cast
) -> None:
    task_id = an_email_task(work, cast, zone="Asia/Tokyo")
    ana = browse(cast.ana)
    assert "Tomorrow 09:00 Tokyo" in ana.get(f"/compose?task={task_id}").text
    typed = {"subject": "Hello", "html": "<p>Hi</p>", "when": "later", "send_at": "2026-12-01T09:00"}
    ana.post(f"/compose?task={task_id}", typed)
    shown = ana.get(f"/compose?task={task_id}").text
    assert "Tue 1 Dec 01:00 Stockholm" in shown and "Take it back" in shown
    ana.post(f"/compose/take-back?task={task_id}")
    assert "&lt;p&gt;Hi&lt;/p&gt;" in ana.get(f"/compose?task={task_id}").text


def test_the_composer_keeps_what_was_typed(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    typed = {
        "subject": "",
        "html": "<p>All my work</p>",
        "cc": "nobody",
        "bcc": "x@example.com",
        "when": "now",
    }
    answer = browse(cast.ana).post(f"/compose?task={task_id}", typed)
    assert answer.status_code == 422
    for words in ("All my work", "nobody", "x@example.com", "Write a subject"):
        assert words in answer.text


def test_the_preview_is_the_mail_of_this_person_in_a_closed_frame(
    browse: Browse, work: Work, cast: Cast
) -> None:
    task_id = an_email_task(work, cast)
    typed = {"subject": "Hi {{ first_name }}", "html": "<p>Yes</p><script>alert(1)</script>"}
    answer = browse(cast.ana).post(f"/compose/preview?task={task_id}", typed)
    assert "Hi Maria" in answer.text and "<script" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_a_template_fills_the_composer(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    with work() as uow:
        draft = TemplateDraft("Prices", "Prices for {{ company }}", "<p>Here</p>")
        template = create_template(uow, cast.ana, draft).id
        create_template(uow, cast.dirk, TemplateDraft("Secret", "Secret", "<p>x</p>"))
    ana = browse(cast.ana)
    whole = ana.get(f"/compose/templates?task={task_id}&words=pri").text
    part = ana.get(f"/compose/templates?task={task_id}&words=pri", htmx=True).text
    assert plain(part) in plain(whole) and "Prices" in part and "Secret" not in whole
    assert "Prices for Fjord Energy" in ana.get(f"/compose?task={task_id}&template={template}").text


def test_writing_to_a_person_of_another_team_is_not_possible(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    with work() as uow:
        person_id = uow.session.get_one(Task, task_id).person_id
    dirk = browse(cast.dirk)
    for named in (f"task={task_id}", f"person={person_id}"):
        assert dirk.get(f"/compose?{named}").status_code == 404
        assert dirk.post(f"/compose?{named}", {"subject": "x", "html": "x"}).status_code == 404
        assert dirk.post(f"/compose/preview?{named}", {"subject": "x"}).status_code == 404
    assert dirk.post(f"/compose/take-back?task={task_id}").status_code == 404


def test_skipping_an_e_mail_says_what_its_follow_up_will_do(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    answer = browse(cast.ana).post(f"/tasks/{task_id}/skip", htmx=True)
    assert "it goes out as a new thread" in answer.text


def test_the_outbox_sorts_every_mail_into_one_folder(browse: Browse, work: Work, cast: Cast) -> None:
    later, *others = personal_mails(work, cast, 1, hours=1) + personal_mails(work, cast, 5)
    states: list[dict[str, Any]] = [
        {"state": MessageState.SENT},
        {"state": MessageState.UNCERTAIN},
        {"state": MessageState.FAILED, "reason": "message_refused", "words": "554 too large"},
        {"state": MessageState.FAILED, "reason": "unknown_recipient", "words": "550 nobody here"},
        {"state": MessageState.CANCELLED},
    ]
    for id, values in zip(others, states, strict=True):
        set_state(work, id, **values)
    folders = ("scheduled", "delivered", "uncertain", "failed", "bounced", "cancelled")
    ana = browse(cast.ana)
    for id, folder in zip((later, *others), folders, strict=True):
        shown = ana.get(f"/emails?folder={folder}").text
        assert re.findall(r'id="mail-(\d+)"', shown) == [str(id)], folder
    assert "550 nobody here" in ana.get("/emails?folder=bounced").text
    assert "Nobody knows whether 1 mail left." in ana.get("/emails").text


def test_the_outbox_costs_the_same_however_full_it_is(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    personal_mails(work, cast, 5, hours=1)
    ana = browse(cast.ana)
    with queries() as few:
        ana.get("/emails?folder=scheduled")
    personal_mails(work, cast, 45, hours=2)
    with queries() as many:
        ana.get("/emails?folder=scheduled")
    assert len(many) == len(few)


@pytest.mark.parametrize(("said", "state"), [("sent", "sent"), ("again", "pending"), ("skip", "failed")])
def test_a_person_says_what_became_of_an_uncertain_mail(
    browse: Browse, work: Work, cast: Cast, said: str, state: str
) -> None:
    (message_id,) = personal_mails(work, cast)
    set_state(work, message_id, state=MessageState.UNCERTAIN)
    ana = browse(cast.ana)
    assert "It was sent" in ana.get("/emails?folder=uncertain").text
    assert ana.post(f"/emails/{message_id}/answer", {"answer": said}).status_code == 303
    with work() as uow:
        assert uow.session.get_one(Message, message_id).state == state
    assert ana.post(f"/emails/{message_id}/answer", {"answer": said}).status_code == 409


def test_a_failed_mail_is_retried_once(browse: Browse, work: Work, cast: Cast) -> None:
    (message_id,) = personal_mails(work, cast)
    set_state(work, message_id, state=MessageState.FAILED, reason="message_refused")
    ana = browse(cast.ana)
    assert ana.post(f"/emails/{message_id}/retry").status_code == 303
    assert ana.post(f"/emails/{message_id}/retry").status_code == 409
    with work() as uow:
        found = uow.session.execute(sa.select(Message.attempt, Message.state).order_by(Message.id)).all()
        assert [tuple(row) for row in found] == [(1, "failed"), (2, "pending")]


def test_a_retry_to_an_address_in_quarantine_is_refused_with_the_reason(
    browse: Browse, work: Work, cast: Cast
) -> None:
    (message_id,) = personal_mails(work, cast)
    set_state(work, message_id, state=MessageState.FAILED, reason="unknown_recipient")
    with work() as uow:
        uow.session.execute(sa.update(Address).values(quarantined_at=uow.now))
    answer = browse(cast.ana).post(f"/emails/{message_id}/retry")
    assert (answer.status_code, "quarantine" in answer.text) == (422, True)


def test_cancelling_the_mail_of_a_task_opens_the_task_again(browse: Browse, work: Work, cast: Cast) -> None:
    task_id = an_email_task(work, cast)
    ana = browse(cast.ana)
    typed = {"subject": "Hello", "html": "<p>Hi</p>", "send_at": "2026-12-01T09:00", "when": "later"}
    ana.post(f"/compose?task={task_id}", typed)
    with work() as uow:
        message_id = uow.session.scalars(sa.select(Message.id)).one()
    assert ana.post(f"/emails/{message_id}/cancel").status_code == 303
    with work() as uow:
        task = uow.session.get_one(Task, task_id)
        assert (task.state, task.message_id) == (TaskState.OPEN, None)
    assert ana.post(f"/emails/{message_id}/cancel").status_code == 409


def test_one_mail_shows_the_very_bytes_that_left_and_every_attempt(
    browse: Browse, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    (message_id,) = personal_mails(work, cast)
    run_until_quiet(room)
    ana = browse(cast.ana)
    shown = ana.get(f"/emails/{message_id}").text
    assert "Hello nr 0" in shown and "taken" in shown and "Follow up" in shown
    frame = ana.get(f"/emails/{message_id}/frame")
    assert "Hi" in frame.text and frame.headers["Content-Security-Policy"].startswith("sandbox;")
    assert ana.get(f"/emails/{message_id}/raw").data == sink.caught[0].raw


def test_the_feed_tells_what_happened_to_my_people_and_not_to_others(
    browse: Browse, work: Work, cast: Cast
) -> None:
    an_email_task(work, cast)
    with work() as uow:
        uow.record(
            "task.completed", actor_id=cast.dirk.id, team_id=cast.dirk.team_id, data={"name": "Secret"}
        )
        uow.record("task.completed", actor_id=cast.ben.id, team_id=cast.ben.team_id, data={"name": "Of Ben"})
    ana = browse(cast.ana)
    mine, team = ana.get("/feed").text, ana.get("/feed?scope=team").text
    assert "waits for an e-mail to write: Quick question, Maria" in mine and "added 1 person" in mine
    assert ("Of Ben" in mine, "Of Ben" in team) == (False, True)
    assert "Secret" not in team


def test_the_feed_costs_the_same_however_much_happens(
    browse: Browse, work: Work, cast: Cast, queries: Queries
) -> None:
    personal_mails(work, cast, 2)
    ana = browse(cast.ana)
    with queries() as few:
        ana.get("/feed/latest")
    with work() as uow:
        for number in range(40):
            person = a_person(uow, cast.ana, f"f{number}@example.com")
            uow.record("message.failed", team_id=cast.ana.team_id, person_id=person.id, data={"words": "no"})
    with queries() as many:
        ana.get("/feed/latest")
    assert len(many) == len(few)


def test_what_happens_is_pushed_and_known_lines_are_not_told_twice(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    an_email_task(work, cast)
    answer = browse(cast.ana).get("/feed/stream")
    assert answer.mimetype == "text/event-stream"
    heard: Iterator[Any] = iter(answer.response)
    assert "retry:" in told(next(heard))
    assert "Quick question, Maria" in told(next(heard))
    clock.forward(timedelta(seconds=5))
    with work() as uow:
        uow.record("task.completed", actor_id=cast.ana.id, team_id=cast.ana.team_id, data={"name": "Of mine"})
    news = told(next(heard))
    assert "Of mine: done" in news and "Quick question" not in news
    assert all(line.startswith("data: ") for line in news.strip().splitlines())
    answer.close()


def test_the_newest_is_pushed_however_much_happens(
    browse: Browse, work: Work, cast: Cast, clock: VirtualClock
) -> None:
    about = {"actor_id": cast.ana.id, "team_id": cast.ana.team_id}
    with work() as uow:
        for number in range(120):
            uow.record("task.completed", **about, data={"name": f"Call {number}"})
    answer = browse(cast.ana).get("/feed/stream")
    heard: Iterator[Any] = iter(answer.response)
    next(heard)
    assert "Call 119: done" in told(next(heard))
    with work() as uow:
        uow.record("task.skipped", **about, data={"name": "The very last"})
    news = told(next(heard))
    assert "The very last" in news and "Call" not in news
    answer.close()


def test_streams_take_half_of_the_threads_at_most(app: Flask, browse: Browse, cast: Cast) -> None:
    app.extensions["streams"] = Places(1)
    ana = browse(cast.ana)
    first = ana.get("/feed/stream")
    second = ana.get("/feed/stream")
    assert (second.status_code, second.headers["Retry-After"]) == (503, "30")
    first.close()
    third = ana.get("/feed/stream")
    assert third.status_code == 200
    third.close()


def told(chunk: bytes | str) -> str:
    return chunk.decode() if isinstance(chunk, bytes) else chunk
