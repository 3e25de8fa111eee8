"""Mailboxes and sending as a whole: how they stand, stop, let go on."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.models import MailboxState
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.enrollments.limiting import change_limit
from sales_campaigns.messages.mailbox_lines import MailboxLine, mailbox_lines
from sales_campaigns.messages.models import Cause, Stop
from sales_campaigns.messages.stops.reasons import stops_on, waiting_mails
from sales_campaigns.messages.stops.stopping import (
    release_everything,
    release_mailbox,
    stop_everything,
    stop_mailbox,
)
from sales_campaigns.messages.stops.waking import confirm_instance
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Shown
from web.request_scope import me, work

api = Area("mailboxes", "What mail leaves from, and whether it leaves at all.")


class Limit(Asked):
    daily_limit: int = Field(ge=1, le=1_000_000)


class MailboxShown(Shown):
    id: int
    user_id: int
    user: str
    address: str
    provider: str
    state: MailboxState
    trouble: str = Field(description="Why nothing leaves from it; empty where it does.")
    lost_at: AwareDatetime | None
    paused_until: AwareDatetime | None = Field(description="Until when it waits, because its server asked.")
    daily_limit: int
    per_minute: int | None
    bulk_lane: bool
    waiting: int = Field(description="Mails that wait in it.")
    stopped: str = Field(description="Why it is stopped; empty where it is not.")


class MailboxesShown(Shown):
    mailboxes: list[MailboxShown]


class StopShown(Shown):
    cause: Cause
    why: str
    at: AwareDatetime


class SendingShown(Shown):
    sending: bool
    stops: list[StopShown]
    waiting: int | None = Field(description="For administrators: mails that wait in the whole installation.")


@api.get("/mailboxes")
def list_mailboxes() -> MailboxesShown:
    """Your own; for administrators those of the team, for those of the installation all."""
    return MailboxesShown(mailboxes=list(map(_shown, mailbox_lines(work().session, me()))))


@api.post("/mailboxes/<int:mailbox_id>/stop")
def stop_mailbox_of_user(mailbox_id: int) -> Done:
    """Nothing leaves from it until it is released."""
    return Done(words=f"Nothing leaves from {stop_mailbox(work(), me(), mailbox_id).address}.")


@api.post("/mailboxes/<int:mailbox_id>/release")
def release_mailbox_of_user(mailbox_id: int) -> Done:
    """Mail leaves again. `count` is how many were overdue and are spread from now on."""
    box, overdue = release_mailbox(work(), me(), mailbox_id)
    return Done(words=f"Mail leaves from {box.address} again.", count=overdue)


@api.put("/mailboxes/mine/limit", example={"daily_limit": 200})
def change_my_limit(body: Limit) -> Done:
    """How many mails of campaigns leave your own mailbox a day."""
    box = change_limit(work(), me(), str(body.daily_limit))
    return Done(
        words=f"At most {box.daily_limit} mails of campaigns leave {box.address} a day.",
        count=box.daily_limit,
    )


@api.get("/sending")
def get_sending() -> SendingShown:
    """Whether mail leaves at all, and who stopped it."""
    stops = [line.stop for line in stops_on(work().session, Stop.kind == "instance")]
    waiting = waiting_mails(work().session) if may(me(), "manage_installation") else None
    return SendingShown(
        sending=not stops, stops=[StopShown.model_validate(stop) for stop in stops], waiting=waiting
    )


@api.post("/sending/stop", scope=Scope.ADMIN)
def stop_all_sending() -> Done:
    """Stop everything, for administrators of the installation. `count` is how many mails wait."""
    require(me(), "manage_installation")
    waiting = waiting_mails(work().session)
    stop_everything(work(), me())
    return Done(words="All sending is stopped.", count=waiting)


@api.post("/sending/release", scope=Scope.ADMIN)
def release_all_sending() -> Done:
    """Let everything go on. `count` is how many mails were overdue."""
    return Done(words="Mail leaves again.", count=release_everything(work(), me()))


@api.post("/sending/confirm", scope=Scope.ADMIN)
def confirm_installation() -> Done:
    """After a restore: this is the installation, and mail leaves from here."""
    return Done(words="Confirmed.", count=confirm_instance(work(), me()))


def _shown(line: MailboxLine) -> MailboxShown:
    box = line.mailbox
    kept = {name: getattr(box, name) for name in OF_THE_ROW}
    now: dict[str, Any] = {"trouble": box.trouble_now, "paused_until": box.waits_until}
    stopped = line.stop.why or line.stop.cause.value if line.stop is not None else ""
    return MailboxShown(**kept, **now, user=line.owner.name, waiting=line.waiting, stopped=stopped)


OWN_WORDS = {"user", "waiting", "stopped", "trouble", "paused_until"}
OF_THE_ROW = tuple(name for name in MailboxShown.model_fields if name not in OWN_WORDS)
