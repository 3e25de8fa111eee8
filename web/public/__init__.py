"""Pages for everybody: health now; opt-out, tracking and feedback as they come."""

from flask import Blueprint, Flask

from web.public import health, metrics


def install(app: Flask) -> None:
    pages_here = Blueprint("public", __name__)
    health.add_to(pages_here)
    metrics.add_to(pages_here)
    app.register_blueprint(pages_here)
