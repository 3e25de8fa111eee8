"""The API for programs, at /api/v1: one file a subject in the rooms that the pages have, described by /api/v1/docs."""

from flask import Blueprint, Flask

from web.api import reference
from web.api.protocol.answering import add_manners, view_of
from web.api.protocol.rates import Rates, SharedRates
from web.api.rooms import AREAS
from web.request_scope import House, house
from web.security import without_form_token


def install(app: Flask) -> None:
    known: House = app.extensions["house"]
    app.extensions["api_rates"] = _rates(known)
    pages = Blueprint("api", __name__, url_prefix="/api/v1")
    for one in (operation for area in AREAS for operation in area.operations):
        pages.add_url_rule(
            one.path, one.name, view_of(one), methods=[one.method], provide_automatic_options=False
        )
    reference.add_to(pages)
    add_manners(pages)
    without_form_token(app, pages)
    app.register_blueprint(pages)


def _rates(known: House) -> Rates | SharedRates:
    """SQLite has one serving process, so its memory knows all."""
    a_minute = known.settings.api_requests_per_minute
    if known.engine.dialect.name == "sqlite":
        return Rates(a_minute)
    return SharedRates(lambda: house().engine, a_minute)
