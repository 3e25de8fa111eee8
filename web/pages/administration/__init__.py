"""What administrators look after."""

from web.pages.administration import (
    audit,
    blocked_domains,
    health,
    holidays,
    policies,
    sending,
    standing,
    users,
    webhooks,
)

PAGES = (
    audit.pages,
    blocked_domains.pages,
    health.pages,
    holidays.pages,
    policies.pages,
    sending.pages,
    standing.pages,
    users.pages,
    webhooks.pages,
)
