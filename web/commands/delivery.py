"""flask delivery: bulk deliveries from the command line, with a user's rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries import confirming, editing, pausing, preparing
from sales_campaigns.deliveries.figures import causes_of, figures_of
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings, StartBy
from sales_campaigns.deliveries.journal import journal_of
from sales_campaigns.deliveries.listing import deliveries_of, delivery_of, mailboxes_for
from sales_campaigns.deliveries.models import Delivery, DeliveryState
from sales_campaigns.deliveries.setups import audience_of, schedule_of, settings_of, setup_of
from sales_campaigns.deliveries.waves import Wave, equal_waves
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import groups_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.commands.running import CommandGroup, command_work, json_option, out
from web.request_scope import house, settings

group = CommandGroup("delivery", help="Deliveries: one content to many people.")
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LOCAL = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
whose: Callable[[Any], Any] = click.option(
    "--user", "email", required=True, help="Whose rights it is done with."
)


@group.command("list")
@whose
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Only these.")
@json_option
def list_(email: str, state: str | None, as_json: bool) -> None:
    """The newest deliveries of the user's team."""
    with command_work() as uow:
        states = [DeliveryState(state)] if state else []
        lines = deliveries_of(uow.session, user_by_email(uow, email), states=states)
        data = [
            {
                "id": line.delivery.id,
                "state": line.delivery.state.value,
                "name": line.delivery.name,
                "to_deliver": line.to_deliver,
            }
            for line in lines
        ]
    out(data, as_json)


@group.command("show")
@click.argument("delivery_id", type=int)
@whose
@json_option
def show(delivery_id: int, email: str, as_json: bool) -> None:
    """State, figures, causes and journal of one delivery."""
    with command_work() as uow:
        delivery = delivery_of(uow.session, user_by_email(uow, email), delivery_id)
        data = _whole(uow, delivery)
    lines = [
        f"{data['name']}: {data['state']}",
        *(f"{line['level']}: {line['words']}" for line in data["journal"]),
    ]
    out(data, as_json, "\n".join(lines))


@group.command("create")
@whose
@click.option("--name", required=True)
@click.option("--subject", required=True)
@click.option("--html", "html_file", type=A_FILE, required=True, help="File with the text as HTML.")
@click.option("--mailbox", default="", help="Address that it leaves from; the user's own when left out.")
@click.option("--everybody", is_flag=True, help="To everybody of the team.")
@click.option("--search", default="", help="To whom these words find.")
@click.option("--group", "groups", multiple=True, help="To this group, by name; may be given several times.")
@click.option("--at", type=LOCAL, help="Contact date, in --zone: 2026-12-01T09:00.")
@click.option("--zone", default="", help="The user's zone when left out.")
@click.option("--their-time", is_flag=True, help="At that time of each recipient's zone.")
@click.option("--validity-hours", default=120, show_default=True)
@click.option("--wave-percent", default=0, help="Leave in waves: so many percent of the recipients each.")
@click.option("--wave-hours", default=24, show_default=True, help="Hours between two waves.")
@click.option("--start-by", type=click.Choice([one.value for one in StartBy]), default=StartBy.PERSON.value)
@json_option
def create(as_json: bool, email: str, **typed: Any) -> None:
    """Make a delivery in editing; prepare it next."""
    with command_work() as uow:
        delivery = editing.create(uow, actor := user_by_email(uow, email), _wish(uow, actor, typed))
        data = {"id": delivery.id, "name": delivery.name, "state": delivery.state.value}
    out(data, as_json, f"Delivery {data['id']} was made.")


@group.command("prepare")
@click.argument("delivery_id", type=int)
@whose
@click.option("--wait", is_flag=True, help="Do it in this process, and print what came of it.")
@json_option
def prepare(delivery_id: int, email: str, wait: bool, as_json: bool) -> None:
    """Count who gets it and who is left out. Nothing is sent."""
    with command_work() as uow:
        preparing.prepare(uow, user_by_email(uow, email), delivery_id)
    while wait:
        with command_work() as uow:
            wait = preparing.prepare_chunk(uow, delivery_id)
    tell(email, delivery_id, as_json)


@group.command("edit")
@click.argument("delivery_id", type=int)
@whose
@click.option("--name", default="")
@click.option("--subject", default="")
@click.option("--html", "html_file", type=A_FILE, help="File with the text as HTML.")
@click.option("--template", is_flag=True, help="Change the template that its words came from, too.")
@click.option("--here-only", is_flag=True, help="Let the words be its own from now on.")
@json_option
def edit(delivery_id: int, email: str, as_json: bool, **typed: Any) -> None:
    """Change name or words. A continuous delivery that goes on has them for what has not left."""
    with command_work() as uow:
        actor = user_by_email(uow, email)
        delivery = delivery_of(uow.session, actor, delivery_id)
        editing.change(uow, actor, delivery_id, _changed(uow, delivery, typed))
    tell(email, delivery_id, as_json)


@group.command("confirm")
@click.argument("delivery_id", type=int)
@whose
@json_option
def confirm(delivery_id: int, email: str, as_json: bool) -> None:
    """Let a prepared delivery leave, at its date or at once."""
    with command_work() as uow:
        allowed = settings().bulk_allowed
        confirming.confirm(uow, user_by_email(uow, email), delivery_id, reachable=allowed)
    tell(email, delivery_id, as_json)


