"""The trace of one mail by the state it is in: it waits, it is under way, nobody knows, or it is over."""

from __future__ import annotations

from collections.abc import Iterable

from sales_campaigns.messages.explaining.mail_gates import Sending, time_gate, waiting_mail
from sales_campaigns.messages.explaining.trace import Gate, Remedy, Stand, Trace, passed, trace_of
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import LEFT, MESSAGE, WAITING

S = MessageState
HAND_OVER = "What has begun to leave is never begun again by itself."
PLANNED = "A mail leaves at its planned instant, never before."


def mail_trace(message: Message, sending: Sending, planned: Iterable[Gate]) -> Trace:
    """`planned` are the gates that tell where its instant comes from."""
    if message.state in WAITING:
        begun = message.state is S.RETRYING or message.act_at < message.due_at
        return waiting_mail(sending, passed(planned) if begun else planned)
    now = sending.facts.now
    if message.state in {S.CLAIMED, S.SENDING, S.UNCERTAIN}:
        return trace_of([*passed(planned), _under_way(message)], "is settled", now)
    return Trace((*passed(planned), _ended(message)), None, "is over")


def chosen_time(message: Message, sending: Sending) -> Gate:
    """The one gate of a mail whose time was chosen for it, rather than planned by a campaign."""
    says = "Waits for its time."
    return time_gate(
        "Its time", PLANNED, "chosen for this mail", message.due_at, sending.facts.now, says=says
    )


def _under_way(message: Message) -> Gate:
    if message.state is S.UNCERTAIN:
        says = "Nobody knows whether it left: somebody has to say."
        remedy = Remedy("Say what happened", "message", message.id)
        event = "somebody says whether it left"
        value = message.words or "no answer of the server"
        return Gate(
            "Hand-over", HAND_OVER, value, Stand.WAITS, says=says, event=event, remedy=remedy, broken=True
        )
    value = MESSAGE.sentences[message.state].rstrip(".")
    says = value[:1].upper() + value[1:] + "."
    return Gate("Hand-over", HAND_OVER, value, Stand.WAITS, says=says, event="the server has answered")


def _ended(message: Message) -> Gate:
    left = message.state in LEFT
    tries = f"at try {message.attempts}" if message.attempts > 1 else "at the first try"
    value = f"handed over {tries}" if left else message.words or MESSAGE.sentences[message.state].rstrip(".")
    says = value[:1].upper() + value[1:].rstrip(".") + "."
    at = message.sent_at if left else message.ended_at
    name = "Hand-over" if left else "End"
    return Gate(
        name, HAND_OVER if left else END, value, Stand.PASSED if left else Stand.OVER, says=says, until=at
    )


END = "Every mail ends as sent, failed, cancelled or expired, with its cause."
