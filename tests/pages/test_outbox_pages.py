"""The outbox: every folder with what can be done there, drafts, search, columns, many mails at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.personal import write_personal
from sales_campaigns.messages.models import Draft, Message, MessageState
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Address
from sales_campaigns.tasks.models import Task, TaskKind
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_raw_mail, taken_in
from tests.pages.conftest import Browser

Browse = Callable[[User], Browser]
GONE: dict[str, Any] = {"state": MessageState.SENT, "attempts": 1}


def a_mail_of_ana(work: Work, cast: Cast, name: str = "maria", **fields: Any) -> int:
    """A mail of Ana's own that waits until tomorrow, or stands as `fields` say."""
    with work() as uow:
        person = a_person(uow, cast.ana, f"{name}@example.com")
        typed = Typed(f"Hello {name}", "<p>Hi</p>", uow.now + timedelta(days=1))
        id = write_personal(uow, cast.ana, person, typed).id
        if fields:
            uow.session.execute(sa.update(Message).where(Message.id == id).values(**fields))
    return id


def row_of(page: str, id: int | str) -> str:
    found = re.search(rf'<tr[^>]*id="mail-{id}".*?</tr>', page, re.DOTALL)
    assert found is not None, page
    return found[0]


ACTIONS = {
    "delivered": (GONE, ["Archive", "Success"]),
    "scheduled": ({}, ["Edit", "Cancel this mail"]),
    "failed": ({"state": MessageState.FAILED, "reason": "other", "words": "550 no"}, ["Retry", "Delete"]),
    "bounced": (
        {"state": MessageState.FAILED, "reason": "unknown_recipient", "words": "550 nobody"},
        ["Find a new address", "Retry"],
    ),
    "cancelled": ({"state": MessageState.CANCELLED}, ["Delete"]),
}


@pytest.mark.parametrize("folder", ACTIONS)
def test_each_folder_offers_at_most_two_quick_actions(
    browse: Browse, work: Work, cast: Cast, folder: str
) -> None:
    fields, wanted = ACTIONS[folder]
    id = a_mail_of_ana(work, cast, **fields)
    row = row_of(browse(cast.ana).get(f"/emails?folder={folder}").text, id)
    acts = row[row.index('class="acts"') : row.index('popover role="group"')]
    labels = re.findall(r">([A-Z][a-z ]+)</(?:a|button)>", acts)
    assert labels == wanted
    assert all(way in row for way in ("Follow up", "Call", "InMail", "Task"))


def test_archived_is_tracking_off_and_back_again(browse: Browse, work: Work, cast: Cast) -> None:
    id, ana = a_mail_of_ana(work, cast, **GONE), browse(cast.ana)
    ana.post(f"/emails/{id}/archive", {"away": "1"})
    assert "tracking off" in row_of(ana.get("/emails?folder=archived").text, id)
    ana.post(f"/emails/{id}/archive", {"away": ""})
    assert row_of(ana.get("/emails?folder=delivered").text, id)


def test_a_success_is_marked_and_found(browse: Browse, work: Work, cast: Cast) -> None:
    id, ana = a_mail_of_ana(work, cast, **GONE), browse(cast.ana)
    other = a_mail_of_ana(work, cast, "olga", **GONE)
    ana.post(f"/emails/{id}/success", {"reached": "1"})
    shown = ana.get("/emails?folder=delivered&success=1").text
    assert f'id="mail-{id}"' in shown and f'id="mail-{other}"' not in shown


