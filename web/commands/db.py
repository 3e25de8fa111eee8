"""flask db: bring the database to the newest schema."""

from __future__ import annotations

import click

from sales_campaigns import migrating
from web.commands.running import CommandGroup, json_option, out
from web.request_scope import house

UP_TO_DATE = "The database is up to date."

group = CommandGroup("db", help="The database's schema.")


@group.command("upgrade")
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the database to the newest schema. Safe to repeat. What a newer version has made of it stays."""
    migrating.upgrade(house().engine)
    newer = migrating.standing(house().engine) is migrating.Standing.AHEAD
    words = "A newer version has changed this database: it stays as it is." if newer else UP_TO_DATE
    out({"revision": migrating.newest_revision(), "newer": newer}, as_json, words)


@group.command("downgrade")
@click.argument("revision")
@json_option
def downgrade(revision: str, as_json: bool) -> None:
    """Take the schema back to REVISION (base is nothing)."""
    migrating.downgrade(house().engine, revision)
    out({"revision": revision}, as_json, f"The schema is that of {revision}.")


@group.command("revision")
@click.argument("words")
def revision(words: str) -> None:
    """Write a new migration from the difference between the models and this database."""
    migrating.write_revision(house().engine, words)
