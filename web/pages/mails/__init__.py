"""Command Center, e-mails; composing, replies, templates."""

from web.pages.mails import (
    attachments,
    bulk_emails,
    caught,
    compose,
    drafts,
    emails,
    hints,
    message,
    previews,
    replies,
    set_aside,
    snippets,
    templates,
    under_mails,
)

PAGES = (
    attachments.pages,
    bulk_emails.pages,
    caught.pages,
    compose.pages,
    drafts.pages,
    emails.pages,
    hints.pages,
    message.pages,
    previews.pages,
    replies.pages,
    set_aside.pages,
    snippets.pages,
    templates.pages,
    under_mails.pages,
)
