"""Who gets a mail at a provider that has no envelope: those that its headers name, and those they hide. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from email import policy
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import OutgoingMail

_NOT_IN_AN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\x9f<>,;\u2028\u2029]")


def hidden_in(mail: OutgoingMail) -> list[str]:
    """Those of the envelope that neither To nor Cc names. Raises Outside (message) for what is no address."""
    if any(_NOT_IN_AN_ADDRESS.search(address) for address in mail.recipients):
        raise Outside(OutsideKind.MESSAGE, "A recipient of this mail is no address.")
    parsed = BytesHeaderParser(policy=policy.compat32).parsebytes(mail.mime)
    fields = [str(value) for name in ("to", "cc") for value in parsed.get_all(name, [])]
    shown = {comparable(address) for _, address in getaddresses(fields)}
    return [address for address in mail.recipients if comparable(address) not in shown]


def comparable(address: str) -> str:
    """The same for every way of writing this address."""
    local, _, domain = address.strip().rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local}@{domain}".lower()
