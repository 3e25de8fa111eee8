"""Simulate: the whole calendar of a campaign for these people, before anything is launched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sales_campaigns.calendars.own_dates import with_own
from sales_campaigns.calendars.team_calendar import PUBLIC, TeamCalendar
from sales_campaigns.campaigns.audience import Person, StepMail, judged, mails_of, own_zone
from sales_campaigns.campaigns.day_rules import calendar_by, place_kept, zone_by
from sales_campaigns.campaigns.file import CampaignFile, ZoneOf
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.planner import (
    Assumptions,
    Outline,
    Planned,
    SendOption,
    Start,
    StepKind,
    plan,
    share_out,
)
from sales_campaigns.campaigns.planner.local_time import refuse_unknown_zone, resolve, span_of
from sales_campaigns.campaigns.simulation import Gathering, Happening, Simulation
from sales_campaigns.campaigns.varied import VariedSteps
from sales_campaigns.errors import Invalid

Excluded = list[dict[str, str]]
StartOf = tuple[str, Start]
PlanOf = tuple[str, tuple[Planned, ...]]
Zones = Mapping[str, Sequence[str]]  # name of a zone, "" where a row names none → who is there
BEGINNING = (1, 1)  # day and number of the step with which a campaign begins


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be simulated; `start` and `send_at` are naive wall-clock times in `zone`, the sender's.

    `limit` is how many mails leave the mailbox on a local date of the sender, `taken` how many of them are others.
    `first` is the step that they start at: day and number. `varied` are the steps with several contents.
    """

    campaign: CampaignFile
    start: datetime
    zone: str
    send_at: datetime | None
    task_delay_days: int
    limit: int | None
    taken: Mapping[date, int] = field(default_factory=dict)
    leave: tuple[tuple[date, date], ...] = ()
    own: TeamCalendar = PUBLIC
    first: tuple[int, int] = BEGINNING
    varied: VariedSteps = field(default_factory=dict)


def simulate(
    campaign: CampaignFile,
    people: Iterable[Person],
    *,
    start: datetime,
    zone: str,
    send_at: datetime | None = None,
    task_delay_days: int = 0,
    mailbox_limit_per_day: int | None = None,
    leave: Sequence[tuple[date, date]] = (),
    start_at: tuple[int, int] = BEGINNING,
) -> dict[str, Any]:
    """What happens when, as plain values for JSON.

    `start` and `send_at` are naive wall-clock times in `zone`, the sender's. A person needs no column but
    `email`; `time_zone` is read where the campaign uses recipients' zones. Somebody without an address is
    excluded by name and still walks through the campaign: the tasks stay, the e-mails are left out. Fields that
    the mails need are looked for where a row has a cell for them. `leave` are pairs of first and last day on which
    the sender is away: dates go around them. `start_at` is the day and the number of the step they start at.
    """
    away = tuple(sorted(leave))
    wish = Wish(
        campaign, start, zone, send_at, task_delay_days, mailbox_limit_per_day, leave=away, first=start_at
    )
    return foresee(wish, people).told()


def foresee(wish: Wish, people: Iterable[Person]) -> Simulation:
    """The simulation itself, for whoever does not need every entry at once. Raises Invalid by field of the wish."""
    refuse(wish)
    mailed, unmailed, excluded = _sorted_out(wish, people)
    count = sum(map(len, mailed.values()))
    steps = _outline(wish, _holidays(wish, count))
    return Simulation(
        campaign=wish.campaign.name,
        start=resolve(wish.start, wish.zone),
        zone=wish.zone,
        outline=steps,
        targeted=count + len(excluded),
        to_deliver=count,
        excluded=excluded,
        happenings=_happenings(wish, steps, mailed, unmailed),
        limit=wish.limit,
        task_delay_days=wish.task_delay_days,
        varied=wish.varied,
    )


def mails_in(wish: Wish) -> list[StepMail]:
    """The mails that leave by themselves, from the step on that people start at."""
    return mails_of(wish.campaign, first_of(wish) or 0, wish.varied)


def refuse(wish: Wish) -> None:
    """Raises Invalid by option for what cannot be planned."""
    refuse_unknown_zone(wish.zone)
    problems = {}
    named = wish.campaign.settings.schedule
    if named is not None and wish.own.hours(named) is None:
        problems["schedule"] = (
            f"The schedule “{named}” belongs to a team and is not known here. Write days and hours into the file."
        )
    if first_of(wish) is None:
        day, number = wish.first
        problems["start_at"] = f"The campaign has no day {day}, step {number}."
    elif wish.send_at is not None and not _asks_when(wish):
        problems["send_at"] = "The first step is no e-mail with a time, so there is nothing to choose."
    elif wish.send_at is not None and resolve(wish.send_at, wish.zone) < resolve(wish.start, wish.zone):
        problems["send_at"] = "Choose a time that is not before the start."
    if wish.task_delay_days < 0:
        problems["task_delay"] = "A task cannot be done before it opens. Write 0 or more days."
    if any(last < first for first, last in wish.leave):
        problems["leave"] = "A leave ends on its first day or later."
    if wish.limit is not None and wish.limit < 1:
        problems["mailbox_limit"] = "With less than one mail a day nothing would ever leave."
    if problems:
        raise Invalid(problems)


