"""flask doctor --probe: try it out, on mailboxes of administrators or those that are named, and in the CRM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict

import sqlalchemy as sa

from sales_campaigns.accounts.models import Inbox, Instance, Mailbox, MailboxState, Role, User
from sales_campaigns.accounts.reaching import account_of, reading_account
from sales_campaigns.checkups.findings import Finding, broken, fine, note
from sales_campaigns.checkups.probing import (
    Patience,
    Probed,
    Ways,
    probe_crm,
    probe_mailbox,
    probe_return_path,
)
from sales_campaigns.checkups.tries import crm_finding, mailbox_finding, return_path_finding
from sales_campaigns.clock import machine_now
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.syncing import AT_WORK
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.messages.letters.postmarks import postmark_of
from sales_campaigns.messages.return_paths import ReturnPath
from sales_campaigns.ports import MailAccount
from web.commands.running import command_work
from web.parts.crm_links import opened
from web.request_scope import house, outside

Box = tuple[
    int, str, MailAccount, MailAccount | None, str
]  # id, address, how it sends and is read, its cursor


def probes(addresses: Sequence[str], patience: Patience) -> Iterator[Finding]:
    """Raises NotFound for an address that is no mailbox."""
    boxes = _boxes(addresses)
    for box in boxes:
        yield _mailbox(box, patience)
    returns = postmark_of(house().settings).returns
    if returns is not None:
        yield _return_path(returns, boxes, patience)
    yield from crm_findings(trying=True)


def crm_findings(*, trying: bool) -> Iterator[Finding]:
    """Each connection by a harmless round trip; `trying`: by a task that is written and deleted."""
    if house().outside.crms is None:
        return
    with command_work() as uow:
        wanted = sa.select(CrmConnection).where(CrmConnection.state.in_(AT_WORK)).order_by(CrmConnection.id)
        crms = [(one.vendor, opened(one)) for one in uow.session.scalars(wanted)]
    for vendor, crm in crms:
        try:
            advice = [probe_crm(crm)] if trying else crm.check()
        except Outside as refused:
            yield broken(f"{'probe of ' if trying else ''}CRM {vendor}", refused.words, "Look under CRM.")
        else:
            yield crm_finding(vendor, advice, trying=trying)


def _boxes(addresses: Sequence[str]) -> list[Box]:
    """Read in a transaction that is over before anything is tried."""
    named = [address.strip().lower() for address in addresses]
    mine = Mailbox.user_id.in_(sa.select(User.id).where(User.role == Role.ADMINISTRATOR))
    wanted = Mailbox.address.in_(named) if named else sa.and_(mine, _connected())
    with command_work() as uow:
        found = [_box(uow.session.get(Inbox, box.id), box) for box in uow.session.scalars(_in_order(wanted))]
    if unknown := set(named) - {address for _, address, *_ in found}:
        raise NotFound(f"There is no mailbox {', '.join(sorted(unknown))}.")
    return found


def _in_order(wanted: sa.ColumnElement[bool]) -> sa.Select[Mailbox]:
    return sa.select(Mailbox).where(wanted).order_by(Mailbox.address)


def _connected() -> sa.ColumnElement[bool]:
    return Mailbox.state == MailboxState.CONNECTED


def _box(inbox: Inbox | None, box: Mailbox) -> Box:
    seal, access = house().seal, house().access
    reads = reading_account(inbox, seal, access) if inbox else None
    return box.id, box.address, account_of(box, seal, access), reads, inbox.cursor if inbox else ""


def _open(stack: ExitStack, box: Box) -> Ways | None:
    """None for a mailbox that is not read here."""
    _, address, sends, reads, cursor = box
    readers, drafts = outside().readers, outside().drafts
    if readers is None or reads is None:
        return None
    folder = drafts.open(sends) if drafts is not None else None
    provider = stack.enter_context(closing(outside().mail.open(sends)))
    reader = stack.enter_context(closing(readers.open(reads)))
    return Ways(address, provider, reader, stack.enter_context(closing(folder)) if folder else None, cursor)


def _mailbox(box: Box, patience: Patience) -> Finding:
    id, address, *_ = box
    what = f"probe of {address}"
    try:
        with ExitStack() as stack:
            ways = _open(stack, box)
            if ways is None:
                return note(what, "it is not read here, so nothing can come back", "Let it be read, too.")
            probed = probe_mailbox(ways, patience)
    except (Outside, Invalid) as refused:
        return broken(what, refused.words, "Check it on the page of the mailbox.")
    _keep(id, probed)
    return mailbox_finding(address, probed)


def _keep(id: int, probed: Probed) -> None:
    """The answer is a capability of this mailbox until it is tried again."""
    values = {"probed_at": machine_now(), "probed": asdict(probed)}
    with command_work() as uow:
        uow.session.execute(sa.update(Mailbox).where(Mailbox.id == id).values(**values))


def _return_path(returns: ReturnPath, boxes: Sequence[Box], patience: Patience) -> Finding:
    """From every bulk lane, because each of them will use it; read in the mailboxes that are tried, and theirs."""
    with command_work() as uow:
        wanted = _in_order(sa.and_(Mailbox.bulk_lane, _connected()))
        lanes = [_box(uow.session.get(Inbox, box.id), box) for box in uow.session.scalars(wanted)]
    if not lanes:
        return fine("BOUNCE_ADDRESS", "no mailbox is a bulk lane, so nothing uses it")
    reached = {lane[1]: _returned(returns, lane, {*boxes, *lanes}, patience) for lane in lanes}
    came = all(where for where, _ in reached.values())
    with command_work() as uow:
        proved = returns.pattern if came else ""
        uow.session.execute(sa.update(Instance).values(bounce_address=proved))
    return return_path_finding(returns.pattern, reached)


def _returned(returns: ReturnPath, lane: Box, boxes: set[Box], patience: Patience) -> tuple[str, str]:
    """The mailbox that it came to, and what was said where it did not leave."""
    try:
        with ExitStack() as stack:
            reading = [ways for box in sorted(boxes, key=lambda one: one[1]) if (ways := _try(stack, box))]
            provider = stack.enter_context(closing(outside().mail.open(lane[2])))
            return probe_return_path(lane[1], provider, reading, returns, patience), ""
    except (Outside, Invalid) as refused:
        return "", refused.words


def _try(stack: ExitStack, box: Box) -> Ways | None:
    """One that cannot be opened is not where it comes to."""
    with suppress(Outside, Invalid):
        return _open(stack, box)
    return None
