"""Command Center, tasks: the queue, the player, one task."""

from web.pages.tasks import (
    bulk_tasks,
    call_choices,
    change_task,
    new_task,
    play,
    rescue,
    task,
    tasks,
)

PAGES = (
    bulk_tasks.pages,
    call_choices.pages,
    change_task.pages,
    new_task.pages,
    play.pages,
    rescue.pages,
    task.pages,
    tasks.pages,
)
