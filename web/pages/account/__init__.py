"""What is one's own: sign-in, profile, mailbox, notices, leave."""

from web.pages.account import (
    consent,
    crm_sign_in,
    identities,
    inbox,
    leave,
    mailbox,
    notices,
    profile,
    schedules,
    sign_in,
    tokens,
)

PAGES = (
    crm_sign_in.pages,
    consent.pages,
    identities.pages,
    inbox.pages,
    leave.pages,
    mailbox.pages,
    notices.pages,
    profile.pages,
    schedules.pages,
    sign_in.pages,
    tokens.pages,
)
