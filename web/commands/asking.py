"""flask ask: any operation of the API from the terminal, with a user's rights and without a token."""

from __future__ import annotations

import json
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from sales_campaigns.accounts.users import user_by_email
from sales_campaigns.errors import NotFound
from web.api.protocol.here import answered_here
from web.api.protocol.operations import Operation
from web.api.rooms import AREAS
from web.commands.running import RefusedInWords, command_work

OPERATIONS = {one.name: one for area in AREAS for one in area.operations}


def _names(_context: click.Context, _option: click.Parameter, begun: str) -> list[str]:
    """For the completion of the shell."""
    return [name for name in OPERATIONS if name.startswith(begun)]


@click.command("ask", cls=RefusedInWords)
@click.argument("operation", shell_complete=_names)
@click.argument("given", nargs=-1, metavar="[NAME=VALUE]…")
@click.option("--user", "email", required=True, help="Whose rights it is done with.")
@click.option("--body", default="", help="JSON, or @FILE that holds it; - reads what is piped in.")
@with_appcontext
def command(operation: str, given: tuple[str, ...], email: str, body: str) -> None:
    """Do OPERATION of /api/v1/docs, such as list_tasks or change_policy_of_team, and print its JSON, or the file
    that it gives.

    NAME=VALUE is what stands in its path or behind the question mark.
    """
    wanted = OPERATIONS.get(operation)
    if wanted is None:
        raise NotFound(
            f"There is no operation “{operation}”. /api/v1/docs and `flask openapi` name them all."
        )
    with command_work() as uow:
        user_id = user_by_email(uow, email).id
    for piece in answered_here(current_app, user_id, wanted, _given(given), _content(wanted, body)):
        click.echo(piece, nl=False)


def _given(written: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in written]
    for name, equals, _ in pairs:
        if not equals:
            raise click.BadParameter(f"“{name}” says no value: write {name}=…", param_hint="NAME=VALUE")
    return [(name, value) for name, _, value in pairs]


def _content(operation: Operation, body: str) -> bytes:
    """What is sent: JSON, checked here so that the place of a slip is told, or a file as it is."""
    if body == "-" or body.startswith("@"):
        with click.open_file(body.removeprefix("@"), "rb") as file:
            return bytes(file.read())
    return body.encode() if operation.file else _json(body)


def _json(body: str) -> bytes:
    try:
        found: Any = json.loads(body) if body else None
    except ValueError as slip:
        raise click.BadParameter(f"This is not JSON: {slip}", param_hint="--body") from None
    return json.dumps(found).encode() if found is not None else b""