def test_mails_of_a_campaign_cannot_be_deleted(browse: Browse, work: Work, cast: Cast) -> None:
    failed: dict[str, Any] = {"state": MessageState.FAILED, "reason": "other", "words": "550 no"}
    own, of_campaign = (
        a_mail_of_ana(work, cast, **failed),
        a_mail_of_ana(work, cast, "olga", campaign_id=7, **failed),
    )
    ana = browse(cast.ana)
    assert ana.post(f"/emails/{of_campaign}/remove", {"away": "1"}).status_code == 409
    assert "Delete" not in row_of(ana.get("/emails?folder=failed").text, of_campaign)
    ana.post(f"/emails/{own}/remove", {"away": "1"})
    assert f'id="mail-{own}"' not in ana.get("/emails?folder=failed").text
    ana.post(f"/emails/{own}/remove", {"away": ""})
    assert f'id="mail-{own}"' in ana.get("/emails?folder=failed").text


def test_retry_of_a_quarantined_address_is_refused_with_the_reason(
    browse: Browse, work: Work, cast: Cast
) -> None:
    id = a_mail_of_ana(work, cast, state=MessageState.FAILED, reason="unknown_recipient", words="550 nobody")
    with work() as uow:
        uow.session.execute(sa.update(Address).values(quarantined_at=uow.now))
    answer = browse(cast.ana).post(f"/emails/{id}/retry")
    assert answer.status_code == 422 and "quarantine" in answer.text


def test_what_was_reported_as_spam_stands_apart(browse: Browse, work: Work, cast: Cast) -> None:
    with_time = dict(GONE)
    id = a_mail_of_ana(work, cast, **with_time)
    with work() as uow:
        uow.session.execute(sa.update(Address).values(complained_at=uow.now))
    ana = browse(cast.ana)
    row = row_of(ana.get("/emails?folder=spam").text, id)
    assert "reported as spam" in row and ">Delete</button>" in row
    assert f'id="mail-{id}"' not in ana.get("/emails?folder=delivered").text
    assert ana.post(f"/emails/{id}/remove", {"away": "1"}).status_code == 303
    assert f'id="mail-{id}"' not in ana.get("/emails?folder=spam").text
    ana.post(f"/emails/{id}/remove", {"away": ""})
    assert f'id="mail-{id}"' in ana.get("/emails?folder=spam").text


def test_a_mail_that_waits_is_rewritten_and_moved(browse: Browse, work: Work, cast: Cast) -> None:
    id, ana = a_mail_of_ana(work, cast), browse(cast.ana)
    assert 'value="Hello maria"' in ana.get(f"/emails/{id}/edit").text
    typed = {"subject": "Other", "html": "<p>New</p>", "send_at": "2026-12-02T10:00"}
    assert ana.post(f"/emails/{id}/edit", typed).status_code == 303
    with work() as uow:
        message = uow.session.get_one(Message, id)
        assert (message.edited_subject, message.edited_html) == ("Other", "<p>New</p>")
        assert f"{message.due_at:%d %H:%M}" == f"{message.act_at:%d %H:%M}" == "02 09:00"
    past = ana.post(f"/emails/{id}/edit", {**typed, "subject": "Mine", "send_at": "2026-11-01T10:00"})
    assert past.status_code == 422 and 'value="Mine"' in past.text


def test_many_mails_are_shifted_rewritten_and_cancelled_at_once(
    browse: Browse, work: Work, cast: Cast
) -> None:
    ids = [a_mail_of_ana(work, cast, name) for name in ("maria", "olga", "per")]
    ana, chosen = browse(cast.ana), {"message": [str(id) for id in ids]}
    ana.post("/emails/bulk", {"do": "shift", "by": "60", **chosen})
    with work() as uow:
        assert {f"{due:%H:%M}" for due in uow.session.scalars(sa.select(Message.due_at))} == {"09:00"}
    assert "3 mails will leave 1 hour later" in ana.get("/emails?folder=scheduled").text
    typed = {"subject": "For {{ first_name }}", "html": "<p>{{ nothing }}</p>"}
    refused = ana.post("/emails/bulk/edit", {**typed, **chosen})
    assert refused.status_code == 422 and "For {{ first_name }}" in refused.text
    ana.post("/emails/bulk/edit", {**typed, "html": "<p>Hi {{ first_name }}</p>", **chosen})
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Message.edited_subject))) == {"For {{ first_name }}"}
    ana.post("/emails/bulk?due=tomorrow", {"do": "cancel", "all": "3"})
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Message.state))) == {MessageState.CANCELLED}


