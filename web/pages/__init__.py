"""Every page of the signed-in product: one file a page, one line here."""

from flask import Flask

from web.pages import caught, groups, people, people_import, person, sign_in

BLUEPRINTS = [sign_in.pages, people.pages, person.pages, people_import.pages, groups.pages, caught.pages]


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
