"""flask mailbox: a harmless round trip to every mailbox, and one line about each that says what to fix."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import click
import sqlalchemy as sa

from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.accounts.reaching import account_of, reading_account
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.ports import MailAccount
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import house, outside

group = CommandGroup("mailbox", help="The mailboxes of this installation.")


@dataclass(frozen=True, slots=True)
class _Ways:
    """How one mailbox is reached: to send, and to read where it is read."""

    address: str
    sends: MailAccount
    reads: MailAccount | None


@group.command("check")
@click.argument("address", default="")
@json_option
@click.pass_context
def check(context: click.Context, address: str, as_json: bool) -> None:
    """Ask every mailbox, or the one of ADDRESS. No mail is sent; ends with 1 where one cannot be used."""
    found = [_checked(ways) for ways in _ways(address.strip().lower())]
    words = [f"{one['address']}  {one['trouble'] or 'works'}" for one in found]
    out(found, as_json, "\n".join(words) or "There is no mailbox yet.")
    if any(one["trouble"] for one in found):
        context.exit(1)


def _ways(address: str) -> list[_Ways]:
    """Read in a transaction that is over before anybody is asked."""
    seal, access = house().seal, house().access
    wanted = sa.select(Mailbox).where(Mailbox.address == address) if address else sa.select(Mailbox)
    with command_work() as uow:
        boxes = uow.session.scalars(wanted.order_by(Mailbox.address)).all()
        inboxes = {box.id: uow.session.get(Inbox, box.id) for box in boxes}
        found = []
        for box in boxes:
            inbox = inboxes[box.id]
            reads = reading_account(inbox, seal, access) if inbox else None
            found.append(_Ways(box.address, account_of(box, seal, access), reads))
    if address and not found:
        raise NotFound(f"There is no mailbox {address}.")
    return found


def _checked(ways: _Ways) -> dict[str, str]:
    try:
        with closing(outside().mail.open(ways.sends)) as provider:
            provider.check()
        readers = outside().readers
        if ways.reads is not None and readers is not None:
            with closing(readers.open(ways.reads)) as reader:
                reader.check()
    except (Outside, Invalid) as refused:
        return {"address": ways.address, "trouble": " ".join(refused.words.split())}
    return {"address": ways.address, "trouble": ""}
