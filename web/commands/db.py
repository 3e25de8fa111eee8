"""flask db: bring the database to the newest schema."""

from __future__ import annotations

import click

from sales_campaigns import migrating
from web.commands.running import CommandGroup
from web.request_scope import house

group = CommandGroup("db", help="The database's schema.")


@group.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema. Safe to repeat."""
    migrating.upgrade(house().engine)
    click.echo("The database is up to date.")


@group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the schema back to REVISION (base is nothing)."""
    migrating.downgrade(house().engine, revision)


@group.command("revision")
@click.argument("words")
def revision(words: str) -> None:
    """Write a new migration from the difference between the models and this database."""
    migrating.write_revision(house().engine, words)
