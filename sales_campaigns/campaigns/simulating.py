"""Simulate: the whole calendar of a campaign for these people, before anything is launched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any

from sales_campaigns.campaigns.audience import Audience, Person, mails_of, own_zone, sorted_out
from sales_campaigns.campaigns.file import CampaignFile, ZoneOf, outline
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
from sales_campaigns.campaigns.planner.local_time import refuse_unknown_zone, resolve
from sales_campaigns.errors import Invalid

StartOf = tuple[str, Start]
PlanOf = tuple[str, tuple[Planned, ...]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be simulated; `start` and `send_at` are naive wall-clock times in `zone`, the sender's."""

    campaign: CampaignFile
    start: datetime
    zone: str
    send_at: datetime | None
    task_delay_days: int
    limit: int | None


def simulate(
    campaign: CampaignFile,
    people: Sequence[Person],
    *,
    start: datetime,
    zone: str,
    send_at: datetime | None = None,
    task_delay_days: int = 0,
    mailbox_limit_per_day: int | None = None,
) -> dict[str, Any]:
    """What happens when, as plain values for JSON.

    `start` and `send_at` are naive wall-clock times in `zone`, the sender's. A person needs no column but
    `email`; `time_zone` is read where the campaign uses recipients' zones. Somebody without an address is
    excluded by name and still walks through the campaign: the tasks stay, the e-mails are left out. Fields that
    the mails need are looked for in the columns that there are.
    """
    return simulate_wish(Wish(campaign, start, zone, send_at, task_delay_days, mailbox_limit_per_day), people)


def simulate_wish(wish: Wish, people: Sequence[Person]) -> dict[str, Any]:
    """The same of a wish that is put together already."""
    refuse(wish)
    return foresee(wish, sorted_out(people, mails_of(wish.campaign)))


def foresee(wish: Wish, audience: Audience) -> dict[str, Any]:
    """The same where it is known already who is in and who is not."""
    return told(wish, audience, _entries(wish, audience.mailed, audience.unmailed))


