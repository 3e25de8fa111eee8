"""Mails: the outbox, replies that wait, templates."""

from web.api.mails import bulk_messages, messages, replies, templates

AREAS = (messages.api, bulk_messages.api, replies.api, templates.api)
