"""E-mail addresses: as typed for the screen, a key for uniqueness, a form for the wire. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from sales_campaigns.errors import Invalid

# Nearly every address is of this plain shape, and the full check costs thirty times as much. Names with “--”
# (A-labels among them) and the reserved top-level names are left to the full check.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_RESERVED = "arpa|invalid|local|localhost|onion|test|alt|internal"
_PLAIN = re.compile(
    rf"(?=.{{1,254}}\Z)(?=[^@]{{1,64}}@){_ATEXT}(?:\.{_ATEXT})*"
    rf"@(?!.*--)(?!.*\.(?:{_RESERVED})\Z)(?:{_LABEL}\.)+[A-Za-z]{{2,63}}\Z",
    re.IGNORECASE,
)
# Quoted they are legal (RFC 5321, section 4.1.2), but the path of an envelope is read up to the first of them by too
# many servers: what cannot be sent is refused where it is typed, not on the day on which it is due.
_NOT_SENT = re.compile(r"[ <>]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class MailAddress:
    """One address that mail can be sent to.

    `email` as typed, normalised (NFC); `key` lower-cased with the domain in A-labels (RFC 5891), unique for the
    installation; `wire` the same with the case of the local part kept; `needs_utf8` says that the local part is
    not ASCII, so that a server must offer SMTPUTF8 (RFC 6531).
    """

    email: str
    key: str
    wire: str
    needs_utf8: bool = False

    @property
    def domain(self) -> str:
        return self.key.rpartition("@")[2]


@lru_cache(maxsize=20_000)
def check_address(raw: str) -> MailAddress:
    """The address in `raw`, without asking the network. Raises Invalid({"email": words})."""
    typed = raw.strip(" \t")
    if _CONTROL.search(typed):
        raise Invalid({"email": "The address contains a line break or another control character."})
    if _PLAIN.match(typed):
        return _plain(typed)
    try:
        # Domains reserved for examples and tests (RFC 2606) are welcome: demos and rehearsals live there.
        found = validate_email(
            typed,
            check_deliverability=False,
            allow_quoted_local=True,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError as error:
        raise Invalid({"email": f"“{typed[:80]}” is not an e-mail address: {error}"}) from None
    if _NOT_SENT.search(found.local_part):
        raise Invalid(
            {
                "email": f"No mail can be sent to “{typed[:80]}”: it has a space or an angle bracket before the @."
            }
        )
    wire = f"{found.local_part}@{found.ascii_domain}"
    return MailAddress(found.normalized, wire.lower(), wire, not found.local_part.isascii())


def _plain(typed: str) -> MailAddress:
    local, _, domain = typed.rpartition("@")
    wire = f"{local}@{domain.lower()}"
    return MailAddress(wire, wire.lower(), wire)


MOST_COPIES = 20


def copies_typed(typed: Mapping[str, str]) -> dict[str, str]:
    """For each field the addresses typed in it, each once, with spaces between. Raises Invalid by field."""
    copies, problems = {}, {}
    for field, written in typed.items():
        try:
            copies[field] = _listed(written)
        except Invalid as refusal:
            problems[field] = refusal.problems["email"]
    if problems:
        raise Invalid(problems)
    return copies


def _listed(written: str) -> str:
    found = {one.key: one.email for one in map(check_address, filter(None, re.split(r"[,;\s]+", written)))}
    if len(found) > MOST_COPIES:
        raise Invalid(
            {"email": f"A mail is copied to at most {MOST_COPIES} addresses; these are {len(found)}."}
        )
    return " ".join(found.values())
