"""flask crm: how the CRMs are doing, one round now, and again what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Team
from sales_campaigns.crm.connecting import retry_records
from sales_campaigns.crm.models import ConnectionState, CrmConnection
from sales_campaigns.crm.reading import counts, diagnoses
from sales_campaigns.crm.rounds import sync
from sales_campaigns.crm.syncing import CrmDesk
from sales_campaigns.errors import NotFound
from web.commands.running import CommandGroup, command_work, json_option, out
from web.parts.crm_links import crms
from web.request_scope import house

group = CommandGroup("crm", help="Salesforce, HubSpot: how the sync goes.")
team_option = click.option("--team", default="", help="The name of one team; all of them without it.")


@group.command("status")
@team_option
@json_option
def status(team: str, as_json: bool) -> None:
    """What is agreed, what waits and what was refused, for each team with a CRM."""
    with command_work() as uow:
        data = [_standing(uow.session, *row) for row in _connections(uow.session, team)]
    out(data, as_json, "\n".join(map(_words, data)) or "No CRM is connected.")


@group.command("sync")
@team_option
@json_option
def sync_now(team: str, as_json: bool) -> None:
    """One round with the CRM, whatever its pace."""
    with command_work() as uow:
        found = [(connection.id, name) for connection, name in _connections(uow.session, team)]
    desk = CrmDesk(house().writes, house().clock, crms(), house().seal)
    data = [{"team": name, "moved": sync(desk, id)} for id, name in found]
    out(data, as_json, "\n".join(f"{one['team']}: {one['moved']} moved" for one in data))


@group.command("retry")
@team_option
@json_option
def retry(team: str, as_json: bool) -> None:
    """Write again what was refused."""
    with command_work() as uow:
        data = [
            {"team": name, "retried": retry_records(uow, connection.id)}
            for connection, name in _connections(uow.session, team)
        ]
    out(data, as_json, "\n".join(f"{one['team']}: {one['retried']} tried again" for one in data))


def _connections(session: Session, team: str) -> Sequence[tuple[CrmConnection, str]]:
    query = (
        sa.select(CrmConnection, Team.name)
        .join(Team, Team.id == CrmConnection.team_id)
        .where(CrmConnection.state != ConnectionState.ENDED)
        .order_by(Team.name)
    )
    found = session.execute(query.where(Team.name == team) if team else query).all()
    if team and not found:
        raise NotFound(f"There is no team {team} with a CRM.")
    return [(connection, name) for connection, name in found]


def _standing(session: Session, connection: CrmConnection, team: str) -> dict[str, Any]:
    refused = [
        {"what": one.record.ours.get("subject", ""), "code": one.record.code, "remedy": one.remedy}
        for one in diagnoses(session, connection)
    ]
    return {
        "team": team,
        "vendor": connection.vendor,
        "state": connection.state.value,
        **{state.value: number for state, number in counts(session, connection).items()},
        "synced_at": connection.synced_at,
        "paused_until": connection.paused_until,
        "calls_used": connection.calls_used,
        "calls_most": connection.calls_most,
        "trouble": connection.trouble,
        "refused": refused,
    }


def _words(one: dict[str, Any]) -> str:
    lines = [
        f"{one['team']}: {one['vendor']} {one['state']}, {one['agreed']} agreed, {one['waiting']} waiting, "
        f"{one['failed']} refused. {one['trouble']}".strip()
    ]
    return "\n".join(
        [*lines, *(f"  {line['code']}: {line['what']}. {line['remedy']}" for line in one["refused"])]
    )
