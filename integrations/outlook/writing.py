"""A mail as Graph takes it: the fields of the resource Message, read from the bytes that we wrote. Pure.

Graph takes a mail's bytes too, but then neither the key nor the thread of a follow-up can be given with the draft: a
draft in doubt could not be told from another. So the fields are given, and Outlook writes the mail; what it calls it
is read back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from integrations.recipients import comparable, hidden_in
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import OutgoingMail

KEY = "String {eebb93a9-c2bb-42db-8367-8a95b66eea70} Name SalesCampaignsKey"
# Headers that Graph takes by their names in MAPI alone (MS-OXOMSG); others than these and X-… it refuses.
BY_PROPERTY = {"In-Reply-To": "String 0x1042", "References": "String 0x1039"}
# No property is known for List-Unsubscribe-Post (RFC 8058), so that one is not given.
UNSUBSCRIBE = "String 0x1045"
MOST_BYTES = 35_000_000  # what Exchange Online sends unless an administrator says otherwise


@dataclass(frozen=True, slots=True)
class File:
    """One file of a mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """`fields` of the draft; `headers` are those that a new draft alone takes, `files` what is uploaded to it."""

    fields: dict[str, Any]
    headers: dict[str, Any]
    files: tuple[File, ...]


def written(mail: OutgoingMail) -> Written:
    """Raises Outside (message) for what cannot be sent at all."""
    hidden = hidden_in(mail)
    if len(mail.mime) > MOST_BYTES:
        raise Outside(OutsideKind.MESSAGE, f"Outlook takes mails of {MOST_BYTES // 1_000_000} MB at most.")
    return written_in(mail.mime, mail.send_key, hidden)


def written_in(mime: bytes, send_key: str, hidden: Sequence[str] = (), label: str = "") -> Written:
    """What these bytes say, under this key, filed under this category."""
    mail = message_from_bytes(mime, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    given = {KEY: send_key, UNSUBSCRIBE: str(mail.get("List-Unsubscribe", ""))}
    named = [property_of(id, value) for id, value in given.items() if value]
    fields = {
        "subject": str(mail.get("Subject", "")),
        "body": _body(mail),
        "toRecipients": _people(mail, "To"),
        "ccRecipients": _people(mail, "Cc"),
        "bccRecipients": [_person("", address) for address in hidden],
        **({"categories": [label]} if label else {}),
        **({"singleValueExtendedProperties": named} if named else {}),
    }
    return Written(fields, _headers(mail), tuple(_files(mail)))


def begun(letter: Written) -> dict[str, Any]:
    """The whole of a draft that begins a conversation, or that goes on with one which this mailbox does not hold."""
    properties = [
        *letter.fields.get("singleValueExtendedProperties", []),
        *letter.headers.get("singleValueExtendedProperties", []),
    ]
    named = {"singleValueExtendedProperties": properties} if properties else {}
    return {**letter.headers, **letter.fields, **named}


def tagged(letter: Written) -> dict[str, Any]:
    """What an answer is made with, so that it can be found; the rest is written into it afterwards."""
    names = ("singleValueExtendedProperties", "toRecipients", "categories")
    return {name: letter.fields[name] for name in names if letter.fields.get(name)}


def property_of(id: str, value: str) -> dict[str, str]:
    return {"id": id, "value": value}


def key_of(message: dict[str, Any]) -> str:
    """The key of a message that was asked for with it; "" where it has none."""
    given = message.get("singleValueExtendedProperties", [])
    return next((str(one.get("value", "")) for one in given if one.get("id", "").lower() == KEY.lower()), "")


def addresses_in(message: dict[str, Any]) -> set[str]:
    """Whom a message goes to, hidden or not."""
    lists = (message.get(name, []) for name in ("toRecipients", "ccRecipients", "bccRecipients"))
    return {comparable(str(one["emailAddress"].get("address", ""))) for people in lists for one in people}


def _body(mail: EmailMessage) -> dict[str, str]:
    """HTML where there is some: Outlook itself makes the text beside it."""
    part = mail.get_body(("html", "plain"))
    if part is None:
        return {"contentType": "text", "content": ""}
    kind = "html" if part.get_content_subtype() == "html" else "text"
    return {"contentType": kind, "content": str(part.get_content())}


def _people(mail: EmailMessage, name: str) -> list[dict[str, Any]]:
    header = mail.get(name)
    people: Sequence[Address] = getattr(header, "addresses", ())
    return [_person(one.display_name, one.addr_spec) for one in people]


def _person(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, **({"name": name} if name else {})}}


def _headers(mail: EmailMessage) -> dict[str, Any]:
    properties = [property_of(id, str(mail[name])) for name, id in BY_PROPERTY.items() if mail[name]]
    ours = [
        {"name": name, "value": str(value)} for name, value in mail.items() if name.lower().startswith("x-")
    ]
    return {
        **({"singleValueExtendedProperties": properties} if properties else {}),
        **({"internetMessageHeaders": ours} if ours else {}),
    }


def _files(mail: EmailMessage) -> Iterator[File]:
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield File(part.get_filename() or "file", part.get_content_type(), content)
