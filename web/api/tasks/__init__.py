"""Tasks: the queue, what is done with one or with many, drafts in mailboxes, rescue, outcomes of calls."""

from web.api.tasks import bulk, call_choices, mailbox_drafts, rescues, tasks

AREAS = (tasks.api, bulk.api, mailbox_drafts.api, rescues.api, call_choices.api)
