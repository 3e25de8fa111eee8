"""The five steps of the launch wizard: what each takes from its form, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from werkzeug.datastructures import MultiDict

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign, CampaignVersion
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.enrollments.launches import choosing
from sales_campaigns.enrollments.launches.chosen_times import timed_steps
from sales_campaigns.enrollments.launches.first_mails import Said, filled_in, first_said
from sales_campaigns.enrollments.launches.forecasting import Forecast, StepDates, forecast
from sales_campaigns.enrollments.launches.orders import Order, Prepared, not_allowed, prepare, refuse_times
from sales_campaigns.errors import Invalid
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.groups import groups_of
from sales_campaigns.people.listing import Wanted, people_page
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork
from web.numbers import whole
from web.pages.campaigns.launch_wish import Wish, Words, order_of, read_times, same_words
from web.parts.step_choices import step_choices

Form = MultiDict[str, str]
FOUND = 20


@dataclass
class Desk:
    """One request on the way through a launch: who launches what, and what is wished so far."""

    uow: UnitOfWork
    me: User
    campaign: Campaign
    version: CampaignVersion
    wish: Wish
    limit: int

    @property
    def first(self) -> int:
        """The position of the step that they start at."""
        return next((step.position for step in self.version.steps if step.key == self.wish.first), 0)

    @cached_property
    def prepared(self) -> Prepared:
        """Raises Invalid as long as there is no mailbox."""
        return prepare(self.uow, self.me, order_of(self.wish, self.campaign.id, {}))

    @cached_property
    def timed(self) -> tuple[Order, Mapping[str, str]]:
        """The order with every chosen time that can be kept, and what is wrong with the others."""
        times, problems = read_times(self.wish)
        try:
            refuse_times(self.uow, self.prepared, order_of(self.wish, self.campaign.id, times))
        except Invalid as refusal:
            problems |= refusal.problems
        good = {key: at for key, at in times.items() if f"send_at.{key}" not in problems}
        return order_of(self.wish, self.campaign.id, good), problems

    @cached_property
    def forecast(self) -> Forecast:
        return forecast(self.uow.session, self.me, self.prepared, self.timed[0], self.uow.now)

    @cached_property
    def mailed(self) -> list[Person]:
        """Those who get the first e-mail, and those whom only the words typed here exclude: they can be mended."""
        checked, typed = self.prepared.checked, self.wish.words
        mendable = [
            one.person for one in checked.excluded if one.cause == "field_missing" and one.person.id in typed
        ]
        people = [person for person in checked.to_deliver if person.address_id is not None]
        return sorted([*people, *mendable], key=lambda person: person.id)

    @cached_property
    def said(self) -> Said | None:
        """What the first e-mail says, if it leaves by itself."""
        return first_said(self.uow.session, self.version, self.first)

    def words_for(self, person: Person) -> Words:
        """The words of the first e-mail as this person's page shows them."""
        by_hand = self.wish.by_hand.get(person.id)
        said = self.said.to(person) if self.said and not self.wish.for_all else Content(*self.words_for_all)
        return by_hand or filled_in(said, person, self.me, self.prepared.mailbox)

    @property
    def words_for_all(self) -> Words:
        content = self.said.content if self.said else Content("", "")
        return self.wish.for_all or (content.subject, content.html)


def take_people(desk: Desk, form: Form) -> None:
    """Adds what was chosen, found in groups and pasted. Raises Invalid for addresses that nobody has."""
    wish, session = desk.wish, desk.uow.session
    if "first" in form:
        _start_at(desk, form["first"])
    for person_id in form.getlist("remove", type=whole):
        wish.remove(person_id)
    if form.get("do") == "clear":
        wish.people = []
    wish.add(form.getlist("person", type=whole))
    for group_id in form.getlist("group", type=whole):
        wish.add(list(choosing.members(session, desk.me, desk.campaign, group_id)))
    found = choosing.pasted(session, desk.campaign, form.get("pasted", ""))
    wish.add(found.person_ids)
    if form.get("do") == "create":
        wish.add([create_person(desk.uow, desk.me, {"email": email}).id for email in found.unknown])
        found = replace(found, unknown=[])
    if found.unknown or found.broken:
        raise Invalid({"pasted": _unpasted(found)})


def _start_at(desk: Desk, key: str) -> None:
    """Another step to start at has another first e-mail: what was typed for the one before is not its words."""
    known = {step.key for step in desk.version.steps if step.position}
    chosen = key if key in known else ""
    if chosen != desk.wish.first:
        desk.wish.first, desk.wish.by_hand, desk.wish.for_all = chosen, {}, None


def take_words(desk: Desk, form: Form) -> None:
    """Keeps what was typed, also when it cannot be sent. Raises Invalid for such words."""
    for_all = (form.get("subject_all", ""), form.get("html_all", ""))
    if "html_all" in form and not same_words(for_all, desk.words_for_all):
        desk.wish.for_all = for_all
    problems = _bad_words(desk.wish.for_all, "_all")
    person = _looked_at(desk)
    if person is not None and form.get("person") == str(person.id):
        problems |= _take_by_hand(desk, person, form)
        _look_further(desk, person, form.get("do", ""))
    if problems:
        raise Invalid(problems)


