"""What programs do beside the pages is the same as on them: nothing is lost by an edit, and every rule holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.notices.models import Notice, NoticeKind
from sales_campaigns.people.models import Consent
from tests.api.conftest import Program
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_mailbox, a_person
from tests.conftest import Work
from tests.deliveries import let_jobs_run
from tests.sink import Sink

Programs = Callable[..., Program]
HELLO = {"name": "Opener", "subject": "Hello", "html": "<p>Hello</p>"}


def good(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json if answer.data else None


def test_a_file_stays_with_its_template_until_somebody_takes_it_out(program: Programs, cast: Cast) -> None:
    """A program that was written before there were files loses none."""
    ana = program(cast.ana)
    kept = good(ana.send("POST", "/attachments?name=offer.pdf", data=b"%PDF", content_type=BYTES))
    assert [(one["place"], one["name"], one["size"]) for one in kept["attachments"]] == [(1, "offer.pdf", 4)]
    both = good(
        ana.send(
            "POST",
            f"/attachments?name=prices.csv&beside={kept['files']}",
            data=b"a,b",
            content_type=BYTES,
        )
    )
    assert good(ana.post(f"/attachments/{both['files']}/2/remove"))["files"] == kept["files"]
    assert ana.get(f"/attachments/{kept['files']}/1").data == b"%PDF"
    template = good(ana.post("/templates", {**HELLO, "files": kept["files"]}))
    path = f"/templates/{template['id']}"
    assert good(ana.edit("PUT", path, {**HELLO, "subject": "Hi"}))["files"] == kept["files"]
    assert good(ana.edit("PUT", path, {**HELLO, "files": ""}))["files"] == ""
    assert ana.post("/attachments?name=run.exe", None).status_code == 415
    refused = ana.send("POST", "/attachments?name=run.exe", data=b"MZ", content_type=BYTES)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "attach")


def test_nobody_reads_the_files_of_another_team(program: Programs, cast: Cast) -> None:
    ana, dirk = program(cast.ana), program(cast.dirk)
    files = good(ana.send("POST", "/attachments?name=offer.pdf", data=b"%PDF", content_type=BYTES))["files"]
    assert dirk.get(f"/attachments/{files}").status_code == 404
    assert dirk.post("/templates", {**HELLO, "files": files}).status_code == 404


def test_a_block_ends_every_campaign_of_the_address(program: Programs, cast: Cast, work: Work) -> None:
    """The rule: a block ends all enrollments of the person at once."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    good(program(cast.cleo).post("/addresses", {"list": "blocked", "email": "maria@example.com"}))
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.state)).one() is EnrollmentState.ENDED


def test_a_rule_of_the_sending_policy_keeps_all_that_its_page_asks(program: Programs, cast: Cast) -> None:
    cleo = program(cast.cleo)
    rule = {
        "kind": "capacity",
        "name": "Slowly",
        "messages": 9,
        "hours": 1,
        "of": "domain",
        "typology": "News",
    }
    kept = good(cleo.post("/sending-rules", rule))
    assert (kept["details"]["of"], kept["typology"]) == ("domain", "News")
    company = {"kind": "pressure", "name": "One a firm", "messages": 1, "days": 7, "per": "company"}
    assert cleo.post("/sending-rules", company).json["errors"][0]["field"] == "per"
    assert good(cleo.post("/sending-rules", {**company, "scope": "steps"}))["details"]["per"] == "company"


