"""What is one's own: sign-in, profile, mailbox, notices, leave."""

from web.pages.account import (
    consent,
    inbox,
    leave,
    mailbox,
    notices,
    profile,
    schedules,
    sign_in,
)

PAGES = (
    consent.pages,
    inbox.pages,
    leave.pages,
    mailbox.pages,
    notices.pages,
    profile.pages,
    schedules.pages,
    sign_in.pages,
)
