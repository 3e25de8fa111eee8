"""A browser without a browser: signed-in clients, and a count of the statements a page needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.engine import Engine
from werkzeug.datastructures import MultiDict
from werkzeug.test import Client

from integrations.sandbox import SandboxMail
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.sign_in import start_session
from sales_campaigns.clock import VirtualClock
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.settings import Settings
from scheduler.rehearsing import rehearse
from tests.answers import Answer, answer_of
from tests.conftest import Work
from tests.made_once import folder_of_the_run
from web import create_app
from web.request_scope import open_house
from web.security import COOKIE


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(secret_key="only for the tests, and long enough", data_dir=tmp_path)


# Some hundred addresses are compiled once a process and kind of database, not once a test: on each, something else
# counts how often a token asks. Templates are compiled once a run.
APPS: dict[tuple[str, str], Flask] = {}


@pytest.fixture
def app(
    settings: Settings,
    engine: Engine,
    outside: OutsideWorld,
    clock: VirtualClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Flask:
    """The product on this test's database, clock and outside; nothing of the test before is left in it."""
    playing = partial(rehearse, SandboxMail)
    key = (engine.dialect.name, settings.model_dump_json(exclude={"data_dir"}))
    if key not in APPS:
        APPS[key] = create_app(settings, engine, outside, clock, playing)
        APPS[key].testing = True
        APPS[key].jinja_env.bytecode_cache = FileSystemBytecodeCache(str(folder_of_the_run(tmp_path_factory)))
    app = APPS[key]
    app.extensions["house"] = open_house(settings, engine, outside, clock, playing)
    app.extensions.pop("streams", None)
    return app


@dataclass
class Browser:
    """A test client that is signed in and sends the CSRF token of the page it is on, as a form would."""

    client: Client
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, url: str, *, htmx: bool = False, **more: Any) -> Answer:
        return answer_of(self.client.get(url, headers=self._headers(htmx), **more))

    def post(
        self,
        url: str,
        data: dict[str, Any] | MultiDict[str, str] | None = None,
        *,
        htmx: bool = False,
        **more: Any,
    ) -> Answer:
        typed = data if isinstance(data, MultiDict) else {"csrf_token": self.token, **(data or {})}
        return answer_of(self.client.post(url, data=typed, headers=self._headers(htmx), **more))

    def _headers(self, htmx: bool) -> dict[str, str]:
        return {**self.headers, "HX-Request": "true"} if htmx else self.headers


def browser_of(app: Flask) -> Browser:
    """A browser of nobody in particular."""
    client = app.test_client()
    return Browser(client, _csrf(app, client))


@pytest.fixture
def browse(app: Flask, work: Work) -> Callable[[User], Browser]:
    """`browse(cast.ana)` is Ana's browser."""

    def signed_in(user: User) -> Browser:
        with work() as uow:
            token = start_session(uow.session, user)
        browser = browser_of(app)
        browser.client.set_cookie(COOKIE, token)
        return browser

    return signed_in


def _csrf(app: Flask, client: Any) -> str:
    """Put a CSRF secret into the client's session and give the token that a form would carry."""
    from flask_wtf.csrf import generate_csrf

    with app.test_request_context():
        from flask import g, session

        token = generate_csrf()
        secret = session["csrf_token"]
        g.pop("csrf_token", None)
    with client.session_transaction() as kept:
        kept["csrf_token"] = secret
    return str(token)