def test_none_is_shifted_when_one_would_leave_in_the_past(browse: Browse, work: Work, cast: Cast) -> None:
    ids = [a_mail_of_ana(work, cast, name) for name in ("maria", "olga")]
    chosen = {"message": [str(id) for id in ids]}
    answer = browse(cast.ana).post("/emails/bulk", {"do": "shift", "by": "-1440", **chosen})
    assert answer.status_code == 422
    with work() as uow:
        assert {f"{due:%d}" for due in uow.session.scalars(sa.select(Message.due_at))} == {"01"}


def test_it_searches_by_name_subject_and_day(browse: Browse, work: Work, cast: Cast) -> None:
    first, second = a_mail_of_ana(work, cast), a_mail_of_ana(work, cast, "olga")
    ana = browse(cast.ana)
    for query in ("words=olga", "words=olga+fjord&due=tomorrow", "words=olga&own=1"):
        shown = ana.get(f"/emails?folder=scheduled&{query}").text
        assert f'id="mail-{second}"' in shown and f'id="mail-{first}"' not in shown
    for query in ("due=today", "own=0", "words=nobody", "from=2026-12-05"):
        assert "No mail matches" in ana.get(f"/emails?folder=scheduled&{query}").text


def test_it_searches_by_what_the_recipient_did(browse: Browse, work: Work, cast: Cast) -> None:
    """The rules: status with views or none, clicks or none, replies or none. A click implies an open, machines open
    nothing, and whoever comes back from holiday has not replied.
    """
    mails = {
        name: a_mail_of_ana(work, cast, name, message_id=f"<{name}@north.example>", **GONE)
        for name in ("clicks", "replies", "machine", "nothing")
    }
    done = (("clicks", "click", ""), ("replies", "open", ""), ("machine", "open", "mail privacy"))
    with work() as uow:
        for name, kind, machine in done:
            event = {"message_id": mails[name], "kind": EventKind(kind), "at": uow.now, "machine": machine}
            uow.session.add(TrackingEvent(**event))
    taken_in(work, cast, a_raw_mail(answers="<replies@north.example>"))
    taken_in(work, cast, a_raw_mail(answers="<clicks@north.example>", Auto_Submitted="auto-replied"))
    ana = browse(cast.ana)
    for query, found in {
        "did=opened": ["clicks", "replies"],
        "did=clicked": ["clicks"],
        "did=replied": ["replies"],
        "did_not=opened": ["machine", "nothing"],
        "did=opened&did_not=replied": ["clicks"],
        "did=nonsense": list(mails),
    }.items():
        shown = ana.get(f"/emails?folder=delivered&{query}").text
        assert [name for name, id in mails.items() if f'id="mail-{id}"' in shown] == found, query


def test_columns_are_remembered_for_each_folder(browse: Browse, work: Work, cast: Cast) -> None:
    a_mail_of_ana(work, cast)
    ana = browse(cast.ana)
    ana.post("/emails/columns", {"folder": "scheduled", "column": ["person", "mail", "company", "due"]})
    assert '<th scope="col">Company' in ana.get("/emails?folder=scheduled").text
    a_mail_of_ana(work, cast, "olga", **GONE)
    assert '<th scope="col">Company' not in ana.get("/emails?folder=delivered").text


