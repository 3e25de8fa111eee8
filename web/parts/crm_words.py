"""What the pages of the CRM call its vendors, fields and switches."""

from __future__ import annotations

VENDORS = (("salesforce", "Salesforce"), ("hubspot", "HubSpot"))
FLOWS = (
    ("web", "Sign in on a page of Salesforce", "You sign in there once, and allow it."),
    ("jwt", "An integration user with a key", "No sign-in: the app there knows our certificate."),
)
SWITCH_WORDS = (
    ("syncs_tasks", "Tasks, both ways", "Those made from now on. Completing one there completes it here."),
    ("logs_mails", "Log e-mails that leave", "As completed tasks, with the fields of the campaign."),
    ("logs_replies", "Log replies", "Their subject is “Reply: …”."),
    ("logs_calls", "Log calls", "Where tasks are not synced; else they are there already."),
    (
        "syncs_opt_outs",
        "Opting out, both ways",
        "At once, and compared every night. Opted out on either side wins.",
    ),
)
FIELD_WORDS = {
    "external_id": "Our id (external id, unique)",
    "campaign": "Campaign",
    "day": "Day of the campaign",
    "step": "Step of the day",
    "kind": "Type of the activity",
    "outcome": "Call outcome",
    "reason": "Call reason",
    "opt_out": "Opted out of e-mail (on people)",
}
