"""A program that knows nothing but the document does the whole story, and sends everything three times.

The rule: each POST sent twice at once and once more after a dropped answer: row counts do not change; the same key
with another body is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client, TestResponse

from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.schema import METADATA
from sales_campaigns.settings import Settings
from tests.answers import answer_of
from tests.api.conftest import a_token
from tests.cast import Cast, a_mailbox
from tests.conftest import Work
from tests.deliveries import let_jobs_run
from tests.outgoing import send
from tests.sink import Sink

KEY, SEEN, REPEATED = "Idempotency-Key", "If-Match", "Idempotency-Replayed"
HELLO = {"subject": "Hello {{ first_name }}", "html": "<p>Hello {{ first_name }}</p>"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        secret_key="only for the tests, and long enough",
        data_dir=tmp_path,
        api_requests_per_minute=1_000_000,
        public_url="https://sales.example.com",
    )


@dataclass
class Stranger:
    """Knows the address of the document and a token. `do("create_person_of_mine", {...})` finds the rest in it."""

    app: Flask
    work: Work
    token: str
    known: dict[str, tuple[str, str, Mapping[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        document: Any = self.app.test_client().get("/api/v1/openapi.json").json
        server = document["servers"][0]["url"]
        for path, methods in document["paths"].items():
            for method, said in methods.items():
                self.known[said["operationId"]] = (method.upper(), server + path, said)

    def do(self, operation: str, body: Any = None, /, **more: Any) -> Any:
        """The answer's JSON. What stands in the path or behind the question mark is given by name."""
        method, path, said = self.known[operation]
        places = {one["name"]: one["in"] for one in said["parameters"]}
        query = {key: value for key, value in more.items() if places[key] == "query"}
        path = path.format(**{key: value for key, value in more.items() if places[key] == "path"})
        headers = {"Authorization": f"Bearer {self.token}"}
        if SEEN in places:
            headers[SEEN] = self._tag(path)
        asked = {"method": method, "query_string": query, **_content(said, body)}
        if method != "POST":
            return _good(said, self.app.test_client().open(path, headers=headers, **asked))
        return self._thrice(path, said, headers, asked)

    def _tag(self, path: str) -> str:
        """Of the campaign that a step belongs to, or of the row itself."""
        rows = path.split("/")
        whole = "/".join(rows[:5]) if rows[3] == "campaigns" else path
        answer = self.app.test_client().get(whole, headers={"Authorization": f"Bearer {self.token}"})
        return answer.headers["ETag"]

    def _thrice(
        self, path: str, said: Mapping[str, Any], headers: dict[str, str], asked: Mapping[str, Any]
    ) -> Any:
        headers = {**headers, KEY: str(uuid4())}
        answers: list[TestResponse] = []

        def send_it(client: Client) -> None:
            answers.append(client.open(path, headers=headers, **asked))

        at_once = [Thread(target=send_it, args=(self.app.test_client(),)) for _ in range(2)]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join()
        before = self._rows()
        send_it(self.app.test_client())
        assert self._rows() == before
        first, second, third = answers
        found = _good(said, first)
        assert first.data == second.data == third.data, path
        assert third.headers[REPEATED] == "true"
        other = answer_of(self.app.test_client().open(path, headers=headers, **{**asked, **_another(asked)}))
        assert (other.status_code, [one["field"] for one in other.json["errors"]]) == (422, [KEY]), path
        return found

    def _rows(self) -> dict[str, int]:
        """Table → rows."""
        counted = [
            sa.select(sa.literal(table.name), sa.func.count()).select_from(table)
            for table in METADATA.sorted_tables
        ]
        with self.work() as uow:
            return {str(name): rows for name, rows in uow.session.execute(sa.union_all(*counted))}


def _content(said: Mapping[str, Any], body: Any) -> dict[str, Any]:
    if "requestBody" not in said:
        assert body is None
        return {}
    kind = next(iter(said["requestBody"]["content"]))
    return {"json": body} if kind == "application/json" else {"data": body, "content_type": kind}


def _another(asked: Mapping[str, Any]) -> dict[str, Any]:
    if "data" in asked:
        return {"data": asked["data"] + b" "}
    return {"json": {**asked.get("json", {}), "another": True}}


def _good(said: Mapping[str, Any], answer: TestResponse) -> Any:
    good = next(int(status) for status in said["responses"] if status.startswith("2"))
    assert answer.status_code == good, answer.text
    return answer.json if answer.data else None


@pytest.fixture
def stranger(app: Flask, work: Work, cast: Cast) -> Stranger:
    """With a token of Cleo's, who may do everything."""
    with work() as uow:
        a_mailbox(uow, cast.cleo)
    return Stranger(app, work, a_token(work, cast.cleo, Scope.ADMIN))