def test_a_draft_is_saved_by_itself_resumed_discarded_and_fetched_back(
    browse: Browse, work: Work, cast: Cast
) -> None:
    """The rule: a draft requires subject + recipient."""
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana, url = browse(cast.ana), f"/compose/draft?person={person.id}"
    ana.headers = {"X-Saves": "draft"}
    typed = {"key": "k1", "subject": "", "html": "<p>Half"}
    assert ana.post(url, typed).text == ""
    assert ana.post(url, {**typed, "subject": "Half a thought"}).text == "Draft saved 09:00"
    assert ana.post(url, {**typed, "subject": "Half a thought more"}).text == "Draft saved 09:00"
    ana.headers = {}
    with work() as uow:
        draft = uow.session.scalars(sa.select(Draft)).one()
    shown = row_of(ana.get("/emails?folder=draft").text, f"draft-{draft.id}")
    href = re.search(r'href="(/compose[^"]+)"', shown)
    assert href is not None and "Half a thought more" in shown
    assert 'value="Half a thought more"' in ana.get(href[1].replace("&amp;", "&")).text
    ana.post(f"/drafts/{draft.id}/discard")
    assert "Half a thought" not in ana.get("/emails?folder=draft").text.replace("discarded", "")
    ana.post(f"/drafts/{draft.id}/restore")
    assert "Half a thought more" in ana.get("/emails?folder=draft").text
    ana.post(
        f"/compose?person={person.id}", {**typed, "subject": "Whole", "html": "<p>Hi</p>", "when": "now"}
    )
    with work() as uow:
        assert uow.session.scalars(sa.select(Draft)).all() == []


def test_a_draft_is_for_nobody_elses_eyes(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    typed = {"key": "k1", "subject": "Secret", "html": "<p>Half"}
    browse(cast.ana).post(f"/compose/draft?person={person.id}", typed)
    ben = browse(cast.ben)
    assert "Secret" not in ben.get("/emails?folder=draft&owner=all").text
    with work() as uow:
        id = uow.session.scalars(sa.select(Draft.id)).one()
    assert ben.get(f"/compose?person={person.id}&draft={id}").status_code == 404
    assert ben.post(f"/drafts/{id}/discard").status_code == 404


def test_the_button_saves_a_draft_without_scripts(browse: Browse, work: Work, cast: Cast) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana, url = browse(cast.ana), f"/compose/draft?person={person.id}"
    assert (
        ana.post(url, {"key": "k", "subject": "Later", "html": ""}).headers["Location"]
        == "/emails?folder=draft"
    )
    assert ana.post(url, {"key": "other", "subject": "", "html": "x"}).status_code == 422


def test_a_mail_is_followed_up_from_its_row(browse: Browse, work: Work, cast: Cast) -> None:
    """The rule: follow-up e-mail from the row, with that mail's body appended."""
    id, ana = a_mail_of_ana(work, cast, **GONE, message_id="<first@north.example>"), browse(cast.ana)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(sent_at=uow.now, subject="Hello maria"))
    way = re.search(r'href="(/compose[^"]+)"', row_of(ana.get("/emails?folder=delivered").text, id))
    assert way is not None
    url = way[1].replace("&amp;", "&")
    assert 'value="Re: Hello maria"' in ana.get(url).text
    typed = {"subject": "Re: Hello maria", "html": "<p>One more thing</p>"}
    assert "<blockquote" in ana.post(url.replace("?", "/preview?"), typed).text.replace("&lt;", "<")
    ana.post(url, {**typed, "when": "now"})
    with work() as uow:
        answer = uow.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
        assert answer is not None and answer.id != id
        assert answer.follows_id == id


def test_a_task_is_made_from_a_mail_and_stays_linked(browse: Browse, work: Work, cast: Cast) -> None:
    id, ana = a_mail_of_ana(work, cast, **GONE), browse(cast.ana)
    form = ana.get(f"/tasks/new?message={id}&kind=call").text
    assert 'value="maria@example.com"' in form and "Follow up: Hello maria" in form
    typed = {
        "name": "Call about it",
        "due": "2026-12-02T10:00",
        "kind": "call",
        "person": "maria@example.com",
    }
    ana.post(f"/tasks/new?message={id}", typed)
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        assert (task.origin_id, task.kind) == (id, TaskKind.CALL)
    assert f"/emails/{id}" in ana.get(f"/tasks/{task.id}").text
