"""The lifecycle of a message, as one table."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.messages.models import MessageState as S

WAITING = frozenset({S.PENDING, S.RETRYING})
IN_FLIGHT = frozenset({S.CLAIMED, S.SENDING})
LEFT = frozenset({S.RELAYED, S.SENT})
OVER = LEFT | {S.FAILED, S.CANCELLED, S.EXPIRED}

MESSAGE = Lifecycle[S](
    name="message",
    moves={
        "claim": (WAITING, S.CLAIMED),
        "return": (frozenset({S.CLAIMED}), S.PENDING),
        "begin": (frozenset({S.CLAIMED}), S.SENDING),
        # Of a bulk lane: taken and let through in one transaction, so that nothing is between.
        "begin_at_once": (WAITING, S.SENDING),
        "accept": (frozenset({S.SENDING, S.UNCERTAIN}), S.SENT),
        "relay": (frozenset({S.SENDING, S.UNCERTAIN}), S.RELAYED),
        # A late answer says what nobody knew: a server that refused it has not got it.
        "retry": (frozenset({S.SENDING, S.UNCERTAIN}), S.RETRYING),
        "put_back": (frozenset({S.SENDING, S.UNCERTAIN}), S.PENDING),
        # Feedback after the hand-over: it failed for good, it arrived after all, or it came back and is tried again.
        # Late feedback counts also for one that came back, and waits again or was given up.
        "fail": (WAITING | IN_FLIGHT | OVER - {S.FAILED} | {S.UNCERTAIN}, S.FAILED),
        "deliver": (WAITING | IN_FLIGHT | OVER - {S.SENT}, S.SENT),
        "come_back": (LEFT | {S.SENDING, S.UNCERTAIN}, S.RETRYING),
        "lose_sight": (frozenset({S.SENDING}), S.UNCERTAIN),
        "send_again": (frozenset({S.UNCERTAIN}), S.PENDING),
        # Its rep sent it from the mailbox itself; it was in no hand of ours.
        "leave_by_itself": (frozenset({S.PENDING}), S.SENT),
        "cancel": (WAITING | {S.CLAIMED}, S.CANCELLED),
        # What cancelled it is undone: it had not left, and no process has it in hand any more.
        "bring_back": (frozenset({S.CANCELLED}), S.PENDING),
        "expire": (WAITING | {S.CLAIMED}, S.EXPIRED),
    },
    sentences={
        S.PENDING: "it waits for its time.",
        S.CLAIMED: "it is about to leave.",
        S.SENDING: "it is being handed over.",
        S.RELAYED: "it was handed over and its delivery is not confirmed yet.",
        S.SENT: "it was handed over.",
        S.RETRYING: "the server refused it for now; it is tried again.",
        S.FAILED: "it failed.",
        S.UNCERTAIN: "nobody knows whether it left; somebody has to say.",
        S.CANCELLED: "it was cancelled.",
        S.EXPIRED: "its time ran out.",
    },
)