@group.command("pause")
@click.argument("delivery_id", type=int)
@whose
@json_option
def pause(delivery_id: int, email: str, as_json: bool) -> None:
    """Returns when nothing new can be handed over on any machine."""
    with command_work() as uow:
        pausing.pause(uow, user_by_email(uow, email), delivery_id)
    pausing.still_in_flight(house().reads, delivery_id)
    tell(email, delivery_id, as_json)


@group.command("resume")
@click.argument("delivery_id", type=int)
@whose
@json_option
def resume(delivery_id: int, email: str, as_json: bool) -> None:
    """Let a paused delivery go on."""
    with command_work() as uow:
        pausing.resume(uow, user_by_email(uow, email), delivery_id)
    tell(email, delivery_id, as_json)


@group.command("stop")
@click.argument("delivery_id", type=int)
@whose
@json_option
def stop(delivery_id: int, email: str, as_json: bool) -> None:
    """Final: what has not left does not leave any more, and it cannot be resumed. See pause."""
    with command_work() as uow:
        pausing.stop(uow, user_by_email(uow, email), delivery_id)
    pausing.still_in_flight(house().reads, delivery_id)
    tell(email, delivery_id, as_json)


@group.command("duplicate")
@click.argument("delivery_id", type=int)
@whose
@json_option
def duplicate(delivery_id: int, email: str, as_json: bool) -> None:
    """Content, audience and settings as another delivery, without a schedule."""
    with command_work() as uow:
        copy = editing.duplicate(uow, user_by_email(uow, email), delivery_id).id
    tell(email, copy, as_json)


def tell(email: str, delivery_id: int, as_json: bool) -> None:
    with command_work() as uow:
        data = _whole(uow, delivery_of(uow.session, user_by_email(uow, email), delivery_id))
    counts = (
        f"{data['to_deliver']:,} to deliver, {data['excluded']:,} excluded, {data['in_flight']} in flight"
    )
    out(data, as_json, f"Delivery {data['id']} is {data['state']}: {counts}.")


def _whole(uow: UnitOfWork, delivery: Delivery) -> dict[str, Any]:
    figures = figures_of(uow.session, delivery)
    counted = ("targeted", "to_deliver", "excluded", "sent", "failed", "cancelled", "to_come", "in_flight")
    return {
        "id": delivery.id,
        "name": delivery.name,
        "state": delivery.state.value,
        **{name: getattr(figures, name) for name in counted},
        "causes": causes_of(uow.session, delivery),
        "starts_at": delivery.starts_at.isoformat() if delivery.starts_at else None,
        "journal": [
            {"at": line.at.isoformat(), "level": line.level.value, "words": line.words}
            for line in journal_of(uow.session, delivery.id)
        ],
    }


def _wish(uow: UnitOfWork, actor: User, typed: dict[str, Any]) -> Wish:
    at: datetime | None = typed["at"]
    schedule = Schedule(
        at.isoformat(timespec="minutes") if at else "", typed["zone"] or actor.zone, bool(typed["their_time"])
    )
    return Wish(
        name=typed["name"],
        content=Content(typed["subject"], typed["html_file"].read_text(encoding="utf-8")),
        mailbox_id=_mailbox(uow, actor, typed["mailbox"]),
        audience=Audience(bool(typed["everybody"]), typed["search"], 0, _groups(uow, actor, typed["groups"])),
        schedule=schedule,
        settings=Settings(
            validity_hours=typed["validity_hours"],
            start_by=StartBy(typed["start_by"]),
            waves=_waves(typed["wave_percent"], typed["wave_hours"]),
        ),
    )


def _waves(percent: int, hours: int) -> tuple[Wave, ...]:
    return equal_waves(percent, timedelta(hours=hours)) if percent else ()


def _changed(uow: UnitOfWork, delivery: Delivery, typed: dict[str, Any]) -> Wish:
    """What the delivery is, with what was given instead."""
    setup = setup_of(uow.session, delivery)
    before = content_of(uow.session.get(Wording, setup.wording_id) if setup.wording_id else None)
    html = typed["html_file"].read_text(encoding="utf-8") if typed["html_file"] else before.html
    text = "" if typed["html_file"] else before.text
    content = Content(typed["subject"] or before.subject, html, text, before.bundle_id)
    said = typed["template"] or typed["here_only"]
    return Wish(
        name=typed["name"] or delivery.name,
        content=content,
        mailbox_id=setup.mailbox_id,
        audience=audience_of(setup),
        schedule=schedule_of(setup),
        settings=settings_of(setup),
        from_template=setup.from_template,
        also_template=typed["template"] if said else None,
    )


def _mailbox(uow: UnitOfWork, actor: User, address: str) -> int | None:
    boxes = mailboxes_for(uow.session, actor)
    found = [box.id for box in boxes if not address or box.address == address.strip().lower()]
    return found[0] if found else None


def _groups(uow: UnitOfWork, actor: User, names: tuple[str, ...]) -> tuple[int, ...]:
    known = {line.group.name: line.group.id for line in groups_of(uow.session, actor)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid({"group": f"There is no group called “{unknown[0]}”."})
    return tuple(known[name] for name in names)