def take_times(desk: Desk, form: Form) -> None:
    """Keeps what was typed; whether it can be kept is told by the page."""
    if form.get("zone") in {"sender", "recipient"}:
        desk.wish.zone = form["zone"]
    for step in timed_steps(desk.version, desk.first):
        typed, was = form.get(f"at_{step.key}", "").strip(), form.get(f"was_{step.key}", "")
        later = form.get(f"when_{step.key}") == "later" and step.send is SendOption.CHOOSE
        if not (typed or later) or form.get(f"when_{step.key}") == "now":
            desk.wish.times.pop(step.key, None)
        elif later or typed != was or step.key in desk.wish.times:
            desk.wish.times[step.key] = typed


def show_people(desk: Desk, form: Form) -> dict[str, Any]:
    session, words = desk.uow.session, form.get("words", "").strip()[:200]
    found = people_page(session, desk.me, Wanted(words), limit=FOUND).lines if words else ()
    pasted = choosing.pasted(session, desk.campaign, form.get("pasted", ""))
    return {
        "chosen": choosing.chosen(session, desk.campaign, desk.wish.people),
        "groups": groups_of(session, desk.me),
        "words": words,
        "found": found,
        "pasted": "\n".join([*pasted.unknown, *pasted.broken]),
        "unknown": pasted.unknown,
        "step_options": step_choices(session, desk.version),
    }


def show_check(desk: Desk, _form: Form) -> dict[str, Any]:
    checked = desk.prepared.checked
    causes = sorted(checked.excluded, key=lambda one: (one.cause, one.person.last_name, one.person.id))
    return {
        "checked": checked,
        "causes": [(cause, list(people)) for cause, people in groupby(causes, key=lambda one: one.cause)],
        "refusal": not_allowed(desk.uow.session, desk.me, checked, desk.limit),
        "first": desk.prepared.first,
    }


def show_mails(desk: Desk, _form: Form) -> dict[str, Any]:
    person = _looked_at(desk)
    said = desk.said
    return {
        "person": person if said else None,
        "variant": said.letter_for(person) if said and person else "",
        "number": desk.mailed.index(person) + 1 if person else 0,
        "mailed": desk.mailed,
        "typed": desk.words_for(person) if person and said else ("", ""),
        "typed_for_all": desk.words_for_all,
        "by_hand": desk.wish.by_hand,
        "for_all": desk.wish.for_all,
        "writes_itself": said is not None,
        "excluded": {one.person.id: one.words for one in desk.prepared.checked.excluded},
    }


def show_timing(desk: Desk, _form: Form) -> dict[str, Any]:
    return {
        "forecast": desk.forecast,
        "problems": desk.timed[1],
        "timed": timed_steps(desk.version, desk.first),
        "first": desk.prepared.first,
        "times": desk.wish.times,
        "own_times": {
            step.key: _local(desk.forecast.steps[step.position])
            for step in timed_steps(desk.version, desk.first)
        },
        "by_recipient": desk.prepared.recipients_zone,
        "mailbox": desk.prepared.mailbox,
    }


def show_confirm(desk: Desk, _form: Form) -> dict[str, Any]:
    checked = desk.prepared.checked
    return {
        "checked": checked,
        "forecast": desk.forecast,
        "mailbox": desk.prepared.mailbox,
        "refusal": not_allowed(desk.uow.session, desk.me, checked, desk.limit),
        "by_hand": len(desk.wish.by_hand),
        "first": desk.prepared.first,
    }


def _local(dates: StepDates) -> str:
    """For a field of a date and a time: when the first person gets it, in that person's zone."""
    first = dates.first
    return f"{wall_clock(first.at, first.zone):%Y-%m-%dT%H:%M}" if first else ""


def _looked_at(desk: Desk) -> Person | None:
    """Whose mail the page shows: the one last looked at, else the first."""
    known = {person.id: person for person in desk.mailed}
    return known.get(desk.wish.looking_at) or next(iter(desk.mailed), None)


def _take_by_hand(desk: Desk, person: Person, form: Form) -> dict[str, str]:
    typed = (form.get("subject", ""), form.get("html", ""))
    if form.get("do") == "reset":
        desk.wish.by_hand.pop(person.id, None)
    elif not same_words(typed, desk.words_for(person)):
        desk.wish.by_hand[person.id] = typed
    return _bad_words(desk.wish.by_hand.get(person.id), "")


def _look_further(desk: Desk, person: Person, do: str) -> None:
    towards = {"previous": -1, "next": 1}.get(do, 0)
    place = desk.mailed.index(person) + towards
    desk.wish.looking_at = desk.mailed[max(0, min(place, len(desk.mailed) - 1))].id


def _bad_words(words: Words | None, where: str) -> dict[str, str]:
    try:
        check(Content(*words), automatic=True) if words else None
    except Invalid as refusal:
        return {f"{part}{where}": told for part, told in refusal.problems.items()}
    return {}


def _unpasted(found: choosing.Pasted) -> str:
    told = []
    if found.unknown:
        told.append(f"Nobody of your team has {', '.join(found.unknown[:5])}{_more(found.unknown)}.")
    if found.broken:
        told.append(f"Not an e-mail address: {', '.join(found.broken[:5])}{_more(found.broken)}.")
    return " ".join(told)


def _more(addresses: list[str]) -> str:
    return f" and {len(addresses) - 5} more" if len(addresses) > 5 else ""
