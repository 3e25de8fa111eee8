"""Mails: the outbox, drafts, files, replies that wait, templates and snippets."""

from web.api.mails import (
    afterwards,
    attachments,
    bulk_messages,
    drafts,
    messages,
    previews,
    replies,
    snippets,
    templates,
)

AREAS = (
    messages.api,
    afterwards.api,
    bulk_messages.api,
    drafts.api,
    attachments.api,
    replies.api,
    templates.api,
    snippets.api,
    previews.api,
)
