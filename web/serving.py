"""flask serve: the web server, and beside it in the same process whatever the composition root starts with it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import click
import sqlalchemy as sa
import waitress
from flask import Flask
from sqlalchemy.engine import Engine

from sales_campaigns import migrating
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import make_link
from sales_campaigns.errors import Refusal
from web.parts.sign_in_links import link_for
from web.request_scope import writing

Beside = Callable[[], AbstractContextManager[object]]


def serve_command(app: Flask, beside: Sequence[Beside]) -> click.Command:
    """What stands in `beside` runs for as long as the server does: the scheduler, the demo's mail catcher."""

    @click.command("serve")
    @click.option("--link-for", "email", default="", help="Print a one-time sign-in link for this user.")
    @click.option("--pages-only", is_flag=True, help="Only the pages: others keep time, send and migrate.")
    def serve(email: str, pages_only: bool) -> None:
        """Serve the pages, keep time and send, in one process."""
        try:
            _prepare(app.extensions["house"].engine, pages_only=pages_only)
            with ExitStack() as running:
                for start in () if pages_only else beside:
                    running.enter_context(start())
                server = _listening(
                    app
                )  # before the address is told: whoever follows it finds somebody there
                _announce(app, email)
                _serve(server)
        except Refusal as error:
            click.echo(f"Error: {error.words}", err=True)
            raise SystemExit(1) from None

    return serve


def _prepare(engine: Engine, *, pages_only: bool) -> None:
    """The schema is made by whoever serves alone; where there are others, by flask db upgrade."""
    if not pages_only:
        migrating.upgrade(engine)
        return
    with engine.connect() as connection:
        migrating.require_schema(connection)


def _announce(app: Flask, email: str) -> None:
    known = app.extensions["house"].settings
    click.echo(f"Sales Campaigns is at {known.public_url or f'http://{known.host}:{known.port}'}")
    with app.app_context():
        link = _sign_in_link(email or ("ana@nordlys.example" if known.demo else ""))
    if link:
        click.echo(f"Sign in once with {link}")


def _sign_in_link(email: str) -> str:
    with writing() as uow:
        user = uow.session.scalar(sa.select(User).where(User.email == email.lower())) if email else None
        return link_for(make_link(uow.session, user)) if user else ""


def _listening(app: Flask) -> Any:
    known = app.extensions["house"].settings
    return waitress.create_server(
        app,
        host=known.host,
        port=known.port,
        threads=known.web_threads,
        ident="",
        channel_timeout=300,
        send_bytes=1,  # a live feed's line leaves at once
    )


def _serve(server: Any) -> None:
    """Until it is interrupted; asked to end, it finishes what is in hand."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server.run()
