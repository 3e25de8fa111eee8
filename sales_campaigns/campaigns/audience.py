"""Who of the rows of a file a campaign would reach, and who not and why: for simulations and rehearsals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sales_campaigns.addresses import check_address
from sales_campaigns.campaigns.file import CampaignFile
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.varied import Varied, VariedSteps
from sales_campaigns.content.fields import merge_values
from sales_campaigns.content.rendering import Content, MissingFields, needs_of, render
from sales_campaigns.errors import Invalid
from sales_campaigns.time_zones import zone_names

Person = Mapping[str, str]
OF_THE_SENDER = {f"my_{name}": "-" for name in ("name", "first_name", "last_name", "email", "title", "phone")}


REACHING = ("phone", "linkedin_url")
NEVER_VARIED: VariedSteps = {}


class Judged(NamedTuple):
    """A row by the name that the result gives it, and the first cause that keeps it out, "" for none."""

    who: str
    person: Person
    cause: str

    @property
    def walks(self) -> bool:
        """Whether anything happens to this person: without an address the tasks, where somebody can be reached.

        Nobody can be reached without an address, a phone number and a LinkedIn URL; that a file has no column for
        the latter says nothing of it.
        """
        if self.cause != "no_address":
            return not self.cause
        return any(self.person.get(name) for name in REACHING)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets mail, and who has no address and goes through the tasks; both by the name in the result."""

    mailed: dict[str, Person]
    unmailed: dict[str, Person]


@dataclass(frozen=True, slots=True)
class StepMail:
    """The mail of a step: `content`, or where it is varied, what the variant of each person says."""

    content: Content
    varied: Varied | None = None

    def to(self, who: str) -> Content:
        drawn = self.varied.drawn_by(who) if self.varied is not None else None
        return drawn.content if drawn is not None else self.content

    @property
    def contents(self) -> tuple[Content, ...]:
        """Everything that it may say."""
        return tuple(one.content for one in self.varied.variants) if self.varied else (self.content,)


def judged(people: Iterable[Person], mails: Sequence[StepMail] = ()) -> Iterator[Judged]:
    """Each row once.

    `mails` are those that leave by themselves: whoever lacks a field of the one they get is out. A field that a row
    has no cell for says nothing of the person, so it is not looked for.
    """
    seen: set[str] = set()
    for row, person in enumerate(people, 1):
        who = (person.get("email") or "").strip().lower()
        cause = _cause(who, person, seen, mails)
        if not cause:
            seen.add(who)
        yield Judged(who or f"row {row}", person, cause)


def sorted_out(people: Iterable[Person], mails: Sequence[StepMail] = ()) -> Audience:
    """Those to whom anything happens."""
    walking = [one for one in judged(people, mails) if one.walks]
    mailed = {one.who: one.person for one in walking if not one.cause}
    return Audience(mailed, {one.who: one.person for one in walking if one.cause})


def _cause(who: str, person: Person, seen: set[str], mails: Sequence[StepMail]) -> str:
    if not who:
        return "no_address"
    if who in seen:
        return "duplicate"
    if not is_address(who):
        return "invalid_address"
    return "field_missing" if _lacks_a_field(who, person, mails) else ""


def mails_of(campaign: CampaignFile, first: int = 0, varied: VariedSteps = NEVER_VARIED) -> list[StepMail]:
    """The words of the mails from the step `first` on that leave by themselves, where the file holds them."""
    return [
        StepMail(Content(step.subject or "", step.html or "", step.text or ""), varied.get(place))
        for place, step in enumerate(campaign.steps)
        if place >= first and step.outline.kind == StepKind.EMAIL and not step.outline.is_task and step.html
    ]


def stand_ins(person: Person, mails: Iterable[StepMail]) -> dict[str, str]:
    """For each field that the mails use and the row has no cell for: its name, as `[first name]`."""
    given = person.keys() | OF_THE_SENDER.keys() | {"email", "time_zone"}
    if given & {"first_name", "last_name"}:
        given |= {"full_name"}
    unknown = {name for mail in mails for content in mail.contents for name in _used(content)} - given
    return {name: f"[{name.replace('_', ' ')}]" for name in sorted(unknown)}


def is_address(text: str) -> bool:
    try:
        check_address(text)
    except Invalid:
        return False
    return True


def own_zone(person: Person) -> str:
    """The time zone that a row names, "" for one that there is not."""
    named = (person.get("time_zone") or "").strip()
    return named if named in zone_names() else ""


def _used(mail: Content) -> frozenset[str]:
    """What cannot be read at all is said where the file is imported."""
    try:
        return needs_of(mail).used
    except Invalid:
        return frozenset()


def _lacks_a_field(who: str, person: Person, mails: Sequence[StepMail]) -> bool:
    """Where a mail is plain, what it needs is known without rendering it."""
    if not mails:
        return False
    values = {**stand_ins(person, mails), **OF_THE_SENDER, **merge_values(person, person, {})}
    return any(_lacks(mail.to(who), values) for mail in mails)


def _lacks(mail: Content, values: Mapping[str, str]) -> bool:
    try:
        needs = needs_of(mail)
        if needs.plain:
            return bool(needs.required - values.keys())
        render(mail, values)
    except MissingFields:
        return True
    except Invalid:  # what cannot be read is said where the file is imported
        return False
    return False
