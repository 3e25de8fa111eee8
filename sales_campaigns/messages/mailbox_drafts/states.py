"""The lifecycle of a draft in a mailbox, as one table."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S

LIVE = frozenset({S.ASKED, S.MADE, S.SCHEDULED, S.GONE})
STANDING = frozenset({S.MADE, S.SCHEDULED})

MAILBOX_DRAFT = Lifecycle[S](
    name="mailbox draft",
    moves={
        "make": (frozenset({S.ASKED, S.GONE, S.SCHEDULED}), S.MADE),
        "give_up": (frozenset({S.ASKED}), S.UNMADE),
        "schedule": (frozenset({S.MADE, S.GONE}), S.SCHEDULED),
        "miss": (STANDING, S.GONE),
        # A mailbox may tell late: what was taken for deleted was sent after all.
        "send": (LIVE | {S.DELETED}, S.SENT),
        "delete": (frozenset({S.GONE}), S.DELETED),
        "remove": (LIVE, S.REMOVED),
        "disown": (frozenset({S.SENT}), S.DELETED),
    },
    sentences={
        S.ASKED: "it is being put into the mailbox.",
        S.MADE: "it stands among the drafts of the mailbox.",
        S.SCHEDULED: "its rep has scheduled it in the mailbox.",
        S.GONE: "it stands there no more; what was sent is looked for.",
        S.SENT: "it was sent from the mailbox.",
        S.DELETED: "its rep has deleted it.",
        S.REMOVED: "it was taken away, because its task is over.",
        S.UNMADE: "it could not be made.",
    },
)
