"""What administrators look after."""

from web.pages.administration import (
    audit,
    blocked_domains,
    health,
    holidays,
    personal_data,
    policies,
    retention,
    sending,
    setup,
    standing,
    users,
)

PAGES = (
    audit.pages,
    blocked_domains.pages,
    health.pages,
    holidays.pages,
    personal_data.pages,
    policies.pages,
    retention.pages,
    sending.pages,
    setup.pages,
    standing.pages,
    users.pages,
)
