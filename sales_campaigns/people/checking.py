"""From the cells of one row to a clean candidate, or to the reason in words why it is left out. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.errors import Invalid
from sales_campaigns.people.columns import BY_FIELD, CUSTOM, FULL_NAME, LONGEST_CUSTOM, words_of
from sales_campaigns.people.zones import check_zone

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# An address as mail programs and web pages copy it; a second one in the cell is no part of it.
_WRAPPED = re.compile(
    r"(?:[^<>@\x00-\x1f\x7f-\x9f\u2028\u2029]*<)?(?:mailto:)?([^<>\s]+?)\.?>?", re.IGNORECASE
)
# What the error file puts before a value that a spreadsheet would compute; taken off when it comes back.
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")
NOBODY = "There is no e-mail address, phone number or LinkedIn URL."


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person of a file: `fields` and `custom` hold only what the row gives, never an empty value."""

    row: int
    address: MailAddress | None
    fields: Mapping[str, str]
    custom: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells two rows of the same person: the address, else LinkedIn, else phone and name."""
        if self.address is not None:
            return self.address.key
        return identity(self.fields)


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that is left out."""

    row: int
    reason: str
    cells: tuple[str, ...]


def identity(fields: Mapping[str, str]) -> str:
    """What tells somebody without an address from others: the LinkedIn URL, else phone number and name."""
    if fields.get("linkedin_url"):
        return f"linkedin:{fields['linkedin_url'].lower().rstrip('/')}"
    digits = re.sub(r"[^\d+]", "", fields.get("phone", ""))
    name = f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip().lower()
    return f"phone:{digits}:{name}"


def check_row(row: int, cells: Sequence[str], meanings: Sequence[str]) -> Candidate | Refused:
    """Judge one row against the meaning of each column (see columns.py); `row` is its number in the file."""
    try:
        _check_width(cells, meanings)
        given = _given(cells, meanings)
        return _candidate(row, given)
    except Invalid as error:
        return Refused(row, " ".join(error.problems.values()), tuple(cells))


def check_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Clean typed values of a person's plain fields, zone and LinkedIn URL included. Raises Invalid."""
    problems: dict[str, str] = {}
    clean: dict[str, str] = {}
    for name, raw in fields.items():
        try:
            clean[name] = _check_field(name, tidy(raw))
        except Invalid as error:
            problems |= error.problems
    if problems:
        raise Invalid(problems)
    return clean


def tidy(text: str) -> str:
    """One line of text in NFC without control characters; what people typed is otherwise kept."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _CONTROL.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _check_width(cells: Sequence[str], meanings: Sequence[str]) -> None:
    if len(cells) > len(meanings) and any(cell.strip() for cell in cells[len(meanings) :]):
        raise Invalid(
            f"The row has {len(cells)} cells and the first row has {len(meanings)}: a value that contains the "
            "delimiter needs quotation marks."
        )


def _given(cells: Sequence[str], meanings: Sequence[str]) -> dict[str, str]:
    return {
        meaning: _GUARDED.sub("", cell, count=1)
        for meaning, cell in zip(meanings, cells, strict=False)
        if meaning and cell.strip()
    }


def _candidate(row: int, given: Mapping[str, str]) -> Candidate:
    address = check_address(_bare(given["email"])) if "email" in given else None
    plain = {name: raw for name, raw in given.items() if name != "email" and not name.startswith(CUSTOM)}
    fields = {name: value for name, value in check_fields(plain).items() if value}
    _split_full_name(fields)
    if address is None and not (fields.get("phone") or fields.get("linkedin_url")):
        raise Invalid(NOBODY)
    return Candidate(row, address, fields, _custom(given))


def _bare(cell: str) -> str:
    """The address of “Name <address>”, of a link to it, or with the period of its sentence; else what stands there."""
    found = _WRAPPED.fullmatch(cell.strip(" \t"))
    return found[1] if found else cell


def _check_field(name: str, value: str) -> str:
    longest = BY_FIELD[name].longest
    if len(value) > longest:
        words = words_of(name)
        raise Invalid({name: f"{words[0].upper()}{words[1:]} is longer than {longest} characters."})
    if name == "zone":
        return check_zone(value)
    if name == "linkedin_url":
        return _check_linkedin(value)
    return value


def _check_linkedin(value: str) -> str:
    if not value:
        return ""
    url = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not (
        host == "linkedin.com" or host.endswith(".linkedin.com")
    ):
        raise Invalid({"linkedin_url": f"“{value[:80]}” is not an address on linkedin.com."})
    return url


def _split_full_name(fields: dict[str, str]) -> None:
    first, _, last = fields.pop(FULL_NAME, "").rpartition(" ")
    names = {"first_name": first.strip(), "last_name": last} if first else {"first_name": last}
    for name, value in names.items():
        if value:
            fields.setdefault(name, value)


def _custom(given: Mapping[str, str]) -> dict[str, str]:
    custom: dict[str, str] = {}
    for meaning, raw in given.items():
        if meaning.startswith(CUSTOM):
            name, value = meaning.removeprefix(CUSTOM), tidy(raw)
            if len(value) > LONGEST_CUSTOM:
                raise Invalid(f"“{name}” is longer than {LONGEST_CUSTOM:,} characters.")
            custom[name] = value
    return {name: value for name, value in custom.items() if value}
