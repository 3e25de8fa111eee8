"""The stand-in for Google answers as Google's own description of the API says, and is asked for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from integrations.gmail import GmailDrafts, GmailKnocks, GmailProvider, GmailReader
from sales_campaigns.ports import Draft
from tests.providers.mails import a_mail
from tests.stand_ins.google import Google
from tests.stand_ins.serving import Asked, Reply
from tests.stand_ins.worlds import SEND_ONLY, gmail_account, gmail_settings, service_key

ANA = "ana@ana.example"
DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
GMAIL, PUBSUB = (json.loads((DOCUMENTS / f"{name}.v1.json").read_text()) for name in ("gmail", "pubsub"))
SCHEMAS = {**PUBSUB["schemas"], **GMAIL["schemas"]}
TYPES: dict[str, type[Any]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


ON_USERS = {"get_profile": "getProfile", "watch": "watch"}


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as made:
        everything(made)
        yield made


def everything(google: Google) -> None:
    """Every call that the adapter makes, at least once."""
    account, settings = gmail_account(google), gmail_settings(google)
    box = google.box(ANA)
    provider, reader, drafts = (
        GmailProvider(account, settings),
        GmailReader(account, settings),
        GmailDrafts(account, settings),
    )
    simple = GmailProvider(gmail_account(google, ANA, *SEND_ONLY), settings)
    provider.check()
    knocks = GmailKnocks(settings)
    knocks.watch(account)
    cursor = reader.changes("").cursor
    list(provider.hand_over([a_mail(1, send_key="1.x")]))
    list(simple.hand_over([a_mail(2)]))
    box.comes_in(a_mail(3).mime)
    reader.changes(cursor)
    knocks.acknowledge(service_key(), knocks.pull(service_key()).receipts)
    reader.is_sent("<1@mail.ana.example>")
    made = drafts.put(Draft("4.x", a_mail(4).mime))
    drafts.update(made.id, Draft("4.x", a_mail(4).mime))
    drafts.state(made.id)
    drafts.find("4.x")
    drafts.delete(made.id)
    for one in (provider, reader, drafts, simple):
        one.close()


def of_the_apis(google: Google) -> list[tuple[str, Asked, Reply]]:
    """Tokens have a document of their own."""
    return [one for one in google.said if one[0] != "token"]


def method(name: str) -> dict[str, Any]:
    users: dict[str, Any] = GMAIL["resources"]["users"]
    if name in ON_USERS:
        return dict(users["methods"][ON_USERS[name]])
    resource, _, verb = name.partition(".")
    topic = PUBSUB["resources"]["projects"] if resource == "subscriptions" else users
    return dict(topic["resources"][resource]["methods"][verb])


def objections(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """Where this value is not what the schema describes."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"]]
    kind = schema.get("type", "object")
    if not isinstance(value, TYPES[kind]):
        yield f"{where} is no {kind}"
    elif kind == "array":
        for one in value:
            yield from objections(one, schema["items"], f"{where}[]")
    elif kind == "object":
        known = schema.get("properties", {})
        yield from (f"{where}.{name} is unknown" for name in value.keys() - known.keys())
        for name in value.keys() & known.keys():
            yield from objections(value[name], known[name], f"{where}.{name}")


def test_every_answer_is_what_the_published_document_describes(google: Google) -> None:
    wrong = [
        words
        for name, _, reply in of_the_apis(google)
        if reply.status == 200
        for words in objections(reply.body, method(name)["response"], name)
    ]
    assert wrong == []
    assert {name for name, _, _ in of_the_apis(google)} == {
        "get_profile",
        "watch",
        "subscriptions.pull",
        "subscriptions.acknowledge",
        "history.list",
        *(f"drafts.{verb}" for verb in ("create", "delete", "get", "list", "send", "update")),
        *(f"messages.{verb}" for verb in ("get", "list", "send")),
    }


def test_every_question_is_one_that_the_document_knows(google: Google) -> None:
    for name, asked, _ in of_the_apis(google):
        known = method(name)
        assert asked.method == known["httpMethod"], name
        assert set(asked.query) - {"alt"} <= set(known["parameters"]), name
        if asked.body:
            assert list(objections(asked.json(), known["request"], name)) == [], name
