"""Who asks: the user of the token in the Authorization header. Cookies say nothing here."""

from __future__ import annotations

from flask import g, request

from sales_campaigns.api_access.models import ApiToken
from sales_campaigns.api_access.scopes import suffices
from sales_campaigns.api_access.tokens import note_use, token_shown, use_is_old
from sales_campaigns.errors import NotAllowed
from web.api.protocol.operations import Operation
from web.request_scope import READS, work, writing


class NoToken(NotAllowed):
    """Show a token that is good: Authorization: Bearer sc_…"""


def let_in(operation: Operation) -> ApiToken:
    """The token that was shown; its user is who acts. Raises NoToken, and NotAllowed for too small a scope."""
    token = token_shown(work().session, _shown())
    if token is None:
        raise NoToken
    if use_is_old(token):
        _note_use(token.id)
    if not suffices(token.scope, token.areas, operation.scope, operation.area):
        areas = f" in “{operation.area}”" if token.areas else ""
        raise NotAllowed(f"This token may not do that: it needs the scope “{operation.scope.value}”{areas}.")
    g.me = token.user
    return token


def _shown() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _note_use(token_id: int) -> None:
    """A request that writes does it in its own transaction: SQLite has one writer, and would wait for itself."""
    if request.method in READS:
        with writing() as uow:
            note_use(uow.session, token_id)
    else:
        note_use(work().session, token_id)
