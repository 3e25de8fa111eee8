"""The web: pages for people, the API for programs. `create_app` puts it together from what it is handed."""

from __future__ import annotations

from flask import Flask
from sqlalchemy.engine import Engine

from sales_campaigns.clock import Clock
from sales_campaigns.ports import OutsideWorld
from sales_campaigns.rehearsals.plays import Rehearse
from sales_campaigns.settings import Settings
from web import api, assets, commands, errors, filters, frame, numbers, pages, public, request_scope, security
from web.parts import enrollment_words, task_origins
from web.replaying import PatientFlask


def create_app(
    settings: Settings, engine: Engine, outside: OutsideWorld, clock: Clock, rehearse: Rehearse | None = None
) -> Flask:
    """`rehearse` lets a campaign happen in a world of its own; None where that is not offered."""
    app = PatientFlask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=[key for key in [settings.secret_key_old] if key],
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=16 * 1024 * 1024,  # a text that is far too long is refused beside its field
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a page stays open all day
        WTF_CSRF_SSL_STRICT=False,  # the token alone decides; proxies strip referrers
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https"),
    )
    app.extensions["house"] = request_scope.open_house(settings, engine, outside, clock, rehearse)
    for part in (
        numbers,
        request_scope,
        security,
        errors,
        assets,
        filters,
        enrollment_words,
        task_origins,
        frame,
        pages,
        api,
        public,
        commands,
    ):
        part.install(app)
    return app
