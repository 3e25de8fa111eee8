"""Checking and writing e-mail addresses: one spelling for people, one for uniqueness, one for the wire."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from sales_campaigns.content.characters import one_line
from sales_campaigns.errors import Invalid


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `email` as typed (normalised), `key` lower-cased for uniqueness, `wire` for the mail.

    The domain of `wire` is in A-labels; `needs_utf8` says that the local part is not ASCII (RFC 6531).
    """

    email: str
    key: str
    wire: str
    needs_utf8: bool


@lru_cache(maxsize=10_000)
def check_address(raw: str) -> Address:
    """Return the address in `raw`, without asking the network. Raises Invalid({"email": words})."""
    typed = raw.strip(" \t")
    if any(ord(character) < 32 or ord(character) == 127 for character in typed):
        raise Invalid({"email": "This address has line breaks or control characters: type it again."})
    try:
        # The names of RFC 2606 for examples and tests are welcome: demos and rehearsals live there.
        checked = validate_email(
            typed, check_deliverability=False, allow_quoted_local=True, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise Invalid({"email": f"This is not an e-mail address: {error}"}) from error
    local = checked.local_part
    return Address(
        email=checked.normalized,
        key=f"{local}@{checked.ascii_domain}".lower(),
        wire=f"{local}@{checked.ascii_domain}",
        needs_utf8=not local.isascii(),
    )


def display_name(name: str) -> str:
    """Return `name` fit for a header: one line, no control characters, no reversal of direction."""
    return one_line(name)
