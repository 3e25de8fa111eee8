"""What an answer needs to know of the mail that it answers to."""

from __future__ import annotations

from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser

from sales_campaigns.ports import OutgoingMail


@dataclass(frozen=True, slots=True)
class Original:
    """`thread` is the first Message-ID of its conversation, `sender` where answers go."""

    message_id: str
    references: tuple[str, ...]
    subject: str
    sender: str
    head: bytes

    @property
    def thread(self) -> str:
        return self.references[0] if self.references else self.message_id


def original_of(mail: OutgoingMail, address: str) -> Original:
    head = BytesHeaderParser().parsebytes(mail.mime)
    return Original(
        message_id=mail.message_id,
        references=tuple(_text(head, "References").split()),
        subject=_text(head, "Subject"),
        sender=address,
        head=mail.mime.partition(b"\r\n\r\n")[0],
    )


def _text(head: Message, name: str) -> str:
    """The header on one line, its encoded words read."""
    return " ".join(str(make_header(decode_header(str(head[name] or "")))).split())
