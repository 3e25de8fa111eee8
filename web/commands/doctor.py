"""flask doctor: look at everything that mail needs to leave and to arrive, one line each, with what to fix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from sales_campaigns import migrating
from sales_campaigns.accounts.models import Inbox, Instance, Mailbox
from sales_campaigns.accounts.reaching import account_of, reading_account
from sales_campaigns.checkups.domains import look_at_domain
from sales_campaigns.checkups.findings import Finding, Grade, broken, fine, note
from sales_campaigns.checkups.installation import look_at_installation, look_at_state, sending_domains
from sales_campaigns.checkups.knocks import look_at_knocks
from sales_campaigns.checkups.probing import PATIENCE, Patience
from sales_campaigns.checkups.tries import unprobed
from sales_campaigns.errors import Refusal
from sales_campaigns.messages.letters.postmarks import postmark_of
from web.commands.probes import crm_findings, probes
from web.commands.running import command_work, json_option, out
from web.parts.mailbox_check import answer_of, reading_answer_of
from web.request_scope import house

MARKS = {Grade.FINE: "ok", Grade.NOTE: "! ", Grade.BROKEN: "x "}


@click.command("doctor")
@click.option("--probe", is_flag=True, help="Try it out: mails to themselves, the bounce address, the CRM.")
@click.option(
    "--mailbox", "addresses", multiple=True, help="Which to try; those of administrators without it."
)
@click.option(
    "--patience", default=PATIENCE.comes, show_default=True, help="Seconds until a mail has come back."
)
@json_option
@with_appcontext
def command(probe: bool, addresses: tuple[str, ...], patience: float, as_json: bool) -> None:
    """Database, clock, time zones, processes, every mailbox, the CRM, SPF, DKIM, DMARC; exit code 1 when something is
    broken. --probe sends mail, and deletes it when it has come.
    """
    try:
        found = list(chain(_findings(), probes(addresses, Patience(patience)) if probe else _unprobed()))
    except Refusal as error:
        raise click.ClickException(error.words) from error
    out([asdict(one) for one in found], as_json, "\n".join(map(_line, found)))
    if any(one.grade is Grade.BROKEN for one in found):
        raise SystemExit(1)


def _findings() -> Iterator[Finding]:
    schema = migrating.standing(house().engine)
    if schema is migrating.Standing.BEHIND:
        yield broken("database", "its schema is older than this version", "Run flask db upgrade.")
        return
    if schema is migrating.Standing.AHEAD:
        yield note("database", "a newer version has changed its schema", "Start that version's code soon.")
    with command_work() as uow:
        yield from look_at_installation(uow.session, house().settings)
        if (knocks := house().outside.knocks) is not None:
            yield from look_at_knocks(uow.session, knocks.provider)
        domains = sending_domains(uow.session)
    yield from _mailboxes()
    yield from crm_findings(trying=False)
    names, signer = house().outside.names, postmark_of(house().settings).signer
    if names is not None:
        for domain in domains:
            yield from look_at_domain(names, domain, house().settings.selectors, signer)


def _unprobed() -> Iterator[Finding]:
    with command_work() as uow:
        proved = uow.session.scalar(sa.select(Instance.bounce_address))
    if (pattern := house().settings.bounce_address) and pattern != proved:
        yield unprobed(pattern)


def _mailboxes() -> Iterator[Finding]:
    """Each by a harmless round trip to its servers, with no transaction open meanwhile."""
    with command_work() as uow:
        boxes = uow.session.scalars(sa.select(Mailbox).order_by(Mailbox.address)).all()
        sending = [
            (box.address, look_at_state(box), account_of(box, house().seal, house().access)) for box in boxes
        ]
        inboxes = uow.session.scalars(sa.select(Inbox).order_by(Inbox.mailbox_id)).all()
        reading = [
            (one.mailbox.address, reading_account(one, house().seal, house().access)) for one in inboxes
        ]
    for address, lost, account in sending:
        yield lost or _answered(f"mailbox {address}", answer_of(account).words)
    for address, account in reading:
        yield _answered(f"inbox of {address}", reading_answer_of(account))


def _answered(what: str, refusal: str) -> Finding:
    """The words of a refusal end with what to do."""
    return (
        broken(what, refusal, "Check it on the page of the mailbox.")
        if refusal
        else fine(what, "took the sign-in")
    )


def _line(one: Finding) -> str:
    return f"{MARKS[one.grade]}  {one.what}: {one.words}" + (f". {one.fix}" if one.fix else "")
