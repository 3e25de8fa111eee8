"""What Today asks and tells of mails that a rep sent from the own mailbox."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.messages.mailbox_drafts.answering import questions
from sales_campaigns.messages.mailbox_drafts.reading import guessed
from web.filters import count_words
from web.pages.desk.alerts import Alert


def alerts_of_own_mails(session: Session, user: User, now: datetime) -> list[Alert]:
    """Which task a mail was, and what was done by a mail that only address and subject speak for."""
    href = url_for("own_mails.index")
    asked, taken = questions(session, user), guessed(session, user, now)
    found = [
        Alert(f"You sent “{one.mail.subject}” to {one.mail.recipients.split()[0]}. Was that one of your tasks?",
              href, "Say which", "")
        for one in asked[:3]
    ]  # fmt: skip
    if taken:
        done = count_words(len(taken), "task was", "tasks were")
        words = f"{done} done by a mail of your mailbox, matched by address and subject."
        found.append(Alert(words, href, "Look, or undo", "info"))
    return found
