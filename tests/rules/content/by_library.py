"""The same letter written by the standard library, header by header and part by part: what ours is compared with."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.headers import folded
from sales_campaigns.content.mime import Letter, boundary_of

_STANDARD = EmailPolicy()


class LetterPolicy(EmailPolicy):
    """The library's policy with our folding of headers. All but the Content headers are kept as given."""

    def header_max_count(self, name: str) -> None:
        """Every header is set once."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return _STANDARD.header_store_parse(name, value) if name.startswith("Content-") else (name, value)

    def fold(self, name: str, value: Any) -> str:
        return folded(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode()


def written(letter: Letter) -> bytes:
    sender, recipient, *copies = map(check_address, (letter.from_email, letter.to_email, *letter.cc))
    utf8 = any(address.needs_utf8 for address in (sender, recipient, *copies))
    message = EmailMessage(policy=LetterPolicy(linesep="\r\n", cte_type="7bit", utf8=utf8))
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.date.astimezone(ZoneInfo(letter.zone)))
    message["From"] = (_mailbox(letter.from_name, sender),)
    message["To"] = (_mailbox(letter.to_name, recipient),)
    if copies:
        message["Cc"] = tuple(_mailbox("", copy) for copy in copies)
    message["Subject"] = one_line(letter.subject)
    if letter.in_reply_to:
        message["In-Reply-To"] = letter.in_reply_to
    if letter.references:
        message["References"] = " ".join(letter.references)
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(_ended(letter.text), charset="utf-8")
    message.add_alternative(_ended(letter.html), subtype="html", charset="utf-8")
    for part in message.iter_parts():
        del part["MIME-Version"]
    message.set_boundary(boundary_of(letter.message_id))
    return message.as_bytes()


def _mailbox(name: str, address: MailAddress) -> Address:
    local, _, domain = address.wire.rpartition("@")
    return Address(one_line(name), local, domain)


def _ended(text: str) -> str:
    return sendable(text).rstrip("\n") + "\n"
