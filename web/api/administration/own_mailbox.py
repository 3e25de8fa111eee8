"""Your own mailbox: connect and check it, sign its mails, how fast it sends, copies, drafts, and how it is read."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.reconnecting import connect_and_go_on, reconnect
from sales_campaigns.accounts.channels.models import identity_behind
from sales_campaigns.accounts.inboxes import inbox_of, inbox_typed, read_from, stop_reading
from sales_campaigns.accounts.mailboxes import (
    MOST_A_MINUTE,
    copy_mailbox,
    let_relay_report,
    mailbox_of,
    note_largest_mail,
    pace_mailbox,
    settings_typed,
)
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.accounts.ramping import end_ramp, ramp_mailbox
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.errors import Invalid, NotFound, Outside, OutsideKind
from sales_campaigns.messages.letters.signatures import change_signature, signature_as_sent
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Line, Shown
from web.parts.letting_go import let_go
from web.parts.mailbox_check import answer_of, reading_answer_of
from web.parts.mailbox_secrets import sending_secret
from web.request_scope import house, me, work

api = Area("mailboxes", "")
Security = Literal["tls", "starttls", "none"]
SERVER = {"address": "ana@example.com", "host": "127.0.0.1", "port": 25, "security": "none"}


class ServerTyped(Asked):
    """The password is never given back; left empty it stays, where server and user stay."""

    address: Line
    host: Line
    port: int = Field(587, ge=1, le=65535)
    security: Security = "starttls"
    username: Line = ""
    password: Line = ""


class ReadingTyped(Asked):
    """Where its mail is read, by IMAP and with the same password."""

    host: Line
    port: int = Field(993, ge=1, le=65535)
    security: Security = "tls"
    username: Line = ""


class SignatureTyped(Asked):
    html: str = Field(max_length=20_000)


class CopiesTyped(Asked):
    cc: Line = ""
    bcc: Line = ""


class PaceTyped(Asked):
    per_minute: int | None = Field(None, ge=1, le=MOST_A_MINUTE, description="Null: as its provider takes.")
    bulk_lane: bool = Field(False, description="In batches; needs the right to start deliveries.")


class RampTyped(Asked):
    ramp_first: int = Field(ge=1, le=100_000, description="Mails today.")
    ramp_percent: int = Field(50, ge=5, le=200, description="More on every day.")
    ramp_most: int = Field(500, ge=1, le=1_000_000, description="Then it is known.")


class Wanted(Asked):
    wanted: bool


class ReadingShown(Shown):
    host: str
    port: int
    security: str
    username: str
    read_at: AwareDatetime | None
    trouble: str


class OwnMailboxShown(Shown):
    id: int
    address: str
    provider: str
    state: MailboxState
    trouble: str
    host: str
    port: int
    security: str
    username: str
    signature_html: str
    cc: str
    bcc: str
    daily_limit: int
    per_minute: int | None
    bulk_lane: bool
    largest_mail: int | None = Field(description="Bytes, as its server says.")
    ramp_first: int | None
    ramp_percent: int
    ramp_most: int
    ramp_begins: date | None
    drafts_wait: bool
    relay_reports: bool = Field(description="Its relay reports every delivery as an event.")
    identity_id: int | None = Field(description="As whom it sends through a channel.")
    reading: ReadingShown | None


class SignatureShown(Shown):
    html: str = Field(description="As it stands under a mail.")


@api.get("/mailboxes/mine")
def get_my_mailbox() -> OwnMailboxShown:
    """How it is set up, without its secrets."""
    work().session.flush()
    box = _mailbox()
    inbox = inbox_of(work().session, box)
    kept = {name: getattr(box, name) for name in OwnMailboxShown.model_fields if name != "reading"}
    return OwnMailboxShown(**kept, reading=ReadingShown.model_validate(inbox) if inbox else None)


@api.put("/mailboxes/mine", outside=True, example=SERVER)
def connect_my_mailbox(body: ServerTyped) -> OwnMailboxShown:
    """Tried first: kept only when the server takes the sign-in. Consent of Google or Microsoft needs a browser."""
    typed = {name: str(value) for name, value in body.model_dump().items()}
    server = settings_typed(typed)
    secret = sending_secret(server, body.password)
    answered = answer_of(server.account(secret))
    if answered.words:
        raise Invalid({"host": answered.words})
    box = connect_and_go_on(work(), me(), server, house().seal.close(secret))
    note_largest_mail(box, answered.largest_mail)
    return get_my_mailbox()


@api.post("/mailboxes/mine/check", outside=True)
def check_my_mailbox() -> Done:
    """Ask the server with what is stored; a lost one sends again. `count` is how many people get new dates."""
    identity = identity_behind(_mailbox())
    if identity is not None:
        raise Invalid(f"“{identity.channel.name}” is checked by an administrator of your team.")
    answered = answer_of(account_of(_mailbox(), house().seal, house().access))
    if answered.words:
        raise Outside(OutsideKind.AUTHORISATION, answered.words)
    note_largest_mail(_mailbox(), answered.largest_mail)
    people = reconnect(work(), me(), _mailbox())
    return Done(words="The server took the sign-in. Mail can leave.", count=people)


@api.delete("/mailboxes/mine/consent", status=200, outside=True)
def disconnect_my_mailbox() -> Done:
    """Forget what Google or Microsoft granted, and give it back where they take it. Its mail waits."""
    return Done(words=let_go(me(), _mailbox().id), count=1)


@api.put("/mailboxes/mine/signature", example={"html": "<p>Ana Alm</p>"})
def change_my_signature(body: SignatureTyped) -> OwnMailboxShown:
    """It stands under every mail from now on."""
    change_signature(work(), me(), body.html)
    return get_my_mailbox()


@api.post("/mailboxes/mine/signature/preview", example={"html": "<p>{{ my_name }}</p>"})
def preview_my_signature(body: SignatureTyped) -> SignatureShown:
    """How it would look. Nothing is stored."""
    return SignatureShown(html=signature_as_sent(body.html, me(), _mailbox()))


@api.put("/mailboxes/mine/copies", example={"bcc": "archive@example.com"})
def change_my_copies(body: CopiesTyped) -> OwnMailboxShown:
    """Who gets a copy of every mail from here."""
    copy_mailbox(work(), me(), body.model_dump())
    return get_my_mailbox()


@api.put("/mailboxes/mine/pace", example={"per_minute": 30})
def change_my_pace(body: PaceTyped) -> OwnMailboxShown:
    """How fast it hands over."""
    pace_mailbox(work(), me(), str(body.per_minute or ""), bulk_lane=body.bulk_lane)
    return get_my_mailbox()


@api.put("/mailboxes/mine/relay-reports", example={"wanted": True})
def let_my_relay_report(body: Wanted) -> OwnMailboxShown:
    """Whether its relay reports every delivery as an event: a mail is then pending until its report comes."""
    let_relay_report(work(), me(), wanted=body.wanted)
    return get_my_mailbox()


@api.put("/mailboxes/mine/ramp", example={"ramp_first": 20})
def ramp_my_mailbox(body: RampTyped) -> OwnMailboxShown:
    """A new address begins with few mails, from today on, and has more on every day."""
    ramp_mailbox(work(), me(), {name: str(value) for name, value in body.model_dump().items()})
    return get_my_mailbox()


@api.delete("/mailboxes/mine/ramp", status=200)
def end_my_ramp() -> OwnMailboxShown:
    """It is known: only its own limits hold."""
    end_ramp(work(), me())
    return get_my_mailbox()


@api.put("/mailboxes/mine/drafts", example={"wanted": True})
def let_my_drafts_wait(body: Wanted) -> OwnMailboxShown:
    """Whether drafts of your due e-mail tasks are put into the mailbox by themselves."""
    let_drafts_wait(work(), me(), wanted=body.wanted)
    return get_my_mailbox()


@api.put(
    "/mailboxes/mine/reading",
    outside=True,
    example={"host": "127.0.0.1", "port": 143, "security": "none", "username": "ana"},
)
def read_my_mailbox(body: ReadingTyped) -> OwnMailboxShown:
    """Tried first; then answers and returned mail are found by themselves."""
    typed = {f"imap_{name}": str(value) for name, value in body.model_dump().items()}
    server, box = inbox_typed(typed), _mailbox()
    words = reading_answer_of(server.account(box, house().seal.open(box.sealed_secret)))
    if words:
        raise Invalid({"host": words})
    read_from(work(), me(), server)
    return get_my_mailbox()


@api.delete("/mailboxes/mine/reading", status=200)
def stop_reading_my_mailbox() -> OwnMailboxShown:
    """Replies are not seen until it is read again."""
    stop_reading(work(), me())
    return get_my_mailbox()


def _mailbox() -> Mailbox:
    box = mailbox_of(work().session, me())
    if box is None:
        raise NotFound("Connect a mailbox first.")
    return box
