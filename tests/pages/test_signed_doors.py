"""What comes in by a signature alone: a button in a CRM, reports of relays. What is wrong is refused and does nothing.

The rule: “wrong signatures: 4xx with the field, idempotent, nothing half done.”
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from integrations.mailgun import Events
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.crm.adding import new_key, signature_of
from sales_campaigns.crm.models import CrmAddition, CrmConnection
from sales_campaigns.messages.models import Attempt
from sales_campaigns.people.models import Address
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from sales_campaigns.webhooks.signing import headers_of
from tests.answers import Answer, answer_of
from tests.cast import Cast
from tests.conftest import SEAL, Work
from tests.crm import connect
from tests.stand_ins.reaching import crms_at
from tests.stand_ins.salesforce import Salesforce
from tests.topics.test_relay_events import KEY, a_mailgun_event

SECRET = "whsec_c2VjcmV0LW9mLXRoZS1yZWxheQ=="
Sign = Callable[[bytes, int], dict[str, str]]
EVENT = {
    "id": "e1",
    "kind": "failed",
    "message_id": "<nobody@example.com>",
    "code": 550,
    "recipient": "Nobody@Example.com",
}
CHOSEN = {"user": "ana@north.example", "ids": ["0031"]}


@dataclass(frozen=True)
class Door:
    path: str
    sign: Sign
    body: bytes

    def knock(self, app: Flask, body: bytes | None = None, at: int = 0, **wrong: str) -> Answer:
        """With a good signature over `body`, of `at` seconds ago, but for the headers named in `wrong`."""
        given = self.body if body is None else body
        headers = {**self.sign(given, int(machine_now().timestamp()) - at), **wrong}
        return answer_of(app.test_client().post(self.path, data=given, headers=headers))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        secret_key="only for the tests, and long enough", data_dir=tmp_path, relay_events_secret=SECRET
    )


@pytest.fixture
def there(clock: VirtualClock) -> Iterator[Salesforce]:
    with Salesforce(clock.now) as there:
        yield there


@pytest.fixture
def outside(outside: OutsideWorld, there: Salesforce) -> OutsideWorld:
    return replace(outside, crms=crms_at(there.url), relays={"mailgun": Events(KEY)})


@pytest.fixture
def button(work: Work, room: Any, cast: Cast, there: Salesforce) -> Door:
    with work() as uow:
        number = connect(uow, replace(room, crms=crms_at(there.url)), cast, there)
        new_key(uow, cast.cleo, room.seal)
    with work() as uow:
        key = SEAL.open(uow.session.get_one(CrmConnection, number).signing_key)

    def sign(body: bytes, at: int) -> dict[str, str]:
        return {"X-Timestamp": str(at), "X-Signature": f"sha256={signature_of(key, str(at), body)}"}

    return Door(f"/crm/{number}/people", sign, json.dumps(CHOSEN).encode())


@pytest.fixture
def relay() -> Door:
    def sign(body: bytes, at: int) -> dict[str, str]:
        return headers_of(SECRET, "call_1", at, body)

    return Door("/api/events/generic", sign, json.dumps({"events": [EVENT]}).encode())


def written(work: Work) -> list[int]:
    with work() as uow:
        return [
            uow.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in (CrmAddition, Attempt, Address)
        ]


def test_a_signature_that_is_missing_wrong_or_old_opens_nothing(
    app: Flask, work: Work, cast: Cast, button: Door, relay: Door
) -> None:
    before = written(work)
    names = {"button": (button, "X-Signature", "X-Timestamp")}
    names["relay"] = (relay, "webhook-signature", "webhook-timestamp")
    for door, signature, at in names.values():
        shown = ["", "sha256=", "v1,", "sha256=" + "0" * 64, "v1,AAAA", "sha256=\xe9", "v1,\xe9"]
        refused: list[TestResponse] = [door.knock(app, None, 0, **{signature: one}) for one in shown]
        refused += [door.knock(app, None, 0, **{at: one}) for one in ("", "1", "9" * 30, "-1", "x")]
        refused += [door.knock(app, at=400), door.knock(app, at=-400)]
        other = door.sign(b"{}", int(machine_now().timestamp()))
        refused.append(app.test_client().post(door.path, data=door.body, headers=other))
        said = [(one.status_code, one.mimetype) for one in refused]
        assert set(said) == {(403, "application/problem+json")}, said
    assert written(work) == before


def test_a_mailgun_event_of_another_key_or_time_opens_nothing(app: Flask, work: Work, cast: Cast) -> None:
    client, event = app.test_client(), json.loads(a_mailgun_event())
    for wrong in ({"signature": "\xe9"}, {"signature": 1}, {"timestamp": "1"}, {"token": "x"}):
        body = {**event, "signature": {**event["signature"], **wrong}}
        assert client.post("/api/events/mailgun", json=body).status_code == 403
    for nonsense in (b"", b"[]", b"[" * 9000, b"{}", b'{"signature": 1}'):
        assert client.post("/api/events/mailgun", data=nonsense).status_code == 422
    assert client.post("/api/events/mailgun", data=a_mailgun_event()).status_code == 204


WRONG: dict[str, tuple[Any, str]] = {  # what is wrong of a request that is signed → what is sent, the field
    "an unknown field": ({**CHOSEN, "colour": "red"}, "colour"),
    "nobody of ours": ({**CHOSEN, "user": "eve@example.com"}, "user"),
    "another team's user": ({**CHOSEN, "user": "dirk@south.example"}, "user"),
    "a user who is none": ({**CHOSEN, "user": ["\x00"]}, "user"),
    "no ids": ({"user": CHOSEN["user"]}, "ids"),
    "ids of another kind": ({**CHOSEN, "ids": [{"a": 1}]}, "ids"),
    "too many ids": ({**CHOSEN, "ids": ["1"] * 1000}, "ids"),
    "a campaign that is none": ({**CHOSEN, "campaign": 999}, "campaign"),
    "a campaign of another kind": ({**CHOSEN, "campaign": [1]}, "campaign"),
    "no object": ([], ""),
}


def test_a_button_is_told_by_field_and_keeps_nothing(app: Flask, work: Work, button: Door) -> None:
    before = written(work)
    for case, (sent, field) in WRONG.items():
        answer = button.knock(app, json.dumps(sent).encode())
        assert (answer.status_code, case) == (422, case)
        assert [one["field"] for one in answer.json["errors"]] == [field], case
    assert button.knock(app, b"[" * 9000).status_code == 422
    assert button.knock(app, b"x" * (10 * 1024 * 1024 + 1)).status_code == 413
    assert written(work) == before


def test_a_relay_is_told_by_field_and_the_good_events_beside_a_bad_one_wait_with_it(
    app: Flask, work: Work, cast: Cast, relay: Door
) -> None:
    wrong = {
        "colour": "red",
        "kind": "eaten",
        "id": "",
        "code": 1,
        "message_id": "\x00",
        "words": 1,
        "recipient": 7,
    }
    for field, value in wrong.items():
        answer = relay.knock(app, json.dumps({"events": [EVENT, {**EVENT, field: value}]}).encode())
        assert (answer.status_code, field) == (422, field)
        assert [one["field"] for one in answer.json["errors"]] == [f"events.1.{field}"]
    assert relay.knock(app, b"no JSON").status_code == 422
    assert relay.knock(app, b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_the_same_request_twice_is_one(app: Flask, work: Work, button: Door, relay: Door) -> None:
    first, again = button.knock(app), button.knock(app)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert written(work)[0] == 1
    assert [relay.knock(app).status_code for _ in range(2)] == [204, 204]
