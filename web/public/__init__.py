"""Pages for everybody: health, metrics, what a mail asks of us, what relays report, unsubscribing."""

from flask import Blueprint, Flask

from web.public import crm_button, health, metrics, relay_events, tracked, unsubscribe
from web.security import without_form_token


def install(app: Flask) -> None:
    pages_here = Blueprint("public", __name__)
    for part in (crm_button, health, metrics, relay_events, tracked, unsubscribe):
        part.add_to(pages_here)
    app.register_blueprint(pages_here)
    without_form_token(app, unsubscribe.unsubscribe)
    without_form_token(app, crm_button.take_in)
    without_form_token(app, relay_events.relay_events)
