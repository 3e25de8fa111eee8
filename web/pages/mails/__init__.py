"""Command Center, e-mails; composing, replies, templates."""

from web.pages.mails import (
    bulk_emails,
    caught,
    compose,
    drafts,
    emails,
    message,
    previews,
    replies,
    set_aside,
    templates,
    under_mails,
)

PAGES = (
    bulk_emails.pages,
    caught.pages,
    compose.pages,
    drafts.pages,
    emails.pages,
    message.pages,
    previews.pages,
    replies.pages,
    set_aside.pages,
    templates.pages,
    under_mails.pages,
)
