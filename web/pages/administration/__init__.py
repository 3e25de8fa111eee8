"""What administrators look after."""

from web.pages.administration import (
    audit,
    blocked_domains,
    domain_limits,
    health,
    holidays,
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
    domain_limits.pages,
    health.pages,
    holidays.pages,
    policies.pages,
    retention.pages,
    sending.pages,
    setup.pages,
    standing.pages,
    users.pages,
)
