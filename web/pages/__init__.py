"""Every page of the signed-in product: one file a page, one line here."""

from flask import Flask

from web.pages import sign_in

BLUEPRINTS = [sign_in.pages]


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