def first_of(wish: Wish) -> int | None:
    """The index of the step that they start at; None where the campaign has no such step."""
    places = [(step.outline.day, step.outline.number) for step in wish.campaign.steps]
    if wish.first == BEGINNING:
        return 0
    return places.index(wish.first) if wish.first in places else None


def _asks_when(wish: Wish) -> bool:
    first = wish.campaign.steps[first_of(wish) or 0].outline
    return first.kind == StepKind.EMAIL and first.send in (SendOption.CHOOSE, SendOption.AT)


def _sorted_out(wish: Wish, people: Iterable[Person]) -> tuple[Zones, Zones, Excluded]:
    """Those who get mail and those without an address, by name in the result; who is excluded."""
    mailed: defaultdict[str, list[str]] = defaultdict(list)
    unmailed: defaultdict[str, list[str]] = defaultdict(list)
    excluded: Excluded = []
    for one in judged(people, mails_in(wish)):
        if one.cause:
            excluded.append({"person": one.who, "cause": one.cause})
        if one.walks:
            (unmailed if one.cause else mailed)[own_zone(one.person)].append(one.who)
    return mailed, unmailed, excluded


def _starts(wish: Wish, people: Zones) -> Iterator[StartOf]:
    """People of one zone share their start."""
    for named, group in people.items():
        start = _start(wish, named)
        yield from ((who, start) for who in group)


def _start(wish: Wish, named: str) -> Start:
    """The start of the people in the zone of this name."""
    return Start(
        resolve(wish.start, wish.zone),
        (named if wish.campaign.settings.timezone == ZoneOf.RECIPIENT else "") or zone_of_all(wish),
        _chosen(wish),
        away=tuple(span_of(first, last, wish.zone) for first, last in wish.leave),
        first=first_of(wish) or 0,
        first_day=wish.first[0] if first_of(wish) else 1,
    )


def _chosen(wish: Wish) -> dict[int, datetime]:
    """As a launch keeps it: the sender's wall clock, which is an instant where zones differ."""
    if wish.send_at is None:
        return {}
    at = resolve(wish.send_at, wish.zone) if zones_differ(wish) else wish.send_at
    return {first_of(wish) or 0: at}


def zone_of_all(wish: Wish) -> str:
    """The zone of everybody whose own is not asked for: the schedule's, else the sender's."""
    return zone_by(wish.campaign.settings.schedule, wish.own, wish.zone)


def zones_differ(wish: Wish) -> bool:
    """Whether the sender's wall clock is not that of everybody who is added."""
    return wish.campaign.settings.timezone == ZoneOf.RECIPIENT or zone_of_all(wish) != wish.zone


def _outline(wish: Wish, holidays: frozenset[date]) -> Outline:
    steps = tuple(step.outline for step in wish.campaign.steps)
    return Outline(steps, calendar_by(wish.campaign.settings, holidays, wish.own))


def _holidays(wish: Wish, people: int) -> frozenset[date]:
    """The holidays of all years that this can take, at twice the days that it would take without any."""
    steps = wish.campaign.steps
    length = steps[-1].outline.day + len(steps) * (1 + wish.task_delay_days)
    length += people * len(steps) // wish.limit if wish.limit else 0
    length += sum((last - first).days + 1 for first, last in wish.leave)
    years = [(wish.send_at or wish.start).year, *(day.year for _, day in wish.leave)]
    last = max(years) + 1 + 2 * length // 365
    place = place_kept(wish.campaign.settings, wish.own)
    public = holiday_dates(place, range(wish.start.year, last + 1))
    return with_own(public, place, wish.own.dates) if place else public


def _plans(
    wish: Wish, steps: Outline, mailed: Iterable[StartOf], unmailed: Iterable[StartOf]
) -> Iterator[PlanOf]:
    """Only what leaves the mailbox competes for its limit; without an address there are no e-mails."""
    assume = Assumptions(wish.task_delay_days)
    if wish.limit is None:
        yield from _alike(steps, mailed, assume)
    else:
        yield from share_out(steps, mailed, wish.limit, wish.zone, assume, wish.taken)
    for who, planned in _alike(steps, unmailed, replace(assume, reachable=False)):
        yield who, tuple(one for one in planned if steps.steps[one.index].kind != StepKind.EMAIL)


def _alike(steps: Outline, starts: Iterable[StartOf], assume: Assumptions) -> Iterator[PlanOf]:
    """Without a limit, people of one zone share one plan."""
    by_zone: dict[str, tuple[Planned, ...]] = {}
    for who, start in starts:
        if start.zone not in by_zone:
            by_zone[start.zone] = plan(steps, start, assume=assume)
        yield who, by_zone[start.zone]


def _happenings(wish: Wish, steps: Outline, mailed: Zones, unmailed: Zones) -> list[Happening]:
    gathering = Gathering()
    for who, planned in _plans(wish, steps, _starts(wish, mailed), _starts(wish, unmailed)):
        gathering.add(who, planned)
    return gathering.in_order()
