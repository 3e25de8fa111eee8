"""Users, mailboxes and sending, leave, schedules and holidays, policies, addresses that get no mail."""

from web.api.administration import addresses, calendars, leave, mailboxes, policies, users, webhooks

AREAS = (users.api, mailboxes.api, leave.api, calendars.api, policies.api, addresses.api, webhooks.api)
