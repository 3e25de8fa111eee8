"""Putting a mail among the drafts: one that begins a conversation, an answer, and other words in one that stands there.

The rule: follow-ups by createReply on the previous message, recipients patched, the quoted copy from our template
(spec/5). What Outlook made of it is looked at before anything is sent.
"""

from __future__ import annotations

from typing import Any

from integrations.outlook.api import GraphApi, message_at
from integrations.outlook.files import enclose
from integrations.outlook.writing import Written, addresses_in, begun, tagged
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import ThreadPlace

NO_SUCH_MAIL = (400, 404)  # an id of another mailbox or provider, or of a mail that is gone
OTHER_PEOPLE = "Outlook made a draft for other people than it should go to. It was not sent."


def begin(api: GraphApi, letter: Written, thread: ThreadPlace | None) -> tuple[dict[str, Any], bool]:
    """The draft as Outlook made it; True where its words are still to be written into it."""
    if thread is not None and thread.provider_id:
        try:
            answer = {"message": tagged(letter)}
            return api.post(message_at(thread.provider_id, "createReply"), answer), True
        except Outside as refused:
            if refused.code not in NO_SUCH_MAIL:
                raise
    return api.post("/me/messages", begun(letter)), False


def fill(api: GraphApi, id: str, letter: Written) -> dict[str, Any]:
    """Every word, recipient and file of a draft as this mail has them. Raises Outside where others stand there then."""
    made = api.patch(message_at(id), letter.fields)
    if addresses_in(made) != addresses_in(letter.fields):
        raise Outside(OutsideKind.TRANSIENT, OTHER_PEOPLE)
    enclose(api, id, letter.files)
    return made