def test_a_cancelled_mail_is_told_as_cancelled(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        person = a_person(uow, cast.ana)
    ana = program(cast.ana)
    later = {"subject": "Hello", "html": "<p>Hi</p>", "send_at": "2026-12-24T09:00:00Z"}
    sent = good(ana.post("/messages", {"person_id": person.id, **later}))
    assert good(ana.post(f"/messages/{sent['id']}/cancel"))["state"] == "cancelled"


def test_a_search_is_a_group_whose_people_are_found_anew(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        asked = a_person(uow, cast.ana, "asked@example.com")
        asked.consent = Consent.CONSENT
        a_person(uow, cast.ana, "else@example.com")
    ana = program(cast.ana)
    group = good(ana.post("/groups/searches", {"name": "Asked for it", "consent": "consent"}))
    found = good(ana.get("/people", group_id=group["id"]))["items"]
    assert [one["email"] for one in found] == ["asked@example.com"]
    assert good(ana.get("/people", did="mailed"))["items"] == []
    undone = good(ana.post("/people/bulk", {"do": "unsubscribe", "people": [asked.id]}))["act_id"]
    assert good(ana.post(f"/people/unsubscribed/{undone}/undo"))["count"] == 1


def test_variants_of_a_step_are_made_written_and_settled(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1)])
    ana, path = program(cast.ana), f"/campaigns/{campaign.id}"
    step = f"{path}/steps/{good(ana.get(path))['steps'][0]['key']}"

    def edit(method: str, below: str, body: Any = None) -> Any:
        return good(ana.edit(method, step + below, body, seen=path))

    assert edit("POST", "/variants")["variant"] == "B"
    edit("PATCH", "", {"variant": "B", "subject": "Shorter"})
    shown = edit("PUT", "/variants/weights", {"weights": {"A": 75, "B": 25}})
    variants = shown["campaign"]["steps"][0]["variants"]
    assert [(one["letter"], one["share"], one["subject"]) for one in variants][1] == ("B", 0.25, "Shorter")
    stopped = edit("POST", "/variants/A", {"do": "stop"})
    assert stopped["campaign"]["steps"][0]["variants"][0]["stopped"]
    back = edit("POST", f"/variants/undo/{stopped['undo']}")
    assert not back["campaign"]["steps"][0]["variants"][0]["stopped"]


