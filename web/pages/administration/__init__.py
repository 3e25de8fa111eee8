"""What administrators look after."""

from web.pages.administration import (
    audit,
    blocked_domains,
    crm,
    crm_diagnostics,
    crm_users,
    health,
    holidays,
    mailboxes_for_all,
    overview,
    policies,
    retention,
    sending,
    setup,
    standing,
    users,
    webhooks,
)

PAGES = (
    audit.pages,
    blocked_domains.pages,
    crm.pages,
    crm_diagnostics.pages,
    crm_users.pages,
    health.pages,
    holidays.pages,
    mailboxes_for_all.pages,
    overview.pages,
    policies.pages,
    retention.pages,
    sending.pages,
    setup.pages,
    standing.pages,
    users.pages,
    webhooks.pages,
)
