"""Tasks: the queue, what is done with one or with many, rescue, outcomes of calls."""

from web.api.tasks import bulk, call_choices, rescues, tasks

AREAS = (tasks.api, bulk.api, rescues.api, call_choices.api)
