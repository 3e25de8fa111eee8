"""flask mail: hand a raw mail in, as if it had come into a mailbox."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import click
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.letters.postmarks import postmark_of
from sales_campaigns.ports import IncomingMail
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import house

group = CommandGroup("mail", help="Mail that comes in.")


@group.command("receive")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--mailbox", "address", required=True, help="The mailbox that they came into, by its address.")
@json_option
def receive_files(files: tuple[Path, ...], address: str, as_json: bool) -> None:
    """Take in raw mails (RFC 5322, one a FILE) and say what each is. A mail that is known already is left out.

    What follows from them is done by the scheduler, within seconds.
    """
    with command_work() as uow:
        mailbox = uow.session.scalar(sa.select(Mailbox).where(Mailbox.address == address.strip().lower()))
        if mailbox is None:
            raise NotFound(f"There is no mailbox {address}.")
        mails = {file: _mail(file.read_bytes(), uow.now) for file in files}
        new = receive(uow, mailbox, mails.values(), postmark_of(house().settings).returns)
        kinds = _kinds(uow, mailbox, [mail.uid for mail in mails.values()])
    told = [{"file": file.name, "is": kinds.get(mail.uid, "not kept")} for file, mail in mails.items()]
    lines = [f"{one['file']}: {one['is']}" for one in told]
    out({"new": new, "mails": told}, as_json, "\n".join([*lines, f"{new} new."]))


def _mail(raw: bytes, now: datetime) -> IncomingMail:
    """Named by its content, so that the same file twice is one mail; never later than now."""
    try:
        said = parsedate_to_datetime(str(parsed(raw).get("date", "")))
        at = said.replace(tzinfo=said.tzinfo or UTC)
    except (TypeError, ValueError):
        at = now
    return IncomingMail(f"file-{hashlib.sha256(raw).hexdigest()}", min(at, now), raw)


def _kinds(uow: UnitOfWork, mailbox: Mailbox, uids: list[str]) -> dict[str, str]:
    rows = uow.session.execute(
        sa.select(ReceivedMail.uid, ReceivedMail.kind).where(
            ReceivedMail.mailbox_id == mailbox.id, ReceivedMail.uid.in_(uids)
        )
    )
    return {row.uid: row.kind.value for row in rows}
