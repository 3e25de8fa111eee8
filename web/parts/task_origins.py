"""Where a task comes from that belongs to no campaign, as its row says it."""

from __future__ import annotations

from flask import Flask

from sales_campaigns.tasks.models import Task, TaskKind

KINDS = {
    TaskKind.EMAIL: "E-mail",
    TaskKind.CALL: "Call",
    TaskKind.INMAIL: "InMail",
    TaskKind.CUSTOM: "Task",
}
ORIGINS = {"crm": "{} from the CRM", "noted": "{}, noted afterwards"}


def origin(task: Task) -> str:
    """ "Call from the CRM"; what a rep made as a reminder is called that."""
    return ORIGINS.get(task.source, "Reminder").format(KINDS[task.kind])


def install(app: Flask) -> None:
    app.jinja_env.filters["origin"] = origin
