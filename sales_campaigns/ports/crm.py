"""What the domain asks of a CRM: plain records and one protocol, which every vendor's adapter speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

MOST_AT_ONCE = 200  # what one call writes at most


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """How to reach one organisation in a CRM, as one user of it. `secret` holds opened tokens; never logged.

    `names` are the names that the CRM's administrator gave to fields of ours; "" is a field that is not written.
    `keep` is called with the new secret when the CRM hands out another one.
    """

    id: int
    vendor: str
    instance_url: str = ""
    secret: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    keep: Callable[[Mapping[str, str]], None] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"CrmAccount({self.id}, {self.vendor}, {self.instance_url})"


@dataclass(frozen=True, slots=True)
class CrmWrite:
    """One task or logged activity to be written: `key` is the caller's own name for it.

    `external_id` is its name for good, so that what is written twice is there once; `crm_id` is given once it is
    known. `fields` are neutral: subject, status (open | complete), priority (normal | high), due (a date), comments,
    owner and person (ids of the CRM), and what `names` maps. Only what is given is written.
    """

    key: int
    external_id: str
    fields: Mapping[str, str]
    crm_id: str = ""


@dataclass(frozen=True, slots=True)
class CrmAnswer:
    """What became of one write, in the CRM's own words where it was refused; `code` is the CRM's own."""

    key: int
    crm_id: str = ""
    code: str = ""
    words: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.code)


@dataclass(frozen=True, slots=True)
class CrmChange:
    """A task as it stands in the CRM, neutral as in `CrmWrite`; a status or priority that we do not know is ""."""

    crm_id: str
    at: datetime
    fields: Mapping[str, str]
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class CrmChanges:
    """Tasks changed since a watermark, the oldest first, and the watermark for the next time. `more`: ask again."""

    changes: tuple[CrmChange, ...]
    watermark: str
    more: bool = False


@dataclass(frozen=True, slots=True)
class CrmPerson:
    """Somebody in the CRM. `kind` is the CRM's word (Lead, Contact); `fields` are columns of a person."""

    crm_id: str
    kind: str
    email: str
    fields: Mapping[str, str] = field(default_factory=dict)
    opted_out: bool = False


class PeopleBy(StrEnum):
    """How people are looked for in a CRM; `Crm.offers` says which of them it knows."""

    EMAIL = "email"
    ID = "id"
    LIST = "list"
    REPORT = "report"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class CrmLimits:
    """How many calls the CRM lets this organisation make a day, and how many of them are used; 0 is not known."""

    used: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class CrmChoice:
    """Something of the CRM to choose from: a list view, a report, a user."""

    id: str
    name: str
    email: str = ""


class Crm(Protocol):
    """One organisation, seen as one of its users. Everything raises Outside; what is refused item by item does not."""

    offers: tuple[PeopleBy, ...]

    def upsert_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        """Write up to 200, one answer each in the same order."""
        ...

    def log_activities(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        """The same for what has happened: mails, replies, calls."""
        ...

    def delete_tasks(self, items: Sequence[CrmWrite]) -> Sequence[CrmAnswer]:
        """Take up to 200 away; what is gone already is gone."""
        ...

    def changes_since(self, watermark: str, owners: Sequence[str]) -> CrmChanges:
        """Tasks of these owners, and those that carry an external id; "" is the last 24 hours."""
        ...

    def deleted_since(self, at: datetime) -> Sequence[str]:
        """The ids of tasks deleted since then; at most 15 days back."""
        ...

    def find_people(self, by: PeopleBy, what: Sequence[str], most: int = 2000) -> Sequence[CrmPerson]:
        """Addresses, ids, or one list, report or query. Raises Invalid for a query that is none."""
        ...

    def set_opt_out(self, people: Sequence[CrmPerson]) -> Sequence[CrmAnswer]:
        """No more mail to these; the key of an answer is the place in `people`."""
        ...

    def opted_out_since(self, at: datetime | None) -> Iterator[CrmPerson]:
        """Whoever opted out there and was changed since then; None is everybody who ever did."""
        ...

    def limits(self) -> CrmLimits: ...

    def choices(self, by: PeopleBy) -> Sequence[CrmChoice]:
        """The lists or reports there are."""
        ...

    def users(self) -> Sequence[CrmChoice]: ...

    def check(self) -> Sequence[str]:
        """One harmless round trip; what an administrator should mend there, in words. Raises Outside."""
        ...

    def link(self, crm_id: str) -> str:
        """The address of a record for people."""
        ...


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Where to send an administrator to let us in, and what to remember until the answer."""

    url: str
    verifier: str


class Crms(Protocol):
    """Opens a CRM by its vendor's name, and signs in where the vendor wants a page of its own for that."""

    vendors: Sequence[str]

    def open(self, account: CrmAccount) -> Crm: ...

    def sign_in_page(self, account: CrmAccount, back: str, state: str) -> SignInPage:
        """Raises Invalid for a vendor without such a page."""
        ...

    def signed_in(self, account: CrmAccount, back: str, code: str, verifier: str) -> CrmAccount:
        """The account with its tokens. Raises Outside."""
        ...
