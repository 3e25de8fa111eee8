"""The signature under every mail of a mailbox: HTML with the sender's own fields."""

from __future__ import annotations

from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.content.fields import FIELDS
from sales_campaigns.content.rendering import MissingFields, render_html
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST = 20_000
OWN_FIELDS = tuple(field for field in FIELDS if field.name.startswith("my_"))


def signature_as_sent(html: str, sender: User, mailbox: Mailbox | None) -> str:
    """As it stands under a mail of this sender, sanitised. Raises Invalid({"signature_html": words})."""
    if len(html) > LONGEST:
        raise Invalid({"signature_html": f"Use {LONGEST:,} characters or fewer."})
    try:
        return render_html(html, values_of(Person(first_name="", last_name=""), sender, mailbox))
    except MissingFields as missing:
        lacking = ", ".join(name.replace("_", " ") for name in missing.fields)
        words = f"There is no value for {lacking}. Use fields of your own, or give a default."
        raise Invalid({"signature_html": words}) from None
    except Invalid as refusal:
        raise Invalid({"signature_html": next(iter(refusal.problems.values()))}) from None


def change_signature(uow: UnitOfWork, actor: User, html: str) -> Mailbox:
    """Raises Invalid for one that cannot be rendered: it would stop every mail. NotFound without a mailbox."""
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    signature_as_sent(html, actor, mailbox)
    mailbox.signature_html = html.strip()
    data = {"mailbox": mailbox.id}
    uow.record("mailbox.signed", actor_id=actor.id, team_id=actor.team_id, data=data)
    return mailbox
