"""Command Center, tasks: the queue, the player, one task."""

from web.pages.tasks import (
    bulk_tasks,
    call_choices,
    change_task,
    mailbox_draft,
    new_task,
    own_mails,
    play,
    rescue,
    task,
    tasks,
)

PAGES = (
    bulk_tasks.pages,
    call_choices.pages,
    change_task.pages,
    mailbox_draft.pages,
    new_task.pages,
    own_mails.pages,
    play.pages,
    rescue.pages,
    task.pages,
    tasks.pages,
)
