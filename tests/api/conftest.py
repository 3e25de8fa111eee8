"""A program that shows a token: requests as whoever it acts for, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from sales_campaigns.accounts.models import User
from sales_campaigns.api_access.issuing import TokenWish, make_token
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.settings import Settings
from tests.answers import Answer, answer_of
from tests.conftest import Work
from tests.pages.conftest import app, browse

__all__ = ["app", "browse"]
PREFIX = "/api/v1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A test may ask as often as it likes."""
    return Settings(
        secret_key="only for the tests, and long enough", data_dir=tmp_path, api_requests_per_minute=1_000_000
    )


@dataclass
class Program:
    """`send("POST", "/tasks", {...})`; an edit shows the tag of what it read unless told otherwise."""

    client: Client
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Answer:
        return answer_of(self.client.get(PREFIX + path, query_string=query, headers=self._headers({})))

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        given = {"json": body} if body is not None else {}
        shown = self._headers(headers or {})
        return answer_of(self.client.open(PREFIX + path, method=method, headers=shown, **{**given, **more}))

    def post(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("POST", path, body, headers)

    def edit(self, method: str, path: str, body: Any, seen: str = "") -> Answer:
        return self.send(method, path, body, {"If-Match": self.get(seen or path).headers["ETag"]})

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**shown, **self.headers, **more}


def a_token(work: Work, user: User, scope: Scope = Scope.WRITE, **wish: Any) -> str:
    """The words of a new token of this user's, whatever the role is by now."""
    with work() as uow:
        held = uow.session.get_one(User, user.id)
        token, words = make_token(uow, held, TokenWish("A program", Scope.READ, **wish))
        token.scope = scope
        return words


@pytest.fixture
def program(app: Flask, work: Work) -> Callable[..., Program]:
    """`program(cast.ana)` acts for Ana; `program(cast.ana, Scope.READ)` only reads."""

    def of(user: User, scope: Scope | None = None, **wish: Any) -> Program:
        held = scope or (Scope.WRITE if str(user.role) == "user" else Scope.ADMIN)
        return Program(app.test_client(), a_token(work, user, held, **wish))

    return of
