"""What an archive holds: every table of the schema but those named here, parents before their children."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.schema import METADATA

# Table → why it stays behind. The manifest repeats it.
_CRM = "belongs to a connection to a CRM, which is made anew and finds its records again"
_HOOK = "calls programs outside with a secret; an archive must not make them be called twice"
LEFT_OUT = {
    "api_token": "lets programs in",
    "archive_export": "says what this installation gave out",
    "archive_import": "says what this installation took in",
    "bucket": "how much may leave now, on the clock of a machine",
    "consent_asked": "a consent that somebody is about to give",
    "crm_addition": _CRM,
    "crm_connection": _CRM,
    "crm_contact": _CRM,
    "crm_record": _CRM,
    "crm_user": _CRM,
    "delegation_key": "lets the service send for a whole company: it is added anew",
    "instance": "where the installation runs",
    "api_rate": "how often programs asked in the last minute",
    "knock_source": "when a provider told last that something came",
    "kept_answer": "answers to programs, kept for a day",
    "mailbox_watch": "what was asked for a mailbox with a permission that is granted anew",
    "mailbox_grant": "lets the service into a mailbox: it is granted anew",
    "kept_finding": "what did not hold here when it was asked last",
    "presence": "which processes are there",
    "sign_in_failure": "addresses that somebody failed to sign in from",
    "sign_in_link": "links that let somebody in",
    "signed_in": "who is signed in",
    "user_letter": "mails to users that have been written",
    "webhook": _HOOK,
    "webhook_call": _HOOK,
    "webhook_try": _HOOK,
}
# Column → why it stays behind; what stands there instead is "".
BLANK = {
    "user_account.password_hash": "a password: users come in by a link",
    "channel.sealed_secret": "a password, sealed for this installation only: it is typed again",
    "mailbox.sealed_secret": "a password, sealed for this installation only: it is typed again",
}
RECONNECT = "It came with an archive, without its password. Connect it again."
# Sealed for one installation, opened in the archive and sealed again.
OPENED = frozenset({"erasure_key.sealed"})


def archived() -> list[sa.Table]:
    """Parents before their children."""
    return [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT]


def part_name(table: sa.Table) -> str:
    """The name of its part in the archive: the order is that of the manifest."""
    return f"tables/{table.name}.jsonl"


def wanted(table: sa.Table) -> sa.ColumnElement[bool]:
    """Which rows of it an archive holds: whether the installation as a whole sends is its own affair."""
    return table.c.kind != "instance" if table.name in {"hold", "stop"} else sa.true()
