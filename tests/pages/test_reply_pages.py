"""Replies as work on the pages: the list, one reply, the composer that answers it, who is held, unsubscribing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.leaving import deactivate_sender
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import Disposal, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tasks.models import Task
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_bounce, a_raw_mail, answered
from tests.pages.conftest import Browser
from tests.pages.parts import plain
from tests.pages.parts import text as words_of
from tests.topics.test_answering import stands, under_way
from tests.topics.test_replies import opted_out, replied, the_person, the_reply

pytestmark = pytest.mark.usefixtures("sink")
Browse = Callable[[User], Browser]
Queries = Callable[[], AbstractContextManager[list[str]]]


def test_a_reply_waits_on_today_in_the_rail_and_in_the_list(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    assert "Nobody waits" in words_of(browse(cast.ana).get("/replies").text)
    replied(work, cast, room)
    today = words_of(browse(cast.ana).get("/").text)
    assert "1 waits" in today and "Sounds good." in today
    assert "Replies 1" in today
    page = browse(cast.ana).get("/replies")
    assert "1 reply waits until answered" in words_of(page.text) and "P0 Santos" in page.text
    assert "Nobody waits" in words_of(browse(cast.ben).get("/replies").text)
    assert "Sounds good." in browse(cast.ben).get("/replies?owner=all").text


def test_the_part_and_the_page_agree_and_more_rows_need_no_more_queries(
    work: Work, cast: Cast, room: PostRoom, browse: Browse, queries: Queries
) -> None:
    names = under_way(work, cast, room, people=8)
    needed = []
    for some in (names[:1], names[1:]):
        answered(work, cast, room, *(a_raw_mail(answers=name) for name in some))
        with queries() as seen:
            whole = plain(browse(cast.ana).get("/replies").text)
        needed.append(len(seen))
        assert plain(browse(cast.ana).get("/replies", htmx=True).text) in whole
    assert needed[0] == needed[1]


def test_one_reply_shows_what_it_answers_and_everything_that_can_be_done(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    replied(work, cast, room)
    page = browse(cast.ana).get("/replies/1")
    words = words_of(page.text)
    for expected in ("P0 Santos", "Quick question, P0", "Sounds good.", "Not now", "Who instead"):
        assert expected.lower() in words.lower()
    assert "Hello P0" in browse(cast.ana).get("/replies/1/frame").text
    assert browse(cast.ana).get("/replies/1/raw").data.startswith(b"From: P0")


@pytest.mark.parametrize(
    ("do", "words", "why"),
    [
        ("interested", "Interested.", "success: interested, says Ana Lind"),
        ("no", "No.", "said no, says Ana Lind"),
    ],
)
def test_a_reply_is_disposed_of_with_one_press(
    work: Work, cast: Cast, room: PostRoom, browse: Browse, do: str, words: str, why: str
) -> None:
    replied(work, cast, room, on_reply="continue")
    browser = browse(cast.ana)
    assert browser.post("/replies/1/dispose", {"do": do}).status_code == 303
    assert words in words_of(browser.get("/replies").text)
    assert stands(work) == [("ended", why)]
    assert browser.post("/replies/1/dispose", {"do": do}).status_code == 409


def test_bad_input_keeps_what_was_typed(work: Work, cast: Cast, room: PostRoom, browse: Browse) -> None:
    replied(work, cast, room)
    browser = browse(cast.ana)
    refused = browser.post("/replies/1/dispose", {"do": "not_now", "until": "2026-11-01"})
    assert refused.status_code == 422 and "Choose a day that is still to come." in refused.text
    assert 'value="2026-11-01"' in refused.text
    refused = browser.post(
        "/replies/1/dispose", {"do": "wrong_person", "email": "nobody", "first_name": "Kim"}
    )
    assert refused.status_code == 422 and 'value="Kim"' in refused.text and 'value="nobody"' in refused.text
    assert browser.post("/replies/1/dispose", {"do": "dance"}).status_code == 422


def test_not_now_says_when_and_the_person_shows_it(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    replied(work, cast, room)
    browser = browse(cast.ana)
    browser.post("/replies/1/dispose", {"do": "not_now", "until": "2027-01-11"})
    assert "Not now. It goes on Mon 11 Jan 09:00." in words_of(browser.get("/replies").text)
    with work() as uow:
        person_id = the_person(uow).id
    assert "Added to Q4 outreach again Mon 11 Jan 09:00" in words_of(browser.get(f"/people/{person_id}").text)
    assert "Not now, again Mon 11 Jan" in words_of(browser.get("/replies?show=done").text)


def test_the_wrong_person_leads_to_the_right_one(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    replied(work, cast, room)
    answer = browse(cast.ana).post(
        "/replies/1/dispose", {"do": "wrong_person", "email": "cfo@example.com", "first_name": "Kim"}
    )
    with work() as uow:
        kim = uow.session.scalars(sa.select(Person).where(Person.email == "cfo@example.com")).one()
    assert answer.headers["Location"] == f"/people/{kim.id}"


def test_what_had_no_consequence_can_be_undone(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    replied(work, cast, room)
    browser = browse(cast.ana)
    browser.post("/replies/1/dispose", {"do": "read"})
    assert browser.post("/replies/1/again").status_code == 303
    assert "1 reply waits" in words_of(browser.get("/replies").text)
    assert browser.post("/replies/1/again").status_code == 409


def test_it_is_answered_from_the_composer_in_thread(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    replied(work, cast, room)
    browser = browse(cast.ana)
    with work() as uow:
        url = f"/compose?person={the_person(uow).id}&replies=1"
    form = browser.get(url)
    assert 'value="Re: Quick question, Maria"' in form.text and "Sounds good." in form.text
    typed = {"subject": "Re: Quick question, Maria", "html": "<p>Tuesday?</p>", "when": "now", "key": "k1"}
    preview = browser.post(url.replace("/compose?", "/compose/preview?"), typed)
    assert "Sounds good." in preview.text and "Tuesday?" in preview.text
    assert browser.post(url, typed).headers["Location"] == "/replies"
    with work() as uow:
        answer = uow.session.scalars(sa.select(Message).where(Message.replies_to_id == 1)).one()
        assert the_reply(uow).disposal is Disposal.ANSWERED and the_reply(uow).answer_id == answer.id
    assert browser.get(f"/compose?person={cast.ana.id + 50}&replies=1").status_code == 404


def test_a_person_who_opted_out_is_answered_after_a_notice(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    opted_out(work, cast, room)
    browser = browse(cast.ana)
    with work() as uow:
        person_id = the_person(uow).id
    assert "wrote last, so you may answer this once" in words_of(
        browser.get(f"/compose?person={person_id}&replies=1").text
    )
    assert "wrote last" not in browser.get(f"/compose?person={person_id}").text
    typed = {"subject": "Re: x", "html": "<p>Of course</p>", "when": "now", "key": "k2"}
    url = f"/compose?person={person_id}&replies=1"
    assert browser.post(url, typed).status_code == 422
    assert browser.post(url, {**typed, "despite_opt_out": "1"}).status_code == 303


def test_who_wrote_is_shown_as_held_with_three_ways_on(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    answered(work, cast, room, a_raw_mail("A question", sender="p0@example.com", subject="Hello Ana"))
    browser = browse(cast.ana)
    assert "1 person wrote to you: their campaigns are held." in words_of(browser.get("/").text)
    with work() as uow:
        person_id = the_person(uow).id
    for url in (f"/people/{person_id}", "/replies/1", "/enrollments/1"):
        words = words_of(browser.get(url).text)
        assert "P0 Santos wrote to you. Nothing leaves in Q4 outreach , Another until you decide." in words, (
            url
        )
    assert browser.post(f"/people/{person_id}/decide", {"do": "go_on"}).status_code == 303
    assert [state for state, _ in stands(work)] == ["active", "active"]
    assert browser.post(f"/people/{person_id}/decide", {"do": "end"}).status_code == 409


@pytest.mark.parametrize(
    ("do", "why"), [("end", "removed by Ana Lind"), ("success", "success, says Ana Lind")]
)
def test_or_it_ends(work: Work, cast: Cast, room: PostRoom, browse: Browse, do: str, why: str) -> None:
    under_way(work, cast, room)
    answered(work, cast, room, a_raw_mail("A question", sender="p0@example.com", subject="Hello Ana"))
    with work() as uow:
        person_id = the_person(uow).id
    browse(cast.ana).post(f"/people/{person_id}/decide", {"do": do})
    assert stands(work) == [("ended", why)]


def test_who_is_away_shows_until_when_everywhere(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_raw_mail("Back on 7 December", answers=name, Auto_Submitted="auto-replied"))
    browser = browse(cast.ana)
    with work() as uow:
        enrollment = uow.session.scalars(sa.select(Enrollment)).one()
    for url in (
        f"/people/{enrollment.person_id}/campaigns",
        f"/enrollments/{enrollment.id}",
        f"/campaigns/{enrollment.campaign_id}/people",
    ):
        assert "out of office until Mon 7 Dec" in browser.get(url).text, url
    assert "is away until Mon 7 Dec" in words_of(browser.get("/feed").text)
    assert "back Mon 7 Dec" in browser.get("/replies?show=automatic").text


def test_unsubscribing_by_hand_and_letting_in_again(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    under_way(work, cast, room)
    with work() as uow:
        page = f"/people/{the_person(uow).id}"
    browser = browse(cast.ana)
    browser.post(f"{page}/unsubscribe", {"reason": "on the phone"})
    shown = words_of(browser.get(page).text)
    assert "gets no more mail. It has ended in 1 campaign." in shown
    assert "by Ana Lind: on the phone" in shown and "Only an administrator" in shown
    assert browser.post(f"{page}/resubscribe", {"reason": "asked"}).status_code == 403
    cleo = browse(cast.cleo)
    assert cleo.post(f"{page}/resubscribe", {"reason": ""}).status_code == 422
    assert cleo.post(f"{page}/resubscribe", {"reason": "asked by phone"}).status_code == 303
    assert "Let in again" in words_of(cleo.get(page).text)


def test_a_bounce_leads_to_the_field_for_the_new_address(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    browser = browse(cast.ana)
    with work() as uow:
        person_id = the_person(uow).id
        task = uow.session.scalars(sa.select(Task)).one()
    row = browser.get("/tasks").text
    assert task.name in row and f'href="/people/{person_id}/edit"' in row
    browser.post(f"/people/{person_id}/edit", {"email": "new@example.com"})
    assert "With the new address 1 campaign goes on." in words_of(browser.get(f"/people/{person_id}").text)
    assert "Came back" in browser.get("/emails/1").text


def test_an_uncertain_mail_has_four_answers(work: Work, cast: Cast, room: PostRoom, browse: Browse) -> None:
    under_way(work, cast, room)
    with work() as uow:
        uow.session.execute(sa.update(Message).where(Message.id == 1).values(state="uncertain"))
    browser = browse(cast.ana)
    page = words_of(browser.get("/emails/1").text)
    assert all(words in page for words in ("It was sent", "Send again", "Skip", "End"))
    browser.post("/emails/1/answer", {"answer": "end"})
    assert stands(work) == [("ended", "ended by Ana Lind")]


def test_a_meeting_is_booked_with_one_press(work: Work, cast: Cast, room: PostRoom, browse: Browse) -> None:
    under_way(work, cast, room)
    assert browse(cast.ana).post("/enrollments/1/meeting").status_code == 303
    assert stands(work) == [("ended", "success: meeting booked, says Ana Lind")]


def test_administrators_hand_over_or_end_what_a_deactivated_sender_left(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    under_way(work, cast, room, people=2)
    with work() as uow:
        deactivate_sender(uow, cast.cleo, cast.ana.id)
    cleo = browse(cast.cleo)
    assert "2 people are held, because their sender was deactivated or has no connected mailbox." in words_of(
        cleo.get("/").text
    )
    assert "2 people are held, because Ana Lind was deactivated" in words_of(cleo.get("/users").text)
    assert browse(cast.ben).post(f"/users/{cast.ana.id}/hand-over").status_code == 403
    assert cleo.post(f"/users/{cast.ana.id}/hand-over", {"sender": cast.dirk.id}).status_code == 422
    assert cleo.post(f"/users/{cast.ana.id}/hand-over", {"sender": cast.ben.id}).status_code == 303
    assert cleo.post(f"/users/{cast.ana.id}/end-held").status_code == 409


def test_what_was_set_aside_is_for_administrators(work: Work, cast: Cast, browse: Browse) -> None:
    with work() as uow:
        uow.record("message.sent").trouble = "RuntimeError: a bug"
    assert browse(cast.ana).get("/set-aside").status_code == 403
    cleo = browse(cast.cleo)
    assert "1 thing could not be followed up" in words_of(cleo.get("/").text)
    assert "RuntimeError: a bug" in cleo.get("/set-aside").text
    assert cleo.post("/set-aside").status_code == 303
    assert "Nothing is set aside" in cleo.get("/set-aside").text


def test_the_setting_for_colleagues_is_saved(work: Work, cast: Cast, room: PostRoom, browse: Browse) -> None:
    under_way(work, cast, room)
    browser = browse(cast.ana)
    assert 'name="colleagues" value="continue" checked' in browser.get("/campaigns/1/settings").text
    typed = {"name": "Q4", "on_reply": "end", "colleagues": "pause", "late_limit": "4h", "late_then": "ask"}
    assert browser.post("/campaigns/1/settings", typed).status_code == 303
    assert 'name="colleagues" value="pause" checked' in browser.get("/campaigns/1/settings").text


def test_somebody_elses_address_is_pointed_out(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_raw_mail(answers=name, sender="assistant@elsewhere.example"))
    assert "another address than the one you wrote to" in browse(cast.ana).get("/replies/1").text


def test_a_mail_with_a_script_in_it_shows_no_script(
    work: Work, cast: Cast, room: PostRoom, browse: Browse
) -> None:
    (name,) = under_way(work, cast, room)
    evil = '<p onclick="x()">Hi</p><script>alert(1)</script><img src="https://example.com/pixel.gif">'
    answered(work, cast, room, a_raw_mail("<b>Hi</b>", answers=name, html=evil, subject="<i>Re</i>"))
    browser = browse(cast.ana)
    frame = browser.get("/replies/1/frame")
    assert "script" not in frame.text and "onclick" not in frame.text and ' src="' not in frame.text
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "<i>Re</i>" not in browser.get("/replies/1").text
    with work() as uow:
        assert uow.session.scalars(sa.select(ReceivedMail.text)).one() == "<b>Hi</b>"
        assert uow.session.scalars(sa.select(Address.opted_out_at)).one() is None
