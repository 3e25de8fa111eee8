"""Every page of the signed-in product: one file a page, one line here."""

from flask import Flask

from web.pages import (
    compose,
    emails,
    feed,
    groups,
    message,
    new_task,
    people,
    people_import,
    person,
    play,
    sign_in,
    task,
    tasks,
    today,
)

BLUEPRINTS = [
    sign_in.pages,
    today.pages,
    tasks.pages,
    task.pages,
    new_task.pages,
    play.pages,
    compose.pages,
    emails.pages,
    message.pages,
    feed.pages,
    people.pages,
    person.pages,
    people_import.pages,
    groups.pages,
]


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
