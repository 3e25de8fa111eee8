"""flask db: bring the database to the newest schema."""

from __future__ import annotations

import click

from sales_campaigns import migrating
from web.commands.running import CommandGroup, json_option, out
from web.request_scope import house

group = CommandGroup("db", help="The database's schema.")


@group.command("upgrade")
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the database to the newest schema. Safe to repeat."""
    migrating.upgrade(house().engine)
    out({"revision": migrating.newest_revision()}, as_json, "The database is up to date.")


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
