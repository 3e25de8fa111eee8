"""flask mailbox list, stop, release and disconnect."""

from __future__ import annotations

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sales_campaigns.absence.disconnecting import disconnect
from sales_campaigns.accounts.listing import users_of
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.stops.reasons import is_stopped
from sales_campaigns.messages.stops.stopping import release_mailbox, stop_mailbox
from web.commands.running import command_work, json_option, out
from web.filters import count_words
from web.parts.letting_go import given_back
from web.request_scope import house

ACTING = click.option("--user", "email", required=True, help="Its owner, or an administrator of the team.")
ADDRESS = click.argument("address")


@click.command("list")
@ACTING
@json_option
@with_appcontext
def list_mailboxes(email: str, as_json: bool) -> None:
    """Mailboxes of the users whom an administrator sees: state, trouble, and whether somebody stopped them."""
    with command_work() as uow:
        ids = [line.user.id for line in users_of(uow.session, user_by_email(uow, email))]
        boxes = uow.session.scalars(
            sa.select(Mailbox).where(Mailbox.user_id.in_(ids)).order_by(Mailbox.address)
        )
        data = [
            {
                "address": box.address,
                "user": box.user.email,
                "state": box.state.value,
                "trouble": box.trouble_now,
                "stopped": is_stopped(uow.session, "mailbox", box.id),
            }
            for box in boxes.all()
        ]
    words = [f"{one['address']}  {'stopped' if one['stopped'] else one['state']}" for one in data]
    out(data, as_json, "\n".join(words) or "There is no mailbox yet.")


@click.command("stop")
@ADDRESS
@ACTING
@json_option
@with_appcontext
def stop(address: str, email: str, as_json: bool) -> None:
    """Nothing more leaves from ADDRESS once this has returned."""
    with command_work() as uow:
        box = stop_mailbox(uow, user_by_email(uow, email), _id(uow.session, address))
        data = {"address": box.address, "stopped": True}
    out(data, as_json, f"Nothing leaves from {data['address']} any more.")


@click.command("release")
@ADDRESS
@ACTING
@json_option
@with_appcontext
def release(address: str, email: str, as_json: bool) -> None:
    """Let mail leave from ADDRESS again; what is overdue is spread."""
    with command_work() as uow:
        box, spread = release_mailbox(uow, user_by_email(uow, email), _id(uow.session, address))
        data = {"address": box.address, "stopped": False, "spread": spread}
    out(data, as_json, f"Mail leaves from {data['address']} again; {count_words(spread, 'mail')} spread.")


@click.command("disconnect")
@ADDRESS
@ACTING
@json_option
@with_appcontext
def end_consent(address: str, email: str, as_json: bool) -> None:
    """Forget what Google or Microsoft granted for ADDRESS, and give it back where they take it. Its mail waits."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        ended = disconnect(uow, actor, _id(uow.session, address), house().seal)
    data = {"address": ended.address, "sends_on": ended.sends_on, "words": given_back(ended)}
    out(data, as_json, f"{ended.address} is disconnected. {data['words']}")


def _id(session: Session, address: str) -> int:
    found = session.scalar(sa.select(Mailbox.id).where(Mailbox.address == address.strip().lower()))
    if found is None:
        raise NotFound(f"There is no mailbox {address}.")
    return found
