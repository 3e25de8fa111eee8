"""Where relays may report what became of mails."""

from __future__ import annotations

from flask import url_for

from web.request_scope import outside, settings


def doors_of_events() -> list[str]:
    """The addresses that are open: whoever reports there signs with what the settings know."""
    generic = ["generic"] if settings().relay_events_secret else []
    return [
        url_for("public.relay_events", relay=relay, _external=True) for relay in (*generic, *outside().relays)
    ]
