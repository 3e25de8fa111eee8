"""Every page of the signed-in product: one file a page, one line here."""

from flask import Flask

from web.pages import (
    campaign_editor,
    campaign_people,
    campaign_settings,
    campaign_step,
    campaigns,
    caught,
    compose,
    emails,
    enrollment,
    feed,
    groups,
    launch,
    mailbox,
    message,
    new_task,
    people,
    people_import,
    person,
    play,
    previews,
    rehearse,
    replies,
    set_aside,
    sign_in,
    standing,
    task,
    tasks,
    templates,
    today,
    users,
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
    replies.pages,
    set_aside.pages,
    feed.pages,
    campaigns.pages,
    campaign_editor.pages,
    campaign_settings.pages,
    campaign_step.pages,
    campaign_people.pages,
    rehearse.pages,
    launch.pages,
    enrollment.pages,
    templates.pages,
    previews.pages,
    people.pages,
    person.pages,
    standing.pages,
    people_import.pages,
    groups.pages,
    mailbox.pages,
    users.pages,
    caught.pages,
]


def install(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