def told(wish: Wish, audience: Audience, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What simulate and rehearse print: who is in, who is not, and the entries with what follows from them."""
    return {
        "campaign": wish.campaign.name,
        "start": utc(resolve(wish.start, wish.zone)),
        "zone": wish.zone,
        "targeted": audience.targeted,
        "to_deliver": len(audience.mailed),
        "excluded": audience.excluded,
        "entries": entries,
        "finishes": max((entry.get("done", entry["at"]) for entry in entries), default=None),
        "bottleneck": _bottleneck(entries, wish),
    }


def refuse(wish: Wish) -> None:
    """Raises Invalid by option for what cannot be planned."""
    refuse_unknown_zone(wish.zone)
    problems = {}
    if wish.send_at is not None and not _asks_when(wish.campaign):
        problems["send_at"] = "The first step is no e-mail with a time, so there is nothing to choose."
    elif wish.send_at is not None and resolve(wish.send_at, wish.zone) < resolve(wish.start, wish.zone):
        problems["send_at"] = "Choose a time that is not before the start."
    if wish.task_delay_days < 0:
        problems["task_delay"] = "A task cannot be done before it opens. Write 0 or more days."
    if wish.limit is not None and wish.limit < 1:
        problems["mailbox_limit"] = "With less than one mail a day nothing would ever leave."
    if problems:
        raise Invalid(problems)


def _asks_when(campaign: CampaignFile) -> bool:
    first = campaign.steps[0].outline
    return first.kind == StepKind.EMAIL and first.send in (SendOption.CHOOSE, SendOption.AT)


def _start(wish: Wish, person: Person) -> Start:
    zone, by_recipient = wish.zone, wish.campaign.settings.timezone == ZoneOf.RECIPIENT
    own = own_zone(person) if by_recipient else ""
    launched_at = resolve(wish.start, zone)
    if wish.send_at is None:
        return Start(launched_at, own or zone)
    chosen = resolve(wish.send_at, zone) if by_recipient else wish.send_at
    return Start(launched_at, own or zone, {0: chosen})


def _holidays(wish: Wish, people: int) -> frozenset[date]:
    """The holidays of all years that this can take, at twice the days that it would take without any."""
    steps = wish.campaign.steps
    length = steps[-1].outline.day + len(steps) * (1 + wish.task_delay_days)
    length += people * len(steps) // wish.limit if wish.limit else 0
    last = (wish.send_at or wish.start).year + 1 + 2 * length // 365
    return holiday_dates(wish.campaign.settings.holidays, range(wish.start.year, last + 1))


def _plans(
    wish: Wish, steps: Outline, mailed: Iterable[StartOf], unmailed: Iterable[StartOf]
) -> Iterator[PlanOf]:
    """Only what leaves the mailbox competes for its limit."""
    assume = Assumptions(wish.task_delay_days)
    if wish.limit is None:
        yield from _alike(steps, mailed, assume)
    else:
        yield from share_out(steps, mailed, wish.limit, wish.zone, assume)
    yield from _alike(steps, unmailed, replace(assume, reachable=False))


def _alike(steps: Outline, starts: Iterable[StartOf], assume: Assumptions) -> Iterator[PlanOf]:
    """Without a limit, people of one zone share one plan."""
    by_zone: dict[str, tuple[Planned, ...]] = {}
    for who, start in starts:
        if start.zone not in by_zone:
            by_zone[start.zone] = plan(steps, start, assume=assume)
        yield who, by_zone[start.zone]


def _entries(
    wish: Wish, mailed: Mapping[str, Person], unmailed: Mapping[str, Person]
) -> list[dict[str, Any]]:
    """Sorted by instant, then person, then step."""
    steps = outline(wish.campaign, _holidays(wish, len(mailed)))
    starts = ([(who, _start(wish, person)) for who, person in group.items()] for group in (mailed, unmailed))
    placed = [
        (entry.at, who, entry.index, entry)
        for who, planned in _plans(wish, steps, *starts)
        for entry in planned
        if who not in unmailed or steps.steps[entry.index].kind != StepKind.EMAIL
    ]
    placed.sort(key=itemgetter(0, 1, 2))
    shared = {id(entry): _line(steps, entry) for entry in {id(e): e for *_, e in placed}.values()}
    return [{"person": who, **shared[id(entry)]} for _, who, _, entry in placed]


def _line(steps: Outline, entry: Planned) -> dict[str, Any]:
    step = steps.steps[entry.index]
    followed = None if entry.follows is None else steps.steps[entry.follows]
    line: dict[str, Any] = {
        "day": step.day,
        "step": step.number,
        "type": str(step.kind),
        "kind": "task" if entry.is_task else "message",
        "at": utc(entry.at),
        "local": entry.local.isoformat(),
        "zone": str(entry.local.tzinfo),
        "follows": followed and {"day": followed.day, "step": followed.number},
        "moved": [{"why": move.why, "from": move.from_.isoformat()} for move in entry.moved],
    }
    return line | {"done": utc(entry.done_at)} if entry.done_at else line


def utc(instant: datetime) -> str:
    """2026-11-30T14:00:00Z"""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _bottleneck(entries: Sequence[Mapping[str, Any]], wish: Wish) -> dict[str, Any] | None:
    """What makes this take longer than the campaign itself: the mailbox, else late tasks, else nothing."""
    moved = Counter(why for entry in entries for why in {move["why"] for move in entry["moved"]})
    if moved["limit"]:
        return {"what": "mailbox", "limit_per_day": wish.limit, "delayed": moved["limit"]}
    if moved["slip"] and wish.task_delay_days:
        return {"what": "tasks", "task_delay_days": wish.task_delay_days, "delayed": moved["slip"]}
    return None
