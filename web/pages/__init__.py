"""Every page of the signed-in product: one room a subject, one file a page, one line in the room."""

from flask import Flask

from web.pages import account, administration, campaigns, deliveries, desk, mails, people, tasks

ROOMS = (account, desk, tasks, mails, campaigns, deliveries, people, administration)


def install(app: Flask) -> None:
    for room in ROOMS:
        for pages in room.PAGES:
            app.register_blueprint(pages)