def test_a_continuous_delivery_is_chosen_and_taken_back(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        box = a_mailbox(uow, cast.cleo)
    cleo = program(cast.cleo)
    letter = {"name": "News", "subject": "News", "html": "<p>News</p>", "mailbox_id": box.id}
    settings = {"settings": {"priority": "low"}, "audience": {"everybody": True}}
    made = good(cleo.post("/deliveries", {**letter, **settings}))
    path = f"/deliveries/{made['id']}"
    daily = {"every": "weeks", "first": "2026-12-07T09:00", "zone": "Europe/Stockholm", "weekdays": [0, 3]}
    shown = good(cleo.send("PUT", f"{path}/continuous", {"mode": "new", "recurrence": daily}))
    assert (shown["rule"]["recurrence"]["weekdays"], shown["begun"]) == ([0, 3], False)
    assert good(cleo.send("DELETE", f"{path}/continuous"))["settings"]["priority"] == "low"
    assert cleo.get(f"{path}/continuous").status_code == 404
    let_jobs_run(work)
    kept = good(cleo.post(f"{path}/settings-as-template"))
    assert (kept["name"], kept["settings"]["priority"]) == ("News", "low")


def test_what_one_is_told_and_how_is_ones_own(program: Programs, cast: Cast, work: Work) -> None:
    with work() as uow:
        known = uow.record("person.created", actor_id=cast.ana.id, team_id=cast.ana.team_id)
        uow.session.flush()
        told = {"kind": NoticeKind.REPLY, "at": uow.now, "words": "Maria replied"}
        uow.session.add(Notice(user_id=cast.ana.id, activity_id=known.id, **told))
    ana, ben = program(cast.ana), program(cast.ben)
    found = good(ana.get("/notices"))
    assert (found["unseen"], found["notices"][0]["words"]) == (1, "Maria replied")
    assert good(ben.get("/notices"))["notices"] == []
    assert good(ana.post("/notices/seen", {"last_id": found["notices"][0]["id"]}))["count"] == 1
    wished = good(ana.send("PUT", "/me/notices", {"shown": ["reply"], "digest": "07:30"}))
    assert (wished["shown"], wished["digest"]) == (["reply"], "07:30:00")
    view = good(
        ana.post("/views", {"list_name": "tasks", "name": "Calls", "query": {"kind": "call", "x": "1"}})
    )
    assert (view["query"], view["opens"]) == ({"kind": "call"}, False)
    assert good(ana.post(f"/views/{view['id']}/open-with", {}))["opens"]
    assert good(ana.get("/views", list_name="tasks"))["views"][0]["opens"]
    assert good(ana.send("PATCH", "/me/profile", {"title": "Account Executive"}))["zone"] == cast.ana.zone
    assert good(ana.send("PUT", "/me/capacity", {"tasks_a_day": 40})) == {
        "tasks_a_day": 40,
        "measured": False,
    }


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_what_asks_a_server_is_done_once_too(
    program: Programs, cast: Cast, work: Work, sink: Sink, engine: Engine
) -> None:
    """The answer is kept although no transaction was open while the server was asked."""
    ana, key = program(cast.ana), {"Idempotency-Key": "one"}
    server = {"address": "ana@north.example", "host": "127.0.0.1", "port": sink.port, "security": "none"}
    first = ana.send("PUT", "/mailboxes/mine", server, key)
    again = ana.send("PUT", "/mailboxes/mine", server, key)
    assert (good(first)["state"], again.headers["Idempotency-Replayed"]) == ("connected", "true")
    assert ana.send("PUT", "/mailboxes/mine", {**server, "port": 1}, key).status_code == 422
    closed = ana.send("PUT", "/mailboxes/mine", {**server, "port": 9})
    assert (closed.status_code, closed.json["errors"][0]["field"]) == (422, "host")
    assert good(ana.send("PUT", "/mailboxes/mine/pace", {"per_minute": 30}))["per_minute"] == 30
    assert "password" not in ana.get("/mailboxes/mine").text


def test_a_late_mail_is_asked_for_and_a_leave_entered_again(
    program: Programs, cast: Cast, work: Work
) -> None:
    ana = program(cast.ana)
    assert good(ana.get("/late-mails")) == {"number": 0, "mails": []}
    assert ana.post("/late-mails/answer", {"answer": "send", "tasks": [1]}).status_code == 409
    with work() as uow:
        day = (uow.now + timedelta(days=30)).date().isoformat()
    leave = good(ana.post("/leave", {"first_day": day, "last_day": day}))["id"]
    good(ana.post(f"/leave/{leave}/cancel"))
    assert good(ana.post(f"/leave/{leave}/again"))["first_day"] == day


def test_the_installation_is_looked_after(program: Programs, cast: Cast) -> None:
    cleo = program(cast.cleo)
    assert good(cleo.send("PUT", "/retention", {"tracking_days": 365}))["sending_days"] is None
    patient = {**good(cleo.get("/retries")), "retry_first_day": 3}
    assert good(cleo.send("PUT", "/retries", patient)) == patient == good(cleo.get("/retries"))
    assert good(cleo.post("/domain-limits", {"domain": "example.com", "per_minute": 60}))["per_minute"] == 60
    cleo.post("/domain-limits/lift", {"domain": "example.com"})
    assert good(cleo.get("/domain-limits"))["limits"] == []
    tried = good(cleo.post("/bounce-rules/try", {"text": "550 5.1.1 User unknown"}))
    assert (tried["failure"], tried["reason"]) == ("hard", "unknown_recipient")
    rules = good(cleo.post("/bounce-rules", {"text": "no such desk", "failure": "hard", "reason": "refused"}))
    assert rules["own"]
    assert not good(cleo.post("/bounce-rules/restore"))["own"]
    assert good(cleo.get("/health"))["keeps_time"] is False
    assert good(cleo.get("/set-up"))["put_away"] is False


BYTES = "application/octet-stream"
