"""flask openapi: the description of the API, as JSON."""

from __future__ import annotations

import click

from web.api.reference import document_text


@click.command("openapi")
def command() -> None:
    """Print the OpenAPI document of /api/v1."""
    click.echo(document_text(), nl=False)
