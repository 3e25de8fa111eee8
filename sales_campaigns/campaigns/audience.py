"""Who of the rows of a file a campaign would reach, and who not and why: for simulations and rehearsals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sales_campaigns.addresses import check_address
from sales_campaigns.campaigns.file import CampaignFile
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.planner.local_time import zone_names
from sales_campaigns.content.fields import merge_values
from sales_campaigns.content.rendering import Content, MissingFields, needs_of, render
from sales_campaigns.errors import Invalid

Person = Mapping[str, str]
OF_THE_SENDER = {f"my_{name}": "-" for name in ("name", "first_name", "last_name", "email", "title", "phone")}


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets mail, who has no address (both by the name that the result gives them), and who is excluded."""

    targeted: int
    mailed: dict[str, Person]
    unmailed: dict[str, Person]
    excluded: list[dict[str, str]]


def sorted_out(people: Sequence[Person], mails: Sequence[Content] = ()) -> Audience:
    """Each row once: the first cause that keeps somebody out is the one that is told.

    `mails` are those that leave by themselves: whoever lacks a field of one is out. A field that the file has no
    column for says nothing of anybody, so it is not looked for. Somebody without an address goes through the
    tasks where a phone number or a LinkedIn URL is there.
    """
    mailed: dict[str, Person] = {}
    unmailed: dict[str, Person] = {}
    excluded: list[dict[str, str]] = []
    unknown = stand_ins(people, mails)
    for row, person in enumerate(people, 1):
        who = (person.get("email") or "").strip().lower()
        if not who:
            who = f"row {row}"
            if person.get("phone") or person.get("linkedin_url"):
                unmailed[who] = person
            excluded.append({"person": who, "cause": "no_address"})
        elif who in mailed:
            excluded.append({"person": who, "cause": "duplicate"})
        elif not is_address(who):
            excluded.append({"person": who, "cause": "invalid_address"})
        elif _lacks_a_field(person, mails, unknown):
            excluded.append({"person": who, "cause": "field_missing"})
        else:
            mailed[who] = person
    return Audience(len(people), mailed, unmailed, excluded)


def mails_of(campaign: CampaignFile) -> list[Content]:
    """The words of the mails that leave by themselves, where the file holds them."""
    return [
        Content(step.subject or "", step.html or "", step.text or "")
        for step in campaign.steps
        if step.outline.kind == StepKind.EMAIL and not step.outline.is_task and step.html
    ]


def stand_ins(people: Iterable[Person], mails: Iterable[Content]) -> dict[str, str]:
    """For each field that the mails use and the file has no column for: its name, as `[first name]`."""
    columns = {name for person in people for name in person} | {"email", "time_zone"}
    used = {name for mail in mails for name in _used(mail)} - columns - OF_THE_SENDER.keys()
    if columns & {"first_name", "last_name"}:
        used.discard("full_name")
    return {name: f"[{name.replace('_', ' ')}]" for name in sorted(used)}


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


def _lacks_a_field(person: Person, mails: Sequence[Content], unknown: Mapping[str, str]) -> bool:
    """Where a mail is plain, what it needs is known without rendering it."""
    values = {**unknown, **OF_THE_SENDER, **merge_values(person, person, {})} if mails else {}
    for mail in mails:
        try:
            needs = needs_of(mail)
            if needs.plain and needs.required - values.keys():
                return True
            if not needs.plain:
                render(mail, values)
        except MissingFields:
            return True
        except Invalid:
            continue
    return False