def test_from_a_person_to_an_answered_task(stranger: Stranger, work: Work) -> None:
    """People, words and a campaign; they are launched, one call is made, one person is moved on."""
    do = stranger.do
    maria = do("create_person_of_mine", {"email": "maria@example.com", "first_name": "Maria"})["id"]
    rows = b"Email,First Name\nlena@example.org,Lena\n"
    found = do("upload_people", rows, file_name="people.csv")["id"]
    assert do("get_import", import_id=found)["file_name"] == "people.csv"
    group = do("create_group_of_people", {"name": "Fair", "shared": True})["id"]
    assert do("add_people_to_group", {"people": [maria]}, group_id=group)["count"] == 1
    files = do("upload_attachment", b"%PDF-1.7", name="offer.pdf")["files"]
    template = do("create_template_of_mine", {"name": "Opener", **HELLO, "files": files})
    assert template["files"] == files

    campaign = do("create_campaign_of_mine", {"name": "Autumn"})["id"]
    do("add_campaign_step", {"kind": "call", "day": 1}, campaign_id=campaign)
    steps = do("add_campaign_step", {"kind": "email", "day": 3}, campaign_id=campaign)["steps"]
    call, mail = (step["key"] for step in steps)
    do("change_campaign_step", {"name": "Call about the offer"}, campaign_id=campaign, key=call)
    written = do("change_campaign_step", {**HELLO, "files": files}, campaign_id=campaign, key=mail)
    assert written["steps"][1]["files"] == files
    assert written["obstacles"] == []

    looked = do("check_launch", {"group_id": group}, campaign_id=campaign)
    assert looked["to_deliver"] == 1
    assert do("launch_campaign", {"group_id": group}, campaign_id=campaign)["started"] == 1
    with work() as uow:
        open_due(uow)
    task = do("list_tasks")["items"][0]
    assert do("complete", {"outcome": "Talked"}, task_id=task["id"])["state"] == "completed"
    way = do("list_enrollments", campaign_id=campaign)["items"][0]
    assert way["next"]["key"] == mail
    assert do("explain_step", enrollment_id=way["id"], key=mail)["reason"]
    again = {"enrollments": [way["id"]], "to": call, "again": True}
    assert do("check_jump", again, campaign_id=campaign)["jumps"][0]["refusal"] == ""
    detour = do("jump_to_step", again, campaign_id=campaign)
    assert do("undo_detour_of_people", batch_id=detour["batch_id"])["count"] == 1
    assert do("remove_enrollment_of_person", enrollment_id=way["id"])["state"] == "ended"
    assert [one["kind"] for one in do("get_person_history", person_id=maria)["events"]]


def test_from_a_letter_to_everybody_to_its_figures(
    stranger: Stranger, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """Written, looked at, prepared, confirmed, paused, gone on with; and what came of it."""
    do = stranger.do
    for name in ("maria", "lena", "otto"):
        do("create_person_of_mine", {"email": f"{name}@example.com", "first_name": name.title()})
    box = do("list_mailboxes")["mailboxes"][0]["id"]
    letter = {"name": "Prices", **HELLO, "mailbox_id": box, "audience": {"everybody": True}}
    delivery = do("create_delivery", letter)["id"]
    look = do("create_test_profile", {"name": "Look", "email": "look@north.example"})["id"]
    assert do("send_delivery_proofs", {"profiles": [look]}, delivery_id=delivery)["count"] == 1
    assert do("preview_delivery", delivery_id=delivery)["subject"] == "Hello Maria"
    do("prepare_delivery", delivery_id=delivery)
    let_jobs_run(work)
    do("confirm_delivery", delivery_id=delivery)
    do("pause_delivery", delivery_id=delivery)
    do("resume_delivery", delivery_id=delivery)
    let_jobs_run(work)
    while send(room):
        let_jobs_run(work)
    figures = do("get_delivery_figures", delivery_id=delivery)
    assert (figures["targeted"], figures["handed"]) == (3, 3)
    assert do("compute_delivery", delivery_id=delivery)["changed"] == []
    assert len(do("list_recipients", delivery_id=delivery)["items"]) == 3
    assert len(do("list_delivery_proofs", delivery_id=delivery)["proofs"]) == 1


def test_a_mail_a_draft_a_leave_and_a_hook(stranger: Stranger) -> None:
    """What stands beside campaigns and deliveries."""
    do = stranger.do
    maria = do("create_person_of_mine", {"email": "maria@example.com", "first_name": "Maria"})["id"]
    draft = {"person_id": maria, "key": "spring", "subject": "Hello", "html": "<p>Hello</p>"}
    kept = do("save_draft_of_mine", draft)["id"]
    assert do("discard_draft_of_mine", draft_id=kept)["discarded_at"]
    assert do("restore_draft_of_mine", draft_id=kept)["discarded_at"] is None
    mail = {"person_id": maria, "subject": "Hello", "html": "<p>Hello</p>", "draft_key": "spring"}
    sent = do("send_message", mail)
    assert do("list_drafts")["items"] == []
    assert do("cancel_message", message_id=sent["id"])["state"] == "cancelled"
    snippet = do("create_snippet_of_mine", {"name": "Booking", "html": "<p>Pick a time</p>"})["id"]
    assert do("archive_snippet_of_mine", snippet_id=snippet)["archived_at"]
    leave = do("enter_leave", {"first_day": "2026-12-21", "last_day": "2026-12-27"})["id"]
    assert do("cancel_leave_of_user", leave_id=leave)["state"] == "cancelled"
    assert do("enter_leave_again", leave_id=leave)["state"] == "planned"
    hook = do("create_webhook", {"url": "https://hooks.example.com", "kinds": []})["id"]
    assert do("test_webhook_of_team", webhook_id=hook)["kind"] == "webhook.test"
    found = do("save_search_of_people", {"name": "Opened", "did": "opened"})
    assert found["living"]
    assert do("list_people", group_id=found["id"])["items"] == []
    task = do("create_task", {"name": "Call", "due_at": "2026-12-01T09:00:00Z", "person_id": maria})["id"]
    assert do("snooze_task", {"until": "2026-12-02T09:00:00Z"}, task_id=task)["snoozed_until"]
    assert do("unsubscribe_person", {"reason": "Asked by phone"}, person_id=maria)["words"]
    assert not do("get_standing", person_id=maria)["allowed"]
