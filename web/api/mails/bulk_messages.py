"""Mails that wait, many at once: shifted, given other words, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from sales_campaigns.enrollments.composing import take_back_mail
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.keeping import call_off_many, rewrite_many, shift, waiting_of
from sales_campaigns.messages.outbox.lines import messages_among
from sales_campaigns.tasks.working import tasks_with_mails
from web.api.protocol.bulk import missing, results_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Ids, Line, Results, Source
from web.request_scope import me, work

api = Area("messages", "")


class MessageAct(StrEnum):
    SHIFT = "shift"
    CANCEL = "cancel"
    REWRITE = "rewrite"


class BulkMessages(Asked):
    """`minutes` for shift (negative is earlier), `subject` and `html` for rewrite."""

    do: MessageAct
    messages: Ids
    minutes: int = Field(0, ge=-60 * 24 * 365, le=60 * 24 * 365)
    subject: Line = ""
    html: Source = ""


@api.post("/messages/bulk", example={"do": "shift", "messages": [1], "minutes": 60})
def change_messages(body: BulkMessages) -> Results:
    """One act on up to 200 mails that wait. Those that can be changed are changed together."""
    ids = list(dict.fromkeys(body.messages))
    found = messages_among(work().session, me(), ids)
    waits = {one.id for one in found if one.state is MessageState.PENDING and one.act_at > work().now}
    late = {
        one.id: IllegalMove("This mail has left, or is leaving now.") for one in found if one.id not in waits
    }
    if waits:
        _act(body, waiting_of(work(), me(), waits))
    return results_of(ids, {**missing(ids, (one.id for one in found)), **late})


def _act(body: BulkMessages, mails: Sequence[Message]) -> None:
    match body.do:
        case MessageAct.SHIFT:
            shift(work(), me(), [one.id for one in mails], timedelta(minutes=body.minutes))
        case MessageAct.REWRITE:
            rewrite_many(work(), me(), mails, Typed(body.subject.strip(), body.html))
        case MessageAct.CANCEL:
            _cancel(mails)


def _cancel(mails: Sequence[Message]) -> None:
    """A mail that a task waits for goes back to its task; the campaign of any other goes on without it."""
    tasks = tasks_with_mails(work(), me(), [one.id for one in mails])
    for task in tasks:
        take_back_mail(work(), me(), task)
    taken = {task.message_id for task in tasks}
    rest = [one for one in mails if one.id not in taken]
    if rest:
        call_off_many(work(), me(), rest)
