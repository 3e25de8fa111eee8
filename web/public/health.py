"""Is it alive, and is it ready: for proxies and monitors."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint

from web.request_scope import work


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/health/live", "live", live)
    pages.add_url_rule("/health/ready", "ready", ready)


def live() -> dict[str, str]:
    return {"status": "alive"}


def ready() -> dict[str, str]:
    work().session.execute(sa.text("SELECT 1"))
    return {"status": "ready"}
