"""Links that sign somebody in once."""

from __future__ import annotations

from web.request_scope import settings


def link_for(token: str) -> str:
    known = settings()
    address = known.public_url or f"http://{known.host}:{known.port}"
    return f"{address}/sign-in/link/{token}"
