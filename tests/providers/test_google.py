"""The stand-in for Google answers as Google's own description of the API says, and is asked for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from integrations.gmail import GmailDrafts, GmailProvider, GmailReader
from sales_campaigns.ports import Draft
from tests.providers.mails import a_mail
from tests.stand_ins.google import Google
from tests.stand_ins.worlds import SEND_ONLY, gmail_account, gmail_settings

ANA = "ana@ana.example"
DOCUMENT = json.loads(
    (Path(googleapiclient.__file__).parent / "discovery_cache/documents/gmail.v1.json").read_text()
)
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


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
    cursor = reader.changes("").cursor
    list(provider.hand_over([a_mail(1, send_key="1.x")]))
    list(simple.hand_over([a_mail(2)]))
    box.comes_in(a_mail(3).mime)
    reader.changes(cursor)
    reader.is_sent("<1@mail.ana.example>")
    made = drafts.put(Draft("4.x", a_mail(4).mime))
    drafts.update(made.id, Draft("4.x", a_mail(4).mime))
    drafts.state(made.id)
    drafts.find("4.x")
    drafts.delete(made.id)
    for one in (provider, reader, drafts, simple):
        one.close()


def method(name: str) -> dict[str, Any]:
    users: dict[str, Any] = DOCUMENT["resources"]["users"]
    if name == "get_profile":
        return dict(users["methods"]["getProfile"])
    resource, _, verb = name.partition(".")
    return dict(users["resources"][resource]["methods"][verb])


def objections(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """Where this value is not what the schema describes."""
    if "$ref" in schema:
        schema = DOCUMENT["schemas"][schema["$ref"]]
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
        for name, _, reply in google.said
        if reply.status == 200
        for words in objections(reply.body, method(name)["response"], name)
    ]
    assert wrong == []
    assert {name for name, _, _ in google.said} == {
        "get_profile",
        "history.list",
        *(f"drafts.{verb}" for verb in ("create", "delete", "get", "list", "send", "update")),
        *(f"messages.{verb}" for verb in ("get", "list", "send")),
    }


def test_every_question_is_one_that_the_document_knows(google: Google) -> None:
    for name, asked, _ in google.said:
        known = method(name)
        assert asked.method == known["httpMethod"], name
        assert set(asked.query) - {"alt"} <= set(known["parameters"]), name
        if asked.body:
            assert list(objections(asked.json(), known["request"], name)) == [], name
